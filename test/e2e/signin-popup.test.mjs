// Signing in at the shop in browsers without FedCM: by the provider's window, by
// redirect, and what is refused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { awake } from './lib/awake.mjs';
import { launch, outcome, press } from './lib/browser.mjs';
import { Stack } from './lib/stack.mjs';
import { opened } from './lib/windows.mjs';

/** Back, as the browser's own button does it. */
const back = (page) => (page.puppeteer ? page.puppeteer.goBack({ waitUntil: [] }) : page.driver.navigate().back());

/**
 * Runs in a page that asks for consent: it is covered and uncovered, and a button
 * pressed at once, and once more later. Of each press: whether it could have
 * counted, by the page's own word, and whether it was stopped.
 */
const uncovered = async (button) => {
  const show = (state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const press = () => {
    const was = document.documentElement.dataset.press;
    let stopped;
    const last = (e) => { stopped = e.defaultPrevented; e.preventDefault(); }; // this page stays
    addEventListener('submit', last);
    document.querySelector(`[data-do="${button}"]`).click();
    removeEventListener('submit', last);
    return [was, stopped];
  };
  show('hidden');
  show('visible');
  delete document.visibilityState;
  const early = press();
  for (let n = 0; document.documentElement.dataset.press !== 'awake' && n < 500; n++) await new Promise((r) => setTimeout(r, 20));
  return { early, late: press() };
};

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

    /** What the shop says of the way: its name and its words. */
    const way = () => page.eval(() => { const p = document.querySelector('[data-path]'); return [p.dataset.path, p.textContent]; });
    /** The chart has a name for each of these messages, and a sentence for each of its own rows. */
    const charted = async (...titles) => {
      await page.goto(stack.url('home'));
      const rows = await page.eval(() => document.querySelector('main, body').innerText);
      for (const title of titles) assert.ok(rows.includes(title), `the chart has no ${title}:\n${rows}`);
    };

    test(`${name}: by redirect, at a provider where nobody is signed in yet`, async () => {
      await page.goto(stack.url('shop'));
      await page.wait(() => document.querySelector('[data-path]')?.dataset.path === 'popup');
      await page.follow('[data-do="signin-redirect"]');
      assert.equal(await page.eval(() => location.origin + location.pathname), stack.origin('idp') + '/signin');
      await page.follow('[data-do="signin-ada"]');
      assert.match(await page.eval(() => document.querySelector('h1').textContent), /Continue to Kiln Lane/);
      for (const button of ['continue', 'cancel']) {
        await awake(page, () => page.click('h1'));
        const { early, late } = await page.eval(uncovered, button);
        assert.deepEqual(early, ['asleep', true], `${button} works at once in a page that was just uncovered`);
        assert.deepEqual(late, ['awake', false], `${button} does not work after half a second`);
      }
      await page.follow('[data-do="continue"]');
      assert.equal(page.url?.() instanceof Promise ? await page.url() : page.url(), stack.url('shop', '/'));
      assert.match(await page.eval(() => document.querySelector('[data-user]').textContent), /Ada/);
      assert.deepEqual(await way(), ['redirect', 'You chose another way. This tab went to the provider and came back. The provider learned that you came from here.']);
      const shown = await outcome(page, 'signin'); // and where one pressed, that it worked
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /Welcome, Ada Brandt\.\s*This tab went to the provider and came back\./);
      await press(page, 'signout');
      assert.equal((await outcome(page, 'signout')).state, 'done');
      assert.equal(await page.eval(() => document.querySelector('[data-user]')), null);
      await page.goto(stack.url('shop')); // it is told once
      await page.wait(() => document.querySelector('[data-path]')?.dataset.path === 'popup');
      await charted('redirect to the provider', 'authorization request', 'decision at the provider', 'authorization response', 'code for ID token');
    });

    test(`${name}: by the provider's window`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(stack.url('shop'));
      await page.wait(() => document.querySelector('[data-path]')?.dataset.path === 'popup');
      await press(page, 'signin');
      const popup = await opened(page, (u) => u.startsWith(`${stack.origin('idp')}/fedcm/popup`));
      await popup.wait(() => document.querySelector('[data-do="continue"]') !== null);
      assert.match(await popup.eval(() => document.querySelector('h1').textContent), /Sign in to Kiln Lane/);
      assert.match(await page.eval(() => document.querySelector('[data-out="signin"]').textContent), /Waiting for your choice in the provider's window\./);
      await popup.press('[data-do="continue"]');
      const shown = await outcome(page, 'signin');
      assert.equal(shown.state, 'done', shown.text);
      assert.match(shown.text, /Welcome back, Ada/);
      assert.equal(await page.eval(() => window.bonafides.path), 'popup');
      assert.deepEqual(await way(), ['popup', 'This browser has no FedCM. A window of the provider asks you. The provider learns that you came from here when the window opens.']);
      await press(page, 'signout');
      assert.equal((await outcome(page, 'signout')).state, 'done');
      await charted('configuration, read by the page', 'provider\'s window', 'decision in the window', 'sign-in with ID token');
    });

    test(`${name}: no in the window is a refusal that can be tried again`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(stack.url('shop'));
      await press(page, 'signin');
      const popup = await opened(page, (u) => u.startsWith(`${stack.origin('idp')}/fedcm/popup`));
      await popup.wait(() => document.querySelector('[data-do="cancel"]') !== null);
      await popup.press('[data-do="cancel"]');
      const shown = await outcome(page, 'signin');
      assert.equal(shown.state, 'refused', shown.text);
      assert.equal(await page.eval(() => document.querySelector('[data-user]')), null);
    });

    test(`${name}: by redirect where windows are blocked, from the same button`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(stack.url('shop'));
      await page.eval(() => { window.open = () => null; });
      await press(page, 'signin');
      await page.wait((o) => location.origin === o && document.querySelector('[data-do="continue"]') !== null, stack.origin('idp'));
      await page.follow('[data-do="continue"]');
      assert.match(await page.eval(() => document.querySelector('[data-user]').textContent), /Ada/);
      assert.equal((await way()).join(': '), 'redirect: No window could be opened, although a button was pressed. This tab went to the provider and came back. The provider learned that you came from here.');
      await press(page, 'signout');
      assert.equal((await outcome(page, 'signout')).state, 'done');
    });

    test(`${name}: Back from the provider, and the same button signs in`, { timeout: 20 * 60_000 }, async (t) => {
      await page.goto(stack.url('shop'));
      await page.eval(() => { window.mark = 'kept'; window.open = () => null; });
      await press(page, 'signin');
      const atProvider = () => page.wait((o) => location.origin === o && document.querySelector('[data-do="continue"]') !== null, stack.origin('idp'));
      await atProvider();
      await back(page);
      await page.wait((o) => location.origin === o && document.readyState === 'complete', stack.origin('shop'));
      t.diagnostic(`the browser ${await page.eval(() => window.mark === 'kept') ? 'kept the page as it was' : 'loaded the page anew'}`);
      await page.eval(() => { window.open = () => null; });
      await press(page, 'signin');
      await atProvider();
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
