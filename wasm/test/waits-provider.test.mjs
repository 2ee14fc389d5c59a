// The waits of a sign-in in the provider's window, and of a frame for its page's records:
// each ends with its outcome, with the caller's signal, or with a bound, and says why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ends, settle, world } from './standin.mjs';

const over = (name) => new DOMException('said so', name);
const provider = { configURL: 'https://idp.example/fedcm.json', origin: 'https://idp.example', clientId: 'shop' };
const good = async () => new Response(JSON.stringify({ bonafides: { popup_endpoint: '/popup' } }));

/** A sign-in in the provider's window. */
async function signIn(w) {
  const end = new AbortController();
  const window = w.globals.open();
  const call = w.page.askInPopup(window, provider, { params: {}, signal: end.signal });
  call.catch(() => {});
  await settle();
  const state = () => new URL(window.went[0]).searchParams.get('state');
  const says = (m) => window.says({ bonafides: 1, type: 'fedcm', state: state(), ...m }, provider.origin);
  return { call, end, window, says };
}

for (const [what, fetch, happens, want] of [
  ['nothing', () => new Promise(() => {}), async (w) => w.tick(20_500), /^Error: The provider offers no window/],
  ['an abort', () => new Promise(() => {}), async (w, r) => r.end.abort(over('TimeoutError')), /^TimeoutError/],
  ['a body that never ends', async () => ({ ok: true, json: () => new Promise(() => {}) }), async (w) => w.tick(20_500), /^Error: The provider offers/],
  ['a refusal for too long headers', async () => new Response('<h1>431</h1>', { status: 431 }), async () => {}, /^Error: The provider offers/],
  ['something else', async () => new Response('[]'), async () => {}, /^Error: The provider offers/],
  ['another site\'s window', async () => new Response('{"bonafides":{"popup_endpoint":"https://evil.example/"}}'), async () => {}, /^Error: The provider offers/],
]) {
  test(`waiting for the provider's configuration ends with ${what}`, async (t) => {
    const w = await world(t, { fetch });
    const r = await signIn(w);
    await happens(w, r);
    assert.match(await ends(r.call), want);
    assert.equal(r.window.closed, true);
  });
}

for (const [what, happens, want] of [
  ['an abort', async (w, r) => r.end.abort(over('TimeoutError')), /^TimeoutError/],
  ['the page\'s end', async (w) => w.emit('pagehide', { persisted: true }), /^NetworkError/],
  ['its closing, unheard', async (w, r) => { r.window.closed = true; await w.tick(3500); }, /^Error: The provider's window/],
  ['its closing, heard', async (w, r) => { r.says({ ready: true }); r.window.closed = true; await w.tick(1000); }, /^NetworkError/],
  ['an error page of the provider that says nothing', async (w) => w.tick(5 * 60_000 + 500), /^Error: The provider's window/],
  ['nothing after its first word', async (w, r) => { r.says({ ready: true }); await w.tick(30 * 60_000 + 500); }, /^NetworkError/],
  ['an error whose address is none, in a browser without URL.canParse', async (w, r) => { r.says({ error: { error: 'access_denied', url: 'http://[' } }); }, /^IdentityCredentialError/],
  ['an error that is none', async (w, r) => { r.says({ error: true }); }, /^IdentityCredentialError/],
  ['a token', async (w, r) => { r.says(null); r.window.says(null, provider.origin); r.says({ token: 'T' }); }, /^resolved .*"token":"T"/],
]) {
  test(`waiting for the provider's window ends with ${what}`, async (t) => {
    const w = await world(t, { fetch: good });
    const { canParse } = URL;
    t.after(() => { URL.canParse = canParse; });
    delete URL.canParse;
    const r = await signIn(w);
    assert.equal(await ends(r.call), 'pending');
    await happens(w, r);
    assert.match(await ends(r.call), want);
  });
}

for (const [what, answer] of [['nothing', undefined], ['null', null], ['another shape', { records: 7 }], ['records without their ends', { records: {} }]]) {
  test(`waiting for the embedding page's records ends, answered with ${what}`, async (t) => {
    const w = await world(t);
    globalThis.parent = { postMessage: (_m, _o, [port]) => { if (answer !== undefined) port.postMessage(answer); w.port = port; } };
    const call = w.page.recordFromEmbedder(['https://news.example']);
    await w.tick(2250);
    assert.equal(await ends(call), 'resolved {}');
    w.port.close();
  });
}
