// Every page: at 360 and 1280 pixels, in light and dark, closed and with all
// its panels open. A page joins by being linked from another of its site.
// The screenshots are left in test/e2e/out.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { accessibility, links, openAll, settle, sticksOut } from './lib/pages.mjs';
import { outDir, sites, Stack } from './lib/stack.mjs';
import { getTokens, redeem, signIn } from './lib/tokens.mjs';

/** Pages that no link leads to. */
const unlinked = { news: ['/nosuch'], ads: ['/ad'], idp: ['/signin', '/signup', '/error?code=origin_mismatch', '/nosuch'], issuer: ['/nosuch'], shop: ['/nosuch'], home: ['/nosuch'] };

/** More pages of one site than this would be a crawl that never ends. */
const mostPages = 40;

const forms = [
  { width: 360, height: 780, scheme: 'light' },
  { width: 360, height: 780, scheme: 'dark' },
  { width: 1280, height: 900, scheme: 'light' },
  { width: 1280, height: 900, scheme: 'dark' },
];

const fileName = (site, where, state, { width, scheme }) =>
  path.join(outDir, `${state}-${site}${where.replace(/[^a-z0-9]+/gi, '-').replace(/-$/, '')}-${width}-${scheme}.png`);

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

/** Visits every page of a site and checks it in all forms. */
async function inspect(site, state, open) {
  const page = await browser.open();
  const queue = ['/', ...(unlinked[site] ?? [])];
  const seen = new Set();
  const faults = [];
  for (const where of queue) {
    if (seen.has(where)) continue;
    seen.add(where);
    assert.ok(seen.size <= mostPages, `more than ${mostPages} pages: ${[...seen].join(' ')}`);
    page.problems.length = 0;
    await page.scheme('light');
    await page.size(forms[0].width, forms[0].height);
    const { status } = await page.goto(stack.url(site, where));
    const type = await page.eval(() => document.contentType);
    if (type !== 'text/html') continue;
    for (const link of await links(page)) {
      // A sign-out or a download is an action, not a page.
      if (!/signout|save|download|\.(html|js|css|svg|json)$/.test(link) && !seen.has(link)) queue.push(link);
    }
    for (const form of forms) {
      await page.scheme(form.scheme);
      await page.size(form.width, form.height);
      if (open) await openAll(page);
      await settle(page);
      const at = `${stack.url(site, where)} ${form.width} ${form.scheme}`;
      faults.push(...(await sticksOut(page)).map((f) => `${at}: ${f}`));
      faults.push(...(await accessibility(page)).map((f) => `${at}: ${f}`));
      await page.screenshot(fileName(site, where, state, form));
    }
    const own = status >= 400 ? page.problems.filter((p) => !p.includes(`status of ${status}`)) : page.problems;
    faults.push(...own.map((p) => `${stack.url(site, where)}: ${p}`));
  }
  await page.close();
  assert.ok(faults.length === 0, `${faults.length} faults:\n${faults.slice(0, 40).join('\n')}`);
  return seen;
}

describe('as a newcomer finds it', () => {
  for (const site of sites) {
    test(`${site}: every page fits, is accessible and prints no error`, async () => {
      assert.ok((await inspect(site, 'new', false)).size > 0);
    });
  }
});

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
      assert.ok((await inspect(site, 'walked', true)).size > 0);
    });
  }
});
