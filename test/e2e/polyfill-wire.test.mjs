// What the polyfill sends: the redemption that reaches the issuer is searched for
// everything that an issuance contained, and what a browser loads is held against
// the manifest.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { closed, inClick, manifest } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';
import { Tap } from './lib/tap.mjs';

const paths = { issue: '/.well-known/private-state-token/polyfill/issue', redeem: '/.well-known/private-state-token/polyfill/redeem' };
const proxied = {
  chromium: (tap) => ({ flags: ['--disable-blink-features=PrivateStateTokens', ...tap.flags] }),
  firefox: (tap) => ({ prefs: {
    'network.proxy.type': 1, 'network.proxy.http': '127.0.0.1', 'network.proxy.http_port': tap.port, 'network.proxy.allow_hijacking_localhost': true,
  } }),
  webkit: (tap) => ({ flags: [`--proxy=http://127.0.0.1:${tap.port}`] }),
};

for (const kind of ['chromium', 'firefox', 'webkit']) {
  describe(kind, () => {
    let stack, tap, browser, page;
    before(async () => {
      stack = await Stack.start();
      tap = await Tap.start();
      browser = await launch(kind, proxied[kind](tap));
      page = await browser.open(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
      assert.equal((await act(page, 'get-tokens')).state, 'done');
      await closed();
      await page.goto(stack.url('news'));
      assert.equal((await act(page, 'redeem')).state, 'done');
    });
    after(async () => {
      await browser?.close();
      await tap?.stop();
      await stack?.stop();
    });

    const sent = (path) => tap.exchanges.filter((e) => e.path === path && e.method === 'POST');

    test(`${kind}: the request for tokens carries the issuer's own session, and nothing of the browser's own headers`, () => {
      const [issue, ...more] = sent(paths.issue);
      assert.equal(more.length, 0);
      assert.equal(issue.status, 200);
      assert.ok(issue.headers.cookie, 'the session is what the policy goes by');
      assert.equal(issue.headers['sec-private-state-token'], undefined);
    });

    test(`${kind}: the redemption carries no cookie, no referrer, the keeper's Origin, and nothing that the issuance contained`, () => {
      const [issue] = sent(paths.issue);
      const [redeem, ...more] = sent(paths.redeem);
      assert.equal(more.length, 0);
      assert.equal(redeem.status, 200);
      assert.equal(redeem.headers.cookie, undefined);
      assert.equal(redeem.headers.authorization, undefined);
      assert.equal(redeem.headers.referer, undefined);
      assert.equal(redeem.headers.origin, stack.origin('keeper'));

      const asked = Buffer.from(issue.headers['private-state-token'], 'base64');
      const answered = Buffer.from(issue.responseHeaders['private-state-token'], 'base64');
      const count = asked.readUInt16BE(0);
      const issued = answered.readUInt16BE(0);
      assert.deepEqual([count, issued], [30, 30]);
      const needles = {};
      for (let i = 0; i < count; i++) needles[`blinded element ${i}`] = asked.subarray(2 + 97 * i, 2 + 97 * (i + 1));
      for (let i = 0; i < issued; i++) needles[`evaluated element ${i}`] = answered.subarray(6 + 97 * i, 6 + 97 * (i + 1));
      needles['proof c'] = answered.subarray(answered.length - 96, answered.length - 48);
      needles['proof s'] = answered.subarray(answered.length - 48);
      for (const pair of issue.headers.cookie.split('; ')) needles[`cookie ${pair.split('=')[0]}`] = Buffer.from(pair.slice(pair.indexOf('=') + 1));
      needles.account = Buffer.from('Ada');

      // Everything that arrived, as text and as bytes, with the token taken apart too.
      const whole = Buffer.from([redeem.method, redeem.url, ...Object.entries(redeem.headers).flat()].join('\n'));
      const token = Buffer.from(redeem.headers['private-state-token'], 'base64');
      assert.equal(token.readUInt16BE(0), 165);
      let searched = 0;
      for (const [what, bytes] of Object.entries(needles)) {
        // A point without its first byte, too: its coordinates are what would be known again.
        for (const needle of [bytes, bytes.length === 97 ? bytes.subarray(1, 49) : bytes]) {
          for (const form of [needle, Buffer.from(needle.toString('base64').replace(/=+$/, '')), Buffer.from(needle.toString('hex')), Buffer.from(needle.toString('base64url'))]) {
            assert.equal(whole.includes(form) || token.includes(form), false, `${what} is in the redemption`);
            searched++;
          }
        }
      }
      assert.ok(searched > 240);
      // The search finds what is there.
      assert.ok(token.includes(answered.subarray(2, 6)), 'the key id is in both');
    });

    test(`${kind}: the ad network gets the record in the polyfill's header, and the preflight is answered`, async () => {
      await page.eval(() => document.querySelector('[data-do="send-record"]').scrollIntoView({ block: 'center' }));
      assert.equal((await act(page, 'send-record')).ad, 'vouched');
      const ad = tap.exchanges.filter((e) => e.host === stack.host('ads') && e.path === '/ad');
      const preflight = ad.find((e) => e.method === 'OPTIONS');
      assert.match(preflight.headers['access-control-request-headers'], /private-state-redemption-record/);
      const get = ad.find((e) => e.method === 'GET');
      assert.match(get.headers['private-state-redemption-record'], /^"http:\/\/issuer\.localhost/);
      assert.equal(get.headers.cookie, undefined);
    });

    test(`${kind}: what was loaded is what the manifest lists`, () => {
      const got = new Set(tap.exchanges.filter((e) => e.path.startsWith('/bonafides/')).map((e) => e.path.slice('/bonafides/'.length)));
      assert.deepEqual([...got].sort(), [...manifest.flows.tokens.classic].sort());
      for (const e of tap.exchanges.filter((e) => e.path.startsWith('/bonafides/'))) {
        const sent = Number(e.responseHeaders['content-length']); // compressed, where the browser takes that
        assert.ok(sent > 0 && sent <= manifest.hashes[e.path.slice('/bonafides/'.length)].bytes, `${e.path}: ${sent}`);
      }
    });

    test(`${kind}: nobody is asked anything that names who opened the keeper`, () => {
      const opened = tap.exchanges.filter((e) => e.host === stack.host('keeper'));
      assert.ok(opened.length > 0);
      for (const e of opened) {
        assert.equal(e.headers.cookie, undefined);
        assert.equal(e.responseHeaders['set-cookie'], undefined);
        assert.equal(new URL(e.url).search, '');
      }
    });

    test(`${kind}: a record that has expired is sent no longer`, { timeout: 20 * 60_000 }, async () => {
      await closed();
      tap.rewrite = (exchange, out) => { if (exchange.path === paths.redeem && out['private-state-token-lifetime']) out['private-state-token-lifetime'] = '8'; };
      const does = async (name) => {
        await page.eval((n) => document.querySelector(`[data-do="${n}"]`).scrollIntoView({ block: 'center' }), name);
        return act(page, name);
      };
      const redeemed = await inClick(page, (issuer) => fetch(`${issuer}/redeem`, {
        method: 'POST', privateToken: { version: 1, operation: 'token-redemption', refreshPolicy: 'refresh' },
      }).then((r) => r.status), stack.origin('issuer'));
      assert.equal(redeemed, 200);
      await closed();
      assert.equal((await does('send-record')).ad, 'vouched');
      const deadline = Date.now() + 20_000;
      while (await page.eval((i) => document.hasRedemptionRecord(i), stack.origin('issuer'))) {
        assert.ok(Date.now() < deadline, 'the record of 8 seconds still lives after 20');
        await new Promise((r) => setTimeout(r, 200));
      }
      const before = tap.exchanges.length;
      assert.equal((await does('send-record')).ad, 'plain');
      const asked = tap.exchanges.slice(before).filter((e) => e.host === stack.host('ads'));
      assert.ok(asked.length > 0);
      for (const e of asked) assert.equal(e.headers['private-state-redemption-record'] ?? '', '');
      assert.equal((await does('vote')).state, 'refused');
    });
  });
}
