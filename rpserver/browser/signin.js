// The browser's part of signing in and out: with FedCM, or by redirect where the
// identity provider has none. It finds the server's paths next to itself, below any prefix:
//
//   <script type="module" src="/auth/signin.js"></script>
//   <button data-bonafides="signin">Sign in</button>
//   <button data-bonafides="signout">Sign out</button>   data-at="provider": there as well
//   <p data-bonafides="status" role="status"></p>
//
// or, from a page's own module:
//
//   import { signIn, signOut } from '/auth/signin.js';
//   const { user, new: isNew } = await signIn();
//
// A page with a Content-Security-Policy allows its provider in connect-src.

const beside = (path) => new URL(path, import.meta.url);

/** Why nobody was signed in or out: a stable code, and a sentence for people. */
export class SignInError extends Error {
  constructor(code, message, cause) {
    super(message, { cause });
    this.name = 'SignInError';
    this.code = code;
  }
}

/** Whether this browser has FedCM, its own or a polyfill's. */
export function available() {
  return typeof globalThis.IdentityCredential === 'function' &&
    typeof globalThis.navigator?.credentials?.get === 'function';
}

/**
 * Signs the person in and resolves to the server's answer,
 * {user: {id, name, email}, new}. Rejects with a SignInError. With a provider that
 * has no FedCM the page is left for it, and comes back signed in.
 *
 * mode       'active' (default; call it from a click) or 'passive' (on page load;
 *            the default with several providers, since browsers take one in active mode)
 * context    'signin' (default), 'signup', 'use' or 'continue': the dialog's words
 * mediation  'optional' (default), 'required' or 'silent'
 * loginHint, domainHint, fields, params: passed on to the provider
 * configURL  only this one of the server's providers
 * provider   the same by its name, which every provider has
 * back       for a sign-in by redirect: the path of this site to come back to
 * signal     an AbortSignal
 */
export async function signIn(options = {}) {
  // A polyfill's window must open before the first await, while the click counts.
  const release = available() && pressed(options) ? globalThis.bonafides?.reserve?.() : undefined;
  try {
    return await ask(options);
  } finally {
    release?.();
  }
}

const pressed = ({ mode, mediation }) => mode !== 'passive' && mediation !== 'silent';

async function ask(options) {
  const { context = 'signin', mediation, configURL, provider, signal } = options;
  const { nonce, providers } = await inTurn(() => post('signin/nonce', undefined, signal), signal);
  const meant = providers.filter((p) => (!configURL || p.configURL === configURL) && (!provider || p.name === provider));
  if (meant.length === 0) throw new SignInError('provider_unknown', 'This site does not sign in with that provider.');
  const asked = meant.filter((p) => p.configURL);
  if (asked.length === 0 || !available()) return leave(meant.filter((p) => !p.configURL), options);
  const mode = options.mode ?? (asked.length > 1 ? 'passive' : 'active');
  const request = { identity: { context, mode, providers: asked.map((p) => describe(p, nonce, options)) } };
  if (mediation) request.mediation = mediation;
  if (signal) request.signal = signal;
  let credential;
  try {
    credential = await obeying(signal, navigator.credentials.get(request));
  } catch (e) {
    throw explain(e, signal);
  }
  if (typeof credential?.token !== 'string') {
    throw new SignInError('no_token', 'The identity provider gave no token that this site can read.');
  }
  return post('signin/fedcm', {
    token: credential.token,
    config_url: credential.configURL ?? (asked.length === 1 ? asked[0].configURL : undefined),
    is_auto_selected: credential.isAutoSelected === true || undefined,
  }, signal);
}

/**
 * inTurn lets one tab at a time ask for a nonce. Of several that open together none has the
 * cookie that a nonce is bound to: each would get its own, and only the last one is kept.
 */
async function inTurn(act, signal) {
  try {
    return await obeying(signal, navigator.locks.request('bonafides:nonce', act));
  } catch (e) {
    if (e instanceof SignInError) throw e;
    if (signal?.aborted) throw ended(signal.reason);
    return act(); // a page without locks
  }
}

/** leave goes to the one provider without FedCM: the page ends, or its wait. */
async function leave(ways, options) {
  if (ways.length === 0) throw new SignInError('fedcm_unavailable', 'This browser cannot sign in with an identity provider (it has no FedCM).');
  if (ways.length > 1) throw new SignInError('provider_missing', 'This site has several identity providers: choose one.');
  if (!pressed(options)) throw new SignInError('redirect_needed', 'Signing in leaves this page: press a button to begin.');
  location.assign(redirectURL({ back: options.back, provider: ways[0].name }));
  let late;
  const end = new Promise((_, reject) => { late = setTimeout(() => reject(timeout()), patience); });
  try {
    return await obeying(options.signal, end);
  } catch (e) {
    throw ended(e);
  } finally {
    clearTimeout(late);
  }
}

/**
 * Where a sign-in by redirect begins, for a link that works in every browser. back is a
 * path of this site, "/" if left out; provider the name of one of several.
 */
export function redirectURL({ back = location.pathname + location.search, provider } = {}) {
  const url = beside('signin/start');
  if (provider) url.searchParams.set('provider', provider);
  url.searchParams.set('return', back);
  return url.href;
}

function describe(p, nonce, { loginHint, domainHint, fields, params }) {
  const provider = { configURL: p.configURL, clientId: p.clientId, params: { ...params, nonce } };
  if (p.topLevelNonce) provider.nonce = nonce;
  if (loginHint) provider.loginHint = loginHint;
  if (domainHint) provider.domainHint = domainHint;
  if (fields) provider.fields = fields;
  return provider;
}

/**
 * Signs the person out here, and keeps the browser from signing them in again by itself.
 * With at: 'provider' the page is left to sign out there too, where the provider has a
 * place for it, and comes back to back, a path of this site.
 */
