// A page that wants no tokens does not notice the script: fetch, Request and
// XMLHttpRequest do on a page with the tag what they do on the same page without.
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { xhr } from './lib/bystanders-xhr.mjs';
import { fetching, request } from './lib/bystanders.mjs';
import { manifest } from './lib/polyfill.mjs';
import { root } from './lib/stack.mjs';

const script = manifest.flows.tokens.classic[0];

/** One site with two pages: /plain, and /tagged with the script. */
function serve(request, response) {
  const { pathname } = new URL(request.url, 'http://x');
  if (pathname === '/silent') return;
  if (pathname === '/redirect') {
    response.writeHead(302, { Location: '/echo' }).end();
    return;
  }
  if (pathname === '/script.js') {
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(path.join(root, 'wasm/dist', script)));
    return;
  }
  if (pathname === '/plain' || pathname === '/tagged') {
    const tag = pathname === '/tagged' ? '<script src="/script.js" data-keeper="https://keeper.example"></script>' : '';
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>A page</title><link rel="icon" href="data:,">${tag}<body>`);
    return;
  }
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (d) => { body += d; });
  request.on('end', () => {
    const { 'x-one': one, 'x-two': two, 'content-type': type } = request.headers;
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ method: request.method, one, two, type, body }));
  });
}

let server, origin;
before(async () => {
  server = http.createServer(serve);
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  origin = `http://localhost:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

for (const [name, kind, options] of [
  ['Chromium', 'chromium', {}], ['Chromium without the API', 'chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }],
  ['Firefox', 'firefox', {}], ['WebKitGTK', 'webkit', {}],
]) {
  describe(name, () => {
    const seen = { plain: {}, tagged: {} };
    let browser;
    before(async () => {
      browser = await launch(kind, options);
      const page = await browser.open();
      for (const where of ['plain', 'tagged']) {
        await page.goto(`${origin}/${where}`);
        for (const [what, behaviour] of Object.entries({ ...request, ...fetching, ...xhr })) {
          seen[where][what] = await page.eval(behaviour).catch((e) => `threw ${e.message.split('\n')[0]}`);
        }
      }
      assert.equal(await page.eval(() => typeof XMLHttpRequest.prototype.setTrustToken), 'function', 'the script is not on the page');
      seen.carrying = await page.eval(() => {
        let reads = 0;
        class Init {
          #token = { version: 1, operation: 'token-request' };
          get privateToken() { reads++; return this.#token; }
          get headers() { return { 'X-One': '1' }; }
        }
        const r = new Request('/a', new Init());
        const inherited = new Request('/a', Object.create({ method: 'PUT', trustToken: { type: 'token-request' } }));
        const mine = new Error('mine');
        let thrown;
        try { new Request('/a', { get privateToken() { throw mine; } }); } catch (e) { thrown = e; }
        return { reads, header: r.headers.get('x-one'), method: inherited.method, thrown: thrown === mine };
      });
      if (options.flags || kind !== 'chromium') {
        seen.reads = await page.eval(() => {
          const reads = [];
          new Request('/a', new Proxy({ method: 'PUT' }, { get(t, k) { reads.push(k); return t[k]; } }));
          return reads.filter((k) => k === 'privateToken' || k === 'trustToken');
        });
      }
    });
    after(() => browser?.close());

    for (const what of Object.keys({ ...request, ...fetching, ...xhr })) {
      test(`${name}: ${what}, with the script as without`, () => {
        assert.notEqual(seen.plain[what], undefined, 'it did not run');
        assert.deepEqual(seen.tagged[what], seen.plain[what]);
      });
    }
    test(`${name}: an init with tokens keeps its other members, and a getter is read once`, () => {
      assert.deepEqual(seen.carrying, { reads: 1, header: '1', method: 'PUT', thrown: true });
    });
    if (options.flags || kind !== 'chromium') {
      test(`${name}: each of our members is looked up once`, () => {
        assert.deepEqual(seen.reads, ['privateToken', 'trustToken']);
      });
    }
  });
}
