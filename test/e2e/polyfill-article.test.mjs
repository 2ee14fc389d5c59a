// Every JavaScript sample of the article that introduced Trust Tokens, taken from
// a copy of its text and run as it stands there. The table fills what the article
// leaves open: hosts, schemes, and what stands as "..." or <...>. Nothing else of
// a sample is changed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { Sites, closed, inClick } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

const article = readFileSync(path.join(import.meta.dirname, 'testdata/article-trust-tokens.md'), 'utf8');

/** The samples: blocks that are indented by four, and are code. */
const samples = [...article.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map((m) => m[0].replace(/^ {4}/gm, '').trim()).filter((s) => /fetch\(|document\./.test(s));

// In the order in which a person meets them; sample counts from 0, as they stand
// in the article.
const table = [
  { sample: 0, at: 'issuer', fill: (o) => [['https://issuer.example/issue', `${o.issuer}/issue`]], then: 'tokens' },
  { sample: 3, at: 'issuer', fill: (o) => [['issuer.example/.well-known/trust-token', `${o.issuer}/.well-known/trust-token`], ['.then(...)', '.then(() => {})']], then: 'tokens' },
  { sample: 4, at: 'paper', fill: (o) => [['<issuer>', `'${o.issuer}'`]], then: 'nothing' },
  { sample: 1, at: 'paper', fill: (o) => [['https://issuer.example/redeem', `${o.issuer}/redeem`]], then: 'record' },
  { sample: 2, at: 'paper', fill: (o) => [['foo.example/get-content', `${o.ads}/get-content`], ['https://issuer.example', o.issuer]], then: 'sent' },
  { sample: 5, at: 'weekly', fill: (o) => [['issuer.example/.well-known/trust-token', `${o.issuer}/.well-known/trust-token`], ['  ...\n', ''], ['  ...\n', ''], ['.then(...)', '.then(() => {})']], then: 'record' },
  { sample: 6, at: 'weekly', fill: (o) => [['<url>', `${o.ads}/get-content`], ['<issuer>, ...', `'${o.issuer}'`], ['  ...\n', ''], ['  ...\n', ''], ['.then(...)', '.then(() => {})']], then: 'sent' },
];

test('the article has seven samples, and each has its row', () => {
  assert.equal(samples.length, 7, samples.join('\n---\n'));
  assert.deepEqual(table.map((row) => row.sample).sort(), [0, 1, 2, 3, 4, 5, 6]);
});

const kinds = [
  { name: 'Chromium, native', browser: 'chromium', options: (stack) => ({ commitments: stack.commitments }), header: 'sec-redemption-record' },
  { name: 'Chromium without the API', browser: 'chromium', options: () => ({ flags: ['--disable-blink-features=PrivateStateTokens'] }) },
  { name: 'Chromium that does not know the issuer', browser: 'chromium', options: () => ({}) },
  { name: 'Firefox', browser: 'firefox', options: () => ({}) },
  { name: 'WebKitGTK', browser: 'webkit', options: () => ({}) },
];

for (const { name, browser: kind, options, header = 'private-state-redemption-record' } of kinds) {
  describe(name, () => {
    let stack, sites, browser, page;
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      browser = await launch(kind, options(stack));
      page = await browser.open(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
    });
    after(async () => {
      await browser?.close();
      await sites?.stop();
      await stack?.stop();
    });

    for (const { sample, at, fill, then } of table) {
      test(`${name}: sample ${sample + 1}, on ${at}: ${then}`, { timeout: 20 * 60_000 }, async () => {
        const here = at === 'issuer' ? stack.origin('issuer') : sites.origin(at);
        if (await page.eval(() => location.origin) !== here) await page.goto(`${here}/`);
        let code = samples[sample];
        for (const [from, to] of fill({ issuer: stack.origin('issuer'), ads: sites.origin('ads') })) {
          assert.ok(code.includes(from), `the sample has no ${from}:\n${code}`);
          code = code.replace(from, to);
        }
        sites.received.length = 0;
        // What fetch was called with is awaited, since most samples do not wait themselves.
        const failure = await inClick(page, `const real = window.fetch; let last;
          window.fetch = (...a) => (last = real(...a));
          try { ${code}
          await last; } finally { window.fetch = real; }`);
        assert.equal(failure, null, `${JSON.stringify(failure)}\n${code}`);
        const issuer = stack.origin('issuer');
        if (then === 'tokens') assert.equal(await page.eval((i) => document.hasTrustToken(i), issuer), true);
        if (then === 'record') assert.equal(await page.eval((i) => document.hasRedemptionRecord(i), issuer), true);
        if (then === 'sent') {
          const got = sites.received.find((r) => r.site === 'ads' && r.method === 'GET');
          assert.ok(got?.headers[header]?.startsWith(`"${issuer}";redemption-record="ey`), JSON.stringify(got));
        }
        await closed();
      });
    }
  });
}
