// Calls that name several providers, and people with several accounts.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { accessibility } from '../lib/pages.mjs';
import { answer, click } from '../lib/polyfill.mjs';
import { claims, foreignProvider } from '../lib/providers.mjs';
import { alone, opened, others } from '../lib/windows.mjs';
import { asked, asking, fresh, g, loading, page, person, providers, sign, signIn, sites } from './setup.mjs';

/** With somebody signed in at either. */
export function several({ kind, browser: name, native = false }) {
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
}
