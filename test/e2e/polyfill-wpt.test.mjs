// The web-platform-tests pages about Private State Tokens on the polyfill's
// surface. Each case's answer is the native one; where the polyfill differs, the
// case says why.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { Sites, inClick } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';
import { validation, validationXHR, withFetch, withXHR } from './lib/wpt.mjs';

// The names of 2021 say the same with other words: type, and no version.
const old = ({ parameters }) => {
  if (parameters === null || typeof parameters !== 'object') return parameters;
  const { version: _v, operation, type: _t, ...rest } = parameters;
  return { ...(operation !== undefined && { type: operation }), ...rest };
};
const withOldFetch = (parameters) => {
  try {
    new Request(location.origin, { trustToken: parameters });
    return 'accepted';
  } catch (e) {
    return e.name;
  }
};
const withOldXHR = (parameters) => {
  const xhr = new XMLHttpRequest();
  xhr.open('GET', location.origin);
  try {
    xhr.setTrustToken(parameters);
    return 'accepted';
  } catch (e) {
    return e.name;
  }
};

for (const [kind, options] of [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]]) {
  describe(kind, () => {
    let stack, sites, browser, page;
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      browser = await launch(kind, options);
      page = await browser.open(`${sites.origin('publisher')}/`);
    });
    after(async () => {
      await browser?.close();
      await sites?.stop();
      await stack?.stop();
    });

    for (const [title, apply] of [['trust-token-parameter-validation', withFetch], ['trust-token-parameter-validation-xhr', withXHR]]) {
      for (const { name, parameters, native } of validation) {
        test(`${title}, ${kind}: ${name}`, async () => {
          assert.equal(await page.eval(apply, parameters), native);
        });
      }
    }
    for (const [title, apply] of [['trust-token-parameter-validation, names of 2021', withOldFetch], ['trust-token-parameter-validation-xhr, names of 2021', withOldXHR]]) {
      for (const c of validation.filter((v) => !v.name.startsWith('version'))) {
        test(`${title}, ${kind}: ${c.name}`, async () => {
          assert.equal(await page.eval(apply, old(c)), c.native);
        });
      }
    }
    for (const { name, run, native } of validationXHR) {
      test(`trust-token-parameter-validation-xhr, ${kind}: ${name}`, async () => {
        assert.equal(await page.eval(run), native);
      });
    }
    for (const method of ['hasPrivateToken', 'hasTrustToken', 'hasRedemptionRecord']) {
      test(`has-trust-token-with-no-top-frame, ${kind}: ${method} in a document without a frame is refused`, async () => {
        // A frame's own realm has the polyfill only where the frame's page includes
        // it, so the method of this page's realm is put to the document.
        assert.equal(await page.eval((m) => {
          const frame = document.body.appendChild(document.createElement('iframe'));
          const inner = frame.contentDocument;
          frame.remove();
          return Document.prototype[m].call(inner, 'https://issuer.example').then(String, (e) => `${e instanceof DOMException} ${e.name}`);
        }, method), 'true InvalidStateError');
      });
      test(`${kind}: ${method} refuses an issuer that is none`, async () => {
        for (const issuer of ['http://insecure.example', 'file:///etc', 'http://']) {
          assert.equal(await page.eval((m, i) => document[m](i).then(String, (e) => e.name), method, issuer), 'TypeError', issuer);
        }
      });
    }

    test(`trust-token-api-rate-limiting, ${kind}: no tokens left is OperationError, and hasPrivateToken knows afterwards`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(`${sites.origin('publisher')}/`);
      const answer = await inClick(page, async (issuer) => {
        const before = await document.hasPrivateToken(issuer);
        const redeem = () => fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).then((r) => r.status, (e) => `${e.name}: ${e.message}`);
        return { before, redeemed: await redeem(), after: await document.hasPrivateToken(issuer), record: await document.hasRedemptionRecord(issuer) };
      }, stack.origin('issuer'));
      // Natively before would be false: the polyfill's page has not met the keeper yet, and says true so that the page goes on to ask.
      assert.equal(answer.before, true);
      assert.match(String(answer.redeemed), /^OperationError: Tokens exhausted/);
      assert.deepEqual([answer.after, answer.record], [false, false]);
    });

    test(`trust-token-api-e2e, ${kind}: an issuer without keys is InvalidStateError`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(`${sites.origin('other')}/`);
      const answer = await inClick(page, (issuer) => fetch(`${issuer}/issue`, { method: 'POST', privateToken: { version: 1, operation: 'token-request' } }).then((r) => r.status, (e) => `${e.name}: ${e.message}`), stack.origin('shop'));
      assert.match(String(answer), /^InvalidStateError: No keys currently available/);
    });
  });
}
