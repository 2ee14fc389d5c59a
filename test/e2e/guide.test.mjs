// The guide, walked as a newcomer walks it: from "Guide me" on the home page, by
// pressing what the strip marks and following where it leads, until it says that
// both flows were walked.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { FedCM } from './lib/fedcm.mjs';
import { patience } from './lib/patience.mjs';
import { Stack } from './lib/stack.mjs';
import { opened } from './lib/windows.mjs';

const all = [
  { kind: 'Chromium without flags', browser: 'chromium', path: 'keeper', dialog: true },
  { kind: 'Firefox', browser: 'firefox', path: 'keeper' },
  { kind: 'Chromium with the keys', browser: 'chromium', keys: true, path: 'native', dialog: true, long: true },
  { kind: 'WebKitGTK', browser: 'webkit', path: 'keeper', long: true },
];
const kinds = all.filter(({ long = false }) => !long || process.env.BONAFIDES_LONG);

const pause = (ms) => new Promise((r) => setTimeout(r, ms));

/** What the strip says: leads is where its button goes, press what is marked. */
const read = (page) => page.eval(() => {
  const strip = document.querySelector('aside.guide');
  const link = strip?.querySelector('.guide-do a');
  return {
    text: strip?.querySelector('[role="status"]').innerText.trim().replace(/\s+/g, ' ') ?? '',
    leads: link?.getAttribute('href') ?? '', label: link?.textContent ?? '',
    press: [document.querySelector('.guide-here')].map((e) => e && (e.dataset.do ?? e.dataset.attack ?? e.localName))[0] ?? '',
  };
});

/** Waits until the strip has something to say that differs from what it said before. */
async function next(page, before = {}, timeout = patience) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const now = await read(page).catch(() => ({ text: '' })); // between two pages
    if (now.text !== '' && (now.leads || now.press) && JSON.stringify(now) !== JSON.stringify(before)) return now;
    if (Date.now() > deadline) throw new Error(`after ${JSON.stringify(before)} the guide says ${JSON.stringify(now)}`);
    await pause(100);
  }
}

const marked = () => [document.querySelector('.guide-here')].map((e) => e && (e.dataset.do ?? e.dataset.attack ?? e.localName))[0] ?? '';

/** Presses what the strip has marked: a panel that is closed first. It gives the name of it, or nothing where the guide went on meanwhile. */
async function pressMarked(page) {
  // A person sees that the page is still at it: the server knows of a redemption before the page has its record.
  await page.wait(() => document.querySelector('[aria-busy="true"], [data-state="working"]') === null, { timeout: patience });
  const shown = await clickSoon(page, 'aside.guide button.button:not(.quiet)'); // "Show me where"
  if (!shown) return '';
  await page.wait(() => document.querySelector('details:not([open]) > summary.guide-here') === null); // it opens the panel
  const name = await page.eval(marked);
  return await clickSoon(page, '.guide-here') ? name : '';
}

// These run in the page: whether a click has arrived where it was aimed at.
const aim = (selector) => {
  window.missed = true;
  document.querySelector(selector).addEventListener('click', () => { window.missed = false; }, { capture: true, once: true });
};
const missed = () => window.missed === true;

/** Clicks, again where the page moved between aiming and clicking; false where nothing is marked any more. */
async function clickSoon(page, selector) {
  for (const until = Date.now() + patience; ;) {
    if (await page.eval(marked).catch(() => '') === '') return false;
    try {
      await page.eval(aim, selector);
      await page.click(selector, 2000); // the guide may have gone on, and nothing is marked any more
      if (!await page.eval(missed).catch(() => false)) return true; // or the next page is there already
    } catch (error) {
      if (Date.now() > until || !/clickable|intercepted|detached|stale|no such|context|waiting|null/i.test(`${error.name} ${error.message}`)) throw new Error(`${selector} cannot be clicked`, { cause: error });
      await pause(100);
    }
  }
}

/** The tab that the guide opens beside the home page. */
async function guideTab(browser, home, origin) {
  if (home.driver) { // WebKit's driver looks at one window at a time: from here on at this one
    const first = await home.driver.getWindowHandle();
    await home.driver.wait(async () => (await home.driver.getAllWindowHandles()).length > 1, patience, 'no tab was opened');
    await home.driver.switchTo().window((await home.driver.getAllWindowHandles()).find((h) => h !== first));
    return home;
  }
  if (home.opened) return home.opened((u) => u.startsWith(origin));
  const tab = await opened(home, (u) => u.startsWith(origin));
  // What it opens itself is not the home page and not the first, empty tab.
  tab.first = home.puppeteer;
  return tab;
}

