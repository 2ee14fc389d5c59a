// What the tests of pages that no link leads to share. Bindings are live.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, beforeEach } from 'node:test';
import { launch } from './browser.mjs';
import { examine, inWords } from './pages.mjs';
import { Sites } from './polyfill.mjs';
import { Stack, outDir } from './stack.mjs';
import { Tap } from './tap.mjs';

let tap, browser;
/** The demo, sites that use it, and a page of a browser that has neither API. */
export let stack, sites, page;
/** What the test changes: whether the keeper's origin is an issuer's. */
export const keeper = { isIssuer: false };
before(async () => {
  await mkdir(outDir, { recursive: true });
  stack = await Stack.start();
  sites = await Sites.start(stack);
  // What makes an origin an issuer's to the keeper: it answers with commitments.
  tap = await Tap.start({
    answer: (e) => {
      if (e.host !== stack.host('keeper')) return undefined;
      if (keeper.isIssuer && e.path.startsWith('/.well-known/')) return { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"PrivateStateTokenV1VOPRF":{}}' };
      // And a frame that never has the store: then the kit needs its button.
      return e.url.endsWith('?frame') ? { status: 204, headers: {} } : undefined;
    },
  });
  browser = await launch('chromium', { flags: [...tap.flags, '--disable-features=FedCm', '--disable-blink-features=PrivateStateTokens'] });
  page = await browser.open();
});
beforeEach(async () => {
  await page.goto('about:blank');
  page.problems.length = 0;
});
after(async () => {
  await browser?.close();
  await tap?.stop();
  await sites?.stop();
  await stack?.stop();
});

/** The page, or a window, is without fault, and says what is expected. */
export async function good(p, name, says, options = {}) {
  await p.wait((s) => document.readyState === 'complete' && new RegExp(s, 'i').test(document.body.innerText), says.source);
  const faults = await examine(p, { name, ...options });
  assert.equal(faults.size, 0, inWords(faults));
}
