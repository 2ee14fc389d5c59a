// The token guest, in both builds of one source: TinyGo's, which is shipped, and
// the standard compiler's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { bundle, clean, guests, issuer, load, table } from './lib.mjs';

const builds = await guests();
const { Guest, GuestRefusal, GuestTrap, lazyGuest, token } = await load('guest',
  'export { Guest, GuestRefusal, GuestTrap } from "./guest.js"; export { lazyGuest } from "./load.js"; export { token } from "./abi.gen.js";');
const base64 = (b) => Buffer.from(b).toString('base64');
const bytes = (s) => new Uint8Array(Buffer.from(s, 'base64'));
const now = () => Math.floor(Date.now() / 1000);
const origin = 'https://news.example';

let other;
before(async () => { other = await issuer(); });
after(async () => {
  other?.stop();
  await clean();
});

/** The same numbers on every run. */
function random(seed) {
  let x = seed;
  return (n) => {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    return (x >>> 0) % n;
  };
}

for (const [name, file] of Object.entries(builds)) {
  describe(name, () => {
    let module, document;
    before(async () => {
      module = await WebAssembly.compile(await readFile(file));
      document = new TextEncoder().encode(await other.ask('commitment'));
    });

    for (const [asked, granted] of [[1, 1], [30, 30], [30, 7], [100, 100]]) {
      test(`${name}: ${granted} of ${asked} tokens are issued, and each is redeemed`, async () => {
        const guest = Guest.start(module);
        const { batchSize, keys, id, expires } = token.commitments(guest, document, now());
        assert.deepEqual([batchSize, keys.length, id], [30, 101, 1]);
        assert.ok(expires > now());
        const { request, pending } = token.begin(guest, keys, asked);
        assert.equal(request.length, 2 + 97 * asked);
        const { tokens } = token.finish(guest, pending, bytes(await other.ask('issue', granted, base64(request))));
        assert.equal(tokens.length, 165 * granted);
        const seen = new Set();
        for (let at = 0; at < tokens.length; at += 165) {
          const one = tokens.slice(at, at + 165);
          seen.add(base64(one));
          if (at > 165 * 5) continue;
          const { request: redemption } = token.redeem(guest, one, origin, now());
          assert.equal(await other.ask('redeem', base64(redemption)), `good ${origin}`);
          redemption[20] ^= 1;
          assert.match(await other.ask('redeem', base64(redemption)), /^bad /);
        }
        assert.equal(seen.size, granted);
      });
    }

    test(`${name}: an answer with another key's proof gives no tokens`, async () => {
      const guest = Guest.start(module);
      const { keys } = token.commitments(guest, document, now());
      const { request, pending } = token.begin(guest, keys, 2);
      const answer = bytes(await other.ask('issue', 2, base64(request)));
      answer[answer.length - 3] ^= 1;
      assert.throws(() => token.finish(guest, pending, answer), GuestRefusal);
      assert.equal(guest.dead, false);
    });

    test(`${name}: a commitment whose keys have expired is refused by its code`, () => {
      const guest = Guest.start(module);
      assert.throws(() => token.commitments(guest, document, now() + 4000), (e) => e instanceof GuestRefusal && e.code === 'commitment_expired');
    });

    test(`${name}: the record header is written as RFC 8941 has it`, () => {
      const guest = Guest.start(module);
      assert.equal(token.recordItem(guest, 'https://issuer.example', 'a"b\\c').item, '"https://issuer.example";redemption-record="a\\"b\\\\c"');
    });

    test(`${name}: garbage into every export is refused, and the instance lives on`, async () => {
      const guest = Guest.start(module);
      const pick = random(0x5eed + name.length);
      const { keys } = token.commitments(guest, document, now());
      const { request, pending } = token.begin(guest, keys, 2);
      const good = { document, keys, pending, response: bytes(await other.ask('issue', 2, base64(request))), token: new Uint8Array(165), origin, issuer: origin, record: 'ey.ey.ey' };
      good.token = token.finish(guest, pending, good.response).tokens.slice(0, 165);
      const bent = (v, max) => {
        const text = typeof v === 'string';
        let b = text ? new TextEncoder().encode(v) : Uint8Array.from(v);
        switch (pick(6)) {
          case 0: b = b.slice(0, pick(b.length + 1)); break;
          case 1: if (b.length) b[pick(b.length)] ^= 1 << pick(8); break;
          case 2: b = Uint8Array.from({ length: pick(Math.min(max + 8, 4096)) }, () => pick(256)); break;
          case 3: b = Uint8Array.from([...b, pick(256)]); break;
          case 4: b = new Uint8Array(pick(Math.min(max + 2, 2048))).fill(pick(2) ? 255 : 0); break;
        }
        return b;
      };
      let calls = 0;
      for (const { name: m, functions } of table.modules) {
        for (const f of functions) {
          for (let i = 0; i < 400; i++) {
            const put = (w) => {
              if (i % 4 === 3) { // no encoding at all
                const n = pick(600);
                if (n % 2) w.bool(pick(2) === 1);
                for (let j = 1; j < n; j += 2) w.u16(pick(65536));
                return;
              }
              for (const a of f.in) {
                const edge = [0, 1, 2, 100, 101, 65535][pick(6)];
                if (a.type === 'u16') w.u16(pick(3) ? Math.min(edge, 3) : edge);
                else if (a.type === 'u32') w.u32([0, 1, 2 ** 31, 2 ** 32 - 1][pick(4)]);
                else if (a.type === 'time') w.time([0, 1, now(), Number.MAX_SAFE_INTEGER][pick(4)]);
                else if (a.type === 'bool') w.bool(pick(2) === 1);
                else w.bytes(bent(good[a.name] ?? [], a.max));
              }
            };
            calls++;
            try {
              guest.call(`${m}_${f.name}`, i % 2 === 0, put, () => null);
            } catch (e) {
              assert.ok(e instanceof GuestRefusal || e instanceof RangeError, `${f.name}: ${e.stack} ${e.cause?.stack}`);
              assert.ok(!(e instanceof GuestTrap));
            }
            assert.equal(guest.dead, false, f.name);
          }
        }
      }
      assert.ok(calls >= 400 * 5);
      // What worked before still works.
      assert.equal(token.begin(guest, keys, 1).request.length, 99);
    });

    test(`${name}: 10,000 calls leave the memory as it was`, () => {
      const guest = Guest.start(module);
      const { keys } = token.commitments(guest, document, now());
      const one = () => {
        token.commitments(guest, document, now());
        token.begin(guest, keys, 1);
        assert.throws(() => token.finish(guest, new Uint8Array(50), new Uint8Array(200)), GuestRefusal);
        assert.throws(() => token.redeem(guest, new Uint8Array(165), origin, 1), GuestRefusal);
      };
      for (let i = 0; i < 500; i++) one();
      const before = guest.memoryBytes;
      for (let i = 0; i < 2000; i++) one();
      // The standard runtime's heap may take one more piece; TinyGo's may not.
      assert.ok(guest.memoryBytes - before <= (name === 'TinyGo' ? 0 : 1 << 20), `${before} bytes became ${guest.memoryBytes}`);
      assert.ok(before <= (name === 'TinyGo' ? 4 : 16) << 20, `${before} bytes`);
    });

    test(`${name}: a trap ends the instance, and the next call has a new one`, async () => {
      const body = await readFile(file);
      const nativeFetch = globalThis.fetch;
      globalThis.fetch = async () => new Response(body, { headers: { 'Content-Type': 'application/wasm' } });
      const { Instance } = WebAssembly;
      let memory;
      WebAssembly.Instance = class extends Instance {
        constructor(...a) {
          super(...a);
          memory = this.exports.memory;
        }
      };
      try {
        const source = lazyGuest(new URL('https://keeper.example/token.wasm'));
        const first = await source();
        const { keys } = token.commitments(first, document, now());
        // What a stray write of the module itself would do: all of its memory is wrong.
        new Uint8Array(memory.buffer).fill(0xff);
        assert.throws(() => token.begin(first, keys, 1), GuestTrap);
        assert.equal(first.dead, true);
        assert.throws(() => token.begin(first, keys, 1), GuestTrap);
        const second = await source();
        assert.notEqual(second, first);
        assert.equal(token.begin(second, keys, 1).request.length, 99);
        assert.equal(await source(), second);
      } finally {
        globalThis.fetch = nativeFetch;
        WebAssembly.Instance = Instance;
      }
    });
  });
}

