// The calls of signin.js: what is asked, what is sent, and what a page is told when it
// fails.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SignInError, available, bare, left, named, other, page, plain, provider, settle, signIn, signOut, timed, world } from './standin.mjs';

test('a sign-in asks with the nonce in params and hands over the token', async () => {
  const w = world();
  const answer = await signIn({ params: { scope: 'x', nonce: 'the page cannot choose it' } });
  assert.deepEqual(answer, { user: { id: '1', name: 'Ada' }, new: true });
  assert.deepEqual(w.asked, [{
    identity: {
      context: 'signin', mode: 'active',
      providers: [{ configURL: provider.configURL, clientId: 'shop', params: { scope: 'x', nonce: 'N' } }],
    },
  }]);
  assert.deepEqual(w.sent.map((s) => [s.path, s.method, s.credentials, s.redirect]),
    [['signin/nonce', 'POST', 'same-origin', 'error'], ['signin/fedcm', 'POST', 'same-origin', 'error']]);
  assert.deepEqual(JSON.parse(w.sent[1].body), { token: 'T', config_url: provider.configURL });
  assert.equal(w.sent[1].headers['Content-Type'], 'application/json');
});

test('the server hears that the browser chose the account by itself', async () => {
  const w = world({ get: () => ({ token: 'T', configURL: provider.configURL, isAutoSelected: true }) });
  await signIn();
  assert.equal(JSON.parse(w.sent[1].body).is_auto_selected, true);
});

test('signing out at the provider leaves the page for it, and stays where it has no such place', async () => {
  const at = 'signout?at=provider&return=%2Fbye';
  world({ answers: { [at]: [200, { signedOut: true, preventSilentAccess: true, location: 'https://idp.example/logout' }] } });
  page.went.length = 0;
  await signOut({ at: 'provider', back: '/bye' });
  assert.deepEqual(page.went, ['https://idp.example/logout']);
  world({ answers: { [at]: [200, { signedOut: true, preventSilentAccess: true }] } });
  await signOut({ at: 'provider', back: '/bye' });
  assert.equal(page.went.length, 1);
});

/** The browser's locks: one holder of a name at a time, others wait. */
function locks() {
  let last = Promise.resolve();
  return { request: (name, act) => (last = last.catch(() => {}).then(() => act({ name }))) };
}

test('of two tabs that begin at once the second one has the cookie of the first', async () => {
  const w = world();
  navigator.locks = locks();
  // Like a server: who comes without the browser's cookie gets another one, in the answer.
  const { fetch } = globalThis;
  let jar, made = 0;
  globalThis.fetch = async (url, init) => {
    const sent = jar;
    const answer = await fetch(url, init);
    await settle();
    jar = sent ?? `browser ${++made}`;
    return answer;
  };
  await Promise.all([signIn(), signIn()]);
  assert.equal(made, 1, 'each tab got a cookie of its own, and one of them the wrong one for its nonce');
  assert.equal(w.sent.length, 4);
});

test('a sign-in that waits for another tab can be cancelled, and a page without locks needs none', async () => {
  const w = world();
  navigator.locks = { request: () => new Promise(() => {}) };
  const end = new AbortController();
  const waiting = signIn({ signal: end.signal });
  end.abort();
  await assert.rejects(waiting, { code: 'aborted' });
  assert.equal(w.sent.length, 0);
  navigator.locks = { request: () => Promise.reject(new DOMException('opaque', 'SecurityError')) };
  assert.deepEqual(await signIn(), { user: { id: '1', name: 'Ada' }, new: true });
  navigator.locks = locks();
  world({ answers: { 'signin/nonce': [503, { code: 'temporarily_unavailable', detail: 'Later.' }] } });
  navigator.locks = locks();
  await assert.rejects(signIn(), { code: 'temporarily_unavailable' });
});

