// A stand-in for a page and for the windows that it opens, whose clock and whose
// answers belong to the test. What browsers do of themselves is tested in browsers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const src = path.resolve(import.meta.dirname, '../src');
const dir = mkdtempSync(path.join(tmpdir(), 'bonafides-waits-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
await build({
  stdin: {
    contents: ['export * from "./tokens/link.js"', 'export * from "./tokens/operate.js"', 'export * from "./tokens/frames.js"', 'export * from "./tokens/returnpage.js"',
      'export { fragmentErrand, pack, unpack } from "./tokens/protocol.js"', 'export * from "./tokens/seal.js"', 'export * from "./fedcm/popup.js"',
      'export * from "./fedcm/press.js"', 'export { serve } from "./keeper/serve.js"', 'export { errand } from "./keeper/errand.js"', 'export { bounded } from "./wait.js"', 'export * from "./quiet.js"'].join('\n'),
    resolveDir: src, loader: 'ts',
  },
  bundle: true, format: 'esm', outfile: path.join(dir, 'page.mjs'), define: { __TOKEN_WASM__: '"./token.wasm"', __SUFFIXES__: '"./suffixes.txt"' },
});
const page = pathToFileURL(path.join(dir, 'page.mjs'));

export const keeper = 'https://keeper.example';
export const issuer = 'https://issuer.example';

/** Lets everything that is on its way arrive: messages, promises. */
export async function settle() {
  for (let i = 0; i < 12; i++) await new Promise((r) => setImmediate(r));
}

const storage = () => {
  const m = new Map();
  return { getItem: (k) => m.get(k) ?? null, setItem: (k, v) => m.set(k, String(v)), removeItem: (k) => m.delete(k) };
};

/** A window that the page opened; when(url) is called when it is taken somewhere. */
class Opened {
  closed = false;
  went = [];
  said = [];
  constructor(world) {
    this.world = world;
    this.location = { replace: (url) => { this.went.push(url); } };
  }
  postMessage(data, _origin, ports = []) {
    this.said.push(data);
    if (ports[0]) this.port = ports[0];
  }
  close() { this.closed = true; }
  /** What its page posts to the page that opened it. */
  says(data, origin = keeper) { this.world.emit('message', { source: this, origin, data, ports: [] }); }
}

/**
 * A page with the polyfill's parts. Options: blocked (windows do not open), active
 * (a press is going on), returnPage (the text of the site's, or null), fetch.
 */
export async function world(t, { blocked = false, active = true, returnPage = null, fetch, origin = 'https://news.example' } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  const w = { opened: [], events: [], listeners: {}, closing: [] };
  w.emit = (type, e) => { for (const f of [...(w.listeners[type] ?? [])]) f({ type, ...e }); };
  const element = () => ({
    style: {}, dataset: {}, children: [], setAttribute() {}, addEventListener() {}, append() {}, remove() {}, querySelector: () => null, attachShadow: () => element(), shadowRoot: { activeElement: null },
    getBoundingClientRect: () => ({ x: 0, y: 0, width: 1, height: 1 }), getRootNode: () => ({}), matches: () => false,
  });
  const globals = {
    addEventListener: (type, f) => { (w.listeners[type] ??= new Set()).add(f); },
    removeEventListener: (type, f) => { w.listeners[type]?.delete(f); },
    open: () => {
      if (blocked) return null;
      const o = new Opened(w);
      w.opened.push(o);
      return o;
    },
    close: () => { w.closedItself = true; },
    document: {
      addEventListener() {}, visibilityState: 'visible', documentElement: element(), createElement: element, elementFromPoint: () => null, querySelectorAll: () => [], getElementById: () => null,
      dispatchEvent: (e) => {
        w.events.push(e);
        try { w.onask?.(e); } catch { /* as browsers do: it is reported and goes on */ }
        return !e.defaultPrevented;
      },
    },
    location: { origin, href: `${origin}/`, host: new URL(origin === 'null' ? 'https://x' : origin).host, replace: (u) => { w.left = u; } },
    history: { state: null }, localStorage: storage(), sessionStorage: storage(), CSSStyleSheet: class { replaceSync() {} },
    fetch: fetch ?? (async () => (returnPage === null ? new Response('', { status: 404 }) : new Response(returnPage, { headers: { 'Content-Type': 'text/html' } }))),
  };
  globals.self = { origin };
  globals.top = globals.self;
  globals.window = { ...globals, fetch: (...a) => globals.fetch(...a) };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { userActivation: { isActive: active } } });
  w.globals = globals;
  w.active = (is) => { globalThis.navigator.userActivation.isActive = is; };
  w.tick = async (ms) => {
    for (let at = 0; at < ms; at += 250) {
      t.mock.timers.tick(Math.min(250, ms - at));
      await settle();
    }
  };
  w.page = await import(`${page}?${Math.random()}`);
  t.after(() => { // what is open keeps Node waiting
    w.emit('pagehide', { persisted: false });
    for (const c of w.closing) c.close();
  });
  return w;
}

/** How a promise ends, as text. */
export const ended = (promise) => promise.then((v) => `resolved ${JSON.stringify(v)}`, (e) => `${e?.name}${e?.message ? `: ${e.message}` : ''}`);

/** The same, or 'pending' where nothing that is on its way ends it. */
export async function ends(promise) {
  const text = ended(promise);
  await settle();
  return Promise.race([text, settle().then(() => 'pending')]);
}

/** Waits for what takes its own time, such as WebCrypto's threads. */
export async function until(condition) {
  while (!condition()) await new Promise((r) => setImmediate(r));
}

export const config = { keeper, keeperPath: '/keeper' };

/** A redemption that is on its way to the keeper, with the signal that the caller gave. */
export async function redemption(w) {
  const end = new AbortController();
  const link = (w.link ??= new w.page.Link(config));
  const params = { operation: 'token-redemption', refreshPolicy: 'none', issuers: [] };
  const job = { operation: 'token-redemption', issuer, url: `${issuer}/redeem`, method: 'POST', refresh: false };
  const call = w.page.redeem(link.hold({ issuer, operation: 'token-redemption', signal: end.signal, job }), `${issuer}/redeem`, params, end.signal);
  call.catch(() => {});
  const window = w.opened.at(-1);
  if (window) await until(() => window.went.length > 0);
  await settle();
  return { call, end, window };
}
