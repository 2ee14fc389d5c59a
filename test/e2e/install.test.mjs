// How the scripts come into other people's pages: what the tag or install() says is
// judged at once, in every form; and where something on the page is locked, or the
// script is there twice, they are there whole or not at all, and say why.
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { manifest } from './lib/polyfill.mjs';
import { root } from './lib/stack.mjs';

const files = { 'tokens.js': manifest.flows.tokens.classic[0], 'tokens.mjs': manifest.flows.tokens.esm[0], 'fedcm.js': manifest.flows.fedcm.classic[0], 'fedcm.mjs': manifest.flows.fedcm.esm[0] };

// What each page runs before the tag. seen has what the page's console would show;
// was, what the browser had.
const start = `window.seen = []; addEventListener('error', (e) => seen.push(e.message));
  window.was = { fetch, Request, clone: Request.prototype.clone, open: XMLHttpRequest.prototype.open, send: XMLHttpRequest.prototype.send };`;

const lock = (target, name) => `Object.defineProperty(${target}, '${name}', { value: ${target}.${name}, writable: false, configurable: false });`;
const tag = (name, attributes) => `<script src="/${name}.js" ${attributes}></script>`;
const good = 'data-keeper="https://keeper.example"';
const html = ({ first = '', tags = tag('tokens', good) }) => `<!doctype html><title>A page</title><link rel="icon" href="data:,"><script>${start}${first}</script>${tags}<body>`;

const pages = {
  '/bare': { tags: '' },
  '/good': {},
  '/fetch': { first: lock('window', 'fetch') },
  '/request': { first: lock('window', 'Request') },
  '/frozen-request': { first: 'Object.freeze(Request.prototype);' },
  '/frozen-xhr': { first: 'Object.freeze(XMLHttpRequest.prototype);' },
  '/send': { first: lock('XMLHttpRequest.prototype', 'send') },
  '/frozen-document': { first: 'Object.freeze(Document.prototype);' },
  '/no-fetch': { first: 'delete window.fetch; Object.defineProperty(window, "fetch", { value: undefined });' },
  '/twice': { tags: tag('tokens', good) + '<script>window.once = { fetch, open: XMLHttpRequest.prototype.open };</script>' + tag('tokens', good) },
  '/written': { first: `Object.defineProperty(window, 'fetch', { value: fetch, writable: true, configurable: false });` },
  '/no-wasm': { first: 'delete window.WebAssembly;' },
  '/get': { first: `if (navigator.credentials) ${lock('navigator.credentials', 'get')} else Object.defineProperty(navigator, 'credentials', { value: undefined });`, tags: tag('fedcm', 'data-redirect="/signin"') },
  '/identity': { first: 'Object.defineProperty(window, "IdentityProvider", { value: 1 });', tags: tag('fedcm', '') },
  '/fedcm': { tags: tag('fedcm', '') + '<script>window.once = navigator.credentials.get;</script>' + tag('fedcm', '') },
  '/signin': { tags: tag('fedcm', '') },
  '/opaque': { tags: tag('tokens', good) + `<script>
    fetch('https://issuer.example/', { privateToken: { version: 1, operation: 'token-redemption' } }).then(() => 'answered', (e) => e.name + ': ' + e.message).then((m) => parent.postMessage(m, '*'));
  </script>` },
  '/bad-redirect': { tags: tag('fedcm', 'data-redirect="javascript:alert(1)"') },
};
const tags = [
  ['an origin with a slash is the origin', 'data-keeper="https://keeper.example/"', /^keeper\.example/],
  ['a keeper without a scheme beside the script\'s', 'data-keeper="//keeper.example"', null],
  ['a keeper with a path', 'data-keeper="https://keeper.example/keeper"', /data-keeper is no origin.*data-keeper-path/],
  ['a keeper with a query', 'data-keeper="https://keeper.example/?a"', /data-keeper is no origin/],
  ['a keeper with a password', 'data-keeper="https://a:b@keeper.example"', /data-keeper is no origin/],
  ['a keeper that is only a name', 'data-keeper="keeper.example"', /data-keeper is no origin/],
  ['a keeper that is not secure', 'data-keeper="http://keeper.example"', /data-keeper is no origin/],
  ['an empty keeper', 'data-keeper=""', /data-keeper is missing/],
  ['an empty path', 'data-keeper="https://keeper.example" data-keeper-path=""', /data-keeper-path is no path/],
  ['a path that is another host', 'data-keeper="https://keeper.example" data-keeper-path="//evil.example"', /data-keeper-path is no path/],
  ['an attribute that is misspelt', 'data-keeper="https://keeper.example" data-keeper-url="/k"', /no dataset\.keeperUrl/],
  ['attributes of other tools', 'data-keeper="https://keeper.example" data-cfasync="false"', /^keeper\.example/],
  ['no keeper: the script\'s own origin', '', /^localhost/],
];
tags.forEach(([, attributes], i) => { pages[`/tag-${i}`] = { tags: tag('tokens', attributes) }; });

