// A press that comes twice sends a form once: the second answer would be a refusal.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { signUp } from './lib/signin.mjs';
import { Stack } from './lib/stack.mjs';

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

    // What goes out is counted, and stays: a form whose method is dialog, outside of one, goes nowhere.
    const fill = (values) => {
      window.sent = 0;
      for (const form of document.forms) form.method = 'dialog';
      addEventListener('submit', (e) => { if (!e.defaultPrevented) window.sent += 1; });
      for (const [id, value] of Object.entries(values)) document.getElementById(id).value = value;
    };
    const sent = () => window.sent;

    for (const [path, button, values] of [
      ['/signin', 'signin', { email: 'ada@example.org', password: 'a password' }],
      ['/signup', 'signup', { name: 'Bea', email: 'bea@example.org', password: 'salt roads and bees in winter' }],
      ['/verify-email', 'verify', { code: 'ABCD-2345' }],
    ]) {
      test(`${name}: two presses on the button of ${path}`, async () => {
        const full = button === 'verify' ? await signUp(page, stack, 'Bea', `bea@${name}.example`) : path;
        await page.goto(stack.url('idp', full));
        await page.wait(() => document.readyState === 'complete'); // the page's script has run
        await page.eval(fill, values);
        // At once, however busy the machine is.
        const twice = () => page.eval((s) => {
          document.querySelector(s).click();
          document.querySelector(s).click();
        }, `[data-do="${button}"]`);
        await twice();
        await twice();
        assert.equal(await page.eval(sent), 1);
        // Shown again, it works again.
        await page.eval(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
        await twice();
        assert.equal(await page.eval(sent), 2);
      });
    }
  });
}