test('TinyGo: from nothing to the first blinded point', async (t) => {
  const script = await bundle('cold', `
    import { Guest } from "./guest.js"; import { token } from "./abi.gen.js";
    export async function cold(bytes, keys) {
      const t0 = performance.now();
      const guest = Guest.start(await WebAssembly.compile(bytes));
      const { request } = token.begin(guest, keys, 1);
      return { ms: performance.now() - t0, bytes: request.length };
    }`);
  const guest = Guest.start(await WebAssembly.compile(await readFile(builds.TinyGo)));
  const { keys } = token.commitments(guest, new TextEncoder().encode(await other.ask('commitment')), now());
  const times = [];
  for (let i = 0; i < 12; i++) {
    times.push(JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', `
      import { readFileSync } from 'node:fs';
      import { cold } from ${JSON.stringify(`file://${script}`)};
      console.log(JSON.stringify(await cold(readFileSync(${JSON.stringify(builds.TinyGo)}), Buffer.from('${base64(keys)}', 'base64'))));
    `], { encoding: 'utf8' })));
  }
  // Reported, not judged: a loaded machine is no fault of the code.
  t.diagnostic(`cold start, ms: ${times.map((x) => x.ms.toFixed(1)).join(' ')}`);
  for (const { bytes } of times) assert.equal(bytes, 2 + 97);
});
