// Where the browser knows the issuer, it does the work and the polyfill is
// silent; and what a user or a site has forbidden is not gone around.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { Sites, inClick } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';
import { Tap } from './lib/tap.mjs';

let stack, tap, sites;
before(async () => {
  stack = await Stack.start();
  tap = await Tap.start();
  sites = await Sites.start(stack);
});
after(async () => {
  await sites?.stop();
  await tap?.stop();
  await stack?.stop();
});

describe('Chromium that knows the issuer', () => {
  let browser, page;
  before(async () => {
    browser = await launch('chromium', { commitments: stack.commitments, flags: tap.flags });
    page = await browser.open(stack.url('issuer'));
  });
  after(() => browser?.close());

  test('the native request is on the wire, and neither keeper nor polyfill endpoint is asked', async () => {
    await page.follow('[data-do="signin-ada"]');
    assert.equal((await act(page, 'get-tokens')).state, 'done');
    assert.equal((await act(page, 'get-tokens-xhr')).state, 'done');
    await page.goto(stack.url('news'));
    assert.equal((await act(page, 'has-token')).state, 'done');
    assert.equal((await act(page, 'redeem')).state, 'done');
    assert.equal((await act(page, 'send-record')).ad, 'vouched');
    assert.ok(tap.carrying('sec-private-state-token').length >= 3);
    assert.ok(tap.carrying('sec-redemption-record').some((e) => e.host === stack.host('ads')));
    assert.deepEqual(tap.carrying('private-state-token').map((e) => e.url), []);
    assert.deepEqual(tap.carrying('private-state-redemption-record').map((e) => e.url), []);
    assert.deepEqual(tap.exchanges.filter((e) => e.host === stack.host('keeper') && !e.path.startsWith('/bonafides/tokens-')).map((e) => e.url), []);
    assert.equal(await page.eval(() => document.querySelector('[data-out="path"]').dataset.path), 'native');
  });

  test('the old names of the article work on the native way too', async () => {
    await page.goto(sites.origin('paper'));
    const answer = await inClick(page, async (issuer, echo) => {
      const has = await document.hasTrustToken(issuer);
      await fetch(`${issuer}/redeem`, { method: 'POST', trustToken: { type: 'token-redemption' } });
      const sent = await fetch(echo, { trustToken: { type: 'send-redemption-record', issuers: [issuer] } });
      return { has, headers: (await sent.json()).headers };
    }, stack.origin('issuer'), `${sites.origin('ads')}/echo`);
    assert.equal(answer.has, true);
    assert.match(answer.headers['sec-redemption-record'], /redemption-record="ey/);
    assert.equal(answer.headers['private-state-redemption-record'], undefined);
  });

  test('no tokens left is the browser\'s answer, and stays its answer', async () => {
    await page.cdp.send('Storage.clearTrustTokens', { issuerOrigin: stack.origin('issuer') });
    const before = (await browser.puppeteer.pages()).length;
    await page.goto(sites.origin('weekly'));
    const answer = await inClick(page, async (issuer) => {
      const has = await document.hasPrivateToken(issuer);
      try {
        await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } });
        return { has, answer: 'redeemed' };
      } catch (e) {
        return { has, answer: `${e.name}: ${e.message}` };
      }
    }, stack.origin('issuer'));
    assert.equal(answer.has, false);
    assert.match(answer.answer, /^OperationError: Tokens exhausted/);
    assert.equal((await browser.puppeteer.pages()).length, before, 'a window was opened');
  });

  test('a permissions policy that forbids it is not gone around', async () => {
    sites.headers.locked = { 'Permissions-Policy': 'private-state-token-issuance=(), private-state-token-redemption=()' };
    await page.goto(sites.origin('locked'));
    const answer = await inClick(page, async (issuer) => {
      try {
        await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } });
        return 'redeemed';
      } catch (e) {
        return e.name;
      }
    }, stack.origin('issuer'));
    assert.equal(answer, 'NotAllowedError');
    assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
  });
});

// What the user has turned off: anti-abuse, which the settings call "auto-verify".
const preferences = { profile: { default_content_setting_values: { anti_abuse: 2 } } };

for (const [known, options] of [['the issuer known', () => ({ commitments: stack.commitments })], ['the issuer unknown', () => ({})]]) {
  test(`Chromium with anti-abuse off, ${known}: refused, and not gone around`, async () => {
    const browser = await launch('chromium', { ...options(), preferences });
    try {
      const page = await browser.open(sites.origin('evening'));
      const answer = await inClick(page, async (issuer) => {
        const name = (p) => p.then(() => 'done', (e) => `${e.name}: ${e.message}`);
        return [
          await name(fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })),
          await document.hasPrivateToken(issuer),
        ];
      }, stack.origin('issuer'));
      assert.match(answer[0], /^OperationError: .*user settings/, JSON.stringify(answer));
      assert.equal(answer[1], false);
      assert.equal((await browser.puppeteer.pages()).length, 2, 'a window was opened');
    } finally {
      await browser.close();
    }
  });
}