export async function signOut({ signal, at, back = '/' } = {}) {
  const path = at === 'provider' ? `signout?${new URLSearchParams({ at, return: back })}` : 'signout';
  const answer = await post(path, undefined, signal);
  if (answer.preventSilentAccess) {
    // Where the browser has no such call it does not sign in by itself either.
    await globalThis.navigator?.credentials?.preventSilentAccess?.();
  }
  if (answer.location) location.assign(answer.location);
  return answer;
}

const patience = 30_000; // ms that this site may take to answer

async function post(path, body, signal) {
  const end = new AbortController();
  const abort = () => end.abort(signal.reason);
  const late = setTimeout(() => end.abort(timeout()), patience);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  try {
    return await exchange(path, body, end.signal);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', abort);
  }
}

const timeout = () => new DOMException('This site did not answer in time.', 'TimeoutError');

async function exchange(path, body, signal) {
  let response;
  let answer;
  try {
    response = await fetch(beside(path), {
      method: 'POST',
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: body && { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      signal,
    });
    answer = await response.json().catch((e) => {
      if (signal.aborted) throw e;
      return null;
    });
  } catch (e) {
    if (signal.aborted) throw ended(signal.reason);
    throw new SignInError('site_unreachable', 'This site did not answer. Check the connection and try again.', e);
  }
  if (!response.ok || answer === null) {
    throw new SignInError(answer?.code ?? `http_${response.status}`,
      answer?.detail ?? `This site answered with status ${response.status}. Try again later.`);
  }
  return answer;
}

// What a provider's error codes mean to a person (FedCM).
const providerErrors = {
  invalid_request: 'The identity provider did not understand the request of this site.',
  unauthorized_client: 'The identity provider does not know this site.',
  access_denied: 'The identity provider refused to sign you in here.',
  server_error: 'The identity provider had an error. Try again later.',
  temporarily_unavailable: 'The identity provider is not available now. Try again later.',
};

/** obeying ends with the signal, also where the browser's own call does not. */
function obeying(signal, promise) {
  if (!signal) return promise;
  let over;
  const end = new Promise((_, reject) => {
    over = () => reject(signal.reason);
    if (signal.aborted) over();
    else signal.addEventListener('abort', over);
  });
  return Promise.race([promise, end]).finally(() => signal.removeEventListener('abort', over));
}

/** ended says why a signal ended it: its time was over, or somebody cancelled. */
function ended(reason) {
  return reason?.name === 'TimeoutError'
    ? new SignInError('timeout', 'It took too long and was stopped. Try again.', reason)
    : new SignInError('aborted', 'Signing in was cancelled.', reason);
}

// explain makes a sentence of what the browser rejected with. Browsers tell a page little
// on purpose: it must not learn who is signed in where.
function explain(e, signal) {
  if (signal?.aborted) return ended(signal.reason);
  switch (e?.name) {
    case 'IdentityCredentialError': {
      const code = (typeof e.error === 'string' ? e.error : e.code) || 'unknown';
      return new SignInError(`provider_${code}`,
        providerErrors[code] ?? 'The identity provider refused to sign you in.', e);
    }
    case 'AbortError':
    case 'TimeoutError':
      return ended(e);
    case 'NetworkError':
      return new SignInError('provider_no_answer',
        'You were not signed in: the dialog was closed, or the identity provider gave no answer. Try again.', e);
    case 'NotAllowedError':
      return new SignInError('browser_refused',
        'The browser did not allow it: another sign-in is open, or third-party sign-in is switched off for this site.', e);
  }
  return new SignInError('browser_error', 'The browser could not sign you in.', e);
}

// Buttons in the markup. A page that wants no reload listens for "bonafides:signin" or
// "bonafides:signout" and calls preventDefault(); event.detail is the server's answer, or
// for "bonafides:error" the SignInError.
const actions = {
  signin: [(b, signal) => signIn({
    mode: b.dataset.mode, context: b.dataset.context, configURL: b.dataset.configUrl,
    provider: b.dataset.provider, back: b.dataset.next, signal,
  }), 'Waiting for your identity provider.'],
  signout: [(b, signal) => signOut({ signal, at: b.dataset.at, back: b.dataset.next }), 'Signing out.'],
};

// What a button began ends with its page. One that a press of Back shows again works.
const running = new Set();
globalThis.addEventListener?.('pageshow', (e) => {
  if (e.persisted) for (const end of running) end.abort();
});

globalThis.document?.addEventListener('click', async (click) => {
  const button = click.target?.closest?.('[data-bonafides]');
  const [act, waiting] = actions[button?.dataset.bonafides] ?? [];
  if (!act || button.getAttribute('aria-disabled') === 'true') return;
  click.preventDefault();
  button.setAttribute('aria-disabled', 'true'); // it keeps the focus
  say('working', waiting);
  const end = new AbortController();
  running.add(end);
  const tell = (name, detail, cancelable) => button.dispatchEvent(
    new CustomEvent(`bonafides:${name}`, { detail, cancelable, bubbles: true }));
  try {
    const answer = await act(button, end.signal);
    say('done', '');
    if (tell(button.dataset.bonafides, answer, true) && !answer.location) {
      if (button.dataset.next) location.assign(button.dataset.next);
      else location.reload();
    }
  } catch (e) {
    say(end.signal.aborted ? 'idle' : 'error', end.signal.aborted ? '' : e.message);
    if (!end.signal.aborted) tell('error', e, false);
  } finally {
    running.delete(end);
    button.removeAttribute('aria-disabled');
  }
});

function say(state, text) {
  for (const place of document.querySelectorAll('[data-bonafides="status"]')) {
    place.dataset.state = state;
    place.textContent = text;
  }
}
