// Signing in at the shop with FedCM in a real browser that has it natively, and
// every refusal that a provider and a relying party owe their users.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch, outcome, press } from './lib/browser.mjs';
import { FedCM } from './lib/fedcm.mjs';
import { Hand, rows } from './lib/signin.mjs';
import { Stack } from './lib/stack.mjs';

const shows = (page, selector) => page.wait((s) => document.querySelector(s) !== null, selector);

describe('FedCM in the browser', () => {
  let stack, browser, page, fedcm;
  before(async () => {
    stack = await Stack.start();
    browser = await launch('chromium');
    page = await browser.open(stack.url('idp', '/signin'));
    fedcm = await FedCM.watch(page);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  /** Presses sign in, picks an account, and waits until the shop knows the person. */
  async function signIn(name) {
    await press(page, 'signin');
    const dialog = await fedcm.dialog('AccountChooser');
    const index = dialog.accounts.findIndex((a) => a.name.startsWith(name));
    assert.ok(index >= 0, `${name} is not among ${dialog.accounts.map((a) => a.name)}`);
    await fedcm.select(dialog, index);
    await shows(page, '[data-do="signout"]');
    return dialog;
  }

  test('from signed out everywhere to a session at the shop', async () => {
    await page.follow('[data-do="signin-ada"]');
    await page.goto(stack.url('shop'));
    assert.equal(await page.eval(() => document.querySelector('[data-do="signout"]')), null, 'the shop begins signed in');
    const dialog = await signIn('Ada');
    assert.match(dialog.title, /shop\.localhost/);
    assert.match(dialog.title, /idp\.localhost/);
    assert.match(await page.eval(() => document.body.innerText), /Ada/);
    await page.goto(stack.url('shop'));
    assert.match(await page.eval(() => document.body.innerText), /Ada/, 'the session does not outlive the page');
  });

  test('signing out ends the session on the server, and the browser no longer signs in by itself', async () => {
    const cookies = (await page.cdp.send('Network.getCookies', { urls: [stack.url('shop')] })).cookies;
    assert.ok(cookies.length > 0);
    const old = cookies.map((c) => `${c.name}=${c.value}`).join('; ');
    assert.match((await stack.fetch('shop', '/', { headers: { Cookie: old } })).text, /Ada/);
    await press(page, 'signout');
    await shows(page, '[data-do="signin"]');
    assert.doesNotMatch((await stack.fetch('shop', '/', { headers: { Cookie: old } })).text, /data-do="signout"/, 'the old cookie still opens a session');
    const silent = await page.eval(async (configURL, clientId) => {
      try {
        await navigator.credentials.get({ mediation: 'silent', identity: { providers: [{ configURL, clientId, params: { nonce: 'n' } }] } });
        return 'signed in';
      } catch (e) {
        return e.name;
      }
    }, stack.url('idp', '/fedcm/config.json'), (await new Hand(stack).nonce()).providers[0].clientId);
    assert.equal(silent, 'NetworkError');
  });

  test('signing in again finds the same customer', async () => {
    const before = rows(stack, ['nonce', 'session', 'sign_in']);
    await page.goto(stack.url('shop'));
    await signIn('Ada');
    assert.deepEqual(rows(stack, ['nonce', 'session', 'sign_in']), before, 'a second customer was made');
    await press(page, 'signout');
    await shows(page, '[data-do="signin"]');
  });

  test('two accounts at the provider: the browser offers both, the shop gets the one that was picked', async () => {
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-grace"]');
    await page.goto(stack.url('shop'));
    const dialog = await signIn('Grace');
    assert.equal(dialog.accounts.length, 2);
    const text = await page.eval(() => document.body.innerText);
    assert.match(text, /Grace/);
    assert.doesNotMatch(text, /\bAda\b/);
  });

  test('the attack buttons show the refusal and its reason: reused nonce, wrong origin', async () => {
    for (const [name, reason] of [['reuse-nonce', /nonce/i], ['wrong-origin', /origin/i]]) {
      const shown = await act(page, name);
      assert.equal(shown.state, 'refused', shown.text);
      assert.match(shown.text, reason);
    }
  });

  test('dismissing the dialog signs nobody in, and the page says so', async () => {
    await press(page, 'signout');
    await shows(page, '[data-do="signin"]');
    await press(page, 'signin');
    await fedcm.dismiss(await fedcm.dialog('AccountChooser'));
    const shown = await outcome(page, 'signin');
    assert.ok(['refused', 'error'].includes(shown.state), shown.state);
    assert.ok(shown.text.length > 10, shown.text);
    assert.doesNotMatch((await page.eval(() => document.body.innerText)), /Signed in as/);
  });

  test('an account removed at the provider is no longer offered; with the last one gone nobody is signed in', async () => {
    await page.goto(stack.url('idp'));
    for (const who of ['Grace', 'Ada']) {
      await page.wait((name) => document.body.innerText.includes(name), who);
    }
    await page.follow('[data-do="signout-all"]');
    await page.goto(stack.url('shop'));
    const count = fedcm.count;
    await press(page, 'signin');
    // In active mode the browser then opens the provider's sign-in page.
    const popup = await page.opened((url) => url.startsWith(stack.url('idp', '/signin')));
    assert.equal(fedcm.count, count, 'a dialog came although nobody is signed in');
    await popup.close();
    const shown = await outcome(page, 'signin');
    assert.ok(['refused', 'error'].includes(shown.state), shown.state);
  });
});

describe('refused, each with its own reason, and nothing is created', () => {
  let stack, ada, client;
  before(async () => {
    stack = await Stack.start();
    ada = new Hand(stack);
    await ada.signInAtProvider('ada');
    client = (await ada.nonce()).providers[0].clientId;
  });
  after(() => stack?.stop());

  /** The provider refuses an assertion: status, code, no token, and no row is added anywhere. */
  async function refusedAssertion(change, status, code) {
    const { nonce } = await ada.nonce();
    const { id } = await ada.account();
    const before = rows(stack);
    const answer = await ada.assertion({ clientId: client, accountId: id, nonce, ...change });
    assert.equal(answer.status, status, answer.text);
    const body = JSON.parse(answer.text);
    assert.equal(body.code, code, answer.text);
    assert.equal(body.token, undefined);
    assert.ok(body.detail.length > 20, body.detail);
    assert.deepEqual(rows(stack), before);
    return answer;
  }

  test('the assertion without a fault is answered with a token', async () => {
    assert.match(await ada.token(), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test('wrong Origin', async () => {
    const answer = await refusedAssertion({ headers: { Origin: stack.origin('news') } }, 403, 'origin_mismatch');
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });
  test('no Origin', () => refusedAssertion({ headers: { Origin: undefined } }, 403, 'origin_missing'));
  test('Origin null', () => refusedAssertion({ headers: { Origin: 'null' } }, 403, 'origin_mismatch'));
  test('missing Sec-Fetch-Dest', () => refusedAssertion({ headers: { 'Sec-Fetch-Dest': undefined } }, 403, 'not_webidentity'));
  test('another Sec-Fetch-Dest', () => refusedAssertion({ headers: { 'Sec-Fetch-Dest': 'empty' } }, 403, 'not_webidentity'));
  test('an account that is signed in nowhere', () => refusedAssertion({ accountId: 'no-such-account' }, 403, 'account_not_signed_in'));
  test('a foreign account: signed in, but in another browser', async () => {
    const grace = new Hand(stack);
    await grace.signInAtProvider('grace');
    const { id } = await grace.account();
    await refusedAssertion({ accountId: id }, 403, 'account_not_signed_in');
  });
  test('an unknown client', () => refusedAssertion({ clientId: 'no-such-client' }, 403, 'unauthorized_client'));
  test('no nonce', () => refusedAssertion({ members: { params: undefined } }, 400, 'nonce_missing'));

  test('accounts without Sec-Fetch-Dest: refused although the cookies are there', async () => {
    const answer = await ada.accounts({});
    assert.equal(answer.status, 403, answer.text);
    assert.equal(JSON.parse(answer.text).accounts, undefined);
  });

  test('the page cookie alone does not open the accounts endpoint', async () => {
    const cookie = ada.jar.header(stack.host('idp')).split('; ').filter((c) => !/fedcm/.test(c)).join('; ');
    assert.notEqual(cookie, '');
    const answer = await stack.fetch('idp', '/fedcm/accounts', { headers: { Cookie: cookie, 'Sec-Fetch-Dest': 'webidentity' } });
    assert.equal(answer.status, 401, answer.text);
  });

  test('the FedCM cookie alone does not open the account page', async () => {
    const cookie = ada.jar.header(stack.host('idp')).split('; ').filter((c) => /fedcm/.test(c)).join('; ');
    assert.notEqual(cookie, '');
    assert.match((await stack.fetch('idp', '/', { headers: { Cookie: ada.jar.header(stack.host('idp')) } })).text, /ada@idp\.example/);
    assert.doesNotMatch((await stack.fetch('idp', '/', { headers: { Cookie: cookie, 'Sec-Fetch-Dest': 'webidentity' } })).text, /ada@idp\.example/);
  });

  /** The shop refuses a token: status, code, no session, and no customer is added. */
  async function refusedToken(hand, token, code, headers) {
    const but = ['nonce'];
    const before = rows(stack, but);
    const answer = await hand.intake(token, headers);
    assert.equal(answer.status, 403, answer.text);
    assert.equal(JSON.parse(answer.text).code, code, answer.text);
    assert.deepEqual(rows(stack, but), before);
    assert.doesNotMatch((await hand.fetch('shop')).text, /data-do="signout"/);
  }

  test('a reused nonce', async () => {
    const hand = new Hand(stack);
    await hand.signInAtProvider('grace');
    const token = await hand.token();
    const first = await hand.intake(token);
    assert.equal(first.status, 200, first.text);
    await hand.fetch('shop', '/signout', { method: 'POST', headers: { Origin: stack.origin('shop'), 'Sec-Fetch-Site': 'same-origin' } });
    // Signing out forgets the browser; a new nonce makes it known again, as the same page would.
    await hand.nonce();
    const again = await hand.intake(token);
    assert.equal(again.status, 403);
    assert.equal(JSON.parse(again.text).code, 'nonce_reused');
  });

  test('a reused nonce, in the same browser while its session lasts', async () => {
    const hand = new Hand(stack);
    await hand.signInAtProvider('grace');
    const token = await hand.token();
    assert.equal((await hand.intake(token)).status, 200);
    const before = rows(stack, ['nonce']);
    const again = await hand.intake(token);
    assert.equal(again.status, 403, again.text);
    assert.equal(JSON.parse(again.text).code, 'nonce_reused');
    assert.deepEqual(rows(stack, ['nonce']), before);
  });

  test('20 parallel uses of one token: one session', async () => {
    const hand = new Hand(stack);
    await hand.signInAtProvider('grace');
    const token = await hand.token();
    const answers = await Promise.all(Array.from({ length: 20 }, () => hand.intake(token)));
    assert.equal(answers.filter((a) => a.status === 200).length, 1, answers.map((a) => a.status).join(' '));
  });

  test('a nonce from another browser', async () => {
    const other = new Hand(stack);
    await other.nonce();
    await refusedToken(other, await ada.token(), 'nonce_other_browser');
  });

  test('a browser that never asked for a nonce', async () => refusedToken(new Hand(stack), await ada.token(), 'browser_unknown'));

  test('a nonce that the shop never issued', async () => {
    const hand = new Hand(stack);
    await hand.signInAtProvider('ada');
    await hand.nonce();
    const { id } = await hand.account();
    const answer = await hand.assertion({ clientId: client, accountId: id, nonce: 'made-up-elsewhere' });
    await refusedToken(hand, JSON.parse(answer.text).token, 'nonce_unknown');
  });

  test('a token with one character of its signature changed', async () => {
    const hand = new Hand(stack);
    await hand.signInAtProvider('ada');
    const token = await hand.token();
    const at = token.lastIndexOf('.') + 10;
    await refusedToken(hand, token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1), 'signature_invalid');
  });

  test('a token posted by another site\'s page', async () => {
    const hand = new Hand(stack);
    await hand.signInAtProvider('ada');
    await refusedToken(hand, await hand.token(), 'cross_origin_request', { Origin: stack.origin('news'), 'Sec-Fetch-Site': 'cross-site' });
  });
});
