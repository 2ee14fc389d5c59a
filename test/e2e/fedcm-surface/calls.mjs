// Calls that end, wait for one another or are refused, and disconnecting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, click, inClick } from '../lib/polyfill.mjs';
import { claims } from '../lib/providers.mjs';
import { alone, closeOthers } from '../lib/windows.mjs';
import { asked, fresh, g, loading, page, person, providers, sign, signIn, sites } from './setup.mjs';

/** With somebody signed in at the provider. */
export function calls({ kind, native = false }) {
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
}
