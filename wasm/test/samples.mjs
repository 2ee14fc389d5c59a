// For each module of abi.json: good arguments, by their names in the table (or
// "function.name" where two functions give a name another meaning), for the test
// that bends them, and a call that works.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { corpus, guests, wasm } from './lib.mjs';

const base64 = (b) => Buffer.from(b).toString('base64');
const bytes = (s) => new Uint8Array(Buffer.from(s, 'base64'));
const utf8 = (s) => new TextEncoder().encode(s);

/** idToken gives what the shared judgement of ID tokens takes. */
async function idToken(guest, abi, call) {
  const { cases, keySets, now } = await corpus();
  const one = cases.find((c) => c.name === 'ES256');
  const good = { config: utf8(JSON.stringify(one.config)), jwks: utf8(JSON.stringify(keySets[one.keys])), token: utf8(one.token) };
  const judge = () => call.judgeIdToken(guest, good.config, good.jwks, good.token, now, 0);
  good.judged = judge().judged;
  const works = () => {
    const { algorithm, judged } = judge();
    assert.equal(algorithm, 'ES256');
    assert.equal(JSON.parse(call.confirmIdToken(guest, judged, true).claims).sub, one.sub);
    assert.throws(() => call.confirmIdToken(guest, judged, false), (e) => e instanceof abi.GuestRefusal && e.code === 'signature_invalid');
  };
  return { good, works };
}

export const samples = {
  async token(guest, { token }, issuer, now) {
    const origin = 'https://news.example';
    const document = utf8(await issuer.ask('commitment'));
    const { keys } = token.commitments(guest, document, now);
    const { request, pending } = token.begin(guest, keys, 2);
    const response = bytes(await issuer.ask('issue', 2, base64(request)));
    const good = { document, keys, pending, response, origin };
    good.token = token.finish(guest, pending, response).tokens.slice(0, 165);
    return { good, works: () => assert.equal(token.begin(guest, keys, 1).request.length, 99) };
  },

  idtoken: (guest, abi) => idToken(guest, abi, abi.idtoken),

  // An issuance, a redemption and the check of its record, all by the module.
  async edge(guest, abi, _, now) {
    const { edge, token: browser, Guest } = abi;
    const version = 'PrivateStateTokenV1VOPRF', site = 'https://news.example', issuer = 'https://issuer.example';
    const vars = await readFile(path.join(wasm, '..', '.dev.vars.example'), 'utf8');
    const keys = /^ISSUER_KEYS="(.+)"$/m.exec(vars)[1].replaceAll('\\n', '\n');
    const client = Guest.start(await WebAssembly.compile(await readFile((await guests('token')).TinyGo)));
    const published = browser.commitments(client, utf8(edge.commitments(guest, keys, 1, 10).document), now);
    const { request, pending } = browser.begin(client, published.keys, 2);
    const asked = base64(request);
    const { token: signed } = edge.signIssuance(guest, asked, keys, 2, now);
    const one = browser.finish(client, pending, bytes(signed)).tokens.slice(0, 165);
    const redemption = base64(browser.redeem(client, one, site, now).request);

    const pair = generateKeyPairSync('ed25519');
    const seen = edge.recordKeys(guest, bytes(pair.publicKey.export({ format: 'jwk' }).x));
    const make = () => {
      const spent = edge.verifyRedemption(guest, false, redemption, version, keys, now);
      const { input } = edge.recordInput(guest, issuer, seen.keyId, spent.keyId, spent.origin, false, 86_400, false, now);
      return edge.assemble(guest, input, sign(null, Buffer.from(input), pair.privateKey)).token;
    };
    const record = make();
    const works = () => {
      const judged = edge.judgeRecord(guest, issuer, utf8(seen.document), make(), now);
      assert.equal(judged.algorithm, 'EdDSA');
      assert.equal(edge.confirmRecord(guest, record, true, site, '', '', '', false).site, site);
    };

    const { challenge, difficulty } = JSON.parse(edge.workChallenge(guest, keys, 8, 300, now).body);
    let n = 0;
    const zeros = (b) => Math.clz32(b.readUInt32BE(0));
    while (zeros(createHash('sha256').update(`${challenge}.${n}`).digest()) < difficulty) n++;
    const idTokens = (await idToken(guest, abi, edge)).good;
    return {
      works,
      good: {
        name: 'store_unavailable', keys, version, token: asked, signerId: seen.keyId, issuer, origin: site, record,
        jwks: utf8(seen.document), input: record.slice(0, record.lastIndexOf('.')), signature: bytes(record.slice(record.lastIndexOf('.') + 1).replaceAll('-', '+').replaceAll('_', '/')),
        proof: `${challenge}.${n}`, hostname: 'issuer.example', action: 'tokens', minScore: '0.5',
        native: `"${issuer}";redemption-record="${record}"`, polyfill: `"${issuer}";redemption-record="${record}"`,
        referer: `${site}/front`, frames: 'https://ads.example', embedders: site, code: 'issuer_unknown',
        state: edge.keySetNext(guest, new Uint8Array(), 'wanted', new Uint8Array(), '', '', now, 0).next, event: 'fetched', cacheControl: 'max-age=60', age: '1',
        config: idTokens.config, judged: idTokens.judged,
        'ring_secret.kind': 'record', 'ring_secret.secret': base64(Buffer.alloc(32, 7)),
        'record_keys.keys': bytes(pair.publicKey.export({ format: 'jwk' }).x),
        'verify_redemption.token': redemption,
        'judge_captcha.body': utf8('{"success":true,"hostname":"issuer.example","action":"tokens","score":0.9}'),
        'judge_id_token.jwks': idTokens.jwks, 'judge_id_token.token': idTokens.token,
        'key_set_next.body': utf8(seen.document),
      },
    };
  },
};
