// A stand-in for the browser and the server, for the tests of the scripts here.
export const listeners = {};
globalThis.document = {
  addEventListener: (type, f) => { listeners[type] = f; },
  querySelectorAll: () => [status],
};
/** Where the page says how it goes. */
export const status = { dataset: {}, textContent: '' };
/** What the page did: how often it was loaded anew, and where it was sent. */
export const page = { reloads: 0, went: [] };
globalThis.location = { reload: () => { page.reloads++; }, assign: (u) => { page.went.push(u); } };

globalThis.addEventListener = (type, f) => { listeners[type] = f; };
/** The script's own exports, in this stand-in for a browser. */
export const { signIn, signOut, available, SignInError } = await import('./signin.js');

export const provider = { configURL: 'https://idp.example/fedcm.json', clientId: 'shop' };
export const other = { configURL: 'https://other.example/fedcm.json', clientId: 'shop-2', topLevelNonce: true };
export const plain = { name: 'plain', clientId: 'shop-3', start: 'signin/start?provider=plain' };
export const bare = { name: 'bare', clientId: 'shop-4', start: 'signin/start?provider=bare' };

// world sets up a browser with FedCM and a server; answers may be replaced.
export function world({ get, answers = {}, providers = [provider], fedcm = true, silent, endless } = {}) {
  const w = { asked: [], sent: [], prevented: 0 };
  const known = {
    'signin/nonce': [200, { nonce: 'N', expiresIn: 600, providers }],
    'signin/fedcm': [200, { user: { id: '1', name: 'Ada' }, new: true }],
    signout: [200, { signedOut: true, preventSilentAccess: true }],
    ...answers,
  };
  globalThis.fetch = async (url, init) => {
    const path = url.href.slice(new URL('.', new URL('./signin.js', import.meta.url)).href.length);
    w.sent.push({ path, ...init });
    const pending = () => new Promise((_, reject) => {
      const over = () => reject(init.signal.reason);
      if (init.signal?.aborted) over();
      init.signal?.addEventListener('abort', over);
    });
    if (path === silent) return pending();
    if (path === endless) return { ok: true, status: 200, json: pending };
    const a = known[path];
    if (a instanceof Error) throw a;
    return { ok: a[0] < 300, status: a[0], json: async () => { if (a[1] === undefined) throw new SyntaxError(); return a[1]; } };
  };
  if (fedcm) globalThis.IdentityCredential = class {};
  else delete globalThis.IdentityCredential;
  Object.defineProperty(globalThis, 'navigator', {
    configurable: true,
    value: {
      credentials: {
        get: async (o) => { w.asked.push(o); return (get ?? (() => ({ token: 'T', configURL: provider.configURL })))(o); },
        preventSilentAccess: async () => { w.prevented++; },
      },
    },
  });
  return w;
}

export const settle = () => new Promise((r) => setImmediate(r));

/** A signal that ends after so many milliseconds with a TimeoutError. */
export function timed(ms) {
  const end = new AbortController();
  setTimeout(() => end.abort(new DOMException('time is over', 'TimeoutError')), ms);
  return end;
}

export const named = (name, extra) => Object.assign(new Error(name), { name }, extra);

/** What a sign-in that left the page asked for, by its address. */
export const left = () => page.went.map((u) => {
  const url = new URL(u);
  return [url.href.split('?')[0].slice(-'signin/start'.length), ...['provider', 'return'].map((n) => url.searchParams.get(n))];
});

// press clicks a button of the markup and waits for its end.
export async function press(dataset, prevent = []) {
  const attributes = {}, events = [];
  const button = {
    dataset,
    getAttribute: (n) => attributes[n] ?? null,
    setAttribute: (n, v) => { attributes[n] = v; },
    removeAttribute: (n) => { delete attributes[n]; },
    dispatchEvent: (e) => {
      if (prevent.includes(e.type)) e.preventDefault();
      events.push(e);
      return !e.defaultPrevented;
    },
  };
  const click = { target: { closest: () => button }, preventDefault: () => {} };
  const first = listeners.click(click);
  const busy = { disabled: attributes['aria-disabled'], state: status.dataset.state };
  const second = listeners.click(click); // impatient
  await Promise.all([first, second]);
  return { events, busy, attributes };
}
