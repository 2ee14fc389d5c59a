// The demo in every browser that the project tests in: pages load, forms work,
// and a browser without an interface is told so in words.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { sites, Stack } from './lib/stack.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(() => stack?.stop());

for (const name of ['chromium', 'firefox', 'webkit']) {
  describe(name, () => {
    let browser, page;
    before(async () => {
      browser = await launch(name);
      page = await browser.open();
    });
    after(() => browser?.close());

    test(`${name}: every site's front page loads by its name, with its style and without an error`, async () => {
      for (const site of sites) {
        await page.goto(stack.url(site));
        assert.equal(await page.eval(() => location.origin), stack.origin(site));
        assert.equal(await page.eval(() => window.isSecureContext), true, site);
        assert.ok(await page.eval(() => [...document.styleSheets].some((s) => s.cssRules.length > 20)), `${site} has no style`);
        assert.notEqual(await page.eval(() => document.querySelector('h1')?.textContent.trim() ?? ''), '', `${site} has no heading`);
      }
      // Chromium logs what the polyfill asks it: whether it knows the issuer. Here it does not.
      assert.deepEqual(page.problems.filter((p) => !p.includes('ERR_TRUST_TOKEN_OPERATION_FAILED')), []);
    });

    test(`${name}: a script of a test is no gesture, and a press is one`, async () => {
      await page.goto(stack.url('home'));
      assert.equal(await page.eval(() => navigator.userActivation.hasBeenActive), false);
      await page.eval(() => document.body.prepend(Object.assign(document.createElement('button'), { id: 'press', textContent: 'Press' })));
      await page.click('#press');
      assert.equal(await page.eval(() => navigator.userActivation.hasBeenActive), true);
    });

    test(`${name}: signing in and out at the provider with its forms`, async () => {
      await page.goto(stack.url('idp', '/signin'));
      await page.follow('[data-do="signin-ada"]');
      await page.goto(stack.url('idp'));
      assert.match(await page.eval(() => document.body.textContent), /ada@idp\.example/);
      await page.follow('[data-do="signout-all"]');
      await page.goto(stack.url('idp'));
      assert.doesNotMatch(await page.eval(() => document.body.textContent), /ada@idp\.example/);
    });

    test(`${name}: whether it holds tokens is answered in words`, async () => {
      await page.goto(stack.url('news'));
      const shown = await act(page, 'has-token');
      assert.equal(shown.state, (await page.eval(() => typeof document.hasPrivateToken)) === 'function' ? 'done' : 'error');
      assert.ok(shown.text.length > 20, shown.text);
    });

    test(`${name}: the frame of the ad network shows an ad`, async () => {
      await page.goto(stack.url('news'));
      const frame = await page.frame(stack.origin('ads'));
      await frame.wait(() => document.querySelector('[data-out="ad"]')?.dataset.ad === 'plain');
    });
  });
}
