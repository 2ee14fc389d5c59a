// Relying parties of the tests' own with the sign-in polyfill, and the providers
// that they sign people in at (test/e2e/providers).
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { FedCM } from './fedcm.mjs';
import { request } from './http.mjs';
import { Sites, manifest } from './polyfill.mjs';
import { Program, freePort, root } from './stack.mjs';
import { opened } from './windows.mjs';
import { patience } from './patience.mjs';

// What a test's call answers is told in plain values.
const tell = `window.tell = (p) => Promise.resolve(p).then((c) => c && ({
    token: c.token, type: c.type, id: c.id, auto: c.isAutoSelected, configURL: c.configURL,
    is: c instanceof IdentityCredential, isCredential: !('Credential' in window) || c instanceof Credential,
  }), (e) => ({
    name: e.name, message: e.message, error: e.error, code: e.code, url: e.url, dom: e instanceof DOMException,
    is: typeof IdentityCredentialError === 'function' && e instanceof IdentityCredentialError,
  }));`;

// A page that signs in by itself, without a gesture. What it asks for stands in
// its fragment; with own, the site draws its own button, with disconnect it
// disconnects.
const load = `if (location.hash.length > 1) {
    const o = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    if (o.own) document.addEventListener('bonafides:ask-signin', (e) => { e.preventDefault(); window.detail = e.detail; });
    window.ending = new AbortController();
    window.waiting = window.tell(o.disconnect ? IdentityCredential.disconnect(o.disconnect) : navigator.credentials.get({ signal: window.ending.signal, ...o }));
  }`;

export class SignInSites extends Sites {
  /** Attributes of the script tag, by site. */
  attributes = {};

  tagOf(site) {
    const name = manifest.flows.fedcm.classic[0];
    return `<script src="/bonafides/${name}" integrity="${manifest.hashes[name].integrity}" ${this.attributes[site] ?? ''}></script>`;
  }

  /** The address of a page that calls get() with these options when it has loaded. */
  calling(options, site = 'rp') {
    return `${this.origin(site)}/load?${Math.random()}#${encodeURIComponent(JSON.stringify(options))}`;
  }

  page(body = '<h1>A shop</h1><button id="go">Go</button><p id="out"></p>', head = '', site = 'rp') {
    return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>A page</title><link rel="icon" href="data:,">${this.tagOf(site)}<script>${tell}</script>${head}<body><main>${body}</main><script>${load}</script>`;
  }
}

/**
 * Puts a provider of another making on one of the sites: it has nothing but the
 * config file and the window that docs/polyfill-protocol.md asks for, and answers
 * from its own page with IdentityProvider.
 */
export function foreignProvider(sites, site, registered) {
  sites.headers[site] = { 'Access-Control-Allow-Origin': '*' };
  sites.pages[site] = {
    '/config.json': JSON.stringify({ bonafides: { popup_endpoint: '/window' } }),
    '/window': ({ searchParams: q }) => {
      const known = registered.includes(q.get('origin')) && /^[\w-]{1,256}$/.test(q.get('state'));
      return sites.page(`<h1>Who are you?</h1>${known ? `<div id="bonafides-popup" data-origin="${q.get('origin')}" data-state="${q.get('state')}" hidden></div>` : ''}`, '', site);
    },
  };
  return `${sites.origin(site)}/config.json`;
}

/** Builds a program of the tests' own and starts it; it says "ready" when it listens. */
async function started(name, args) {
  const binary = path.join(root, `.tools/bin/e2e-${name}`);
  await promisify(execFile)('go', ['build', '-o', binary, `./test/e2e/${name}`], { cwd: root, maxBuffer: 1 << 26 });
  const program = new Program(binary, args);
  const deadline = Date.now() + patience;
  while (!program.output.includes('ready')) {
    if (!program.running || Date.now() > deadline) throw new Error(`${name} did not start:\n${program.output}`);
    await new Promise((r) => setTimeout(r, 50));
  }
  return program;
}

export class Providers {
  /** @param {{names?: string[], origins: string[]}} options */
  static async start({ names = ['one', 'two'], origins }) {
    const self = new Providers();
    self.port = await freePort();
    self.program = await started('providers', ['-port', String(self.port), '-names', names.join(), '-origins', origins.join()]);
    return self;
  }

  origin(name) {
    return `http://${name}.localhost:${this.port}`;
  }

  config(name) {
    return `${this.origin(name)}/fedcm/config.json`;
  }

  async signIn(page, name, ...people) {
    for (const who of people) {
      await page.goto(`${this.origin(name)}/signin`);
      await page.follow(`[data-do="signin-${who}"]`);
    }
  }

  stop() {
    return this.program.stop();
  }
}

/** The claims of an ID token; its signature is for the relying party's server. */
export const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

/**
 * Who answers the question "may this site know you?", in the provider's window
 * or in the browser's dialog: {title, accounts, choose(name), cancel()}.
 */
export class WindowPerson {
  constructor(page) {
    this.page = page;
  }

  async asked(origin) {
    const w = await opened(this.page, (u) => u.startsWith(`${origin}/fedcm/popup`));
    await w.wait(() => document.readyState === 'complete' && document.querySelector('h1') !== null);
    const seen = await w.eval(() => ({
      title: document.querySelector('h1').textContent, text: document.querySelector('main, body').innerText, url: location.href,
      accounts: [...document.querySelectorAll('[data-do="continue"]')].map((b) => b.getAttribute('aria-label').replace(/^.* as |^.* from /, '')),
    }));
    return {
      ...seen, window: w,
      choose: async (name) => w.press(`[data-do="continue"][aria-label$="${name}"]`),
      cancel: () => w.press('[data-do="cancel"]'),
    };
  }
}

export class NativePerson {
  static async watch(page) {
    const self = new NativePerson();
    self.fedcm = await FedCM.watch(page);
    return self;
  }

  async asked() {
    const dialog = await this.fedcm.dialog();
    return {
      title: dialog.title, type: dialog.dialogType, accounts: (dialog.accounts ?? []).map((a) => a.name), dialog,
      choose: (name) => this.fedcm.select(dialog, dialog.accounts.findIndex((a) => a.name === name)),
      cancel: () => this.fedcm.dismiss(dialog),
    };
  }
}

/** A relying party with a server of its own, for people whom the provider "one" knows (test/e2e/site). */
export class Site {
  static async start() {
    const self = new Site();
    self.port = await freePort();
    self.origin = `http://app.localhost:${self.port}`;
    self.providers = await Providers.start({ names: ['one'], origins: [self.origin] });
    self.program = await started('site', ['-port', String(self.port), '-issuer', self.providers.origin('one')]);
    return self;
  }

  /** One request to the site that no browser makes. */
  request(r) {
    return request({ port: this.port, host: new URL(this.origin).host, ...r });
  }

  /** Where a sign-in waits for the person to say yes. */
  atProvider(url) {
    return new URL(url).origin === this.providers.origin('one');
  }

  async stop() {
    await this.program?.stop();
    await this.providers?.stop();
  }
}
