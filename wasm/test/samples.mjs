// For each module of abi.json: good arguments, by their names in the table, for
// the test that bends them, and a call that works.
import assert from 'node:assert/strict';
import { corpus } from './lib.mjs';

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
    const good = { document, keys, pending, response, origin, issuer: origin, record: 'ey.ey.ey' };
    good.token = token.finish(guest, pending, response).tokens.slice(0, 165);
    return { good, works: () => assert.equal(token.begin(guest, keys, 1).request.length, 99) };
  },

  idtoken: (guest, abi) => idToken(guest, abi, abi.idtoken),
};
