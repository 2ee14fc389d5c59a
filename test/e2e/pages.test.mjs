// Every page: at 360 and 1280 pixels, in light and dark, closed and with all
// its panels open. A page joins by being linked from another of its site.
// With BONAFIDES_PICTURES=1 the screenshots are left in test/e2e/out.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { examine, firstScreen, forms, inWords, links, screens, settle, sticksOut } from './lib/pages.mjs';
import { signUp } from './lib/signin.mjs';
import { outDir, sites, Stack } from './lib/stack.mjs';
import { getTokens, redeem, signIn } from './lib/tokens.mjs';

/** Pages that no link leads to. */
const unlinked = { news: ['/nosuch'], ads: ['/ad'], idp: ['/signin', '/signup', '/error?code=origin_mismatch', '/end_session', '/nosuch'], issuer: ['/nosuch'], shop: ['/nosuch'], home: ['/nosuch'] };

/** The pages with one thing to do, which is on the first screen and is the only one in its colour. */
const oneAction = { home: ['/'], issuer: ['/'], news: ['/', '/story/bridge'], ads: ['/'], idp: ['/', '/signin', '/signup'], shop: ['/'] };

/** More pages of one site than this would be a crawl that never ends. */
const mostPages = 40;

/** Pages that differ only in a number are of one kind; this many of a kind are looked at. */
const mostOfAKind = 3;

const nameOf = (site, where, state) => `${state}-${site}${where.replace(/[^a-z0-9]+/gi, '-').replace(/-$/, '')}`;

let stack, browser;

before(async () => {
  await mkdir(outDir, { recursive: true });
  stack = await Stack.start();
  browser = await launch('chromium', { commitments: stack.commitments });
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** The page where the code of a sign-up is entered. */
async function codePage() {
  const page = await browser.open();
  const path = await signUp(page, stack, 'Grace Hopper', 'grace@home.example');
  await page.close();
  return path;
}

/** Visits the pages of the queue and, unless panels are opened, those that they link to; checks each in all forms. */
async function inspect(site, state, open, queue) {
  const page = await browser.open();
  const seen = new Set();
  const kinds = new Map();
  const faults = new Map(); // fault -> where it was seen
  for (const where of queue) {
    const kind = where.replace(/\d+/g, '0');
    if (seen.has(where) || kinds.get(kind) >= mostOfAKind) continue;
    seen.add(where);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    assert.ok(seen.size <= mostPages, `more than ${mostPages} pages: ${[...seen].join(' ')}`);
    page.problems.length = 0;
    await page.scheme('light');
    await page.size(forms[0].width, forms[0].height);
    const { status } = await page.goto(stack.url(site, where));
    const type = await page.eval(() => document.contentType);
    if (type !== 'text/html') continue;
    if (!open) for (const link of await links(page)) {
      // A sign-out, a sign-in by redirect or a download is an action, not a page.
      if (!/signout|signin\/start|save|download|\.(html|js|css|svg|json)$/.test(link) && !seen.has(link)) queue.push(link);
    }
    for (const screen of open ? [] : screens) {
      await page.size(screen.width, screen.height);
      await settle(page);
      const primary = oneAction[site]?.includes(where) ? 1 : await page.eval(() => Math.min(1, [...document.querySelectorAll('.primary')].filter((e) => e.checkVisibility()).length));
      for (const f of [...await firstScreen(page, primary), ...await sticksOut(page)]) faults.set(f, [...(faults.get(f) ?? []), `${nameOf(site, where, state)} ${screen.width}`]);
    }
    for (const [f, at] of await examine(page, { name: nameOf(site, where, state), open, status })) faults.set(f, [...(faults.get(f) ?? []), ...at]);
  }
  await page.close();
  assert.ok(faults.size === 0, inWords(faults));
  return seen;
}

describe('as a newcomer finds it', () => {
  for (const site of sites) {
    test(`${site}: every page fits, is accessible and prints no error`, async () => {
      const made = site === 'idp' ? [await codePage()] : [];
      assert.ok((await inspect(site, 'new', false, ['/', ...unlinked[site], ...made])).size > 0);
    });
  }
  test('a host that no site has says so on a page like the others', async () => {
    await inspect('nosuch', 'new', false, ['/']);
    const page = await browser.open(stack.url('nosuch'));
    assert.match(await page.eval(() => document.querySelector('h1').textContent), /has no site nosuch\.localhost/);
    assert.equal(await page.eval(() => document.styleSheets.length > 0), true);
    await page.close();
  });
});

/** The pages that show something else after a walk. */
const walked = { issuer: ['/'], news: ['/'], ads: ['/'], idp: ['/', '/account', '/end_session'], shop: ['/', '/basket'], home: ['/', '/mailbox', '/exchange/5', '/exchange/20', '/exchange/40'] };

describe('after a walk, with every panel open', () => {
  before(async () => {
    const page = await browser.open(stack.url('issuer'));
    await signIn(page, 'ada');
    await getTokens(page);
    await page.goto(stack.url('news'));
    await redeem(page);
    await act(page, 'send-record');
    await act(page, 'vote');
    await act(page, 'tamper-record');
    await page.goto(stack.url('issuer'));
    await act(page, 'replay-token');
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-ada"]');
    await page.close();
  });
  for (const site of sites) {
    test(`${site}: every page fits, is accessible and prints no error`, async () => {
      assert.ok((await inspect(site, 'walked', true, walked[site])).size > 0);
    });
  }
});
