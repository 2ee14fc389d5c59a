// Records that the Go library signed, verified by jose. A Go test beside the Go
// example holds testdata/records.json to what the library writes.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {createLocalJWKSet, exportJWK, generateKeyPair, SignJWT} from 'jose';
import {checkRecord, Refused, parseRecordHeader, requestOrigin} from './record.mjs';

const data = JSON.parse(readFileSync(new URL('testdata/records.json', import.meta.url), 'utf8'));
const {issuer, origin, records} = data;
const config = {issuer, keys: createLocalJWKSet(data.keys), now: new Date(data.now * 1000)};
const header = (record, from = issuer) => `"${from}";redemption-record="${record}"`;

test('records of the Go library are good', async () => {
  for (const name of ['shared', 'single', 'polyfill']) {
    const claims = await checkRecord({'sec-redemption-record': header(records[name]), origin}, config);
    assert.equal(claims.iss, issuer);
    assert.equal(claims.iat, 1699999200); // the hour, rounded down
    assert.equal(claims.exp - claims.iat, 24 * 3600);
    assert.equal(claims.via, name === 'polyfill' ? 'polyfill' : 'native');
    assert.equal(claims.jti, name === 'single' ? 'b25jZQ' : undefined);
  }
});

test('a navigation has a Referer and no Origin', async () => {
  const claims = await checkRecord({'sec-redemption-record': header(records.shared), referer: `${origin}/article`}, config);
  assert.equal(claims.origin, origin);
});

test('whatever is wrong is refused with its reason', async () => {
  const good = header(records.shared);
  for (const [name, headers, code] of [
    ['none', {origin}, 'no_record'],
    ['empty', {'sec-redemption-record': '', origin}, 'no_record'],
    ['not a list', {'sec-redemption-record': records.shared, origin}, 'header_invalid'],
    ['another parameter', {'sec-redemption-record': `"${issuer}";rr="x"`, origin}, 'header_invalid'],
    ['an issuer twice', {'sec-redemption-record': `${good}, ${good}`, origin}, 'header_invalid'],
    ['a comma at the end', {'sec-redemption-record': `${good},`, origin}, 'header_invalid'],
    ['a stranger', {'sec-redemption-record': header(records.shared, 'https://other.example'), origin}, 'issuer_unknown'],
    ['a stranger in the name of ours', {'sec-redemption-record': header(records.otherIssuer), origin}, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['expired', {'sec-redemption-record': header(records.expired), origin}, 'ERR_JWT_EXPIRED'],
    ['tampered', {'sec-redemption-record': header(records.tampered), origin}, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['another token with the same claims', {'sec-redemption-record': header(records.notARecord), origin}, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['from another site', {'sec-redemption-record': good, origin: 'https://evil.example'}, 'origin_mismatch'],
    ['from a sandbox', {'sec-redemption-record': good, origin: 'null', referer: `${origin}/`}, 'origin_unknown'],
    ['an empty one beside nothing', {'sec-redemption-record': '', 'private-state-redemption-record': '', origin}, 'no_record'],
    ['from nowhere', {'sec-redemption-record': good}, 'origin_unknown'],
  ]) {
    await assert.rejects(checkRecord(headers, config), {code}, name);
  }
});

test("the polyfill's header counts where the browser's own is empty or missing, and not beside one", async () => {
  const polyfill = {'private-state-redemption-record': header(records.polyfill), origin};
  assert.equal((await checkRecord(polyfill, config)).via, 'polyfill');
  assert.equal((await checkRecord({'sec-redemption-record': '', ...polyfill}, config)).via, 'polyfill');
  await assert.rejects(checkRecord({'sec-redemption-record': header(records.tampered), ...polyfill}, config), Refused);
});

test('header and origin are read strictly', () => {
  assert.deepEqual([...parseRecordHeader('"https://a.example";redemption-record="x\\"y", "https://b.example"; redemption-record="z"')], [['https://a.example', 'x"y'], ['https://b.example', 'z']]);
  assert.equal(parseRecordHeader(' ').size, 0);
  assert.equal(requestOrigin({referer: 'https://News.example:443/x'}), 'https://news.example');
  assert.equal(requestOrigin({referer: 'about:blank'}), undefined);
  assert.equal(requestOrigin({referer: 'nonsense'}), undefined);
});

test('the server answers by the record', async (t) => {
  // A record of this moment, since the stored ones expired long ago.
  const {publicKey, privateKey} = await generateKeyPair('EdDSA');
  const hour = Math.floor(Date.now() / 3_600_000) * 3600;
  const fresh = await new SignJWT({iss: issuer, iat: hour, exp: hour + 86400, key: 1, origin, via: 'native'})
    .setProtectedHeader({alg: 'EdDSA', kid: 'fresh', typ: 'pst-rr+jwt'}).sign(privateKey);
  const published = {keys: [...data.keys.keys, {...await exportJWK(publicKey), kid: 'fresh'}]};
  const keys = createServer((req, res) => {
    res.setHeader('Content-Type', 'application/jwk-set+json');
    res.end(JSON.stringify(req.url === '/.well-known/redemption-record-keys' ? published : {}));
  });
  await new Promise((done) => keys.listen(0, '127.0.0.1', done));
  t.after(() => keys.close());
  const child = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url))], {
    env: {...process.env, ISSUER: issuer, KEYS: `http://127.0.0.1:${keys.address().port}/.well-known/redemption-record-keys`, PUBLISHERS: origin, PORT: '0'},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const [line] = await new Promise((done) => child.stdout.once('data', (b) => done(String(b).split('\n'))));
  const url = line.match(/http:\S+\/ad/)[0];
  const ad = async (record) => (await fetch(url, {headers: record ? {'Sec-Redemption-Record': header(record), Referer: `${origin}/`} : {}})).text();
  assert.match(await ad(fresh), /^An advertisement for people\. \(https:\/\/issuer\.example vouched for a visitor of https:\/\/news\.example\.\)/);
  assert.match(await ad(records.shared), /^A plain advertisement\. \(The record is not good: .*exp/);
  assert.match(await ad(), /^A plain advertisement\. \(The request carries no redemption record\.\)/);
  // A browser without Private State Tokens asks first, then sends the polyfill's header.
  const ask = (from) => fetch(url, {method: 'OPTIONS', headers: {Origin: from, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'private-state-redemption-record'}});
  const preflight = await ask(origin);
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), origin);
  assert.match(preflight.headers.get('access-control-allow-headers'), /Private-State-Redemption-Record/);
  assert.equal((await ask('https://evil.example')).headers.get('access-control-allow-origin'), null);
  const sent = await fetch(url, {headers: {Origin: origin, 'Private-State-Redemption-Record': header(fresh)}});
  assert.match(await sent.text(), /^An advertisement for people\./);
  assert.equal(sent.headers.get('access-control-allow-origin'), origin);
});