for (const { kind, browser: name, keys, path, dialog } of kinds) {
  describe(kind, () => {
    let stack, browser;
    before(async () => {
      stack = await Stack.start();
      browser = await launch(name, keys ? { commitments: stack.commitments } : {});
    });
    after(async () => {
      await browser?.close();
      await stack?.stop();
    });

    test(`${kind}: the guide leads from its button through both flows to its end`, { timeout: 5 * patience }, async () => {
      const home = await browser.open(stack.url('home'));
      assert.equal(await home.eval(() => document.querySelector('[data-guide] .button.primary').textContent), 'Guide me');
      await home.click('[data-guide] .button.primary');
      const tab = await guideTab(browser, home, stack.origin('issuer'));
      await tab.wait(() => document.readyState === 'complete');
      const fedcm = dialog && await FedCM.watch(tab);
      const walked = [];
      let said = await next(tab);
      for (let presses = 0; !said.text.includes('You have walked both flows.');) {
        assert.ok(walked.length < 40, `it goes round: ${walked.join('; ')}`);
        const step = said.text.match(/^Step \d of 6/)?.[0];
        assert.ok(step, said.text);
        if (said.leads) {
          walked.push(`${step}: ${said.label}`);
          const from = new URL(await tab.url());
          const to = new URL(said.leads);
          if (from.origin === to.origin) assert.fail(`${step} leads to where it is: ${said.leads}`);
          await tab.click('aside.guide .guide-do a');
          await tab.wait((origin) => location.origin === origin && document.readyState === 'complete', to.origin, { timeout: patience });
        } else {
          const pressed = await pressMarked(tab);
          walked.push(`${step}: press ${pressed}`);
          presses++;
          if (step === 'Step 6 of 6' && pressed === 'signin') {
            if (fedcm) {
              const asked = await fedcm.dialog();
              await fedcm.select(asked, asked.accounts.findIndex((a) => a.name === 'Ada Brandt'));
            } else {
              const w = await opened(tab, (u) => u.startsWith(`${stack.origin('idp')}/`));
              await w.wait(() => document.querySelector('[data-do="continue"]') !== null);
              assert.ok(!(await w.eval(() => document.querySelector('details[data-panel], aside.role, aside.guide') !== null)), 'something of the demo stands in the window that asks');
              await w.press('[data-do="continue"]');
            }
          }
          assert.ok(presses < 20, walked.join('; '));
        }
        said = await next(tab, said.leads || walked.at(-1).endsWith('press ') ? {} : said);
      }
      assert.deepEqual([...new Set(walked.map((w) => w[5]))], ['1', '2', '3', '4', '5', '6'], walked.join('; '));
      assert.match(said.leads, /\/#learned$/);
      if (path === 'native') assert.ok(tab.tokenOperations.some((o) => o.type === 'Issuance' && o.status === 'Ok'));
      // A browser that does not know the issuer says so in its console, of the request that the keeper then takes over.
      assert.deepEqual(tab.problems.filter((p) => path === 'native' || !p.includes('ERR_TRUST_TOKEN_OPERATION_FAILED')), []);

      // The home page knows it, and this browser can walk again.
      await tab.click('aside.guide .guide-do a');
      await tab.wait((origin) => location.origin === origin && document.readyState === 'complete', stack.origin('home'));
      assert.equal(await tab.eval(() => document.querySelectorAll('.steps > li.done').length), 6);
      await tab.follow('[data-do="again"]');
      assert.equal(await tab.eval(() => document.querySelectorAll('.steps > li.done').length), 0);
      assert.equal(await tab.eval(() => document.querySelector('[data-guide] .button.primary').textContent), 'Guide me');
    });
  });
}

describe('a laptop', () => {
  let stack, browser;
  before(async () => {
    stack = await Stack.start();
    browser = await launch('chromium');
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  test('the button of the first step is to see without scrolling, below the strip', async () => {
    const page = await browser.open(`${stack.url('issuer')}#guide`);
    await page.size(1280, 800);
    await page.follow('[data-do="signin-ada"]');
    await page.wait(() => document.querySelector('aside.guide .guide-do') !== null && document.querySelector('[data-do="get-tokens"].guide-here') !== null);
    const [bottom, height] = await page.eval(() => [document.querySelector('[data-do="get-tokens"]').getBoundingClientRect().bottom, innerHeight]);
    assert.ok(bottom < height, `it ends at ${bottom} of ${height}`);
  });

  test("a page's own link to another site takes the guide along, until it is left", async () => {
    const page = await browser.open(`${stack.url('issuer')}#guide`);
    await page.wait(() => document.querySelector('aside.guide') !== null);
    const paper = `main a[href^="${stack.origin('news')}"]`;
    await page.follow(paper);
    await page.wait(() => document.querySelector('aside.guide') !== null);
    await page.goto(stack.url('issuer'));
    await page.wait(() => document.querySelector('aside.guide') !== null);
    await page.eval(() => [...document.querySelectorAll('aside.guide button')].at(-1).click());
    assert.equal(await page.eval((s) => { document.querySelector(s).addEventListener('click', (e) => e.preventDefault()); document.querySelector(s).click(); return document.querySelector(s).hash; }, paper), '');
  });
});
