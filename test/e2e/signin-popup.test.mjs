// Signing in at the shop in browsers without FedCM: by the provider's window, by
// redirect, and what is refused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, outcome, press } from './lib/browser.mjs';
import { Stack } from './lib/stack.mjs';
import { opened } from './lib/windows.mjs';

let stack;
before(async () => { stack = await Stack.start(); });
after(() => stack?.stop());

for (const name of ['firefox', 'webkit', 'chromium']) {
  describe(name, () => {
    let browser, page;
    before(async () => {
      browser = await launch(name, name === 'chromium' ? { flags: ['--disable-features=FedCm'] } : {});
      page = await browser.open();
    });
    after(() => browser?.close());

    test(`${name}: by redirect, at a provider where nobody is signed in yet`, async () => {
      await page.goto(stack.url('shop'));
      await page.wait(() => document.querySelector('[data-path]')?.dataset.path === 'popup');
      await page.follow('[data-do="signin-redirect"]');
      assert.equal(await page.eval(() => location.origin + location.pathname), stack.origin('idp') + '/signin');
      await page.follow('[data-do="signin-ada"]');
      assert.match(await page.eval(() => document.querySelector('h1').textContent), /Continue to Kiln Lane/);
      await page.follow('[data-do="continue"]');
      assert.equal(page.url?.() instanceof Promise ? await page.url() : page.url(), stack.url('shop', '/'));
      assert.match(await page.eval(() => document.querySelector('[data-user]').textContent), /Ada/);
      await press(page, 'signout');
      assert.equal((await outcome(page, 'signout')).state, 'done');
      assert.equal(await page.eval(() => document.querySelector('[data-user]')), null);
    });

    test(`${name}: by the provider's window`, { timeout: 90_000 }, async () => {
      await page.goto(stack.url('shop'));
      await page.wait(() => document.querySelector('[data-path]')?.dataset.path === 'popup');
      await press(page, 'signin');
      const popup = await opened(page, (u) => u.startsWith(`${stack.origin('idp')}/fedcm/popup`));
      await popup.wait(() => document.querySelector('[data-do="continue"]') !== null);
      assert.match(await popup.eval(() => document.querySelector('h1').textContent), /Sign in to Kiln Lane/);
      await popup.press('[data-do="continue"]');
      const shown = await outcome(page, 'signin');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /Welcome back, Ada/);
      assert.equal(await page.eval(() => window.bonafides.path), 'popup');
      await press(page, 'signout');
      assert.equal((await outcome(page, 'signout')).state, 'done');
    });

    test(`${name}: no in the window is a refusal that can be tried again`, { timeout: 90_000 }, async () => {
      await page.goto(stack.url('shop'));
      await press(page, 'signin');
      const popup = await opened(page, (u) => u.startsWith(`${stack.origin('idp')}/fedcm/popup`));
      await popup.wait(() => document.querySelector('[data-do="cancel"]') !== null);
      await popup.press('[data-do="cancel"]');
      const shown = await outcome(page, 'signin');
      assert.equal(shown.state, 'refused', shown.text);
      assert.equal(await page.eval(() => document.querySelector('[data-user]')), null);
    });

    test(`${name}: by redirect where windows are blocked, from the same button`, { timeout: 90_000 }, async () => {
      await page.goto(stack.url('shop'));
      await page.eval(() => { window.open = () => null; });
      await press(page, 'signin');
      await page.wait((o) => location.origin === o && document.querySelector('[data-do="continue"]') !== null, stack.origin('idp'));
      await page.follow('[data-do="continue"]');
      assert.match(await page.eval(() => document.querySelector('[data-user]').textContent), /Ada/);
      await press(page, 'signout');
      assert.equal((await outcome(page, 'signout')).state, 'done');
    });

    test(`${name}: no at the provider is told, and the way back is there`, async () => {
      await page.goto(stack.url('shop'));
      await page.follow('[data-do="signin-redirect"]');
      await page.follow('[data-do="cancel"]');
      assert.equal(await page.eval(() => document.querySelector('[data-out="signin"]').dataset.code), 'provider_access_denied');
    });
  });
}
