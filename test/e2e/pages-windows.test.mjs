// The provider's pages that no link leads to: its window, its consent page and its
// refusals. In every state, at 360 and 1280 pixels, in light and dark. With
// BONAFIDES_PICTURES=1 pictures are left in test/e2e/out.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inClick } from './lib/polyfill.mjs';
import { good, page, stack } from './lib/windowpages.mjs';

/** Opens an address in a window, as a relying party's page does. */
async function windowFrom(origin, url) {
  await page.goto(origin);
  await inClick(page, (u) => { window.other = window.open(u, '', 'popup,width=500,height=600'); }, url);
  return page.opened((u) => u.startsWith(url.split('?')[0].split('#')[0]));
}

const popupURL = (more = {}) => {
  const params = { client_id: 'kiln-lane', origin: stack.origin('shop'), state: 's', nonce: 'a-nonce', ...more };
  return stack.url('idp', `/fedcm/popup?${new URLSearchParams(Object.entries(params).filter(([, v]) => v !== undefined))}`);
};

describe('the provider\'s window', () => {
  test('nobody is signed in: the sign-in form', async () => {
    const w = await windowFrom(stack.url('shop'), popupURL());
    await w.wait(() => location.pathname === '/signin');
    await good(w, 'window-signin', /Sign in/);
    await w.close();
  });

  test('one account', async () => {
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-ada"]');
    const w = await windowFrom(stack.url('shop'), popupURL());
    await good(w, 'window-one', /Sign in to Kiln Lane[\s\S]*learns/);
    await w.close();
  });

  for (const [context, says] of [['signup', /Sign up to/], ['use', /Use your account/], ['continue', /Continue to/]]) {
    test(`context ${context}`, async () => {
      await page.goto(popupURL({ context }));
      await good(page, `window-${context}`, says);
    });
  }

  test('the window that lost its page says so', async () => {
    await page.goto(popupURL());
    await good(page, 'window-lost', /lost the page that opened it/);
  });

  test('a hint that no account here has', async () => {
    await page.goto(popupURL({ domain_hint: 'other.example' }));
    await good(page, 'window-hint', /Kiln Lane asks for an account of other\.example/);
  });

  for (const [name, more, status, says] of [
    ['unknown-client', { client_id: 'nobody' }, 403, /not know the site|not registered/],
    ['no-client', { client_id: undefined }, 400, /client_id/],
    ['foreign-origin', { origin: 'https://evil.example' }, 403, /does not belong/],
    ['no-state', { state: undefined }, 400, /no state/],
    ['no-nonce', { nonce: undefined }, 400, /no nonce/],
    ['unknown-context', { context: 'other' }, 400, /unknown context/],
    ['unknown-action', { action: 'other' }, 400, /unknown action/],
    ['long', { params: JSON.stringify({ x: 'x'.repeat(4000) }) }, 400, /longer than/],
  ]) {
    test(`refused: ${name}`, async () => {
      assert.equal((await page.goto(popupURL(more))).status, status);
      await good(page, `window-refused-${name}`, says, { status });
      assert.doesNotMatch(await page.eval(() => document.body.innerText), /Bad Request|Forbidden|lost the page/);
    });
  }

  test('cancelled', async () => {
    await page.goto(popupURL());
    await page.follow('[data-do="cancel"]');
    await good(page, 'window-cancelled', /told nothing about you/);
  });

  test('signed in', async () => {
    await page.goto(popupURL());
    await page.follow('[data-do="continue"]');
    await good(page, 'window-signed-in', /Going back to Kiln Lane/);
  });

  test('disconnecting, and disconnected', async () => {
    await page.goto(popupURL({ action: 'disconnect', account_hint: 'ada@idp.example', nonce: undefined }));
    await good(page, 'window-disconnect', /asks to be disconnected/);
    await page.follow('[data-do="continue"]');
    await good(page, 'window-disconnected', /has to ask again/);
  });

  test('disconnecting again', async () => {
    const { status } = await page.goto(popupURL({ action: 'disconnect', account_hint: 'ada@idp.example', nonce: undefined }));
    await good(page, 'window-disconnect-again', /not connected/, { status });
  });

  test('disconnecting an account that is not here', async () => {
    const { status } = await page.goto(popupURL({ action: 'disconnect', account_hint: 'nobody@idp.example', nonce: undefined }));
    await good(page, 'window-disconnect-nobody', /not connected/, { status }); // the same as of one that is here
  });

  test('two accounts', async () => {
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-grace"]');
    await page.goto(popupURL());
    assert.equal(await page.eval(() => document.querySelectorAll('[data-do="continue"]').length), 2);
    await good(page, 'window-two', /Ada[\s\S]*Grace|Grace[\s\S]*Ada/);
  });
});

describe('the provider\'s consent page', () => {
  test('two accounts', async () => {
    await page.goto(stack.url('shop'));
    await page.follow('[data-do="signin-redirect"]');
    await good(page, 'consent-two', /Continue to Kiln Lane/);
  });

  for (const [name, change, status, says] of [
    ['unknown-client', (u) => u.searchParams.set('client_id', 'nobody'), 400, /./],
    ['redirect-uri', (u) => u.searchParams.set('redirect_uri', 'https://evil.example/'), 400, /./],
  ]) {
    test(`refused: ${name}`, async () => {
      await page.goto(stack.url('shop'));
      await page.follow('[data-do="signin-redirect"]');
      const u = new URL(await page.url());
      change(u);
      assert.equal((await page.goto(u.href)).status, status);
      await good(page, `consent-refused-${name}`, says, { status });
    });
  }
});

describe('refusals', () => {
  for (const [code, says] of Object.entries({
    signed_out: /not signed in here/, account_not_signed_in: /That account/, unauthorized_client: /not registered/, origin_mismatch: /somewhere else/,
    temporarily_unavailable: /could not answer/, server_error: /do not have/, nonce_missing: /in a way that we refuse/, nosuch: /in a way that we refuse/,
  })) {
    test(`the provider's error page: ${code}`, async () => {
      await page.goto(stack.url('idp', `/error?code=${code}`));
      await good(page, `error-${code}`, says);
    });
  }

  test('a sign-in that comes back with a state that nobody has', async () => {
    const { status } = await page.goto(stack.url('shop', '/signin/callback/lanternkey?code=x&state=y'));
    assert.ok(status >= 400, String(status));
    await good(page, 'callback-refused', /not signed in|state/, { status });
  });
});
