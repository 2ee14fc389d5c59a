// What the sign-in flow refuses, in browsers without FedCM: the same refusals as
// natively (fedcm.test.mjs), and those that only a window has.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { act, launch, outcome, press } from './lib/browser.mjs';
import { answer, click } from './lib/polyfill.mjs';
import { Providers, SignInSites, WindowPerson, claims, foreignProvider } from './lib/providers.mjs';
import { rows } from './lib/signin.mjs';
import { Stack } from './lib/stack.mjs';
import { alone, closeOthers, opened } from './lib/windows.mjs';

const nonce = 'n-0123456789abcdef';
const get = (provider) => window.tell(navigator.credentials.get({ identity: { mode: 'active', providers: [provider] } }));
const listen = () => { window.heard = []; addEventListener('message', (e) => window.heard.push(e.data)); };

let stack, sites, providers, provider, foreign;
before(async () => {
  stack = await Stack.start();
  sites = await SignInSites.start();
  providers = await Providers.start({ origins: [sites.origin('rp')] });
  provider = { configURL: providers.config('one'), clientId: 'rp', params: { nonce } };
  foreign = foreignProvider(sites, 'foreign', [sites.origin('rp')]);
});
after(async () => {
  await providers?.stop();
  await sites?.stop();
  await stack?.stop();
});

