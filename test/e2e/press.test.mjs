// The kit's own question in other people's pages: under their modal dialogs,
// among their popovers, in full screen. It can be seen and pressed in all of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { Sites } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

let stack, sites;
before(async () => {
  stack = await Stack.start();
  sites = await Sites.start(stack);
});
after(async () => {
  await sites?.stop();
  await stack?.stop();
});

const body = `<p>Read on.</p><button id="full">Full screen</button><main style="background: white"><p>A picture.</p></main>
<div id="cover" style="inset:0;margin:0;width:100vw;height:100vh;background:silver" popover="manual">A popover over everything.</div>
<dialog id="one"><p>First.</p></dialog><dialog id="two"><p>Second.</p></dialog><shadow-box></shadow-box>
<script>
customElements.define('shadow-box', class extends HTMLElement {
  connectedCallback() {
    this.attachShadow({ mode: 'open' }).innerHTML = '<dialog><p>In a shadow root.</p></dialog>';
  }
});
const dialogs = { one: () => document.querySelector('#one'), two: () => document.querySelector('#two'), shadow: () => document.querySelector('shadow-box').shadowRoot.querySelector('dialog') };
window.answer = null;
window.ask = () => {
  localStorage.removeItem('bonafides:not-now'); // each test is a person's first time
  window.answer = null;
  fetch('ISSUER/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })
    .then((r) => { window.answer = 'status ' + r.status; }, (e) => { window.answer = e.name + ': ' + e.message; });
};
document.querySelector('#one').addEventListener('click', (e) => {
  // As many pages do it: a click outside the box closes the dialog.
  const r = e.currentTarget.getBoundingClientRect();
  if (e.clientY > r.bottom) e.currentTarget.close();
});
// What opens when, by the address: before the question or after it.
const order = location.hash.slice(1).split(',').map((s) => s.split('+'));
const opens = { one: () => dialogs.one().showModal(), two: () => dialogs.two().showModal(), shadow: () => dialogs.shadow().showModal(), close: () => dialogs.one().close(),
  cover: () => document.querySelector('#cover').showPopover(), ask: () => window.ask() };
window.open = () => null;
(async () => {
  for (const step of order) {
    for (const name of step) opens[name]?.();
    await new Promise((r) => setTimeout(r, 700));
  }
  window.ready = true;
})();
</script>`;

const places = [
  ['a page without any', 'ask'],
  ['a modal dialog that was open', 'one,ask'],
  ['a modal dialog that opens after it', 'ask,one'],
  ['two modal dialogs, the first in the page on top', 'two,one,ask'],
  ['a modal dialog inside a shadow root', 'shadow,ask'],
  ['a modal dialog that closes under it', 'one,ask,close'],
  ['a popover over the page', 'cover,ask'],
  ['a popover that opens over it', 'ask,cover'],
];

/** Whether "Not now" is what a pointer would meet, and where it is. */
const target = () => {
  let host = document.querySelector('bonafides-ask');
  for (const e of document.querySelectorAll('*')) host ??= e.shadowRoot?.querySelector('bonafides-ask') ?? null;
  const button = host?.shadowRoot.querySelector('button.no');
  if (!button) return null;
  const r = button.getBoundingClientRect();
  const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
  return host.getRootNode().elementFromPoint(x, y) === host && host.shadowRoot.elementFromPoint(x, y) === button ? [x, y] : null;
};

/** A press where the pointer is: what is inert lets it through. */
async function pressAt(page, [x, y]) {
  if (page.puppeteer) return page.puppeteer.mouse.click(x, y);
  await page.driver.actions().move({ x: Math.round(x), y: Math.round(y), origin: 'viewport' }).click().perform();
}

for (const [kind, options] of [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]]) {
  describe(kind, () => {
    let browser, page;
    before(async () => {
      browser = await launch(kind, options);
      page = await browser.open();
      sites.pages.covered = { '/': () => sites.page(body.replaceAll('ISSUER', stack.origin('issuer'))) };
    });
    after(() => browser?.close());

    for (const [what, order] of places) {
      test(`${kind}: the question can be pressed in ${what}`, { timeout: 20 * 60_000 }, async () => {
        await page.goto('about:blank');
        await page.goto(`${sites.origin('covered')}/#${order}`);
        await page.wait(() => window.ready === true);
        await page.wait(target);
        await pressAt(page, await page.eval(target));
        await page.wait(() => window.answer !== null);
        assert.match(await page.eval(() => window.answer), /^NotAllowedError: The person did not want it/);
        if (order === 'one,ask') assert.equal(await page.eval(() => document.querySelector('#one').open), true, 'the press closed the page\'s dialog');
        assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
      });
    }

    test(`${kind}: the question can be pressed in full screen`, { timeout: 20 * 60_000 }, async () => {
      await page.goto('about:blank');
      await page.goto(`${sites.origin('covered')}/#ask`);
      await page.wait(() => window.ready === true);
      await page.eval(() => {
        window.full = null;
        document.querySelector('#full').onclick = () => {
          document.querySelector('main').requestFullscreen().then(() => { window.full = true; }, (err) => { window.full = String(err); });
        };
      });
      await page.click('#full');
      await page.wait(() => window.full !== null);
      assert.equal(await page.eval(() => window.full), true);
      await page.wait(target);
      await pressAt(page, await page.eval(target));
      await page.wait(() => window.answer !== null);
      assert.match(await page.eval(() => window.answer), /^NotAllowedError: The person did not want it/);
      await page.eval(() => { void document.exitFullscreen(); });
      await page.wait(() => document.fullscreenElement === null);
    });
  });
}
