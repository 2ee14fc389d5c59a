// Garbage into every export of every module, in both builds: it is refused, and
// the instance lives on. abi.json says what there is; what this test must be told
// about a module stands in samples.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { clean, guests, issuer, load, table } from './lib.mjs';
import { samples } from './samples.mjs';

const abi = await load('garbage', 'export * from "./guest.js"; export * from "./abi.gen.js";');
const { Guest, GuestRefusal, GuestTrap } = abi;
const now = () => Math.floor(Date.now() / 1000);

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

/** A sample with something wrong in it, or as it is. */
function bent(v, max, pick) {
  let b = typeof v === 'string' ? new TextEncoder().encode(v) : Uint8Array.from(v);
  switch (pick(6)) {
    case 0: b = b.slice(0, pick(b.length + 1)); break;
    case 1: if (b.length) b[pick(b.length)] ^= 1 << pick(8); break;
    case 2: b = Uint8Array.from({ length: pick(Math.min(max + 8, 4096)) }, () => pick(256)); break;
    case 3: b = Uint8Array.from([...b, pick(256)]); break;
    case 4: b = new Uint8Array(pick(Math.min(max + 2, 2048))).fill(pick(2) ? 255 : 0); break;
  }
  return b;
}

for (const { name: module, functions } of table.modules) {
  describe(module, async () => {
    for (const [build, file] of Object.entries(await guests(module))) {
      test(`${module}, ${build}: a first call that brings nothing is a malformed one, not too long`, async () => {
        const guest = Guest.start(await WebAssembly.compile(await readFile(file)));
        const name = `${module}_${functions[0].name}`;
        assert.throws(() => guest.call(name, false, () => {}, () => null), (e) => e instanceof RangeError && e.message.endsWith('(malformed_call)'));
      });

      test(`${module}, ${build}: garbage into every export is refused, and the instance lives on`, async (t) => {
        const guest = Guest.start(await WebAssembly.compile(await readFile(file)));
        const pick = random(0x5eed + build.length);
        const { good, works } = await samples[module](guest, abi, other, now());
        works();
        let calls = 0, refused = 0;
        for (const f of functions) {
          const sample = (name) => good[`${f.name}.${name}`] ?? good[name];
          for (const a of f.in) {
            assert.ok(!['bytes', 'text'].includes(a.type) || sample(a.name)?.length > 0, `samples.mjs has no ${a.name} for ${module}_${f.name}`);
          }
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
                else w.bytes(bent(sample(a.name), a.max, pick));
              }
            };
            calls++;
            try {
              guest.call(`${module}_${f.name}`, i % 2 === 0, put, () => null);
            } catch (e) {
              assert.ok(e instanceof GuestRefusal || e instanceof RangeError, `${f.name}: ${e.stack} ${e.cause?.stack}`);
              assert.ok(!(e instanceof GuestTrap));
              refused++;
            }
            assert.equal(guest.dead, false, f.name);
          }
        }
        assert.equal(calls, 400 * functions.length);
        t.diagnostic(`${calls} calls, ${refused} refused`);
        works(); // what worked before still works
      });
    }
  });
}
