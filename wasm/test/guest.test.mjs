// The token guest, in both builds of one source: TinyGo's, which is shipped, and
// the standard compiler's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { bundle, clean, guests, issuer, load } from './lib.mjs';

const builds = await guests('token');
const { Guest, GuestRefusal, GuestTrap, compile, lazyGuest, token } = await load('guest',
  'export { Guest, GuestRefusal, GuestTrap } from "./guest.js"; export { compile, lazyGuest } from "./load.js"; export { token } from "./abi.gen.js";');
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

    test(`${name}: 10,000 calls leave the memory as it was`, () => {
      const guest = Guest.start(module);
      const { keys } = token.commitments(guest, document, now());
      const one = () => {
        token.commitments(guest, document, now());
        token.begin(guest, keys, 1);
        assert.throws(() => token.finish(guest, new Uint8Array(50), new Uint8Array(200)), GuestRefusal);
        assert.throws(() => token.redeem(guest, new Uint8Array(165), origin, 1), GuestRefusal);
      };
      for (let i = 0; i < 1500; i++) one(); // by then the heap has the size that it needs
      const before = guest.memoryBytes;
      for (let i = 0; i < 2500; i++) one();
      // What leaks grows with the calls. Once more the heap may grow: what the
      // collector takes for a pointer is chance. TinyGo's doubles then.
      assert.ok(guest.memoryBytes - before <= (name === 'TinyGo' ? before : 1 << 20), `${before} bytes became ${guest.memoryBytes}`);
      assert.ok(before <= (name === 'TinyGo' ? 4 : 16) << 20, `${before} bytes`);
    });

    test(`${name}: a trap ends the instance, and a call that it struck is made again`, async (t) => {
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
        const run = lazyGuest(() => compile(new URL('https://keeper.example/token.wasm')));
        const same = (guest) => guest;
        const first = await run(same);
        const { keys } = token.commitments(first, document, now());
        // What a stray write of the module itself would do: all of its memory is wrong.
        new Uint8Array(memory.buffer).fill(0xff);
        assert.throws(() => token.begin(first, keys, 1), GuestTrap);
        assert.equal(first.dead, true);
        assert.throws(() => token.begin(first, keys, 1), GuestTrap);
        const second = await run(same);
        assert.notEqual(second, first);
        assert.equal(token.begin(second, keys, 1).request.length, 99);
        assert.equal(await run(same), second);
        // In the middle of a call: it is made again, and the console has a line.
        const warned = t.mock.method(console, 'warn', () => {});
        new Uint8Array(memory.buffer).fill(0xff);
        assert.equal((await run((guest) => token.begin(guest, keys, 1))).request.length, 99);
        assert.equal(warned.mock.callCount(), 1);
        // Where the new one traps as well, the call fails.
        const tried = [];
        await assert.rejects(run((guest) => {
          tried.push(guest);
          new Uint8Array(memory.buffer).fill(0xff);
          return token.begin(guest, keys, 1);
        }), GuestTrap);
        assert.equal(new Set(tried).size, 2);
        assert.equal(tried.length, 2);
        assert.equal((await run((guest) => token.begin(guest, keys, 1))).request.length, 99);
      } finally {
        globalThis.fetch = nativeFetch;
        WebAssembly.Instance = Instance;
      }
    });
  });
}

test('a trap of another exchange, while the keeper waits for the issuer, costs this one nothing', async () => {
  const { commitment, lazyGuest } = await load('keeper-issuer',
    'export { commitment } from "./keeper/issuer.js"; export { lazyGuest } from "./load.js";');
  const module = await WebAssembly.compile(await readFile(builds.TinyGo));
  const document = `{"bonafides":1,"issuers":{"https://issuer.example":${await other.ask('commitment')}}}`;
  const run = lazyGuest(async () => module);
  const first = await run((guest) => guest);
  const nativeFetch = globalThis.fetch;
  globalThis.document = { querySelector: () => null, baseURI: 'https://keeper.example/keeper' };
  globalThis.location = new URL('https://keeper.example/keeper');
  globalThis.fetch = async () => {
    assert.throws(() => first.call('no_such_export', false, (w) => w.u16(0), () => undefined), /stopped/);
    return new Response(document);
  };
  try {
    const { keys, batchSize } = await commitment(run, 'https://issuer.example');
    assert.deepEqual([first.dead, keys.length, batchSize], [true, 101, 30]);
  } finally {
    globalThis.fetch = nativeFetch;
    delete globalThis.document;
    delete globalThis.location;
  }
});

// Without room that is kept they doubled it again and again, to 128 MiB in 41 rounds.
test('TinyGo: however many large batches leave an instance at 16 MiB or less', async (t) => {
  const guest = Guest.start(await WebAssembly.compile(await readFile(builds.TinyGo)));
  const { keys } = token.commitments(guest, new TextEncoder().encode(await other.ask('commitment')), now());
  for (const [batch, rounds] of [[1, 20], [30, 20], [100, 60]]) {
    for (let i = 0; i < rounds; i++) {
      const { request, pending } = token.begin(guest, keys, batch);
      const { tokens } = token.finish(guest, pending, bytes(await other.ask('issue', batch, base64(request))));
      assert.equal(tokens.length, 165 * batch);
    }
    t.diagnostic(`batches of ${batch}: ${guest.memoryBytes >> 10} KiB`);
  }
  assert.ok(guest.memoryBytes <= 16 << 20, `${guest.memoryBytes} bytes`);
});

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
