// The two other ways to the keeper: a frame on page load, where third-party cookies are
// allowed, and the page itself, where no window opens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { pressIfAsked } from './lib/keeper.mjs';
import { patience } from './lib/patience.mjs';
import { Sites, closed, inClick, pressAsk } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

test('Chromium with third-party cookies allowed: on page load the keeper answers in a frame, without a press, once the site dealt with the issuer in the open', { timeout: 20 * 60_000 }, async () => {
  const stack = await Stack.start();
  const sites = await Sites.start(stack);
  const browser = await launch('chromium', {
    flags: ['--disable-blink-features=PrivateStateTokens'], preferences: { profile: { cookie_controls_mode: 0 } },
  });
  try {
    const page = await browser.open(stack.url('issuer'));
    await page.follow('[data-do="signin-ada"]');
    assert.equal((await act(page, 'get-tokens')).state, 'done');
    await closed();
    await page.goto(`${sites.origin('paper')}/`);
    const first = await inClick(page, async (i) => (await fetch(`${i}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })).status, stack.origin('issuer'));
    assert.equal(first, 200);
    await closed();
    sites.pages.paper = { '/': sites.page(`<p>Read on.</p><script>
      window.answer = null;
      fetch('${stack.origin('issuer')}/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption', refreshPolicy: 'refresh' } })
        .then((r) => { window.answer = 'status ' + r.status; }, (e) => { window.answer = e.name + ': ' + e.message; });
    </script>`) };
    await page.goto(`${sites.origin('paper')}/`);
    await page.wait(() => window.answer !== null);
    assert.equal(await page.eval(() => window.answer), 'status 200');
    assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
    await page.wait(() => document.querySelector('iframe') === null);
    // A site that the keeper has not met in the open hears nothing in the frame, and goes on to a press.
    sites.pages.stranger = { '/': sites.page(`<p>Read on.</p><script>
      window.answer = null;
      fetch('${stack.origin('issuer')}/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })
        .then((r) => { window.answer = 'status ' + r.status; }, (e) => { window.answer = e.name + ': ' + e.message; });
    </script>`) };
    await page.goto(`${sites.origin('stranger')}/`);
    await page.wait(() => document.querySelector('bonafides-ask') !== null || window.answer !== null);
    // The driver's looking may count as a gesture: then the window opens at once.
    if (await page.eval(() => document.querySelector('bonafides-ask') !== null)) await pressAsk(page);
    await page.wait(() => window.answer !== null);
    assert.equal(await page.eval(() => window.answer), 'status 200');
  } finally {
    await browser.close();
    await sites.stop();
    await stack.stop();
  }
});

for (const [kind, options] of [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]]) {
  test(`${kind}, where not even a press opens a window: the page goes to the keeper and comes back with tokens, then with a record`, { timeout: 20 * 60_000 }, async () => {
    const stack = await Stack.start();
    const sites = await Sites.start(stack);
    const browser = await launch(kind, options);
    try {
      const page = await browser.open(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
      const issuer = stack.origin('issuer');
      const noWindows = () => { window.open = () => null; };
      const began = () => {
        window.old = true;
        fetch(`${window.issuerOrigin}/redeem`, { method: 'POST', privateToken: { version: 1, operation: window.operation } }).catch((e) => { window.ended = String(e); });
      };
      const askAndCome = async (operation, landed) => {
        await page.eval(noWindows);
        await page.eval((i, o) => { window.issuerOrigin = i; window.operation = o; }, issuer, operation);
        await page.eval(began);
        await page.wait(() => document.querySelector('bonafides-ask') !== null);
        await pressAsk(page);
        // On its way the page is elsewhere, and cannot be asked; at the keeper it asks the person.
        const deadline = Date.now() + patience;
        while (!await page.eval(landed, issuer).catch(() => false)) {
          if (Date.now() > deadline) throw new Error(`the page did not come back from ${operation}: it is at ${await page.url()}: ${await page.eval(() => window.ended ?? document.body.innerText).catch(String)}`);
          await pressIfAsked(page);
          await new Promise((r) => setTimeout(r, 100));
        }
      };
      await askAndCome('token-request', async (i) => location.hostname.startsWith('issuer.') && !window.old && document.readyState === 'complete' && location.hash === '' && localStorage.getItem(`bonafides:tokens:${i}`) === '1');
      await page.goto(`${sites.origin('paper')}/story?page=2#/comments/7`);
      await page.eval(() => history.replaceState({ scroll: 7 }, ''));
      await askAndCome('token-redemption', async (i) => location.hostname.startsWith('paper.') && !window.old && document.readyState === 'complete' && document.hasRedemptionRecord(i));
      assert.deepEqual(await page.eval(() => [location.pathname + location.search + location.hash, history.state]), ['/story?page=2#/comments/7', { scroll: 7 }]);
    } finally {
      await browser.close();
      await sites.stop();
      await stack.stop();
    }
  });
}
