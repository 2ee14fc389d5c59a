// The web-platform-tests pages about Private State Tokens that say what a
// browser does with parameters, written anew with today's names. Each page's
// cases are a table: what is done, and what each surface answers. Only the
// native surface exists here; the answers are those of Chromium.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { hasWithoutFrame, validation, validationXHR, withFetch, withXHR } from './lib/wpt.mjs';

let browser, page, server, origin;

before(async () => {
  server = http.createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Access-Control-Allow-Origin': '*' });
    response.end('<!doctype html><html lang="en"><title>An empty page</title><link rel="icon" href="data:,">');
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  origin = `http://publisher.localhost:${server.address().port}`;
  browser = await launch('chromium');
  page = await browser.open(`${origin}/`);
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

for (const [title, apply] of [['trust-token-parameter-validation', withFetch], ['trust-token-parameter-validation-xhr', withXHR]]) {
  describe(title, () => {
    for (const { name, parameters, native } of validation) {
      test(`${title}, native: ${name}`, async () => {
        assert.equal(await page.eval(apply, parameters), native);
      });
    }
  });
}

describe('trust-token-parameter-validation-xhr', () => {
  for (const { name, run, native } of validationXHR) {
    test(`trust-token-parameter-validation-xhr, native: ${name}`, async () => {
      assert.equal(await page.eval(run), native);
    });
  }
});

describe('has-trust-token-with-no-top-frame', () => {
  for (const method of ['hasPrivateToken', 'hasRedemptionRecord']) {
    test(`has-trust-token-with-no-top-frame, native: ${method} in a document without a frame is refused`, async () => {
      const answer = await page.eval(hasWithoutFrame, method);
      assert.equal(answer, 'true InvalidStateError');
    });
  }
});

describe('an issuer that the browser does not know', () => {
  test('native: a token request is refused by its message, which tells it from every other refusal', async () => {
    const answer = await page.eval(async () => {
      try {
        await fetch(location.origin, { method: 'POST', privateToken: { version: 1, operation: 'token-request' } });
        return 'accepted';
      } catch (e) {
        return `${e.name}: ${e.message}`;
      }
    });
    assert.match(answer, /^InvalidStateError: No keys currently available/);
  });

  test('native: hasPrivateToken and hasRedemptionRecord answer false', async () => {
    assert.deepEqual(await page.eval(async () => [await document.hasPrivateToken('https://issuer.example'), await document.hasRedemptionRecord('https://issuer.example')]), [false, false]);
  });
});