test('options reach the browser, and only those that were given', async () => {
  const w = world({ providers: [provider, other], get: () => ({ token: 'T', configURL: other.configURL }) });
  const { signal } = new AbortController();
  await signIn({ mode: 'passive', context: 'continue', mediation: 'silent', signal,
    loginHint: 'ada', domainHint: 'example.test', fields: ['name'] });
  assert.deepEqual(w.asked[0], {
    mediation: 'silent', signal,
    identity: {
      context: 'continue', mode: 'passive',
      providers: [
        { configURL: provider.configURL, clientId: 'shop', params: { nonce: 'N' }, loginHint: 'ada', domainHint: 'example.test', fields: ['name'] },
        { configURL: other.configURL, clientId: 'shop-2', params: { nonce: 'N' }, nonce: 'N', loginHint: 'ada', domainHint: 'example.test', fields: ['name'] },
      ],
    },
  });
  assert.equal(JSON.parse(w.sent[1].body).config_url, other.configURL);
});

test('several providers are asked in passive mode: browsers take one in active mode', async () => {
  const w = world({ providers: [provider, other] });
  await signIn();
  await signIn({ mode: 'active' });
  await signIn({ configURL: other.configURL });
  assert.deepEqual(w.asked.map((a) => a.identity.mode), ['passive', 'active', 'active']);
});

test('a page may name one of several providers', async () => {
  const w = world({ providers: [provider, other], get: () => ({ token: 'T' }) });
  await signIn({ configURL: other.configURL });
  assert.equal(w.asked[0].identity.providers.length, 1);
  assert.equal(JSON.parse(w.sent[1].body).config_url, other.configURL);
  await assert.rejects(signIn({ configURL: 'https://evil.example/' }), { name: 'SignInError', code: 'provider_unknown' });
});

for (const [which, setup, options] of [
  ['a provider without FedCM', { providers: [plain] }, {}],
  ['a provider without FedCM, in a browser without it', { providers: [plain], fedcm: false }, {}],
  ['the one without FedCM, in a browser without it', { providers: [provider, plain], fedcm: false }, {}],
  ['one that the page names', { providers: [provider, plain, bare] }, { provider: 'plain' }],
]) {
  test(`with ${which} the page is left for it`, async () => {
    const w = world(setup);
    page.went = [];
    const end = new AbortController();
    const call = signIn({ ...options, back: '/basket?a=b', signal: end.signal });
    await settle();
    assert.deepEqual([left(), w.asked], [[['signin/start', 'plain', '/basket?a=b']], []]);
    end.abort();
    await assert.rejects(call, { code: 'aborted' });
  });
}

test('a sign-in by redirect comes back to the page that began it', async () => {
  world({ providers: [plain] });
  page.went = [];
  Object.assign(location, { pathname: '/shop', search: '?q=1' });
  const end = new AbortController();
  const call = signIn({ signal: end.signal });
  await settle();
  assert.deepEqual(left(), [['signin/start', 'plain', '/shop?q=1']]);
  end.abort();
  await assert.rejects(call, { code: 'aborted' });
});

test('a page that cannot be left in time is told so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  world({ providers: [plain] });
  const call = signIn({ back: '/' });
  await settle();
  t.mock.timers.tick(30_000);
  await assert.rejects(call, { code: 'timeout' });
});

test('beside a provider with FedCM the others wait to be named', async () => {
  const w = world({ providers: [plain, provider] });
  page.went = [];
  await signIn();
  assert.deepEqual([w.asked[0].identity.mode, w.asked[0].identity.providers.length, page.went], ['active', 1, []]);
});

for (const [what, setup, options, code] of [
  ['a redirect that nobody pressed for', { providers: [plain] }, { mode: 'passive' }, 'redirect_needed'],
  ['a redirect in silence', { providers: [plain] }, { mediation: 'silent' }, 'redirect_needed'],
  ['a choice of two', { providers: [plain, bare] }, {}, 'provider_missing'],
  ['a name that nobody has', { providers: [plain] }, { provider: 'x' }, 'provider_unknown'],
]) {
  test(`${what} is refused with a code and a sentence, and the page stays`, async () => {
    world(setup);
    page.went = [];
    await assert.rejects(signIn(options), (e) => e instanceof SignInError && e.code === code && /^[A-Z].{15,}\.$/.test(e.message));
    assert.deepEqual(page.went, []);
  });
}

