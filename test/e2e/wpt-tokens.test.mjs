// The web-platform-tests pages about Private State Tokens that say what a
// browser does with parameters, written anew with today's names. Each page's
// cases are a table: what is done, and what each surface answers. Only the
// native surface exists here; the answers are those of Chromium.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';

// Each case runs in the page with fetch's or XMLHttpRequest's way of giving the
// parameters, and answers the name of what was thrown or "accepted".
const withFetch = (parameters) => {
  try {
    new Request(location.origin, { privateToken: parameters });
    return 'accepted';
  } catch (e) {
    return e.name;
  }
};
const withXHR = (parameters) => {
  const xhr = new XMLHttpRequest();
  xhr.open('GET', location.origin);
  try {
    xhr.setPrivateToken(parameters);
    return 'accepted';
  } catch (e) {
    return e.name;
  }
};

const send = (...issuers) => ({ version: 1, operation: 'send-redemption-record', issuers });

const validation = [
  { name: 'the parameters are an object', parameters: 3, native: 'TypeError' },
  { name: 'version is required', parameters: { operation: 'token-request' }, native: 'TypeError' },
  { name: 'version is a number', parameters: { version: 'one', operation: 'token-request' }, native: 'TypeError' },
  { name: 'version is 1', parameters: { version: 2, operation: 'token-request' }, native: 'TypeError' },
  { name: 'operation is required', parameters: { version: 1 }, native: 'TypeError' },
  { name: 'operation is one of three words', parameters: { version: 1, operation: 'invalid' }, native: 'TypeError' },
  { name: 'refreshPolicy is one of two words', parameters: { version: 1, operation: 'token-redemption', refreshPolicy: 'sometimes' }, native: 'TypeError' },
  { name: 'refreshPolicy none is accepted', parameters: { version: 1, operation: 'token-redemption', refreshPolicy: 'none' }, native: 'accepted' },
  { name: 'refreshPolicy refresh is accepted', parameters: { version: 1, operation: 'token-redemption', refreshPolicy: 'refresh' }, native: 'accepted' },
  { name: 'sending needs issuers', parameters: { version: 1, operation: 'send-redemption-record' }, native: 'TypeError' },
  { name: 'sending needs at least one issuer', parameters: send(), native: 'TypeError' },
  { name: 'issuers are strings', parameters: send(3), native: 'TypeError' },
  { name: 'issuers are URLs', parameters: send('not a valid URL'), native: 'TypeError' },
  { name: 'issuers are secure', parameters: send('http://not-secure.example'), native: 'TypeError' },
  { name: 'one insecure issuer among secure ones is refused', parameters: send('https://secure.example', 'http://not-secure.example'), native: 'TypeError' },
  { name: 'localhost is secure enough', parameters: send('http://localhost'), native: 'accepted' },
  { name: 'a subdomain of localhost is secure enough', parameters: send('http://issuer.localhost:8080'), native: 'accepted' },
  { name: 'token-request alone is accepted', parameters: { version: 1, operation: 'token-request' }, native: 'accepted' },
  { name: 'unknown members are ignored', parameters: { version: 1, operation: 'token-request', type: 'anything', signRequestData: 'include' }, native: 'accepted' },
];

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
  for (const { name, run, native } of [
    {
      name: 'setPrivateToken before open is refused', native: 'InvalidStateError',
      run: () => { try { new XMLHttpRequest().setPrivateToken({ version: 1, operation: 'token-request' }); return 'accepted'; } catch (e) { return e.name; } },
    },
    {
      name: 'setPrivateToken after send is refused', native: 'InvalidStateError',
      run: () => {
        const xhr = new XMLHttpRequest();
        xhr.open('GET', location.origin);
        xhr.send();
        try { xhr.setPrivateToken({ version: 1, operation: 'token-request' }); return 'accepted'; } catch (e) { return e.name; } finally { xhr.abort(); }
      },
    },
  ]) {
    test(`trust-token-parameter-validation-xhr, native: ${name}`, async () => {
      assert.equal(await page.eval(run), native);
    });
  }
});

describe('has-trust-token-with-no-top-frame', () => {
  for (const method of ['hasPrivateToken', 'hasRedemptionRecord']) {
    test(`has-trust-token-with-no-top-frame, native: ${method} in a document without a frame is refused`, async () => {
      const answer = await page.eval(async (name) => {
        const frame = document.body.appendChild(document.createElement('iframe'));
        const inner = frame.contentDocument;
        const { DOMException: Exception } = frame.contentWindow;
        frame.remove();
        try {
          return String(await inner[name]('https://issuer.example'));
        } catch (e) {
          return `${e instanceof Exception || e instanceof DOMException} ${e.name}`;
        }
      }, method);
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
