// Chromium with FedCM: where it shows nothing, the button that was pressed goes
// on to the provider's window or to a redirect; where it showed something, what
// the person said there stays said.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { answer, click, inClick } from './lib/polyfill.mjs';
import { NativePerson, Providers, SignInSites, WindowPerson, claims } from './lib/providers.mjs';
import { alone, closeOthers, inFront, others } from './lib/windows.mjs';

const nonce = 'n-0123456789abcdef';
const get = (o, rest = {}) => window.tell(navigator.credentials.get({ identity: { mode: o.mode ?? 'passive', providers: [{ configURL: o.configURL, clientId: 'rp', params: o.params }] }, ...rest }));

let sites, providers, call;
before(async () => {
  sites = await SignInSites.start();
  for (const site of ['rp', 'locked']) sites.attributes[site] = 'data-redirect="/redirected"';
  sites.headers.locked = { 'Permissions-Policy': 'identity-credentials-get=()' };
  providers = await Providers.start({ origins: ['rp', 'plain', 'locked'].map((s) => sites.origin(s)) });
  call = { configURL: providers.config('one'), params: { nonce } };
});
after(async () => {
  await providers?.stop();
  await sites?.stop();
});

// What the settings call third-party sign-in, switched off.
const off = { preferences: { profile: { default_content_setting_values: { webid_api: 2 } } } };

const bar = () => document.querySelector('bonafides-ask') !== null;

/** Waits until the press went on: to a window at once or, where the browser took its time, after another press. */
async function wentOn(page) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    if ((await others(page)).length > 0) return 'at once';
    if (await page.eval(bar)) {
      const text = await page.eval(() => {
        const root = document.querySelector('bonafides-ask').shadowRoot;
        document.querySelector('#go').onclick = () => root.querySelector('button.go').click();
        return root.querySelector('p').textContent;
      });
      assert.match(text, /^This browser has not signed you in\. Sign in to rp\.localhost:\d+ with one\.localhost:\d+ in another way\?/);
      await page.click('#go');
      return 'asked';
    }
    if (Date.now() > deadline) throw new Error('the press led to nothing');
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** The rest of a sign-in in the provider's window. */
async function inWindow(page) {
  const question = await new WindowPerson(page).asked(providers.origin('one'));
  await question.choose('Ada Brandt');
  const got = await answer(page);
  assert.equal(claims(got.token).nonce, nonce, String(got.message));
  assert.deepEqual(await page.eval(() => ({ ...window.bonafides.signInPath(), is: window.bonafides.path })),
    { path: 'popup', why: "This browser's FedCM showed nothing and gave no answer.", is: 'popup' });
  await alone(page);
}

describe('FedCM switched off in the settings', () => {
  let browser, page;
  before(async () => {
    browser = await launch('chromium', off);
    page = await browser.open();
    await providers.signIn(page, 'one', 'ada');
  });
  after(() => browser?.close());
  afterEach(() => closeOthers(page));
  const fresh = async () => {
    await page.goto(`${sites.origin('rp')}/`);
    await inFront(page);
  };

  test('the browser delays its no: after some seconds the press is offered another way', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await click(page, get, call);
    await wentOn(page);
    await inWindow(page);
  });

  test('the browser says no at once: the press goes on', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await page.cdp.send('FedCm.enable', { disableRejectionDelay: true });
    await click(page, get, call);
    await wentOn(page);
    await inWindow(page);
  });

  test('a no to the other way is the browser\'s own error', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await page.eval(() => { window.open = () => null; document.addEventListener('bonafides:ask-signin', (e) => { e.preventDefault(); window.detail = e.detail; }); });
    await page.cdp.send('FedCm.disable');
    await click(page, get, call);
    await page.wait(() => window.detail !== undefined);
    assert.equal(await page.eval(() => window.detail.reason), 'native');
    await page.eval(() => window.detail.dismiss());
    assert.equal((await answer(page)).name, 'NetworkError');
    await page.cdp.send('FedCm.enable', { disableRejectionDelay: true });
  });

  test('an abort ends all of it', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await page.eval(() => document.addEventListener('bonafides:ask-signin', (e) => { e.preventDefault(); window.detail = e.detail; }));
    await page.cdp.send('FedCm.disable');
    await click(page, (o) => {
      window.ending = new AbortController();
      return window.tell(navigator.credentials.get({ signal: window.ending.signal, identity: { providers: [{ configURL: o.configURL, clientId: 'rp', params: o.params }] } }));
    }, call);
    await page.wait(() => window.detail !== undefined);
    await page.eval(() => window.ending.abort());
    assert.equal((await answer(page)).name, 'AbortError');
    await page.cdp.send('FedCm.enable', { disableRejectionDelay: true });
  });

  for (const [what, options] of [['on page load', {}], ['silently', { mediation: 'silent' }]]) {
    test(`nothing was pressed (${what}): the browser's no stays`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(sites.calling({ ...options, identity: { providers: [{ configURL: call.configURL, clientId: 'rp', params: call.params }] } }));
      assert.equal((await page.eval(() => window.waiting)).name, 'NetworkError');
      assert.equal(await page.eval(bar), false);
      await alone(page);
    });
  }

  test('a site without a redirect gets the browser\'s answer', async () => {
    await page.goto(`${sites.origin('plain')}/`);
    assert.equal((await inClick(page, get, call)).name, 'NetworkError');
    assert.equal(await page.eval(bar), false);
    await alone(page);
  });
});

