// The token flow where the browser does not do it: Firefox, WebKitGTK, Chromium
// without the API, and Chromium with the API that does not know the issuer.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { keeperWindow, pressWhenAlive } from './lib/keeper.mjs';
import { Sites, answer, click, closed, inClick, pressAsk } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';
import { alone, closeOthers } from './lib/windows.mjs';

const kinds = [
  { name: 'Chromium without the API', browser: 'chromium', options: { flags: ['--disable-blink-features=PrivateStateTokens'] }, why: /has no Private State Tokens/ },
  { name: 'Chromium that does not know the issuer', browser: 'chromium', options: {}, why: /does not know the keys/, native: true },
  { name: 'Firefox', browser: 'firefox', options: {}, why: /has no Private State Tokens/ },
  { name: 'WebKitGTK', browser: 'webkit', options: {}, why: /has no Private State Tokens/ },
  { name: 'WebKitGTK with tracking prevention', browser: 'webkit', options: { flags: ['--enable-itp'] }, why: /has no Private State Tokens/ },
];

const show = (page, name) => page.eval((n) => document.querySelector(`[data-do="${n}"],[data-attack="${n}"]`)?.scrollIntoView({ block: 'center' }), name);
async function does(page, name, options) {
  await page.wait((n) => document.querySelector(`[data-do="${n}"],[data-attack="${n}"]`) !== null, name);
  await show(page, name);
  return act(page, name, options);
}

