// A guest is a Go module compiled to WebAssembly, called through the contract of
// ABI.md: bytes in, bytes out, a status byte. Calls are synchronous and keep no
// state. A trap ends the instance; the caller makes a new one.

import { abiVersion } from "./abi.gen.js";

/**
 * A guest judged the input and refused it. The code is stable; the status is
 * HTTP's, from a guest that answers requests, otherwise 0.
 */
export class GuestRefusal extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 0) {
    super(message);
    this.name = "GuestRefusal";
    this.code = code;
    this.status = status;
  }
}

/** The guest stopped in the middle of a call and cannot be used again. */
export class GuestTrap extends Error {
  constructor(cause: unknown) {
    super("The WebAssembly module stopped. Make a new instance.", { cause });
    this.name = "GuestTrap";
  }
}

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });

/** Writes arguments: big-endian numbers, lengths before bytes and text. */
export class Writer {
  #buffer = new Uint8Array(1024);
  #length = 0;

  #room(n: number): DataView {
    if (this.#length + n > this.#buffer.length) {
      const old = this.#buffer;
      this.#buffer = new Uint8Array(2 * old.length + n);
      this.#buffer.set(old);
      old.fill(0);
    }
    this.#length += n;
    return new DataView(this.#buffer.buffer, this.#length - n, n);
  }

  u16(v: number): void {
    if (!Number.isInteger(v) || v < 0 || v > 0xffff) throw new RangeError("not a 16-bit number");
    this.#room(2).setUint16(0, v);
  }
  u32(v: number): void {
    if (!Number.isInteger(v) || v < 0 || v > 0xffffffff) throw new RangeError("not a 32-bit number");
    this.#room(4).setUint32(0, v);
  }
  time(v: number): void {
    if (!Number.isSafeInteger(v) || v < 0) throw new RangeError("not a time in seconds");
    this.#room(8).setBigUint64(0, BigInt(v));
  }
  bool(v: boolean): void {
    this.#room(1).setUint8(0, v ? 1 : 0);
  }
  bytes(v: Uint8Array): void {
    this.u32(v.length);
    this.#room(v.length);
    this.#buffer.set(v, this.#length - v.length);
  }
  text(v: string): void {
    this.bytes(utf8.encode(v));
  }
  /** The arguments; valid until the writer is wiped. */
  done(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
  wipe(): void {
    this.#buffer.fill(0);
  }
}

/** Reads results, which were copied out of the module's memory. */
export class Reader {
  #view: DataView;
  #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #take(n: number): number {
    this.#at += n;
    return this.#at - n;
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  time(): number {
    return Number(this.#view.getBigUint64(this.#take(8)));
  }
  bool(): boolean {
    return this.#view.getUint8(this.#take(1)) === 1;
  }
  bytes(): Uint8Array {
    const n = this.u32();
    const at = this.#take(n);
    return this.#bytes.slice(at, at + n);
  }
  text(): string {
    return strict.decode(this.bytes());
  }
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  abi_version(): number;
  abi_in(n: number): number;
  abi_wipe(): void;
  [name: string]: unknown;
}

/** One instance of a module. */
export class Guest {
  #exports: Exports;
  #dead = false;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Makes an instance, at once. Browsers want large modules compiled beforehand. */
  static start(module: WebAssembly.Module): Guest {
    let memory: WebAssembly.Memory | undefined;
    const instance = new WebAssembly.Instance(module, wasi(() => memory!));
    const exports = instance.exports as unknown as Exports;
    memory = exports.memory;
    exports._initialize();
    if (exports.abi_version() !== abiVersion) {
      throw new Error(`The WebAssembly module speaks version ${exports.abi_version()} of its contract, these scripts speak ${abiVersion}. Serve files of one release.`);
    }
    return new Guest(exports);
  }