for (const [what, setup, code] of [
  ['no FedCM', { fedcm: false }, 'fedcm_unavailable'],
  ['a closed dialog', { get: () => { throw named('NetworkError'); } }, 'provider_no_answer'],
  ['an abort', { get: () => { throw named('AbortError'); } }, 'aborted'],
  ['a second request', { get: () => { throw named('NotAllowedError'); } }, 'browser_refused'],
  ['anything else of the browser', { get: () => { throw new TypeError('x'); } }, 'browser_error'],
  ['a refusal of the provider', { get: () => { throw named('IdentityCredentialError', { error: 'access_denied' }); } }, 'provider_access_denied'],
  ['a refusal in the old form', { get: () => { throw named('IdentityCredentialError', { code: 'server_error' }); } }, 'provider_server_error'],
  ['a refusal of its own', { get: () => { throw named('IdentityCredentialError', { error: 'teapot' }); } }, 'provider_teapot'],
  ['a refusal without a word', { get: () => { throw named('IdentityCredentialError', { error: '' }); } }, 'provider_unknown'],
  ['no credential', { get: () => null }, 'no_token'],
  ['a token that is an object', { get: () => ({ token: {} }) }, 'no_token'],
  ['a refusal of the site', { answers: { 'signin/fedcm': [403, { code: 'nonce_expired', detail: 'This sign-in took too long.' }] } }, 'nonce_expired'],
  ['a site that answers with a page', { answers: { 'signin/fedcm': [502, undefined] } }, 'http_502'],
  ['a site that is gone', { answers: { 'signin/nonce': new TypeError('fetch failed') } }, 'site_unreachable'],
]) {
  test(`${what} is told with a code and a sentence`, async () => {
    world(setup);
    await assert.rejects(signIn(), (e) => {
      assert.ok(e instanceof SignInError);
      assert.equal(e.code, code);
      assert.match(e.message, /^[A-Z].{15,}\.$/);
      return true;
    });
  });
}

test('a site\'s own sentence is passed on', async () => {
  world({ answers: { 'signin/fedcm': [403, { code: 'nonce_expired', detail: 'This sign-in took too long.' }] } });
  await assert.rejects(signIn(), { message: 'This sign-in took too long.' });
});

test('signing out ends the session and then keeps the browser from signing in by itself', async () => {
  const w = world();
  await signOut();
  assert.deepEqual([w.sent[0].path, w.sent[0].method, w.prevented], ['signout', 'POST', 1]);
});

test('a sign-out that failed does not claim otherwise', async () => {
  const w = world({ answers: { signout: [503, { code: 'temporarily_unavailable', detail: 'Try again.' }] } });
  await assert.rejects(signOut(), { code: 'temporarily_unavailable' });
  assert.equal(w.prevented, 0);
});

test('signing out works without the credentials interface', async () => {
  world();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: {} });
  await signOut();
  assert.equal(available(), false);
});

for (const [where, setup] of [
  ['the browser', { get: () => new Promise(() => {}) }],
  ['the site', { silent: 'signin/nonce' }],
  ['the site, after the browser', { silent: 'signin/fedcm' }],
]) {
  test(`a wait for ${where} ends with the caller's time, and says that`, async () => {
    world(setup);
    const { signal } = timed(5);
    await assert.rejects(signIn({ signal }), { name: 'SignInError', code: 'timeout' });
  });

  test(`a wait for ${where} ends with the caller's abort`, async () => {
    world(setup);
    const end = new AbortController();
    const call = signIn({ signal: end.signal });
    await settle();
    end.abort(new Error('changed my mind'));
    await assert.rejects(call, { name: 'SignInError', code: 'aborted' });
  });
}

test('a site that never answers is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  world({ silent: 'signin/nonce' });
  const call = signIn();
  t.mock.timers.tick(30_000);
  await assert.rejects(call, { code: 'timeout' });
});

test('a body that never ends is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  world({ endless: 'signin/nonce' });
  const call = signIn();
  await settle();
  t.mock.timers.tick(30_000);
  await assert.rejects(call, { code: 'timeout' });
});