for (const { name, browser: kind, options, why, native } of kinds) {
  describe(name, () => {
    let stack, sites, browser, page;
    const issuer = () => stack.origin('issuer');
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      browser = await launch(kind, options);
      page = await browser.open(stack.url('issuer'));
    });
    after(async () => {
      await browser?.close();
      await sites?.stop();
      await stack?.stop();
    });

    test(`${name}: 30 tokens are issued, and the page says by whom and why`, { timeout: 20 * 60_000 }, async () => {
      await page.follow('[data-do="signin-ada"]');
      const shown = await does(page, 'get-tokens');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /30 tokens/);
      const path = await page.eval(() => { const e = document.querySelector('[data-out="path"]'); return { path: e.dataset.path, text: e.textContent }; });
      assert.equal(path.path, 'keeper');
      assert.match(path.text, why);
      await closed();
    });

    test(`${name}: XMLHttpRequest issues too`, { timeout: 20 * 60_000 }, async () => {
      const shown = await does(page, 'get-tokens-xhr');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /30 tokens/);
      await closed();
    });

    test(`${name}: 7 of 30 are a success`, { timeout: 20 * 60_000 }, async () => {
      await page.eval(() => { document.querySelector('details[data-panel]').open = false; }); // as a person would, to see the page
      await page.follow('[data-do="signout"]');
      await page.follow('[data-do="signin-grace"]');
      const shown = await does(page, 'get-tokens');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /7 tokens, of 30/);
      await closed();
    });

    test(`${name}: a token is redeemed on another site, and the record opens its poll`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(stack.url('news'));
      const before = await does(page, 'vote');
      assert.equal(before.state, 'refused', before.text);
      const shown = await does(page, 'redeem');
      assert.equal(shown.state, 'done', shown.text);
      const vote = await does(page, 'vote');
      assert.equal(vote.state, 'done', vote.text);
    });

    test(`${name}: the ad network's server takes the record by fetch`, { timeout: 20 * 60_000 }, async () => {
      const shown = await does(page, 'send-record');
      assert.equal(shown.state, 'done', shown.text);
      assert.equal(shown.ad, 'vouched');
      assert.match(shown.text, /polyfill/);
    });

    test(`${name}: the ad network's frame gets the record of the page around it`, { timeout: 20 * 60_000 }, async () => {
      const frame = await page.frame(stack.origin('ads'));
      await frame.wait(() => document.querySelector('[data-out="ad"]')?.dataset.ad === 'vouched');
    });

    test(`${name}: a second vote, and a record with one character changed, are refused`, { timeout: 20 * 60_000 }, async () => {
      assert.equal((await does(page, 'vote')).state, 'refused');
      const shown = await does(page, 'tamper-record');
      assert.equal(shown.state, 'refused', shown.text);
      assert.match(shown.text, /signature/i);
      await page.eval(() => { for (const d of document.querySelectorAll('details')) d.open = false; }); // it lies over other buttons
    });

    test(`${name}: a redeemed token sent again is refused`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(stack.url('issuer'));
      const shown = await does(page, 'replay-token');
      assert.equal(shown.state, 'refused', shown.text);
      assert.match(shown.text, /already spent/i);
    });

    test(`${name}: the record is there until it is used up: another redemption needs refresh, a third is refused`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(stack.url('news'));
      const redeem = (refreshPolicy) => does(page, refreshPolicy === 'none' ? 'redeem' : 'redeem-refresh');
      const none = await redeem('none');
      assert.equal(none.state, 'refused', none.text);
      assert.match(none.text, /NoModificationAllowedError/);
      await closed();
      const second = await redeem('refresh');
      assert.equal(second.state, 'done', second.text);
      await closed();
      const third = await redeem('refresh');
      assert.equal(third.state, 'refused', third.text);
      assert.match(third.text, /OperationError.*48 hours/);
      await closed();
    });

    test(`${name}: the article's three steps in one click`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(sites.origin('paper'));
      const got = await inClick(page, async (i, echo) => {
        const has = await document.hasTrustToken(i);
        const redeemed = await fetch(`${i}/.well-known/trust-token`, { trustToken: { type: 'token-redemption', refreshPolicy: 'none' } });
        const sent = await fetch(echo, { trustToken: { type: 'send-redemption-record', issuers: [i] } });
        return { has, body: await redeemed.json(), record: await document.hasRedemptionRecord(i), header: (await sent.json()).headers['private-state-redemption-record'] };
      }, issuer(), `${sites.origin('ads')}/echo`);
      assert.deepEqual([got.has, got.record, got.body], [true, true, { redeemed: true }], JSON.stringify(got));
      assert.ok(got.header.startsWith(`"${issuer()}";redemption-record="ey`), got.header);
      await closed();
    });

    test(`${name}: without a gesture a button asks; a press goes on`, { timeout: 20 * 60_000 }, async () => {
      // In the page's own script: what a driver runs has a gesture.
      sites.pages.weekly = { '/': sites.page(`<p>Read on.</p><script>
        window.answer = null;
        fetch('${issuer()}/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })
          .then((r) => { window.answer = 'status ' + r.status; }, (e) => { window.answer = e.name + ': ' + e.message; });
      </script>`) };
      await page.goto(sites.origin('weekly'));
      await page.wait(() => document.querySelector('bonafides-ask') !== null || window.answer !== null);
      assert.equal(await page.eval(() => window.answer), null);
      await pressAsk(page);
      await page.wait(() => window.answer !== null, { timeout: 30_000 });
      assert.equal(await page.eval(() => window.answer), 'status 200');
      assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
      await closed();
    });

    test(`${name}: a site's own button, its refusal and an AbortSignal end the wait`, { timeout: 20 * 60_000 }, async () => {
      sites.pages.monthly = { '/': sites.page(`<p>Read on.</p><script>
        window.answer = null;
        const asked = [];
        document.addEventListener('bonafides:ask', (e) => { e.preventDefault(); asked.push(e.detail); });
        const until = async (n) => { while (asked.length < n) await new Promise((r) => setTimeout(r, 10)); };
        const redeem = (init) => fetch('${issuer()}/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' }, ...init }).then((r) => r.status, (e) => e.name);
        (async () => {
          const first = redeem();
          await until(1);
          asked[0].dismiss();
          const dismissed = await first;
          const abort = new AbortController();
          const second = redeem({ signal: abort.signal });
          await until(2);
          abort.abort();
          window.answer = { dismissed, aborted: await second, issuer: asked[0].issuer, operation: asked[0].operation, button: document.querySelector('bonafides-ask') !== null };
          new Image().src = '/done';
        })();
      </script>`) };
      await page.goto(sites.origin('monthly'));
      // The driver looks only when it is done: its looking counts as a gesture.
      await sites.asked('monthly', '/done');
      assert.deepEqual(await page.eval(() => window.answer), { dismissed: 'NotAllowedError', aborted: 'AbortError', issuer: issuer(), operation: 'token-redemption', button: false });
    });

    test(`${name}: a page that is cut off from its windows (COOP same-origin) gets its answer by the way back`, { timeout: 20 * 60_000 }, async () => {
      sites.headers.closed = { 'Cross-Origin-Opener-Policy': 'same-origin' };
      await page.goto(sites.origin('closed'));
      await click(page, async (i) => {
        const r = await fetch(`${i}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } });
        return { status: r.status, record: await document.hasRedemptionRecord(i) };
      }, issuer());
      await pressWhenAlive(await keeperWindow(page, 'ask'));
      assert.deepEqual(await answer(page), { status: 200, record: true });
      await closed();
    });

    test(`${name}: such a page without the return page is told so, and waits for nothing`, { timeout: 20 * 60_000 }, async () => {
      sites.headers.shut = { 'Cross-Origin-Opener-Policy': 'same-origin' };
      sites.withoutReturn.add('shut');
      await page.goto(sites.origin('shut'));
      await click(page, (i) => fetch(`${i}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }), issuer());
      const said = await answer(page);
      assert.equal(said.threw, 'NotAllowedError');
      assert.match(said.message, /private-state-token\/return\.html/);
      await closeOthers(page); // cut off, it cannot be closed by the page
    });

    test(`${name}: a page that goes takes the keeper's window with it`, { timeout: 20 * 60_000 }, async () => {
      // The window is still blank, since the site's answer about its return page is
      // never heard, and no keeper has tokens of this issuer to say a word about.
      sites.pages.gone = { '/': `<!doctype html><title>A page</title><link rel="icon" href="data:,"><script>
        const real = window.fetch;
        window.fetch = (u, ...rest) => (String(u).endsWith('return.html') ? new Promise(() => {}) : real(u, ...rest));
      </script>${sites.tag}<body>` };
      await page.goto(sites.origin('gone'));
      await closeOthers(page); // what came late of the page before
      await click(page, () => { fetch('https://nobody.example/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).catch(() => {}); });
      await page.goto(sites.origin('paper'));
      await alone(page);
    });

    test(`${name}: requests without CORS say that they cannot carry tokens`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(sites.origin('paper'));
      const said = await page.eval(async (i, echo) => {
        const fails = (p) => p.then(() => 'sent', (e) => `${e.name}: ${e.message}`);
        return [
          await fails(fetch(echo, { mode: 'no-cors', privateToken: { version: 1, operation: 'send-redemption-record', issuers: [i] } })),
          await fails(fetch(`${i}/redeem`, { mode: 'no-cors', method: 'POST', privateToken: { version: 1, operation: 'token-redemption', refreshPolicy: 'refresh' } })),
        ];
      }, issuer(), `${sites.origin('ads')}/echo`);
      assert.match(said[0], /^TypeError: .*no-cors/);
      if (!native) assert.match(said[1], /^TypeError: .*no-cors/);
    });
  });
}