const options = [
  ['nothing', 'undefined', /install\(\) takes an object/],
  ['an empty object', '({})', /^keeper is missing/],
  ['a keeper that is a number', '({ keeper: 5 })', /^keeper is missing/],
  ['a keeper with a path', '({ keeper: "https://keeper.example/k" })', /^keeper is no origin.*keeperPath/],
  ['an option that is misspelt', '({ keeper: "https://keeper.example", keeperpath: "/k" })', /no option keeperpath/],
  ['a path without a slash', '({ keeper: "https://keeper.example", keeperPath: "keeper" })', /^keeperPath is no path/],
  ['a path with a query', '({ keeper: "https://keeper.example", keeperPath: "/keeper?a" })', /^keeperPath is no path/],
];

let server, origin;
before(async () => {
  server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    const file = files[pathname.slice(1)];
    if (file) {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(path.join(root, 'wasm/dist', file)));
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(pages[pathname] ? html(pages[pathname]) : 'ok');
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  origin = `http://localhost:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

for (const [name, kind, launching] of [
  ['Chromium without the APIs', 'chromium', { flags: ['--disable-blink-features=PrivateStateTokens,FedCm', '--host-resolver-rules=MAP plain.example 127.0.0.1'] }],
  ['Firefox', 'firefox', { prefs: { 'network.dns.localDomains': 'plain.example' } }], ['WebKitGTK', 'webkit', {}],
]) {
  describe(name, () => {
    let browser, page;
    before(async () => {
      browser = await launch(kind, launching);
      page = await browser.open();
    });
    after(() => browser?.close());

    /** What is on a page of ours. */
    const look = async (where) => {
      await page.goto(origin + where);
      return page.eval(() => ({
        seen: window.seen, path: window.bonafides?.tokenPath?.('https://issuer.example'), signIn: window.bonafides?.signInPath?.(),
        untouched: window.fetch === window.was.fetch && window.Request === window.was.Request && Request.prototype.constructor === window.was.Request &&
          Request.prototype.clone === window.was.clone && XMLHttpRequest.prototype.open === window.was.open && XMLHttpRequest.prototype.send === window.was.send &&
          !('setTrustToken' in XMLHttpRequest.prototype) && !('hasTrustToken' in document),
        whole: window.fetch !== window.was.fetch && window.Request !== window.was.Request && Request.prototype.clone !== window.was.clone &&
          XMLHttpRequest.prototype.send !== window.was.send && 'setTrustToken' in XMLHttpRequest.prototype && 'hasTrustToken' in document,
      }));
    };

    for (const [what, said] of Object.entries({
      '/fetch': /not installed: Window\.fetch is locked/, '/request': /not installed: Window\.Request is locked/,
      '/frozen-request': /not installed: Request\.\w+ is locked/, '/frozen-xhr': /not installed: XMLHttpRequest\.\w+ is locked/,
      '/send': /not installed: XMLHttpRequest\.send is locked/, '/frozen-document': /not installed: Document\.hasPrivateToken is locked/,
    })) {
      test(`${name}: where ${what.slice(1)} is locked nothing is installed, nothing is thrown, and tokenPath says why`, async () => {
        const { seen, path: way, untouched } = await look(what);
        assert.deepEqual([seen, untouched], [[], true]);
        assert.match(way.why, said);
      });
    }
    test(`${name}: a page without fetch gets no tokens and no exception`, async () => {
      await page.goto(`${origin}/no-fetch`);
      const { seen, why } = await page.eval(() => ({ seen: window.seen, why: window.bonafides.tokenPath('https://issuer.example').why }));
      assert.deepEqual(seen, []);
      assert.match(why, /not installed/);
    });
    test(`${name}: what may be written and not defined anew is no obstacle`, async () => {
      const { seen, whole } = await look('/written');
      assert.deepEqual([seen, whole], [[], true]);
    });
    test(`${name}: the script twice on a page, and as a module after that, is there once`, async () => {
      const { seen, path: way, whole } = await look('/twice');
      assert.deepEqual([seen, whole], [[], true]);
      assert.match(way.why, /keeper\.example/);
      const after = await page.eval(async () => {
        const { install, tokenPath } = await import('/tokens.mjs');
        install({ keeper: 'https://keeper.example' });
        let other;
        try { install({ keeper: 'https://other.example' }); } catch (e) { other = `${e.name}: ${e.message}`; }
        return { same: window.fetch === window.once.fetch && XMLHttpRequest.prototype.open === window.once.open, why: tokenPath('https://issuer.example').why, other };
      });
      assert.equal(after.same, true);
      assert.match(after.why, /keeper\.example/);
      assert.match(after.other, /^TypeError: keeper is https:\/\/keeper\.example\/keeper on this page already/);
    });
    test(`${name}: without WebAssembly calls say that they are unsupported, and nothing is asked of the person`, async () => {
      await look('/no-wasm');
      const answer = await page.eval(async () => ({
        has: await document.hasPrivateToken('https://issuer.example'),
        call: await fetch('https://issuer.example/', { privateToken: { version: 1, operation: 'token-redemption' } }).catch((e) => `${e.name}: ${e.message}`),
        why: window.bonafides.tokenPath('https://issuer.example').why,
      }));
      assert.equal(answer.has, false);
      assert.match(answer.call, /^NotSupportedError: .*no WebAssembly/);
      assert.match(answer.why, /no WebAssembly/);
    });

    tags.forEach(([what, , said], i) => {
      test(`${name}, the tag: ${what}`, async () => {
        const { seen, path: way, whole, untouched } = await look(`/tag-${i}`);
        if (said === null || said.source.startsWith('^')) {
          // "//keeper.example" takes the scheme of the script, and http is good for localhost alone.
          if (said) assert.match(way.why, said);
          assert.deepEqual([seen, whole], said ? [[], true] : [seen, false]);
        } else {
          assert.equal(seen.length, 1);
          assert.match(seen[0], said);
          assert.match(way.why, said);
          assert.equal(untouched, true);
        }
      });
    });
    for (const [what, given, said] of options) {
      test(`${name}, install(): ${what} is a TypeError that names it`, async () => {
        await page.goto(`${origin}/bare`);
        const answer = await page.eval(async (g) => {
          const { install } = await import('/tokens.mjs');
          const before = window.fetch;
          const thrown = (() => { try { install((0, eval)(g)); return 'installed'; } catch (e) { return e; } })();
          return { name: thrown.name, message: thrown.message, same: window.fetch === before };
        }, given);
        assert.deepEqual([answer.name, answer.same], ['TypeError', true]);
        assert.match(answer.message, said);
      });
    }
    test(`${name}, install(): a keeper alone, with a slash or as a URL, is enough`, async () => {
      for (const given of ['({ keeper: "https://keeper.example/" })', '({ keeper: new URL("https://keeper.example") })', '({ keeper: "https://KEEPER.example:443", keeperPath: undefined })']) {
        await page.goto(`${origin}/bare`);
        assert.match(await page.eval(async (g) => {
          const { install, tokenPath } = await import('/tokens.mjs');
          install((0, eval)(g));
          return tokenPath('https://issuer.example').why;
        }, given), /^keeper\.example/);
      }
    });

    test(`${name}: where navigator.credentials.get is locked, sign-in is left as it was and signInPath says why`, async () => {
      const answer = await look('/get');
      assert.deepEqual(answer.seen, []);
      assert.equal(answer.signIn.path, 'redirect');
      assert.match(answer.signIn.why, /^navigator\.credentials(\.get)? is locked by another script or an extension\.$/);
      assert.equal(await page.eval(() => 'IdentityCredential' in window || 'IdentityProvider' in window), false);
    });
    test(`${name}: where one part of the sign-in is locked, no other part is there`, async () => {
      const answer = await look('/identity');
      assert.deepEqual(answer.seen, []);
      assert.match(answer.signIn.why, /^Window\.IdentityProvider is locked/);
      assert.equal(await page.eval(() => 'IdentityCredential' in window || /identity/.test(String(navigator.credentials?.get))), false);
    });
    test(`${name}: the sign-in script twice on a page is there once`, async () => {
      const answer = await look('/fedcm');
      assert.deepEqual(answer.seen, []);
      assert.equal(answer.signIn.path, 'popup');
      assert.equal(await page.eval(() => navigator.credentials.get === window.once), true);
    });
    test(`${name}: the provider "any" is no address of this site`, async () => {
      await look('/fedcm');
      assert.match(await page.eval(() => navigator.credentials.get({ identity: { providers: [{ configURL: 'any', clientId: 'shop' }] } }).then(() => 'signed in', (e) => `${e.name}: ${e.message}`)), /^NotSupportedError: .*"any"/);
    });
    test(`${name}: what the provider is told is the same where an old library gave arrays a toJSON`, async () => {
      await look('/fedcm');
      const asked = await page.eval(async () => {
        Array.prototype.toJSON = function () { return `[${this.join()}]`; };
        const told = new Promise((resolve) => {
          window.open = () => ({ closed: false, close() {}, location: { replace: (url) => resolve(new URL(url).searchParams.get('params')) } });
          window.fetch = async () => ({ ok: true, json: async () => ({ bonafides: { popup_endpoint: '/popup' } }) });
        });
        navigator.credentials.get({ identity: { providers: [{ configURL: `${location.origin}/config.json`, clientId: 'shop', params: { scopes: ['a', ['b']] } }] } }).catch(() => {});
        const params = await told;
        delete Array.prototype.toJSON;
        return params;
      });
      assert.equal(asked, '{"scopes":["a",["b"]]}');
    });
    test(`${name}: in a sandbox without an origin calls are unsupported at once`, async () => {
      await page.goto(`${origin}/bare`);
      const answer = await page.eval(() => new Promise((resolve) => {
        addEventListener('message', (e) => resolve(e.data), { once: true });
        const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts');
        frame.src = '/opaque';
        document.body.append(frame);
      }));
      // Firefox counts such a document as not secure, and browsers refuse tokens there.
      assert.match(answer, /^NotSupportedError: |^TypeError: .*secure contexts/);
    });
    if (kind !== 'webkit') { // whose driver finds no other name for this machine
      test(`${name}: a page that is not secure gets no questions and no sign-in, as natively, and says why`, async () => {
        const plain = origin.replace('localhost', 'plain.example');
        for (const where of ['/good', '/signin']) {
          await page.goto(plain + where);
          const answer = await page.eval(async () => ({
            secure: isSecureContext, seen: window.seen, questions: ['hasPrivateToken', 'hasTrustToken', 'hasRedemptionRecord'].filter((n) => n in document),
            identity: 'IdentityCredential' in window, way: window.bonafides.tokenPath?.('https://issuer.example') ?? window.bonafides.signInPath(),
            plain: await (await fetch('/ok')).text(),
            call: await fetch('/ok', { privateToken: { version: 1, operation: 'token-redemption' } }).then((r) => r.text(), (e) => `${e.name}: ${e.message}`),
          }));
          assert.deepEqual([answer.secure, answer.seen, answer.questions, answer.identity, answer.plain], [false, [], [], false, 'ok'], JSON.stringify(answer));
          assert.match(answer.way.why, /not secure/);
          assert.match(answer.call, where === '/good' ? /^TypeError: .*secure contexts/ : /^ok$/);
        }
      });
    }
    test(`${name}: a data-redirect that is no page's address is a TypeError`, async () => {
      const { seen } = await look('/bad-redirect');
      assert.match(seen.join(), /TypeError: data-redirect is no address/);
    });
  });
}
