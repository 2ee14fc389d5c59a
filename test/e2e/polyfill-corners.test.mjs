// Corners of other people's pages and devices: frames in shadow roots, a clock that
// is years off, cookies blocked altogether, a keeper on a host that knows every
// address.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { request } from './lib/http.mjs';
import { Sites, inClick, manifest } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

const keeperScript = manifest.flows.tokens.esm.find((f) => f.startsWith('keeper-'));
const years = 10 * 365 * 86_400_000;
const ahead = `<script>const now = Date.now; Date.now = () => now() + ${years};</script>`;

let stack, sites, commitments;
before(async () => {
  stack = await Stack.start();
  sites = await Sites.start(stack);
  commitments = (await request({ port: stack.port, host: stack.host('keeper'), path: '/bonafides-commitments.json' })).text;
  const keeper = (head = '') => `<!doctype html><title>A keeper</title><link rel="icon" href="data:,">${head}<body><p id="state"></p><script type="module" src="/bonafides/${keeperScript}"></script>`;
  // This server answers a page with 200 whatever it is asked for.
  sites.pages.spa = { '/keeper': keeper() };
  sites.pages.issuing = { '/keeper': keeper(), '/.well-known/private-state-token/key-commitment': '{"PrivateStateTokenV1VOPRF": {"id": 1}}' };
  sites.pages.late = { '/keeper': keeper(ahead), '/bonafides-commitments.json': commitments };
  sites.pages.paper = { '/': sites.page(`<div id="host"></div><script>
    window.got = [];
    addEventListener('message', (e) => { if (e.data && e.data.got) window.got.push(e.data.got); });
    localStorage.setItem('bonafides:record:${stack.origin('issuer')}', JSON.stringify({ record: 'ey.fake', expires: Math.floor(Date.now() / 1000) + 3600 }));
    const frame = () => { const f = document.createElement('iframe'); f.src = '${sites.origin('ads')}/frame'; return f; };
    const params = JSON.stringify({ version: 1, operation: 'send-redemption-record', issuers: ['${stack.origin('issuer')}'] });
    const inShadow = frame();
    inShadow.setAttribute('privatetoken', params);
    host.attachShadow({ mode: 'open' }).append(inShadow);
    const byProperty = frame();
    byProperty.privateToken = params;
    window.reflected = byProperty.getAttribute('privatetoken') === params && byProperty.privateToken === params && inShadow.privateToken === params && document.createElement('iframe').privateToken === '';
    document.body.append(byProperty);
  </script>`) };
  sites.pages.ads = { '/frame': sites.page(`<script>
    bonafides.recordFromEmbedder(['${sites.origin('paper')}']).then((got) => parent.postMessage({ got }, '*'));
  </script>`) };
});
after(async () => {
  await sites?.stop();
  await stack?.stop();
});

for (const [kind, options, blocked] of [
  ['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }, { preferences: { profile: { default_content_setting_values: { cookies: 2 } } } }],
  ['firefox', {}, { prefs: { 'network.cookie.cookieBehavior': 2 } }],
  ['webkit', {}, null],
]) {
  describe(kind, () => {
    let browser, page;
    before(async () => {
      browser = await launch(kind, options);
      page = await browser.open();
    });
    after(() => browser?.close());

    test(`${kind}: a frame in a shadow root, and one whose privateToken is set as a property, get the record`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(`${sites.origin('paper')}/`);
      await page.wait(() => window.got.length === 2);
      const { got, reflected } = await page.eval(() => ({ got: window.got, reflected: window.reflected }));
      const record = { [stack.origin('issuer')]: 'ey.fake' };
      assert.deepEqual([got, reflected], [[record, record], true]);
    });

    test(`${kind}: a keeper starts on a host that answers a page for every address, and not where keys are published`, { timeout: 20 * 60_000 }, async () => {
      const state = async (site) => {
        await page.goto(`${sites.origin(site)}/keeper`);
        await page.wait(() => document.querySelector('#state').textContent !== '' || document.querySelector('main, h1') !== null);
        return page.eval(() => document.querySelector('#state')?.dataset.state);
      };
      assert.notEqual(await state('spa'), 'issuer');
      assert.equal(await state('issuing'), 'issuer');
    });

    test(`${kind}: a device whose clock is ten years ahead is told so`, { timeout: 20 * 60_000 }, async () => {
      const tag = sites.tag.replace(/data-keeper="[^"]*"/, `data-keeper="${sites.origin('late')}"`);
      sites.pages.weekly = { '/': `<!doctype html><title>A page</title><link rel="icon" href="data:,">${ahead}${tag}<body>` };
      await page.goto(`${sites.origin('weekly')}/`);
      const answer = await inClick(page, (issuer) => fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).then((r) => r.status, (e) => `${e.name}: ${e.message}`), stack.origin('issuer'));
      assert.match(String(answer), /^InvalidStateError: .*The clock of this device is wrong: it is 20\d\d-\d\d-\d\d\./);
    });

    if (blocked) {
      test(`${kind} with all cookies blocked: a call works or says that it is unsupported, never a raw SecurityError`, { timeout: 20 * 60_000 }, async () => {
        const strict = await launch(kind, { ...options, ...blocked });
        try {
          const one = await strict.open(`${sites.origin('evening')}/`);
          assert.equal(await one.eval(() => { try { return localStorage.length; } catch (e) { return e.name; } }), 'SecurityError');
          const answer = await inClick(one, async (issuer) => ({
            has: await document.hasPrivateToken(issuer).then(String, (e) => e.name), record: await document.hasRedemptionRecord(issuer).then(String, (e) => e.name),
            redeemed: await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).then((r) => r.status, (e) => `${e.name}: ${e.message}`),
          }), stack.origin('issuer'));
          assert.deepEqual([answer.has, answer.record], ['true', 'false']);
          assert.match(String(answer.redeemed), /^NotSupportedError/);
        } finally {
          await strict.close();
        }
      });
    }
  });
}
