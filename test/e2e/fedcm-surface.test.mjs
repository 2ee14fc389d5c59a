// The FedCM surface as a page sees it, on the polyfill (Firefox, WebKitGTK,
// Chromium with FedCM off) and natively, beside each other: the pages of the
// web-platform-tests that need only the relying party's side. A test that
// mirrors one carries its name.
//
// What differs, and why, stands in docs/polyfill-protocol.md, "What the window
// cannot do"; here a test says `native` where it does.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { accessibility } from './lib/pages.mjs';
import { answer, click, inClick } from './lib/polyfill.mjs';
import { NativePerson, Providers, SignInSites, WindowPerson, claims, foreignProvider } from './lib/providers.mjs';
import { alone, closeOthers, opened, others } from './lib/windows.mjs';
import { immediate } from './lib/wpt-fedcm.mjs';

const kinds = [
  { kind: 'Firefox', browser: 'firefox' },
  { kind: 'WebKitGTK', browser: 'webkit' },
  { kind: 'Chromium with FedCM off', browser: 'chromium', options: { flags: ['--disable-features=FedCm'] } },
  { kind: 'Chromium, native', browser: 'chromium', native: true },
];

const nonce = 'n-0123456789abcdef';

// In the page: get() with one provider, or as the members say; told in plain values.
const sign = (g, members = {}, rest = {}) => window.tell(navigator.credentials.get({
  mediation: 'required', ...rest,
  identity: { mode: 'active', providers: [g.provider], ...members },
}));

let sites, providers, g;
/** One provider of a call, with other members; undefined takes one away. */
const asking = (other = {}) => JSON.parse(JSON.stringify({ configURL: g.one, clientId: 'rp', params: { nonce }, ...other }));
before(async () => {
  sites = await SignInSites.start();
  sites.headers.cut = { 'Cross-Origin-Opener-Policy': 'same-origin' };
  sites.attributes.cut = 'data-redirect="/redirected"';
  sites.headers.locked = { 'Content-Security-Policy': "connect-src 'self'" };
  providers = await Providers.start({ origins: ['rp', 'locked', 'cut'].map((s) => sites.origin(s)) });
  g = { one: providers.config('one'), two: providers.config('two'), clientId: 'rp', nonce };
  g.provider = asking();
});
after(async () => {
  await providers?.stop();
  await sites?.stop();
});

