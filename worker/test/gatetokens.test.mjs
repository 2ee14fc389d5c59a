// The corpus of attacked ID tokens, and tokens as providers send them, through the gate in
// workerd: judged as natively.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {echo, raw, serve} from './gate.mjs';
import {devWith, exampleVars, root} from './lib.mjs';

const table = (name) => JSON.parse(readFileSync(join(root, 'protocol', 'oidc', 'testdata', name), 'utf8'));
const corpus = table('idtoken-attacks.json');
const providers = table('providers-tokens.json');

describe('the ID-token corpus', () => {
  let worker, origin, provider;
  const ends = [];
  before(async () => {
    origin = await serve((f) => ends.push(f), echo);
    provider = await serve((f) => ends.push(f), (q, a) => {
      a.writeHead(200, {'Content-Type': 'application/jwk-set+json', 'Cache-Control': 'max-age=3600'});
      const name = decodeURIComponent(q.url.slice(1));
      a.end(providers.find((c) => c.id === name)?.jwks ?? JSON.stringify(corpus.keySets[name]));
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
      ...(nonce ? {nonceCookie: 'nonce'} : !config.verifyOnly && {insecureNoNonce: true}), cookie: 'session', insecureCookieNames: true,
    },
  }).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`); // a header holds no other

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
        if (c.expect === 'config_invalid') c = {...c, expect: 'gate_config'}; // the settings are judged before a token
        if (got !== c.expect || (got === 'ok' && (sub ?? '') !== (c.sub ?? '')) || (a.status !== 200 && a.status !== (c.expect === 'gate_config' ? 503 : 401))) wrong.push(`${c.name} (${i}): ${a.status} ${got} ${sub}, want ${c.expect}`);
        if (got === 'ok') accepted++;
      }
    };
    for (let at = 0; at < corpus.cases.length; at += 24) await Promise.all(corpus.cases.slice(at, at + 24).map(one));
    assert.deepEqual(wrong, []);
    assert.ok(corpus.cases.length >= 400 && throughTheGate > 400 && accepted > 100);
    assert.ok(origin.seen.length < accepted, 'the origin saw refused requests');
    t.diagnostic(`${corpus.cases.length} tokens, ${throughTheGate} of them as requests, ${origin.seen.length} reached the origin, ${provider.seen.length} fetches of keys`);
  });

  test('has tokens as providers send them, and the settings that some need', async (t) => {
    const wrong = [];
    let ran = 0, accepted = 0;
    const judge = async ({id, issuer, clientId, nonce, now, token, trusted, aliases}, settings = {}) => {
      ran++;
      const {trustedAudiences = [], insecureNoNonce = false, ...more} = settings;
      const withNonce = !insecureNoNonce && !more.verifyOnly;
      const gate = JSON.stringify({origin: origin.url, idTokens: {
        issuer, clientId, trustedAudiences: [...(trusted ?? []), ...trustedAudiences], issuerAliases: aliases ?? [], ...more, insecureNoNonce,
        jwksUri: `${provider.url}/${encodeURIComponent(id)}`, ...(withNonce && {nonceCookie: 'nonce'}), insecureCookieNames: true,
      }});
      const answers = [await raw(worker.url, '/judge', {
        method: 'POST', headers: {'Test-Now': String(now)}, body: JSON.stringify({gate, nonce: withNonce ? nonce : '', token}),
      })];
      if (/^[\x21-\x7e]+$/.test(token) && token.length < 12 << 10) { // as a request, if a header can hold it
        answers.push(await raw(worker.url, '/gate/x', {headers: {
          'Test-Now': String(now), 'Test-Gate': gate, Authorization: `Bearer ${token}`, ...(withNonce && {Cookie: `nonce=${nonce}`}),
        }}));
      }
      const codes = answers.map((a) => (a.status === 200 ? '' : a.json().code));
      if (codes.some((c) => c !== codes[0])) wrong.push(`${id}: judged ${codes[0]}, as a request ${codes[1]}`);
      if (codes[0] === '') accepted++;
      return {code: codes[0], says: codes[0] && answers[0].json().detail};
    };
    for (const c of providers) {
      const {code, says} = await judge(c);
      // What is no key set at all has no code of its own here: there are no keys.
      const want = c.code === 'keyset_invalid' ? 'keys_unavailable' : c.code;
      if (code !== (c.want === 'accept' ? '' : want)) wrong.push(`${c.id}: ${code || 'accepted'}, want ${c.want} ${want ?? ''} (${says})`);
      if (c.want !== 'setting') continue;
      for (const name of Object.keys(c.settings)) {
        if (name !== 'match' && !says.toLowerCase().includes(name.toLowerCase())) wrong.push(`${c.id}: the refusal does not name ${name}: ${says}`);
      }
      const then = await judge(c, c.settings);
      if (then.code !== '') wrong.push(`${c.id}, with its setting: ${then.code} (${then.says})`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(providers.length >= 88 && ran > providers.length && accepted >= 60);
    t.diagnostic(`${providers.length} cases, ${ran} judgements, ${accepted} accepted`);
  });
});
