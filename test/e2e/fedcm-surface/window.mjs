// What is so of the polyfill alone: the provider's window and the kit's own question.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, click } from '../lib/polyfill.mjs';
import { claims } from '../lib/providers.mjs';
import { opened, others } from '../lib/windows.mjs';
import { asked, asking, fresh, g, loading, nonce, page, providers, sign, sites } from './setup.mjs';

/** With somebody signed in at the provider. */
export function inWindow({ kind }) {
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
