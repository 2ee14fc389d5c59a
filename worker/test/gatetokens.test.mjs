// The corpus of attacked ID tokens through the gate in workerd: judged as natively.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {echo, raw, serve} from './gate.mjs';
import {devWith, exampleVars, root} from './lib.mjs';

const corpus = JSON.parse(readFileSync(join(root, 'protocol', 'oidc', 'testdata', 'idtoken-attacks.json'), 'utf8'));

describe('the ID-token corpus', () => {
  let worker, origin, provider;
  const ends = [];
  before(async () => {
    origin = await serve((f) => ends.push(f), echo);
    provider = await serve((f) => ends.push(f), (q, a) => {
      a.writeHead(200, {'Content-Type': 'application/jwk-set+json', 'Cache-Control': 'max-age=3600'});
      a.end(JSON.stringify(corpus.keySets[decodeURIComponent(q.url.slice(1))]));
    });
    worker = await devWith({vars: exampleVars(), main: 'worker/test/gate-entry.ts'});
  });
  after(async () => {
    await worker?.stop();
    ends.forEach((f) => f());
  });

  const settings = ({keys, config: {nonce, hd, now, ...config}}) => JSON.stringify({
    origin: origin.url,
    idTokens: {
      ...config, ...(hd && {hostedDomain: hd}), jwksUri: `${provider.url}/${encodeURIComponent(keys)}`,
      ...(nonce ? {nonceCookie: 'nonce'} : {insecureNoNonce: true}), cookie: 'session', insecureCookieNames: true,
    },
  });

  test('passes through workerd with the codes of the native verifier', async (t) => {
    const wrong = [];
    let throughTheGate = 0, accepted = 0;
    const one = async (c) => {
      const now = String(c.config.now || corpus.now);
      const answers = [await raw(worker.url, '/judge', {
        method: 'POST', headers: {'Test-Now': now}, body: JSON.stringify({gate: settings(c), nonce: c.config.nonce ?? '', token: c.token}),
      })];
      // The same as a request, unless a header cannot hold the token (or its blanks).
      if (/^[\x21-\x7e]+$/.test(c.token)) {
        throughTheGate++;
        const headers = {'Test-Now': now, 'Test-Gate': settings(c), ...(c.config.nonce && {Cookie: `nonce=${c.config.nonce}`})};
        answers.push(await raw(worker.url, '/gate/x', {headers: {...headers, Authorization: `Bearer ${c.token}`}}));
        if (!c.token.includes(';')) {
          answers.push(await raw(worker.url, '/gate/x', {headers: {...headers, Cookie: `session=${c.token}; ${headers.Cookie ?? ''}`}}));
        }
      }
      for (const [i, a] of answers.entries()) {
        let got = a.status === 200 ? 'ok' : `${a.status}`;
        let sub = c.sub;
        try {
          const body = a.json();
          if (a.status !== 200) got = body.code;
          else sub = i === 0 ? JSON.parse(body.claims).sub : decodeURIComponent(body.headers['gate-subject'][0]);
        } catch { /* no JSON: the status stands */ }
        if (got !== c.expect || (got === 'ok' && sub !== c.sub) || (a.status !== 200 && a.status !== 401)) wrong.push(`${c.name} (${i}): ${a.status} ${got} ${sub}, want ${c.expect}`);
        if (got === 'ok') accepted++;
      }
    };
    for (let at = 0; at < corpus.cases.length; at += 24) await Promise.all(corpus.cases.slice(at, at + 24).map(one));
    assert.deepEqual(wrong, []);
    assert.ok(corpus.cases.length >= 400 && throughTheGate > 400 && accepted > 100);
    assert.ok(origin.seen.length < accepted, 'the origin saw refused requests');
    t.diagnostic(`${corpus.cases.length} tokens, ${throughTheGate} of them as requests, ${origin.seen.length} reached the origin, ${provider.seen.length} fetches of keys`);
  });
});