  /** Bytes of memory that the module holds. It never gives any back. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Calls an export. Use the typed functions of abi.gen.ts. */
  call<T>(name: string, secret: boolean, put: (w: Writer) => void, get: (r: Reader) => T): T {
    if (this.#dead) throw new GuestTrap(undefined);
    const w = new Writer();
    let answer: Uint8Array;
    try {
      put(w);
      answer = this.#raw(name, w.done());
    } finally {
      if (secret) w.wipe();
    }
    try {
      const r = new Reader(answer.subarray(1));
      if (answer[0] === 0) return get(r);
      const code = r.text();
      const message = r.text();
      if (answer[0] === 1) throw new GuestRefusal(code, message, r.u16());
      throw new RangeError(`${name}: ${message} (${code})`);
    } finally {
      if (secret) {
        answer.fill(0);
        if (!this.#dead) this.#exports.abi_wipe();
      }
    }
  }

  #raw(name: string, args: Uint8Array): Uint8Array {
    const e = this.#exports;
    // A stack overflow inside the module is a RangeError too, so whatever is
    // thrown from the module's side of this function ends the instance.
    const alive = <T>(f: () => T): T => {
      try {
        return f();
      } catch (err) {
        this.#dead = true;
        throw new GuestTrap(err);
      }
    };
    const at = alive(() => e.abi_in(args.length) >>> 0);
    if (at === 0) throw new RangeError(`${name}: the arguments are longer than a call may bring`);
    return alive(() => {
      // An address or a length outside of the memory is a broken module's.
      if (args.length > 0) new Uint8Array(e.memory.buffer, at, args.length).set(args);
      const head = (e[name] as (n: number) => number)(args.length) >>> 0;
      // The views are made after the call: memory may have grown in it.
      const view = new DataView(e.memory.buffer, head, 8);
      const answer = new Uint8Array(e.memory.buffer, view.getUint32(0, true), view.getUint32(4, true)).slice();
      if (!(answer[0]! <= 2)) throw new RangeError(`${name} answered without a status`);
      return answer;
    });
  }
}

/**
 * What a reactor asks of its host. Only randomness and the clock mean anything
 * here; there are no files and no arguments. poll_oneoff must succeed: the
 * standard Go runtime stops at an error.
 */
function wasi(memory: () => WebAssembly.Memory): WebAssembly.Imports {
  const view = () => new DataView(memory().buffer);
  const badFile = 8;
  const ok = () => 0;
  const none = () => badFile;
  const empty = (count: number, size: number) => {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return 0;
  };
  return {
    wasi_snapshot_preview1: {
      random_get(at: number, n: number): number {
        const all = new Uint8Array(memory().buffer, at >>> 0, n >>> 0);
        // getRandomValues gives at most 65536 bytes at a time.
        for (let i = 0; i < all.length; i += 65536) crypto.getRandomValues(all.subarray(i, i + 65536));
        return 0;
      },
      clock_time_get(_id: number, _precision: bigint, at: number): number {
        view().setBigUint64(at, BigInt(Math.trunc(performance.now() * 1e6)), true);
        return 0;
      },
      fd_write(_fd: number, vectors: number, count: number, written: number): number {
        // Only a panic writes. Its text is dropped; the trap follows.
        let n = 0;
        for (let i = 0; i < count; i++) n += view().getUint32(vectors + 8 * i + 4, true);
        view().setUint32(written, n, true);
        return 0;
      },
      poll_oneoff(_in: number, _out: number, count: number, events: number): number {
        view().setUint32(events, count, true);
        return 0;
      },
      proc_exit(code: number): never {
        throw new Error(`the module exited with ${code}`);
      },
      args_sizes_get: empty,
      environ_sizes_get: empty,
      args_get: ok,
      environ_get: ok,
      sched_yield: ok,
      fd_close: none,
      fd_read: none,
      fd_fdstat_get: none,
      fd_fdstat_set_flags: none,
      fd_prestat_get: none,
      fd_prestat_dir_name: none,
    },
  };
}