for (const { kind, browser: name, options = {}, native = false } of kinds) {
  describe(kind, () => {
    let browser, page, person;
    before(async () => {
      browser = await launch(name, options);
      page = await browser.open(`${sites.origin('rp')}/`);
      person = native ? await NativePerson.watch(page) : new WindowPerson(page);
    });
    after(() => browser?.close());
    afterEach(() => closeOthers(page));

    const fresh = async (site = 'rp') => {
      await page.goto(`${sites.origin(site)}/`);
      person.fedcm?.skip();
    };
    /** Loads a page that calls get() by itself, and waits until that is seen. */
    const loading = async (options, configURLs = [g.one]) => {
      person.fedcm?.skip();
      const { identity, ...rest } = options;
      await page.goto(sites.calling({ mediation: 'required', ...rest, identity: { providers: configURLs.map((configURL) => ({ configURL, clientId: 'rp', params: { nonce } })), ...identity } }));
      if (native) return asked();
      return page.wait(() => document.querySelector('bonafides-ask') !== null || window.detail !== undefined);
    };
    const asked = (which = 'one') => person.asked(providers.origin(which));
    /** Calls get() in a click and chooses an account; gives the page's answer and what was asked. */
    const signIn = async (who, provider = {}, members = {}, rest = {}) => {
      await fresh();
      await click(page, sign, { ...g, provider: asking(provider) }, members, rest);
      const question = await asked(provider.configURL === g.two ? 'two' : 'one');
      await question.choose(who);
      return { ...(await answer(page)), question };
    };

    for (const { page: wpt, name: what, run, answer: expected } of immediate) {
      test(`${wpt}, ${kind}: ${what}`, async () => {
        await fresh();
        const got = await page.eval(new Function('g', `return Promise.resolve().then(() => ${run}).then(String, (e) => e.name);`), g);
        assert.equal(got, expected);
        assert.deepEqual(await others(page), [], 'a window was opened');
      });
    }

    test(`fedcm-iframe, ${kind}: a frame of another site without leave is refused`, async () => {
      await fresh();
      await page.eval((src) => new Promise((done) => {
        const f = document.createElement('iframe');
        f.onload = () => done();
        f.src = src;
        document.body.append(f);
      }), `${sites.origin('other')}/`);
      const frame = await page.frame(sites.origin('other'));
      assert.equal((await frame.eval(sign, g)).name, 'NotAllowedError');
    });

    describe('with somebody signed in at the provider', () => {
      before(() => providers.signIn(page, 'one', 'ada', 'grace'));

      test(`fedcm-basic, ${kind}: a token, in a credential of the right kind`, { timeout: 20 * 60_000 }, async () => {
        const got = await signIn('Ada Brandt');
        assert.equal(got.is, true, String(got.message));
        assert.equal(got.isCredential, true);
        assert.deepEqual([got.type, got.id, got.auto, got.configURL], ['identity', '', false, g.one]);
        const { iss, aud, nonce: n, email, name: who } = claims(got.token);
        assert.deepEqual([iss, aud, n, email, who], [providers.origin('one'), 'rp', nonce, 'ada@corp.example', 'Ada Brandt']);
        assert.deepEqual(got.question.accounts, ['Ada Brandt', 'Grace Moreau']);
        await alone(page);
      });

      test(`fedcm-auto-selected-flag, ${kind}: who is asked was not selected by the browser`, { timeout: 20 * 60_000 }, async () => {
        assert.equal((await signIn('Grace Moreau')).auto, false);
      });

      test(`fedcm-nonce-is-optional, ${kind}: to the browser; a provider may demand it`, { timeout: 20 * 60_000 }, async () => {
        const got = await signIn('Ada Brandt', { clientId: 'no-nonce', params: undefined });
        assert.equal(claims(got.token).nonce, undefined);
      });

      test(`the nonce at the top level, ${kind}`, { timeout: 20 * 60_000 }, async () => {
        assert.equal(claims((await signIn('Ada Brandt', { params: undefined, nonce })).token).nonce, nonce);
      });

      test(`fields, ${kind}: an empty list discloses nothing but that it is the same person`, { timeout: 20 * 60_000 }, async () => {
        // Grace, of whom this client knows everything by now; "no-nonce" knows nothing of her.
        const got = await signIn('Grace Moreau', { clientId: 'no-nonce', params: undefined, fields: [] });
        const { sub, email, name: who, picture } = claims(got.token);
        assert.deepEqual([typeof sub, email, who, picture], ['string', undefined, undefined, undefined]);
        if (!native) assert.match(got.question.text, /that you are the same person, and nothing else/);
      });

      test(`fedcm-loginhint, ${kind}: only that account is offered`, { timeout: 20 * 60_000 }, async () => {
        assert.deepEqual((await signIn('Grace Moreau', { loginHint: 'grace@home.example' })).question.accounts, ['Grace Moreau']);
      });

      for (const [wpt, domainHint] of [['fedcm-domainhint-matches-account', 'corp.example'], ['fedcm-domainhint-any', 'any']]) {
        test(`${wpt}, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          assert.deepEqual((await signIn('Ada Brandt', { domainHint })).question.accounts, ['Ada Brandt']);
        });
      }

      for (const [wpt, provider, words] of [
        ['fedcm-loginhint: nobody matches', { loginHint: 'nobody@corp.example' }, /asks for the account nobody@corp\.example/],
        ['fedcm-no-domainhint-matches-account', { domainHint: 'elsewhere.example' }, /asks for an account of elsewhere\.example/],
      ]) {
        test(`${wpt}, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await fresh();
          await click(page, sign, { ...g, provider: asking(provider) }, {}, {});
          if (native) {
            const w = await opened(page, (u) => u.startsWith(`${providers.origin('one')}/signin`));
            await w.close();
          } else {
            const question = await asked();
            assert.match(question.text, words);
            assert.deepEqual(question.accounts, []);
            await question.window.close();
          }
          assert.equal((await answer(page)).name, 'NetworkError');
        });
      }

      for (const [context, nativeTitle, title] of [
        ['signin', /^Sign in to/, 'Sign in to Relying Party'], ['signup', /^Sign up to/, 'Sign up to Relying Party'],
        ['use', /^Use /, 'Use your account at Relying Party'], ['continue', /^Continue to/, 'Continue to Relying Party'],
      ]) {
        test(`fedcm-context, ${kind}: ${context}, and a no`, { timeout: 20 * 60_000 }, async () => {
          await fresh();
          await click(page, sign, g, { context }, {});
          const question = await asked();
          if (native) assert.match(question.title, nativeTitle);
          else assert.equal(question.title, title);
          await question.cancel();
          const got = await answer(page);
          assert.deepEqual([got.name, got.message, got.dom], ['NetworkError', 'Error retrieving a token.', true]);
        });
      }

      test(`fedcm-error-attribute, ${kind}: the provider's refusal has a code and a page`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, sign, { ...g, provider: asking({ params: {} }) }, {}, {});
        const question = await asked();
        if (native) {
          await question.choose('Ada Brandt');
          const failed = await person.asked();
          assert.equal(failed.type, 'Error');
          await person.fedcm.press(failed.dialog, 'ErrorGotIt');
        }
        const got = await answer(page);
        assert.deepEqual([got.name, got.is, got.dom, got.error, got.code], ['IdentityCredentialError', true, true, 'nonce_missing', 'nonce_missing']);
        assert.equal(got.url, `${providers.origin('one')}/error?code=nonce_missing`);
        if (!native) assert.match(question.text, /has no nonce/); // the window stays and says it
      });

      test(`fedcm-abort, ${kind}: an abort while the person is asked ends the question`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, (h) => {
          window.ending = new AbortController();
          return window.tell(navigator.credentials.get({
            mediation: 'required', signal: window.ending.signal,
            identity: { mode: 'active', providers: [{ configURL: h.one, clientId: h.clientId, params: { nonce: h.nonce } }] },
          }));
        }, g);
        const question = await asked();
        await page.eval(() => window.ending.abort());
        const got = await answer(page);
        assert.equal(got.name, 'AbortError');
        await alone(page);
        if (native) await assert.rejects(question.cancel(), /Dialog|dialog/);
      });

      test(`fedcm-after-abort, ${kind}: then the next call works`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        const first = await page.eval(async (h) => {
          const ending = new AbortController();
          const p = window.tell(navigator.credentials.get({ signal: ending.signal, identity: { providers: [{ configURL: h.one, clientId: h.clientId, params: { nonce: h.nonce } }] } }));
          ending.abort();
          return p;
        }, g);
        assert.equal(first.name, 'AbortError');
        person.fedcm?.skip();
        await click(page, sign, g);
        const question = await asked();
        await question.choose('Ada Brandt');
        assert.ok((await answer(page)).token, 'no token');
      });

      test(`fedcm-pending-call-rejected, ${kind}: one call at a time`, { timeout: 20 * 60_000 }, async () => {
        await loading({});
        assert.equal((await page.eval(sign, g, { mode: 'passive' })).name, 'NotAllowedError');
      });

      test(`fedcm-active-replaces-passive, ${kind}`, { timeout: 20 * 60_000 }, async () => {
        await loading({});
        await click(page, sign, g);
        const question = await asked();
        assert.equal((await page.eval(() => window.waiting)).name, 'NetworkError');
        assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
        await question.choose('Ada Brandt');
        assert.ok((await answer(page)).token, 'no token');
      });

      for (const mode of ['active', 'passive']) {
        test(`fedcm-${mode}-cannot-replace-active, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await fresh();
          await click(page, sign, g);
          const question = await asked();
          const got = await page.eval(sign, g, { mode });
          assert.equal(got.name, 'NotAllowedError');
          await question.cancel();
          assert.equal((await answer(page)).name, 'NetworkError');
        });
      }

      test(`fedcm-store, ${kind}: a credential is not stored`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, (h) => window.tell(navigator.credentials.get({
          mediation: 'required', identity: { mode: 'active', providers: [{ configURL: h.one, clientId: h.clientId, params: { nonce: h.nonce } }] },
        }).then((c) => navigator.credentials.store(c))), g);
        await (await asked()).choose('Ada Brandt');
        assert.equal((await answer(page)).name, 'NotSupportedError');
      });

      test(`fedcm-csp, ${kind}: a policy that forbids the provider is kept`, async () => {
        await page.goto(`${sites.origin('locked')}/`);
        assert.equal((await inClick(page, sign, g)).name, 'NetworkError');
        await alone(page);
      });

      test(`fedcm-disconnect, ${kind}: once, and the person is asked as a stranger afterwards`, { timeout: 20 * 60_000 }, async () => {
        const end = (h) => window.tell(IdentityCredential.disconnect({ configURL: h.two, clientId: 'rp', accountHint: 'grace@home.example' }));
        await providers.signIn(page, 'two', 'grace');
        await signIn('Grace Moreau', { configURL: g.two });
        const known = () => page.goto(`${providers.origin('two')}/account`).then(() => page.eval(() => document.body.innerText.includes('Relying Party')));
        assert.equal(await known(), true);
        await fresh();
        await click(page, end, g);
        if (!native) {
          const question = await asked('two');
          assert.equal(question.title, 'Disconnect Relying Party?');
          assert.deepEqual(question.accounts, ['Grace Moreau']);
          await question.choose('Grace Moreau');
        }
        assert.equal(await answer(page), null);
        await alone(page);
        // The second time there is nothing to end.
        await fresh();
        await click(page, end, g);
        if (!native) assert.match((await asked('two')).text, /not connected to this account/);
        const again = await answer(page);
        assert.deepEqual([again.name, again.message], ['NetworkError', 'Error disconnecting account.']);
        await closeOthers(page);
        // What she had agreed to is forgotten: without a new disclosure the token says nothing of her.
        const stranger = claims((await signIn('Grace Moreau', { configURL: g.two, fields: [] })).token);
        assert.equal(stranger.email, undefined);
      });

      test(`fedcm-pending-disconnect, ${kind}: one at a time`, { timeout: 20 * 60_000 }, async () => {
        await signIn('Grace Moreau');
        await fresh();
        await click(page, async (h) => {
          const end = () => window.tell(IdentityCredential.disconnect({ configURL: h.one, clientId: 'rp', accountHint: 'grace@home.example' }));
          window.one = end();
          return end();
        }, g);
        assert.equal((await answer(page)).name, native ? 'NetworkError' : 'NotAllowedError');
        if (!native) {
          await (await asked()).choose('Grace Moreau');
          assert.equal(await page.eval(async () => (await window.one) ?? null), null);
        }
      });

      if (!native) {
        test(`fedcm-params, ${kind}: what the site says reaches the window as it was said`, { timeout: 20 * 60_000 }, async () => {
          await fresh();
          await click(page, sign, { ...g, provider: asking({ params: { nonce, scope: 'a b', deep: { n: 1 } }, fields: ['email'], loginHint: 'ada@corp.example' }) }, { context: 'use' }, {});
          const question = await asked();
          const q = new URL(question.url).searchParams;
          assert.deepEqual(JSON.parse(q.get('params')), { nonce, scope: 'a b', deep: { n: 1 } });
          assert.deepEqual(['client_id', 'origin', 'context', 'mode', 'mediation', 'fields', 'login_hint'].map((n) => q.get(n)),
            ['rp', sites.origin('rp'), 'use', 'active', 'required', 'email', 'ada@corp.example']);
          assert.match(question.text, /learns your e-mail address\./);
          await question.choose('Ada Brandt');
          const { email, name: who } = claims((await answer(page)).token);
          assert.deepEqual([email, who], ['ada@corp.example', undefined]);
        });

        test(`a window that is closed is a no, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await fresh();
          await click(page, sign, g);
          await (await asked()).window.close();
          assert.equal((await answer(page)).name, 'NetworkError');
        });

        test(`without a gesture the call waits for a press, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await loading({ identity: { context: 'continue' } });
          assert.deepEqual(await others(page), []);
          const bar = await page.eval(() => {
            const root = document.querySelector('bonafides-ask').shadowRoot;
            // Put where a driver that sees no shadow trees can press it.
            const b = document.querySelector('#go');
            b.onclick = () => root.querySelector('button').click();
            return { role: root.firstElementChild.getAttribute('role'), text: root.querySelector('p').textContent, focused: document.activeElement.localName };
          });
          assert.equal(bar.role, 'dialog');
          assert.match(bar.text, /^Continue to rp\.localhost:\d+ with one\.localhost:\d+\./);
          assert.equal(bar.focused, 'body', 'a page that asks by itself must not take the focus');
          await page.click('#go');
          const question = await asked();
          assert.equal(question.title, 'Continue to Relying Party');
          await question.choose('Ada Brandt');
          const got = await page.eval(() => window.waiting);
          assert.ok(got.token, JSON.stringify(got));
          assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
        });

        test(`while it waits, an abort and a no end it, ${kind}`, async () => {
          for (const [how, expected] of [['abort', 'AbortError'], ['no', 'NetworkError'], ['escape', 'NetworkError']]) {
            await loading({});
            const got = await page.eval(async (way) => {
              const root = document.querySelector('bonafides-ask').shadowRoot;
              if (way === 'abort') window.ending.abort();
              if (way === 'no') root.querySelector('.no').click();
              if (way === 'escape') root.querySelector('button').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
              return { ...(await window.waiting), left: document.querySelector('bonafides-ask') };
            }, how);
            assert.deepEqual([got.name, got.left], [expected, null], how);
            await page.eval(() => { localStorage.clear(); }); // a no silences the next question, as it should
          }
        });

        test(`a site draws its own button, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await loading({ own: true });
          const detail = await page.eval(() => {
            document.querySelector('#go').onclick = () => window.detail.proceed();
            return { reason: window.detail.reason, providers: window.detail.providers, drawn: document.querySelector('bonafides-ask') };
          });
          assert.deepEqual(detail, { reason: 'gesture', providers: [{ configURL: g.one, clientId: 'rp', host: new URL(g.one).host }], drawn: null });
          await page.click('#go');
          await (await asked()).choose('Ada Brandt');
          const got = await page.eval(() => window.waiting);
          assert.ok(got.token, JSON.stringify(got));
        });

        test(`fedcm-disconnect, ${kind}: without a gesture it waits for a press, and a no is one`, { timeout: 20 * 60_000 }, async () => {
          const end = { disconnect: { configURL: g.one, clientId: 'rp', accountHint: 'ada@corp.example' } };
          await page.goto(sites.calling(end));
          await page.wait(() => document.querySelector('bonafides-ask') !== null);
          const text = await page.eval(() => {
            const root = document.querySelector('bonafides-ask').shadowRoot;
            document.querySelector('#go').onclick = () => root.querySelector('button').click();
            return root.querySelector('p').textContent;
          });
          assert.match(text, /^rp\.localhost:\d+ wants to end its connection with your account at one\.localhost:\d+\./);
          await page.click('#go');
          const question = await asked();
          assert.equal(question.title, 'Disconnect Relying Party?');
          await question.cancel();
          assert.equal((await page.eval(() => window.waiting)).name, 'NetworkError');
        });

        test(`a window that was cut off is not taken for a no, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await page.goto(`${sites.origin('cut')}/`);
          await click(page, sign, g);
          const w = await opened(page, (u) => u.startsWith(`${providers.origin('one')}/fedcm/popup`));
          await w.wait(() => document.querySelector('#bonafides-no-opener')?.hidden === false);
          await page.wait(() => document.querySelector('bonafides-ask') !== null);
          const text = await page.eval(() => {
            const root = document.querySelector('bonafides-ask').shadowRoot;
            document.querySelector('#go').onclick = () => root.querySelector('button').click();
            return root.querySelector('p').textContent;
          });
          assert.match(text, /^The window of one\.localhost:\d+ gave no answer\. Sign in to cut\.localhost:\d+ with one\.localhost:\d+ in this tab instead\?/);
          await page.click('#go');
          await page.wait(() => location.pathname === '/redirected' && window.bonafides !== undefined);
          assert.deepEqual(await page.eval(() => window.bonafides.signInPath()), { path: 'redirect', why: "The provider's window gave no answer." });
        });

        test(`an origin that is not registered gets nothing, ${kind}`, { timeout: 20 * 60_000 }, async () => {
          await page.goto(`${sites.origin('evil')}/`);
          await page.eval(() => { window.heard = []; addEventListener('message', (e) => window.heard.push(e.data)); });
          await click(page, sign, g);
          const question = await asked();
          assert.match(question.text, /origin_mismatch/);
          await question.window.close();
          assert.equal((await answer(page)).name, 'NetworkError');
          assert.deepEqual(await page.eval(() => window.heard), []);
        });
      }
    });

    describe('several providers', () => {
      before(async () => {
        await providers.signIn(page, 'one', 'ada');
        await providers.signIn(page, 'two', 'grace');
      });
      const both = (h, members = {}, rest = {}) => window.tell(navigator.credentials.get({
        mediation: 'required', ...rest,
        identity: { providers: [h.one, h.two].map((configURL) => ({ configURL, clientId: h.clientId, params: { nonce: h.nonce } })), ...members },
      }));

      test(`fedcm-multi-idp-basic, ${kind}: the second of two`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, both, g);
        let got;
        if (native) {
          const question = await asked();
          const index = question.dialog.accounts.findIndex((a) => a.name === 'Grace Moreau' && a.idpConfigUrl === g.two);
          await person.fedcm.select(question.dialog, index);
          got = await answer(page);
        } else {
          await page.wait(() => document.querySelector('bonafides-ask') !== null);
          assert.deepEqual(await others(page), [], 'nobody is told before the choice');
          const chooser = await page.eval(() => {
            const root = document.querySelector('bonafides-ask').shadowRoot;
            document.querySelector('#go').onclick = () => root.querySelectorAll('button.go')[1].click();
            return {
              role: root.firstElementChild.getAttribute('role'), named: root.querySelector('p').id === root.firstElementChild.getAttribute('aria-labelledby'),
              choices: [...root.querySelectorAll('button')].map((b) => b.textContent), focus: root.activeElement?.textContent,
            };
          });
          const hosts = ['one', 'two'].map((n) => new URL(providers.origin(n)).host);
          assert.deepEqual(chooser, { role: 'dialog', named: true, choices: [...hosts, 'Not now'], focus: hosts[0] });
          if (name === 'chromium') assert.deepEqual(await accessibility(page), []);
          await page.click('#go');
          await (await asked('two')).choose('Grace Moreau');
          got = await answer(page);
        }
        assert.equal(got.configURL, g.two, String(got.message));
        assert.equal(claims(got.token).iss, providers.origin('two'));
      });

      test(`fedcm-use-other-account, ${kind}`, { timeout: 20 * 60_000 }, async () => {
        await fresh();
        await click(page, sign, { ...g, provider: asking({ configURL: g.two }) });
        const question = await asked('two');
        assert.deepEqual(question.accounts, ['Grace Moreau']);
        if (native) await person.fedcm.press(question.dialog, 'ConfirmIdpLoginContinue');
        else await question.window.press('[data-do="other-account"]');
        const w = await opened(page, (u) => u.startsWith(`${providers.origin('two')}/signin`));
        await w.wait(() => document.querySelector('[data-do="signin-ada"]') !== null);
        await w.press('[data-do="signin-ada"]');
        const again = await asked('two');
        assert.ok(again.accounts.includes('Ada Brandt'), again.accounts.join());
        await again.choose('Ada Brandt');
        assert.equal(claims((await answer(page)).token).email, 'ada@corp.example');
      });

      test(`fedcm-passive-after-active, ${kind}`, { timeout: 20 * 60_000 }, async () => {
        await signIn('Ada Brandt');
        await alone(page);
        person.fedcm?.skip();
        await click(page, sign, g, { mode: 'passive' });
        await (await asked()).choose('Ada Brandt');
        assert.ok((await answer(page)).token, 'no token');
      });

      test(`fedcm-multi-idp-abort, ${kind}`, { timeout: 20 * 60_000 }, async () => {
        await loading({}, [g.one, g.two]);
        await page.eval(() => window.ending.abort());
        assert.equal((await page.eval(() => window.waiting)).name, 'AbortError');
        assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
      });

      if (!native) {
        test(`fedcm-userinfo, ${kind}: a provider's frame is told nothing`, async () => {
          await fresh();
          const configURL = foreignProvider(sites, 'foreign', []);
          await page.eval((src) => new Promise((done) => { document.body.append(Object.assign(document.createElement('iframe'), { src, onload: () => done() })); }), `${sites.origin('foreign')}/`);
          const frame = await page.frame(sites.origin('foreign'));
          assert.equal(await frame.eval((u) => IdentityProvider.getUserInfo({ configURL: u, clientId: 'x' }).then(String, (e) => e.name), configURL), 'NetworkError');
        });

        test(`fedcm-multi-idp-context, ${kind}: the choice has its words and the site's colours`, async () => {
          await loading({ identity: { context: 'signup' } }, [g.one, g.two]);
          const got = await page.eval(async () => {
            document.documentElement.style.setProperty('--bonafides-accent', 'rgb(1, 2, 3)');
            const root = document.querySelector('bonafides-ask').shadowRoot;
            const seen = { text: root.querySelector('p').textContent, colour: getComputedStyle(root.querySelector('button.go')).backgroundColor };
            root.querySelector('.no').click();
            return { ...seen, name: (await window.waiting).name };
          });
          assert.match(got.text, /^Sign up to rp\.localhost:\d+ with one of these\./);
          assert.deepEqual([got.colour, got.name], ['rgb(1, 2, 3)', 'NetworkError']);
        });
      }
    });
  });
}