for (const [name, options] of [['firefox', {}], ['webkit', {}], ['chromium', { flags: ['--disable-features=FedCm'] }]]) {
  describe(name, () => {
    let browser, page, person;
    before(async () => {
      browser = await launch(name, options);
      page = await browser.open();
      person = new WindowPerson(page);
    });
    after(() => browser?.close());
    afterEach(() => closeOthers(page));

    describe('at the shop', () => {
      const inWindow = async (who) => {
        const w = await opened(page, (u) => u.startsWith(`${stack.origin('idp')}/fedcm/popup`));
        await w.wait(() => document.querySelector('[data-do="continue"]') !== null);
        await w.press(`[data-do="continue"][aria-label$="${who}"]`);
      };
      before(async () => {
        await page.goto(stack.url('idp', '/signin'));
        await page.follow('[data-do="signin-ada"]');
        await page.goto(stack.url('shop'));
        await press(page, 'signin');
        await inWindow('Ada Brandt');
        assert.equal((await outcome(page, 'signin')).state, 'done');
      });

      for (const [attack, code, words] of [
        ['reuse-nonce', 'nonce_reused', /nonce/i], ['tamper-token', 'signature_invalid', /signature/i],
        ['login-csrf', 'cross_origin_request', /another site/i], ['wrong-origin', 'origin_mismatch', /origin/i], ['no-dest', 'not_webidentity', /Sec-Fetch-Dest/i],
      ]) {
        test(`${name}: ${attack} after a sign-in by the window`, async () => {
          const before = rows(stack, ['nonce']);
          const shown = await act(page, attack);
          assert.equal(shown.state, 'refused', shown.text);
          assert.match(shown.text, words);
          assert.match(shown.text, new RegExp(code));
          assert.deepEqual(rows(stack, ['nonce']), before);
        });
      }

      test(`${name}: a token of this browser handed in by another one`, { timeout: 20 * 60_000 }, async () => {
        const before = rows(stack, ['nonce', 'grant']);
        await press(page, 'other-browser');
        await inWindow('Ada Brandt');
        const shown = await outcome(page, 'other-browser');
        assert.equal(shown.state, 'refused', shown.text);
        assert.match(shown.text, /nonce_other_browser/);
        assert.deepEqual(rows(stack, ['nonce', 'grant']), before);
      });

      test(`${name}: signed out, the old cookies open nothing and the account is asked for again`, { timeout: 20 * 60_000 }, async () => {
        await press(page, 'signout');
        assert.equal((await outcome(page, 'signout')).state, 'done');
        await page.goto(stack.url('shop'));
        assert.equal(await page.eval(() => document.querySelector('[data-user]')), null);
        await press(page, 'signin');
        await inWindow('Ada Brandt');
        assert.equal((await outcome(page, 'signin')).state, 'done');
      });
    });

    describe('in the window', () => {
      before(() => providers.signIn(page, 'one', 'ada'));
      const fresh = async (site = 'rp') => {
        await page.goto(`${sites.origin(site)}/`);
        await page.eval(listen);
      };
      const heard = () => page.eval(() => window.heard.filter((m) => m?.bonafides === 1));

      test(`${name}: an unknown client is told to the person alone`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, get, { ...provider, clientId: 'nobody' });
        const question = await person.asked(providers.origin('one'));
        assert.match(question.text, /unauthorized_client/);
        await question.window.close();
        assert.equal((await answer(page)).name, 'NetworkError');
        assert.deepEqual(await heard(), []);
      });

      test(`${name}: another site that names a registered origin gets nothing, even where the person agrees`, { timeout: 20 * 60_000 }, async () => {
        await fresh('evil');
        await click(page, (endpoint, origin, params) => {
          window.open(`${endpoint}?${new URLSearchParams({ client_id: 'rp', origin, state: 'state-of-evil', params })}`, '', 'popup,width=500,height=600');
        }, `${providers.origin('one')}/fedcm/popup`, sites.origin('rp'), JSON.stringify({ nonce }));
        const question = await person.asked(providers.origin('one'));
        await question.choose('Ada Brandt');
        await alone(page); // the window did its part and closed
        assert.deepEqual(await page.eval(() => window.heard), []);
      });

      test(`${name}: another site's form cannot agree in the person's place`, { timeout: 20 * 60_000 }, async () => {
        const id = await (async () => {
          await fresh();
          await click(page, get, provider);
          const question = await person.asked(providers.origin('one'));
          const account = await question.window.eval(() => document.querySelector('[data-do="continue"]').dataset.account);
          await question.window.close();
          await answer(page);
          return account;
        })();
        await fresh('evil');
        await click(page, (endpoint, members) => {
          const form = Object.assign(document.createElement('form'), { method: 'post', action: endpoint, target: 'w' });
          for (const [name, value] of Object.entries(members)) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
          document.body.append(form);
          window.open('', 'w', 'popup,width=500,height=600');
          form.submit();
        }, `${providers.origin('one')}/fedcm/popup/consent`, {
          client_id: 'rp', origin: sites.origin('rp'), state: 'state-of-evil', params: JSON.stringify({ nonce }), account: id, do: 'continue',
        });
        const w = await opened(page, (u) => u.startsWith(`${providers.origin('one')}/fedcm/popup/consent`));
        await w.wait(() => document.body.innerText.includes('cross_origin'));
        assert.equal(await w.eval(() => document.querySelector('#bonafides-popup')), null);
        assert.deepEqual(await page.eval(() => window.heard), []);
      });

      test(`${name}: messages of others, and of another state, are not the provider's`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, get, provider);
        const question = await person.asked(providers.origin('one'));
        await page.eval((o) => {
          postMessage({ bonafides: 1, type: 'fedcm', state: 'x', token: 'forged' }, '*'); // from the page itself
          return o;
        }, provider);
        await question.window.eval((origin) => { window.opener.postMessage({ bonafides: 1, type: 'fedcm', state: 'another-state', token: 'forged' }, origin); }, sites.origin('rp'));
        await page.wait(() => window.heard.filter((m) => m?.token === 'forged').length === 2);
        assert.equal(await page.eval(() => window.clicked), null, 'a forged message was taken');
        await question.choose('Ada Brandt');
        assert.equal(claims((await answer(page)).token).nonce, nonce);
      });

      test(`${name}: an account that was signed out while its window was open`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, get, provider);
        const question = await person.asked(providers.origin('one'));
        // Another page of the provider, in the same browser.
        await question.window.eval(async () => {
          // As text: the page's policy lets no script make markup of it.
          const text = await (await fetch('/')).text();
          const form = text.match(/<form[^>]*>(?:(?!<\/form>)[\s\S])*?<\/form>/g).find((f) => f.includes('data-do="signout-all"'));
          const plain = (v) => v.replace(/&#43;/g, '+').replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&');
          const value = (tag, name) => plain(tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? '');
          const fields = [...form.matchAll(/<(?:input|button)[^>]*>/g)].map(([tag]) => [value(tag, 'name'), value(tag, 'value')]).filter(([name]) => name);
          const answered = await fetch(value(form, 'action'), { method: 'POST', body: new URLSearchParams(fields) });
          if (!answered.ok) throw new Error(`signing out: ${answered.status}`);
        });
        await question.choose('Ada Brandt');
        const got = await answer(page);
        assert.deepEqual([got.name, got.error, got.is], ['IdentityCredentialError', 'account_not_signed_in', true]);
        await closeOthers(page);
        // From now on nobody is offered.
        await fresh();
        await click(page, get, provider);
        const w = await opened(page, (u) => u.startsWith(`${providers.origin('one')}/signin`));
        await w.close();
        assert.equal((await answer(page)).name, 'NetworkError');
      });
    });

    describe('a provider of another making', () => {
      const ask = async () => {
        await page.goto(`${sites.origin('rp')}/`);
        await click(page, get, { configURL: foreign, clientId: 'x', nonce });
        const w = await opened(page, (u) => u.startsWith(`${sites.origin('foreign')}/window`));
        await w.wait(() => document.readyState === 'complete' && typeof IdentityProvider === 'function');
        return w;
      };

      test(`resolve-flexible-tokens, ${name}: its own page answers with a token of any kind`, { timeout: 20 * 60_000 }, async () => {
        for (const token of ['text', { deep: [1, 'two'] }, 3, null]) {
          const w = await ask();
          await w.eval((t) => { IdentityProvider.resolve(t); }, token).catch(() => {}); // it closes
          const got = await answer(page);
          assert.deepEqual(got.token, token);
          assert.equal(got.configURL, foreign);
          await alone(page);
        }
      });

      test(`fedcm-continue-on, ${name}: close ends it without a token`, { timeout: 20 * 60_000 }, async () => {
        const w = await ask();
        await w.eval(() => { IdentityProvider.close(); }).catch(() => {});
        assert.equal((await answer(page)).name, 'NetworkError');
        await alone(page);
      });

      test(`${name}: a window that was opened for an origin that the provider does not know answers nobody`, { timeout: 20 * 60_000 }, async () => {
        await page.goto(`${sites.origin('evil')}/`);
        await page.eval(listen);
        await click(page, get, { configURL: foreign, clientId: 'x', nonce });
        const w = await opened(page, (u) => u.startsWith(`${sites.origin('foreign')}/window`));
        await w.wait(() => document.readyState === 'complete' && typeof IdentityProvider === 'function');
        assert.equal(await w.eval(() => { IdentityProvider.resolve('token').catch((e) => { document.title = e.name; }); return true; }), true);
        await w.wait(() => document.title === 'NotAllowedError');
        await w.close();
        assert.equal((await answer(page)).name, 'NetworkError');
        assert.deepEqual(await page.eval(() => window.heard), []);
      });
    });
  });
}
