// What a site remembers of the keeper ages: somebody who had no tokens gets some
// elsewhere, and the shipped publisher's page redeems again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { Sites, closed, inClick, pressAsk } from './lib/polyfill.mjs';
import { root, Stack } from './lib/stack.mjs';

const example = readFileSync(path.join(root, 'examples/publisher/index.html'), 'utf8');

for (const [kind, options] of [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]]) {
  describe(kind, () => {
    let stack, sites, browser, page;
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      // The page as it stands, with its origins and the tag; ?later=SECONDS sets its clock.
      sites.pages.weekly = { '/': (url) => example
        .replace(/content="https:\/\/issuer\.example"/, `content="${stack.origin('issuer')}"`)
        .replace(/content="https:\/\/ads\.example\/ad"/, `content="${sites.origin('ads')}/echo"`)
        .replace(/<script src="https:\/\/keeper\.example[^>]*><\/script>/, `<script>const now = Date.now; Date.now = () => now() + 1000 * ${Number(url.searchParams.get('later') ?? 0)};</script>${sites.tag}`) };
      browser = await launch(kind, options);
      page = await browser.open();
    });
    after(async () => {
      await browser?.close();
      await sites?.stop();
      await stack?.stop();
    });
    const settled = () => page.wait(() => document.querySelector('[data-out="ad"]').dataset.settled !== undefined, { timeout: 30_000 });
    const has = () => page.eval((i) => document.hasRedemptionRecord(i), stack.origin('issuer'));
    const asks = async () => {
      // The driver's looking may count as a gesture: then the window opens at once.
      await page.wait(() => document.querySelector('bonafides-ask') !== null || document.querySelector('[data-out="ad"]').dataset.settled !== undefined);
      if (await page.eval(() => document.querySelector('bonafides-ask') !== null)) await pressAsk(page);
      await settled();
      await closed();
      await page.front(); // the keeper's window stays open where it has no tokens, and lies above
    };

    test(`${kind}: no tokens, then thirty of them from elsewhere: the publisher's page redeems again`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(`${sites.origin('weekly')}/`);
      await asks();
      assert.equal(await has(), false);

      await page.goto(`${sites.origin('weekly')}/`);
      await settled();
      assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null, 'a person without tokens is asked on every page load');

      await page.goto(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
      assert.equal((await act(page, 'get-tokens')).state, 'done');
      await closed();

      await page.goto(`${sites.origin('weekly')}/?later=660`);
      await asks();
      assert.equal(await has(), true);
    });

    test(`${kind}: a no stands longer after each further no, and a press asks anew after a minute`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(`${sites.origin('paper')}/`);
      const answers = await inClick(page, async (issuer) => {
        const key = `bonafides:tokens:${issuer}`;
        const clock = Date.now;
        const ask = (value, later) => {
          localStorage.setItem(key, value.replace('NOW', Math.floor(clock() / 1000)));
          Date.now = () => clock() + later * 1000;
          return document.hasPrivateToken(issuer);
        };
        const seen = { pressed: [await ask('0 NOW 1', 50), await ask('0 NOW 1', 70)] };
        // What a driver or a press began counts as a press for some seconds.
        Object.defineProperty(navigator, 'userActivation', { value: { isActive: false }, configurable: true });
        seen.loaded = [await ask('0 NOW 1', 590), await ask('0 NOW 1', 610), await ask('0 NOW 2', 3590), await ask('0 NOW 2', 3610), await ask('0 NOW 9', 21590), await ask('0 NOW 9', 21610)];
        seen.back = await ask('0 NOW 9', -100);
        seen.old = await ask('0', 0);
        return seen;
      }, stack.origin('issuer'));
      assert.deepEqual(answers, { pressed: [false, true], loaded: [false, true, false, true, false, true], back: true, old: true });
    });
  });
}
