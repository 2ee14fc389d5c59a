// Where no window opens at all, the demo's pages go to the keeper themselves. A page
// that comes back is a new one, and says what came of it where one had pressed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, outcome } from './lib/browser.mjs';
import { pressIfAsked } from './lib/keeper.mjs';
import { patience } from './lib/patience.mjs';
import { pressAsk } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

for (const [kind, name] of [['Firefox', 'firefox'], ['WebKitGTK', 'webkit']]) {
  describe(kind, () => {
    let stack, browser, page;
    before(async () => {
      stack = await Stack.start();
      browser = await launch(name);
      page = await browser.open(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
    });
    after(async () => {
      await browser?.close();
      await stack?.stop();
    });

    /**
     * Presses a button on a page that can open no window, and what the kit and the
     * keeper ask, until the page is back. All of it has one limit, below the test's.
     */
    async function away(button, site) {
      await page.eval(() => { window.open = () => null; window.old = true; });
      await page.click(`[data-do="${button}"]`);
      await page.wait(() => document.querySelector('bonafides-ask') !== null, { timeout: patience });
      await pressAsk(page);
      // What the page that came back says, null before that.
      const look = (b) => (window.old ? null : document.querySelector(`[data-out="${b}"]`)?.dataset.state ?? null);
      let state = null;
      for (const deadline = Date.now() + patience; [null, 'idle', 'working'].includes(state);) {
        if (Date.now() > deadline) {
          throw new Error(`after the press on ${button} the tab is at ${await page.url()}; its outcome there is ${state}; it should have come back to ${site} and say what came of it`);
        }
        await pressIfAsked(page);
        await new Promise((r) => setTimeout(r, 100));
        state = await page.eval(look, button).catch((e) => { // on its way it cannot be asked
          if (/stands still/.test(e.message)) throw e;
          return null;
        });
      }
      assert.ok((await page.url()).startsWith(stack.origin(site)));
      return outcome(page, button, 5000);
    }

    test(`${kind}: the library says that the keeper has the tokens`, { timeout: 3 * patience }, async () => {
      const shown = await away('get-tokens', 'issuer');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /The keeper has your tokens\.\s*This tab went to the keeper and came back/);
    });

    test(`${kind}: the newspaper says that it has a record, and a page that is loaded again says nothing`, { timeout: 3 * patience }, async () => {
      await page.goto(stack.url('news'));
      const shown = await away('redeem', 'news');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /One token used\. This site has a redemption record\.\s*This tab went to the keeper and came back/);
      await page.goto(stack.url('news', '/?again'));
      await new Promise((r) => setTimeout(r, 500));
      assert.equal(await page.eval(() => document.querySelector('[data-out="redeem"]').dataset.state), 'idle');
    });

    // WebKit alone: see demo/ads/assets/frame.js.
    if (name === 'webkit') test('WebKitGTK: the newspaper goes on where an ad goes away at any time', { timeout: 3 * patience }, async () => {
      await page.goto(stack.url('news'));
      // Its script is at another line each time.
      await page.eval(async () => {
        const ad = document.querySelector('iframe[data-ad-frame]');
        for (let i = 0; i < 60; i++) {
          const frame = ad.cloneNode();
          ad.after(frame);
          await new Promise((r) => setTimeout(r, 2 * i));
          frame.remove();
        }
      });
      assert.ok(await page.eval(() => new Promise((r) => setTimeout(r, 0, true)))); // it still answers
    });
  });
}
