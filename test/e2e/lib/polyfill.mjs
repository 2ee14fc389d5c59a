// Pages of the tests' own that use the polyfill, and the ways to look at what it
// sent. A page stands at http://NAME.localhost:PORT, a site of its own to every
// browser, and takes keeper and issuer from a running demo.
import http from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import webdriver from 'selenium-webdriver';
import { root } from './stack.mjs';
import { patience } from './patience.mjs';

export const manifest = JSON.parse(readFileSync(path.join(root, 'wasm/dist/manifest.json'), 'utf8'));

/** The one address to which a keeper brings answers back. */
export const returnPath = '/.well-known/private-state-token/return.html';

export class Sites {
  /** What the pages' servers received: {site, path, method, headers}. */
  received = [];
  /** Headers of every page, by site name. */
  headers = {};
  /** HTML bodies, or functions of the address that make them, by site name and path; '/' if none is found. */
  pages = {};
  /** Where a page redirects to, made from its address, by site name and path. */
  redirects = {};
  /** Sites that serve no return page. */
  withoutReturn = new Set();

  static async start(stack) {
    const self = new this();
    self.stack = stack;
    self.server = http.createServer((request, response) => {
      const site = request.headers.host.split('.')[0];
      const { pathname } = new URL(request.url, 'http://x');
      self.received.push({ site, path: pathname, method: request.method, headers: request.headers });
      if (pathname.startsWith('/bonafides/')) {
        const name = path.basename(pathname);
        response.writeHead(200, { 'Content-Type': name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript' });
        response.end(readFileSync(path.join(root, 'wasm/dist', name)));
        return;
      }
      const redirect = self.redirects[site]?.[pathname];
      if (redirect) {
        response.writeHead(302, { Location: redirect(new URL(request.url, 'http://x')) });
        response.end();
        return;
      }
      if (pathname === returnPath && !self.withoutReturn.has(site) && !self.pages[site]?.[pathname]) {
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
        response.end(readFileSync(path.join(root, 'wasm/returnpage/return.html')));
        return;
      }
      if (pathname === '/echo' || pathname === '/get-content') {
        response.writeHead(200, {
          'Content-Type': 'application/json', 'Access-Control-Allow-Origin': request.headers.origin ?? '*',
          'Access-Control-Allow-Headers': 'private-state-redemption-record',
        });
        response.end(JSON.stringify({ headers: request.headers }));
        return;
      }
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', ...self.headers[site] });
      const made = self.pages[site]?.[pathname] ?? self.page(undefined, undefined, site);
      response.end(typeof made === 'function' ? made(new URL(request.url, 'http://x')) : made);
    });
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.port = self.server.address().port;
    return self;
  }

  /** The script tag, as a site would write it. */
  get tag() {
    const name = manifest.flows.tokens.classic[0];
    const keeper = this.stack.origin('keeper');
    return `<script src="${keeper}/bonafides/${name}" integrity="${manifest.hashes[name].integrity}" crossorigin="anonymous" data-keeper="${keeper}"></script>`;
  }

  page(body = '<button id="go">Go</button><p id="out"></p>', head = '') {
    return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>A page</title><link rel="icon" href="data:,">${this.tag}${head}<body>${body}`;
  }

  /** Waits until a page of the site asked for a path. */
  async asked(site, pathname, timeout = patience) {
    const deadline = Date.now() + timeout;
    while (!this.received.some((r) => r.site === site && r.path === pathname)) {
      if (Date.now() > deadline) throw new Error(`nobody asked ${site} for ${pathname}`);
      await new Promise((r) => setTimeout(r, 20));
    }
  }

  origin(site) {
    return `http://${site}.localhost:${this.port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}

/**
 * Runs fn in a click on a button that is put on the page, so that it has a
 * gesture and nothing more, and gives what it answers, or what it threw as
 * {threw, message}. fn may be source text: statements in an async function.
 */
export async function inClick(page, fn, ...args) {
  await click(page, fn, ...args);
  return answer(page);
}

/** The same, without waiting for the answer. */
export async function click(page, fn, ...args) {
  const code = typeof fn === 'function' ? fn.toString() : `async () => { ${fn} }`;
  // The function is made here, because a page's policy may forbid eval.
  const arm = new Function('given', `
    let button = document.querySelector('#go');
    if (!button) {
      button = document.createElement('button');
      button.id = 'go';
      button.textContent = 'Go';
      Object.assign(button.style, { position: 'fixed', top: '0', left: '0', zIndex: '99999' });
      document.body.append(button);
    }
    window.clicked = null;
    button.onclick = () => {
      button.onclick = null;
      let made;
      try {
        made = Promise.resolve((${code})(...given));
      } catch (e) {
        made = Promise.reject(e);
      }
      made.then((value) => { window.clicked = { value: value === undefined ? null : value }; },
        (e) => { window.clicked = { value: { threw: e.name, message: e.message } }; });
    };`);
  await page.eval(arm, args);
  await page.click('#go');
}

/** What the function of the last click answers, awaited. */
export async function answer(page) {
  await page.wait(() => window.clicked !== null, { timeout: patience });
  return page.eval(() => window.clicked.value);
}

/** Waits until the keeper's window is gone, so that the next gesture opens its own. */
export const closed = () => new Promise((r) => setTimeout(r, 2500));

/** Presses the kit's own button, a real press that makes a gesture. */
export async function pressAsk(page) {
  if (page.puppeteer) {
    const button = await page.puppeteer.waitForSelector('bonafides-ask >>> button.go', { visible: true });
    await button.click();
    return;
  }
  const host = await page.driver.findElement(webdriver.By.css('bonafides-ask'));
  await (await (await host.getShadowRoot()).findElement(webdriver.By.css('button.go'))).click();
}
