// The gate and the keys of a provider: slow, away, and shared between isolates.
import assert from 'node:assert/strict';
import {mkdtempSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {echo, nowSeconds, pair, raw, serve} from './gate.mjs';
import {devWith, exampleVars, work} from './lib.mjs';

describe('a gate whose provider is slow or away', () => {
  test('many requests cause one fetch; a provider that is away means 503', async (t) => {
    const key = pair('k');
    let up = true;
    const ends = [];
    t.after(() => ends.forEach((f) => f()));
    const origin = await serve((f) => ends.push(f), echo);
    const provider = await serve((f) => ends.push(f), (q, a) => setTimeout(() => {
      a.writeHead(up ? 200 : 500, {'Cache-Control': 'no-store'}).end(JSON.stringify({keys: [key.jwk]}));
    }, 300));
    const gate = {origin: origin.url, idTokens: {issuer: 'https://idp.example', clientId: 'gate', jwksUri: `${provider.url}/`, insecureNoNonce: true}};
    const worker = await devWith({vars: {...exampleVars(), GATE: JSON.stringify(gate)}});
    t.after(() => worker.stop());
    const token = key.jws({}, {iss: 'https://idp.example', aud: 'gate', sub: 'ada', iat: nowSeconds(), exp: nowSeconds() + 600});
    const get = () => raw(worker.url, '/gate/', {headers: {Authorization: `Bearer ${token}`}});
    const many = await Promise.all(Array.from({length: 20}, get));
    assert.deepEqual(many.map((a) => a.status), Array(20).fill(200));
    assert.equal(provider.seen.length, 1);
    up = false;
    // no-store counts as one second
    for (const until = Date.now() + 60_000; ;) {
      const a = await get();
      if (a.status === 503) {
        assert.deepEqual([a.json().code, a.headers['retry-after']], ['keys_unavailable', '5']);
        break;
      }
      assert.equal(a.status, 200);
      assert.ok(Date.now() < until, 'withdrawn keys are used for ever');
      await new Promise((r) => setTimeout(r, 100));
    }
    const a = await raw(worker.url, '/redeem', {method: 'POST'});
    assert.equal(a.json().code, 'token_header_missing'); // the issuer goes on beside it
  });
});

describe('the keys of a provider', () => {
  test('are shared through the Cache API: another isolate fetches them no more', async (t) => {
    const key = pair('k');
    const ends = [];
    t.after(() => ends.forEach((f) => f()));
    const origin = await serve((f) => ends.push(f), echo);
    const provider = await serve((f) => ends.push(f), (q, a) => a.writeHead(200, {'Cache-Control': 'max-age=3600'}).end(JSON.stringify({keys: [key.jwk]})));
    const gate = {origin: origin.url, idTokens: {issuer: 'https://idp.example', clientId: 'gate', jwksUri: `${provider.url}/`, insecureNoNonce: true}};
    const token = key.jws({}, {iss: 'https://idp.example', aud: 'gate', sub: 'ada', iat: nowSeconds(), exp: nowSeconds() + 600});
    const state = mkdtempSync(join(work, 'shared-'));
    for (let isolate = 1; isolate <= 2; isolate++) {
      const worker = await devWith({vars: {GATE: JSON.stringify(gate)}, state});
      try {
        assert.equal((await raw(worker.url, '/gate/', {headers: {Authorization: `Bearer ${token}`}})).status, 200);
      } finally {
        await worker.stop();
      }
    }
    assert.equal(provider.seen.length, 1);
  });
});
