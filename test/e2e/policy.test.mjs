// Content security policies. The token flow works on a page with the strict one
// in every browser, and in Chromium nothing is stopped or reported on any page of
// the demo while both polyfills and the keeper are in use.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch, outcome, press } from './lib/browser.mjs';
import { answer, click, closed, inClick, manifest, Sites } from './lib/polyfill.mjs';
import { Providers, WindowPerson } from './lib/providers.mjs';
import { Stack } from './lib/stack.mjs';
import { policy, StrictSite } from './lib/strict.mjs';

let stack, sites;
before(async () => {
  stack = await Stack.start();
  sites = await Sites.start(stack);
});
after(async () => {
  await sites?.stop();
  await stack?.stop();
});

const script = (flow, attributes = '') => {
  const name = manifest.flows[flow].classic[0];
  return `<script src="/bonafides/${name}" integrity="${manifest.hashes[name].integrity}" ${attributes}></script>`;
};

const engines = [
  ['Chromium', 'chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }],
  ['Chromium that does not know the issuer', 'chromium', {}],
  ['Firefox', 'firefox', {}],
  ['WebKitGTK', 'webkit', {}],
];

for (const [name, kind, options] of engines) {
  test(`${name}: tokens on a page with the strict policy`, { timeout: 20 * 60_000 }, async () => {
    // What such a page connects to: the issuer, and whoever gets the record.
    const site = await StrictSite.start({
      policy: policy({ connect: [stack.origin('issuer'), sites.origin('ads')] }),
      tags: script('tokens', `data-keeper="${stack.origin('keeper')}"`),
    });
    const browser = await launch(kind, options);
    try {
      const page = await browser.open(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
      assert.equal((await act(page, 'get-tokens')).state, 'done');
      await closed();
      await page.goto(site.origin('weekly'));
      const got = await inClick(page, async (issuer, echo) => {
        await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } });
        const sent = await fetch(echo, { privateToken: { version: 1, operation: 'send-redemption-record', issuers: [issuer] } });
        return { has: await document.hasRedemptionRecord(issuer), record: (await sent.json()).headers['private-state-redemption-record'] };
      }, stack.origin('issuer'), `${sites.origin('ads')}/echo`);
      assert.equal(got.has, true, JSON.stringify(got));
      assert.match(got.record, /redemption-record="ey/);
      await closed();
      // Without a gesture the kit draws its button.
      if (kind !== 'chromium') { // which tries a frame first, and reports that the policy forbids it
        await page.eval((issuer) => {
          fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption', refreshPolicy: 'refresh' } }).catch(() => {});
        }, stack.origin('issuer'));
        await page.wait(() => /issuer/.test(document.querySelector('bonafides-ask')?.shadowRoot.textContent));
      }
      assert.deepEqual(await page.eval(() => window.stopped), []);
    } finally {
      await browser.close();
      await site.stop();
    }
  });
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

for (const [name, kind, options] of engines.filter(([, , { flags }]) => !flags)) {
  test(`${kind === 'chromium' ? 'Chromium without FedCM' : name}: sign-in on a page with the strict policy`, { timeout: 20 * 60_000 }, async () => {
    const site = await StrictSite.start({ tags: script('fedcm') });
    const providers = await Providers.start({ names: ['one', 'two'], origins: [site.origin('rp')] });
    // What such a page connects to: the providers.
    site.options.policy = policy({ connect: [providers.origin('one'), providers.origin('two')] });
    const browser = await launch(kind, kind === 'chromium' ? { flags: ['--disable-features=FedCm'] } : options);
    try {
      const page = await browser.open();
      await providers.signIn(page, 'one', 'ada');
      await page.goto(site.origin('rp'));
      const get = (names) => ({ identity: { providers: names.map((n) => ({ configURL: providers.config(n), clientId: 'rp', nonce: 'n', params: { nonce: 'n' } })) } });
      const person = new WindowPerson(page);
      await click(page, (o) => navigator.credentials.get(o).then((c) => c.token), get(['one']));
      await (await person.asked(providers.origin('one'))).choose('Ada Brandt');
      assert.equal(claims(await answer(page)).nonce, 'n');
      // Several providers: the kit draws the choice.
      await click(page, (o) => navigator.credentials.get(o).then((c) => c.token), get(['one', 'two']));
      await page.wait(() => document.querySelector('bonafides-ask')?.shadowRoot.querySelectorAll('button').length === 3);
      await page.eval(() => { document.querySelector('bonafides-ask').shadowRoot.querySelector('button.no').click(); });
      assert.equal((await answer(page)).threw, 'NetworkError');
      assert.deepEqual(await page.eval(() => window.stopped), []);
    } finally {
      await browser.close();
      await providers.stop();
      await site.stop();
    }
  });
}

describe('the demo in Chromium, with both polyfills', () => {
  let browser, page;
  const reported = [];
  before(async () => {
    browser = await launch('chromium', { flags: ['--disable-blink-features=PrivateStateTokens', '--disable-features=FedCm'] });
    // Every window and frame tells what a policy stopped in it.
    browser.puppeteer.on('targetcreated', async (target) => {
      if (!['page', 'iframe'].includes(target.type())) return;
      try {
        const cdp = await target.createCDPSession();
        cdp.on('Audits.issueAdded', ({ issue }) => {
          if (issue.code === 'ContentSecurityPolicyIssue') reported.push(`${target.url()} ${JSON.stringify(issue.details.contentSecurityPolicyIssueDetails)}`);
        });
        await cdp.send('Audits.enable');
      } catch { /* the window is gone already */ }
    });
    page = await browser.open(stack.url('issuer'));
  });
  after(() => browser?.close());

  test('every page that loads scripts has the policy', async () => {
    for (const [site, where] of [['issuer', '/'], ['news', '/'], ['ads', '/'], ['idp', '/signin'], ['idp', '/error?code=origin_mismatch'], ['shop', '/'], ['shop', '/nosuch'], ['home', '/'], ['keeper', '/keeper']]) {
      const { headers } = await stack.fetch(site, where);
      const csp = headers['content-security-policy'];
      assert.match(csp, /script-src 'self'/, `${site}${where}: ${csp}`);
      assert.match(csp, /require-trusted-types-for 'script'/, `${site}${where}: ${csp}`);
      assert.doesNotMatch(csp, /script-src[^;]*'unsafe-(inline|eval)'/, `${site}${where}: ${csp}`);
    }
  });

  test('the audit sees what a policy stops', async () => {
    await page.eval(() => {
      try {
        document.createElement('div').innerHTML = '<b>markup</b>';
      } catch { /* Trusted Types */ }
    });
    await page.wait(() => true);
    const deadline = Date.now() + 15_000;
    while (reported.length === 0) {
      assert.ok(Date.now() < deadline, 'a violation was not reported');
      await new Promise((r) => setTimeout(r, 50));
    }
    reported.length = 0;
  });

  test('tokens, records, frames and the instrument', { timeout: 20 * 60_000 }, async () => {
    await page.follow('[data-do="signin-ada"]');
    assert.equal((await act(page, 'get-tokens')).state, 'done');
    await closed();
    await page.goto(stack.url('news'));
    assert.equal((await act(page, 'redeem')).state, 'done');
    assert.equal((await act(page, 'send-record')).ad, 'vouched');
    assert.equal((await act(page, 'vote')).state, 'done');
    await page.eval(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
    await page.wait(() => document.querySelectorAll('[data-exchanges] > *').length > 0);
    await closed();
    await page.goto(stack.url('home'));
    await page.wait(() => document.querySelectorAll('[data-chart] > *').length > 3);
    await page.goto(stack.url('issuer'));
    assert.equal((await act(page, 'replay-token')).state, 'refused');
  });

  test('sign-in by the provider\'s window, and the basket', { timeout: 20 * 60_000 }, async () => {
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-ada"]');
    await page.goto(stack.url('shop'));
    await press(page, 'signin');
    const popup = await page.opened((u) => u.startsWith(`${stack.origin('idp')}/fedcm/popup`), 30_000);
    await popup.wait(() => document.querySelector('[data-do="continue"]') !== null);
    await popup.click('[data-do="continue"]').catch(() => {}); // it closes
    const shown = await outcome(page, 'signin');
    assert.equal(shown.state, 'done', shown.text);
    await page.goto(stack.url('shop', '/basket'));
    await page.goto(stack.url('keeper', '/keeper'));
    await page.wait(() => document.querySelector('#state').dataset.state === 'home');
  });

  test('nothing was stopped', () => {
    assert.deepEqual(reported, []);
  });
});
