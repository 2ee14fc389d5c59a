// The check of assertions in Node. That the gate writes what this reads is tested
// with the Worker.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createLocalJWKSet, exportJWK, generateKeyPair, SignJWT} from 'jose';
import {checkAssertion, Refused} from './assertion.mjs';

const gate = 'https://gate.example', origin = 'https://app.example';
const now = new Date(1_800_000_000_000), at = now.getTime() / 1000;
const {publicKey, privateKey} = await generateKeyPair('ES256');
const keys = createLocalJWKSet({keys: [{...await exportJWK(publicKey), kid: 'k', alg: 'ES256'}]});

const sign = ({typ = 'gate-assertion+jwt', key = privateKey, kid = 'k', ...claims} = {}) => new SignJWT({
  iss: gate, aud: origin, iat: at, exp: at + 60, method: 'GET', target: '/a?b=%2f', admitted: 'id-token', issuer: 'https://idp.example', sub: 'ada', ...claims,
}).setProtectedHeader({alg: 'ES256', kid, typ}).sign(key);
const request = (...assertions) => ({method: 'GET', url: '/a?b=%2f', headersDistinct: assertions.length ? {'gate-assertion': assertions} : {}});
const check = (r) => checkAssertion(r, {gate, origin, keys, now});

test('an assertion of this request says who came', async () => {
  assert.equal((await check(request(await sign()))).sub, 'ada');
});

test('whatever is wrong is refused with its reason', async () => {
  const good = await sign();
  const stranger = await generateKeyPair('ES256');
  for (const [name, r, code] of [
    ['none', request(), 'assertion_missing'],
    ['two', request(good, good), 'assertion_duplicated'],
    ['not a JWS', request('ada'), 'ERR_JWS_INVALID'],
    ['another key', request(await sign({key: stranger.privateKey})), 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['an unknown key', request(await sign({kid: 'other'})), 'ERR_JWKS_NO_MATCHING_KEY'],
    ['another type of token', request(await sign({typ: 'JWT'})), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['another gate', request(await sign({iss: 'https://evil.example'})), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['another origin', request(await sign({aud: 'https://other.example'})), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['several origins', request(await sign({aud: [origin, 'https://other.example']})), 'claims_invalid'],
    ['expired', request(await sign({iat: at - 60, exp: at})), 'ERR_JWT_EXPIRED'],
    ['a long life', request(await sign({exp: at + 61})), 'lifetime_invalid'],
    ['from the future', request(await sign({iat: at + 31, exp: at + 91})), 'not_yet_valid'],
    ['no issuer', request(await sign({issuer: undefined})), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['another method', {...request(good), method: 'POST'}, 'method_mismatch'],
    ['another path', {...request(good), url: '/admin'}, 'target_mismatch'],
    ['another spelling', {...request(good), url: '/a?b=%2F'}, 'target_mismatch'],
  ]) {
    await assert.rejects(check(r), (e) => e instanceof Refused && e.code === code, name);
  }
});

test('keys that cannot be had are no fault of the request', async () => {
  await assert.rejects(checkAssertion(request(await sign()), {gate, origin, now, keys: () => { throw new TypeError('away'); }}), TypeError);
});
