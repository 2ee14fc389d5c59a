// 10,000 whole exchanges with one instance of each shipped module. What leaks grows
// with the exchanges; once more after the first thousand (of ID tokens, the first half) the heap may double, since
// it is chance what the collector takes for a pointer.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { clean, corpus, guests, issuer, load } from '../lib.mjs';

const { Guest, GuestRefusal, idtoken, token } = await load('exchanges', 'export * from "./guest.js"; export * from "./abi.gen.js";');
const count = 10_000;
const settled = 1000;
const base64 = (b) => Buffer.from(b).toString('base64');
const bytes = (s) => new Uint8Array(Buffer.from(s, 'base64'));
const utf8 = (s) => new TextEncoder().encode(s);
const now = () => Math.floor(Date.now() / 1000);
const start = async (name) => Guest.start(await WebAssembly.compile(await readFile((await guests(name)).TinyGo)));
after(clean);

test(`${count} tokens are issued and redeemed, a bad answer after every tenth, and the memory stays flat`, async (t) => {
  const guest = await start('token');
  const other = await issuer();
  try {
    const document = utf8(await other.ask('commitment'));
    let before = 0, refused = 0;
    for (let i = 0; i < count; i++) {
      const { keys } = token.commitments(guest, document, now());
      const { request, pending } = token.begin(guest, keys, 1);
      const { tokens } = token.finish(guest, pending, bytes(await other.ask('issue', 1, base64(request))));
      const { request: redemption } = token.redeem(guest, tokens, 'https://news.example', now());
      assert.equal(await other.ask('redeem', base64(redemption)), 'good https://news.example');
      if (i % 10 === 0) {
        assert.throws(() => token.finish(guest, pending, new Uint8Array(1 + i % 4000).fill(i)), GuestRefusal);
        refused++;
      }
      if (i === settled) before = guest.memoryBytes;
    }
    assert.equal(refused, count / 10);
    assert.ok(guest.memoryBytes <= 2 * before && before <= 4 << 20, `${before} bytes became ${guest.memoryBytes}`);
    t.diagnostic(`${count} exchanges, ${guest.memoryBytes >> 10} KiB`);
  } finally {
    other.stop();
  }
});

test(`${count} ID tokens of the corpus are judged, good and bad, and the memory stays flat`, async (t) => {
  const guest = await start('idtoken');
  const { cases, keySets, now: at } = await corpus();
  const asked = cases.map(({ config: { hd, now: own, ...config }, token: text, keys }) => [
    utf8(JSON.stringify({ ...config, ...(hd && { hostedDomain: hd }), ...(!config.nonce && { insecureNoNonce: true }) })), utf8(JSON.stringify(keySets[keys])), utf8(text), own ?? at, 0]);
  let before = 0, judged = 0;
  for (let i = 0; i < count; i++) {
    try {
      const { judged: blob } = idtoken.judgeIdToken(guest, ...asked[i % asked.length]);
      idtoken.confirmIdToken(guest, blob, true);
      judged++;
    } catch (e) {
      assert.ok(e instanceof GuestRefusal, e.stack);
    }
    if (i === count / 2) before = guest.memoryBytes; // the corpus has key sets of 300 keys: it takes its rounds until there is room for them between all else
  }
  assert.ok(judged > count / 20);
  assert.ok(guest.memoryBytes <= 2 * before && before <= 4 << 20, `${before} bytes became ${guest.memoryBytes}`);
  t.diagnostic(`${count} tokens, ${judged} judged good but for the signature, ${guest.memoryBytes >> 10} KiB`);
});
