// Every button of every page of the demo is pressed, once by a stranger and once by
// somebody who has walked both flows. The console stays empty but for the statuses
// of what is refused on purpose, and nothing sticks out of a narrow window.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { act, launch, outcome } from './lib/browser.mjs';
import { links, settle, sticksOut } from './lib/pages.mjs';
import { patience } from './lib/patience.mjs';
import { sites, Stack } from './lib/stack.mjs';
import { getTokens, redeem, signIn } from './lib/tokens.mjs';

/** Pages that no link leads to. */
const unlinked = { ads: ['/ad', '/frame'], idp: ['/signin', '/signup'], home: ['/mailbox'] };

/**
 * What a browser prints of refusals on purpose: of a vote or a letter that somebody
 * sends once more or without a record, of a stranger's order, of a token operation that the browser itself
 * refuses (no tokens, a record that is there), and of FedCM.
 */
const refused = [
  { what: /ERR_TRUST_TOKEN_OPERATION_FAILED/, where: /^http:\/\/issuer\.localhost:\d+\//, pressed: /^button (redeem|redeem-refresh|has-token|get-tokens|get-tokens-xhr) / },
  { what: /status of (403|409)/, where: /^http:\/\/news\.localhost:\d+\/(vote|comments)$/, pressed: /^button (vote|comment) / },
  { what: /status of 403/, where: /^http:\/\/shop\.localhost:\d+\/order$/, pressed: /^button order / }, // nobody is signed in
  { what: /FedCM|accounts (endpoint|list)|Prompt dismissed|Provider's token|The user declined|retrieving a token/i, where: /./, pressed: /signin|other-browser/ },
];
const expected = ({ text, url }, name) => refused.some(({ what, where, pressed }) => what.test(text) && where.test(url || 'none') && pressed.test(name));

// This runs in the page: the buttons by what tells them apart, with what is the same
// for everybody, the instrument and what folds, marked. Of those that say the same (a row for
// every message) one is enough; another load of the page may have more of them, so a
// button is found by its name. With a name it makes that one ready to be pressed.
const buttons = (wanted) => {
  const found = new Map();
  for (const b of document.querySelectorAll('button, summary, input[type="submit"]')) {
    const name = `${b.localName} ${b.dataset.do ?? b.dataset.attack ?? b.className} ${b.textContent.trim().replace(/\s+/g, ' ').replace(/\d+/g, '0')}`.slice(0, 80);
    if (!found.has(name)) found.set(name, b);
  }
  if (wanted === undefined) return [...found].map(([name, b]) => ({ name, shared: b.localName === 'summary' || b.closest('details[data-panel]') !== null }));
  const b = found.get(wanted);
  if (!b) return false;
  for (let e = b.parentElement; e; e = e.parentElement) if (e.localName === 'details') e.open = true;
  // The instrument stays open from page to page, and stands over the lower half.
  for (const d of document.querySelectorAll('details[data-panel]')) d.open = d.contains(b);
  if (!b.checkVisibility()) return false;
  b.dataset.pressNow = '';
  window.pressed = false;
  b.addEventListener('click', () => { window.pressed = true; }, { capture: true });
  return true;
};

let stack, browser;

before(async () => {
  stack = await Stack.start();
  browser = await launch('chromium', { commitments: stack.commitments });
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** A tab in which FedCM's dialog is answered as a person would, and problems are told with their address. */
async function tab() {
  const page = await browser.open();
  const problems = [];
  page.puppeteer.on('console', (m) => { if (m.type() === 'error') problems.push({ text: m.text(), url: m.location()?.url ?? '' }); });
  page.puppeteer.on('pageerror', (e) => problems.push({ text: `exception: ${e?.stack ?? e}`, url: 'exception' }));
  page.cdp.on('FedCm.dialogShown', ({ dialogId, accounts }) => {
    page.cdp.send(accounts?.length ? 'FedCm.selectAccount' : 'FedCm.dismissDialog', accounts?.length ? { dialogId, accountIndex: 0 } : { dialogId }).catch(() => {});
  });
  await page.cdp.send('FedCm.enable', { disableRejectionDelay: true });
  await page.size(390, 844);
  return { page, problems };
}

/** Waits until nothing is under way on the page, and everything that it printed was told. */
async function quiet(page, problems) {
  await page.wait(() => document.readyState === 'complete' &&
    document.querySelector('[aria-busy="true"], [data-state="working"]') === null, { timeout: patience });
  await new Promise((r) => setTimeout(r, 150));
  await page.wait(() => document.readyState === 'complete');
  // What is printed now comes after what was printed before.
  const last = `told until here ${Math.random()}`;
  await page.eval((text) => { console.error(text); }, last);
  for (const deadline = Date.now() + patience; !problems.some((p) => p.text === last);) {
    if (Date.now() > deadline) throw new Error('the browser does not tell what it prints');
    await new Promise((r) => setTimeout(r, 20));
  }
  problems.splice(0, problems.length, ...problems.filter((p) => !p.text.startsWith('told until here ')));
}

/** Presses the marked button, again where the page moved under it; false where the press does not arrive. */
async function press(page) {
  for (let i = 0; i < 10; i++) {
    await settle(page).catch(() => {}); // a panel that opens moves
    await page.click('[data-press-now]').catch(() => {});
    // Where the press has led to another page there is nothing left to ask.
    if (await page.eval(() => window.pressed !== false).catch(() => true)) return true;
    await new Promise((r) => setTimeout(r, 200));
  }
  return false;
}

async function closeOthers(page) {
  for (const other of await browser.puppeteer.pages()) {
    if (other !== page.puppeteer && other.url() !== 'about:blank') await other.close().catch(() => {});
  }
}

/** What is the same on all pages of a site, and was pressed there: it knows nobody. */
const instrument = new Map(sites.map((site) => [site, new Set()]));

async function pressAll(site, queue) {
  const { page, problems } = await tab();
  const faults = [];
  const seen = new Set();
  const pressed = [];
  for (const where of queue) {
    const kind = where.replace(/\d+/g, '0');
    if (seen.has(kind)) continue;
    seen.add(kind);
    const url = stack.url(site, where);
    await page.goto(url);
    if (await page.eval(() => document.contentType) !== 'text/html') continue;
    for (const link of await links(page)) {
      if (!/signout|signin\/start|save|download|\.(html|js|css|svg|json)$/.test(link)) queue.push(link);
    }
    for (const { name, shared } of await page.eval(buttons)) {
      if (shared && instrument.get(site).has(name)) continue;
      problems.length = 0;
      await page.goto(url);
      await quiet(page, problems);
      if (!await page.eval(buttons, name)) continue; // a press before has taken it away
      if (!await press(page)) faults.push(`${site}${where}: ${name}: cannot be pressed`);
      // A window that asks something else waits for somebody: it is closed, which is a no.
      const closing = setInterval(() => closeOthers(page), 1000);
      await quiet(page, problems).catch((error) => faults.push(`${site}${where}: ${name}: ${error.message.split('\n')[0]}`));
      clearInterval(closing);
      pressed.push(name);
      if (shared) instrument.get(site).add(name);
      for (const p of problems.filter((p) => !expected(p, name))) faults.push(`${site}${where}: ${name}: ${p.text} (${p.url})`);
      await settle(page);
      for (const out of await sticksOut(page)) faults.push(`${site}${where}: ${name}: ${out}`);
      await closeOthers(page);
      await page.front();
    }
  }
  await page.close();
  assert.ok(pressed.length > 0, `no button on ${queue.join(' ')}`);
  assert.deepEqual(faults, [], `${faults.length} faults after ${pressed.length} presses`);
}

for (const site of sites) {
  test(`a stranger presses every button of ${site}`, { timeout: 5 * patience }, () => pressAll(site, ['/', ...unlinked[site] ?? []]));
}

test('somebody walks both flows', { timeout: 5 * patience }, async () => {
  // In a browser that has pressed nothing yet.
  await browser.close();
  browser = await launch('chromium', { commitments: stack.commitments });
  const { page } = await tab();
  await page.size(1280, 900);
  await page.goto(stack.url('issuer'));
  await signIn(page, 'ada');
  await getTokens(page);
  await page.goto(stack.url('news'));
  await redeem(page);
  // The page moves while the advertisement comes, so this one is not aimed at.
  await page.eval(() => { document.querySelector('[data-do="send-record"]').click(); });
  assert.equal((await outcome(page, 'send-record')).state, 'done');
  await page.goto(stack.url('idp', '/signin'));
  await page.follow('[data-do="signin-ada"]');
  await page.goto(stack.url('shop'));
  assert.equal((await act(page, 'signin')).state, 'done');
  await page.close();
});

const walked = { ...unlinked, idp: ['/account', '/signin'], shop: ['/basket'] };
for (const site of sites) {
  test(`somebody who walked both flows presses every button of ${site}`, { timeout: 5 * patience }, () => pressAll(site, ['/', ...walked[site] ?? []]));
}