describe('FedCM as it comes', () => {
  let browser, page, person;
  before(async () => {
    browser = await launch('chromium');
    page = await browser.open();
    await providers.signIn(page, 'one', 'ada');
    person = await NativePerson.watch(page);
  });
  after(() => browser?.close());
  afterEach(() => closeOthers(page));
  const fresh = async (site = 'rp') => {
    await page.goto(`${sites.origin(site)}/`);
    await inFront(page);
    person.fedcm.skip();
  };

  /** A person takes longer than a machine to say no. */
  const read = () => page.eval(() => new Promise((r) => { setTimeout(r, 600); }));

  for (const mode of ['active', 'passive']) {
    test(`${mode}: it works, and nothing else is opened`, { timeout: 20 * 60_000 }, async () => {
      await fresh();
      await click(page, get, { ...call, mode }, { mediation: 'required' });
      const dialog = await person.asked();
      await page.eval(() => new Promise((r) => { setTimeout(r, 4500); })); // longer than the kit's patience
      assert.equal(await page.eval(bar), false, 'the dialog is up, so nothing else is offered');
      await dialog.choose('Ada Brandt');
      const got = await answer(page);
      assert.ok(got.token, String(got.message));
      assert.equal(await page.eval(() => window.bonafides.path), 'native');
      await alone(page);
    });

    test(`${mode}: a dialog that is dismissed is not gone around`, { timeout: 20 * 60_000 }, async () => {
      await fresh();
      await click(page, get, { ...call, mode }, { mediation: 'required' });
      const dialog = await person.asked();
      await read();
      await person.fedcm.dismiss(dialog.dialog, mode === 'passive');
      assert.equal((await answer(page)).name, 'NetworkError');
      assert.equal(await page.eval(bar), false);
      await alone(page);
    });
  }

  test('the "no" of before silences the next call: another press of the button goes on', { timeout: 20 * 60_000 }, async () => {
    await person.fedcm.resetCooldown();
    await fresh();
    await click(page, get, call, { mediation: 'required' });
    const dialog = await person.asked();
    await read();
    await person.fedcm.dismiss(dialog.dialog, true);
    assert.equal((await answer(page)).name, 'NetworkError');
    const before = person.fedcm.count;
    await click(page, get, call, { mediation: 'required' });
    await wentOn(page);
    assert.equal(person.fedcm.count, before, 'the browser showed a dialog; it was to be silent');
    await inWindow(page);
    await person.fedcm.resetCooldown();
  });

  test('a refusal of the provider is not gone around', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await click(page, get, { ...call, params: {}, mode: 'active' }, { mediation: 'required' });
    await (await person.asked()).choose('Ada Brandt');
    const failed = await person.asked();
    await person.fedcm.press(failed.dialog, 'ErrorGotIt');
    const got = await answer(page);
    assert.deepEqual([got.name, got.error], ['IdentityCredentialError', 'nonce_missing']);
    assert.equal(await page.eval(bar), false);
    await alone(page);
  });

  test('a permissions policy that forbids it is not gone around', async () => {
    await fresh('locked');
    assert.equal((await inClick(page, get, call)).name, 'NotAllowedError');
    assert.equal(await page.eval(bar), false);
    await alone(page);
  });

  test('nobody is signed in at the provider: the press goes on to its window, which asks for that first', { timeout: 20 * 60_000 }, async () => {
    await page.goto(providers.origin('one'));
    await page.follow('[data-do="signout-all"]');
    await fresh();
    const before = person.fedcm.count;
    await click(page, get, call);
    await wentOn(page);
    assert.equal(person.fedcm.count, before);
    const [w] = await others(page);
    await w.wait(() => document.querySelector('[data-do="signin-ada"]') !== null);
    await w.press('[data-do="signin-ada"]');
    await inWindow(page);
  });

  test('however quickly a dialog is dismissed, that is a no', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await click(page, get, { ...call, mode: 'active' }, { mediation: 'required' });
    await (await person.asked()).cancel();
    assert.equal((await answer(page)).name, 'NetworkError');
    assert.equal(await page.eval(bar), false);
    await alone(page);
  });

  test('a broken provider, in active mode: the browser begins to show something; if that was it, the next press goes on', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    const broken = { ...call, mode: 'active', configURL: `${providers.origin('one')}/none.json` };
    await click(page, get, broken);
    await page.wait(() => window.clicked !== null || location.pathname === '/redirected');
    if (await page.eval(() => location.pathname !== '/redirected')) {
      assert.equal((await answer(page)).name, 'NetworkError');
      await click(page, get, broken);
    }
    await page.wait(() => location.pathname === '/redirected');
  });

  test('the provider has neither FedCM nor a window: the press goes on to the redirect', { timeout: 20 * 60_000 }, async () => {
    await fresh();
    await click(page, get, { ...call, configURL: `${providers.origin('one')}/none.json` });
    await page.wait(() => location.pathname === '/redirected' && window.bonafides !== undefined);
    assert.deepEqual(await page.eval(() => window.bonafides.signInPath()), { path: 'redirect', why: 'The provider offers no window.' });
    await page.goto(`${sites.origin('rp')}/`);
    assert.equal(await page.eval(() => window.bonafides.path), 'native', 'it is told once');
  });
});
