// How much one visit can take out of the keeper, whatever the pages do, and what
// the person is asked.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { askOnce, byHand, keeperWindow, pressWhenAlive, sitesBefore, spentBefore, stored } from './lib/keeper.mjs';
import { Sites, answer, click, closed, inClick } from './lib/polyfill.mjs';
import { patience } from './lib/patience.mjs';
import { Stack } from './lib/stack.mjs';
import { closeOthers, others } from './lib/windows.mjs';

const bare = { flags: ['--disable-blink-features=PrivateStateTokens'] };
const hours = (n) => n * 60 * 60 * 1000;
const count = (list) => Object.entries(Object.groupBy(list, (x) => x)).map(([what, all]) => `${what} ${all.length}`).sort();

for (const [kind, options, hops, unrelated] of [['chromium', bare, 40, 40], ['firefox', {}, 4, 8], ['webkit', {}, 4, 8]]) {
  describe(kind, () => {
    let stack, sites, browser, page, issuer, keeper;
    const redeem = () => ({ op: 'redeem', issuer, path: '/redeem', refresh: true });
    const ask = async (origin, question) => {
      await page.goto(`${origin}/`);
      return inClick(page, askOnce, keeper, question);
    };
    const site = (name) => `http://${name}.localhost:${sites.port}`;
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      sites.page = () => `<!doctype html><title>A page</title><link rel="icon" href="data:,"><button id="go">Go</button>${byHand}`;
      browser = await launch(kind, options);
      [issuer, keeper] = [stack.origin('issuer'), stack.origin('keeper')];
      page = await browser.open(`${site('early')}/`);
    });
    after(async () => {
      await browser?.close();
      await sites?.stop();
      await stack?.stop();
    });

    let none;
    test(`${kind}: of an issuer that a site has not dealt with the keeper says nothing, with tokens and without`, { timeout: patience }, async () => {
      const has = { op: 'has', issuer };
      const without = await ask(site('early'), has);
      none = await ask(site('early'), redeem());
      assert.equal(none.code, 'no_tokens');
      // It took one of the site's two places; otherwise a site could ask for every issuer.
      assert.deepEqual(await ask(site('early'), has), { ok: true, tokens: false });
      await page.goto(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
      assert.equal((await act(page, 'get-tokens')).state, 'done');
      await closed();
      assert.deepEqual(await ask(site('late'), has), without);
      assert.deepEqual(without, { ok: true, tokens: true });
    });

    test(`${kind}: one visit over ${hops} subdomains gets what one site gets`, { timeout: 4 * patience }, async () => {
      const got = [];
      for (let i = 0; i < hops; i++) {
        const a = await ask(site(`a${i}.b${i % 3}.hopper`), redeem());
        got.push(a.ok ? 'record' : a.code);
      }
      assert.deepEqual(count(got), ['record 2', `too_many_redemptions ${hops - 2}`]);
    });

    test(`${kind}: ${unrelated} unrelated sites stop at the budget, and all after that hear what a person without tokens lets them hear`, { timeout: 4 * patience }, async () => {
      await spentBefore(page, stack, hours(1)); // what the test before spent is of the day, not of the hour
      const answers = [];
      for (let i = 0; i < unrelated; i++) answers.push(await ask(site(`unrelated${i}`), redeem()));
      assert.deepEqual(answers.map((a) => a.ok), answers.map((_, i) => i < 6));
      for (const a of answers.slice(6)) assert.deepEqual(a, none);
      // Nor does another question tell.
      assert.deepEqual(await ask(site('unrelated1'), { op: 'has', issuer }), { ok: true, tokens: false });
    });

    test(`${kind}: over the budget the person is asked in the keeper's own window, and a press lets one more through`, { timeout: patience }, async () => {
      // The window does not stay for ever: on a slow machine it is opened once more.
      for (let tries = 0; ; tries++) {
        await page.goto(`${site('wanted')}/`);
        const said = await inClick(page, async (k, q) => {
          window.k = await window.talk(k);
          const { id, ...a } = await window.k.ask(q);
          return a;
        }, keeper, redeem());
        assert.deepEqual(said, none); // at once: the page does not wait for the person
        try {
          await pressWhenAlive(await keeperWindow(page, 'over', 10_000));
          break;
        } catch (error) {
          if (tries === 5) throw error;
          await closeOthers(page);
        }
      }
      await noneIsAsked(page); // the press is written down
      await closeOthers(page);
      const second = await ask(site('wanted'), redeem());
      assert.equal(second.ok, true, JSON.stringify(second));
      assert.deepEqual(await ask(site('wanted'), redeem()), none);
      await closeOthers(page);
    });

    test(`${kind}: an errand waits for a press in the keeper's window, which is not asked for again within 48 hours`, { timeout: patience }, async () => {
      await spentBefore(page, stack, hours(1));
      delete sites.page; // with the page script, and cut off from the windows it opens
      sites.headers.cutoff = { 'Cross-Origin-Opener-Policy': 'same-origin' };
      const visit = async (refreshPolicy) => {
        await page.goto(`${sites.origin('cutoff')}/`);
        return click(page, async (i, policy) => {
          const r = await fetch(`${i}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption', refreshPolicy: policy } });
          return { status: r.status };
        }, issuer, refreshPolicy);
      };
      await visit('none');
      const w = await keeperWindow(page, 'ask');
      assert.match(await w.eval(() => document.querySelector('#state').textContent), /^cutoff\.localhost asks whether you are a person\.$/);
      // A press that no person made is none.
      await w.eval(() => {
        for (const b of document.querySelectorAll('button')) {
          const dead = b.disabled;
          b.disabled = false;
          b.click();
          b.disabled = dead;
        }
      });
      assert.equal(await w.eval(() => document.querySelector('#state').dataset.state), 'ask');
      assert.equal(await page.eval(() => window.clicked), null);
      await pressWhenAlive(w);
      assert.deepEqual(await answer(page), { status: 200 });
      await closed();
      await visit('refresh');
      assert.deepEqual(await answer(page), { status: 200 });
      await closed();
    });

    test(`${kind}: what a site did is forgotten after 48 hours`, { timeout: patience }, async () => {
      await page.goto(stack.url('keeper', '/keeper'));
      await page.wait(() => document.querySelector('#state')?.dataset.state === 'home');
      const kept = await stored(page, 'sites');
      assert.ok(kept.keys.length > 0);
      for (const k of kept.keys) assert.match(k, /^[0-9a-f]{32}$/);
      for (const v of kept.values) assert.ok(v.until - Date.now() <= hours(48), JSON.stringify(v));
      await sitesBefore(page, stack, hours(48));
      await page.goto(stack.url('keeper', '/keeper?again'));
      await page.wait(() => document.querySelector('#state')?.dataset.state === 'home');
      const deadline = Date.now() + 10_000;
      while ((await stored(page, 'sites')).keys.length > 0) assert.ok(Date.now() < deadline, 'the sites are still there');
    });

    test(`${kind}: in a frame the keeper has nothing to press`, { timeout: patience }, async () => {
      await page.goto(`${site('framing')}/`);
      const framed = await page.eval(async (url) => {
        const frame = document.createElement('iframe');
        frame.src = url;
        const loaded = new Promise((r) => { frame.onload = r; });
        document.body.append(frame);
        await loaded;
        await new Promise((r) => setTimeout(r, 500));
        return frame.isConnected;
      }, `${keeper}/keeper?frame`);
      assert.ok(framed);
      const frame = await page.frame(keeper).catch(() => null);
      if (frame) assert.equal(await frame.eval(() => document.querySelectorAll('button').length), 0);
    });
  });
}

/** Waits until no window asks the person any more. */
async function noneIsAsked(page) {
  for (;;) {
    let asks = false;
    for (const w of await others(page)) asks ||= await w.eval(() => document.querySelector('#state')?.dataset.state === 'over').catch(() => false);
    if (!asks) return;
    await new Promise((r) => setTimeout(r, 100));
  }
}
