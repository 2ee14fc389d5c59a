// What a page asks for, and what the person is asked and answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, click } from '../lib/polyfill.mjs';
import { claims } from '../lib/providers.mjs';
import { alone, opened } from '../lib/windows.mjs';
import { asked, asking, fresh, g, nonce, page, person, providers, sign, signIn } from './setup.mjs';

/** With somebody signed in at the provider. */
export function asks({ kind, native = false }) {
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
}
