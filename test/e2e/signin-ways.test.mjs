// People come to a sign-in and go on from it as people do: in two tabs, slowly, by the
// site's other name, by a link that a program looked at first. Each ends where they
// wanted to be.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { examine, inWords } from './lib/pages.mjs';
import { patience } from './lib/patience.mjs';
import { Site } from './lib/providers.mjs';

let site;
before(async () => { site = await Site.start(); }, { timeout: patience });
after(() => site?.stop());

const heading = (p) => p.eval(() => document.querySelector('h1')?.textContent ?? '');

for (const name of ['chromium', 'firefox', 'webkit']) {
  describe(name, () => {
    let browser, p;
    before(async () => {
      browser = await launch(name);
      p = await browser.open();
      await site.providers.signIn(p, 'one', 'ada');
    }, { timeout: patience });
    after(() => browser?.close());

    /** Nobody is signed in at the site any more; at the provider they are. */
    const forget = async () => {
      await p.goto(`${site.origin}/`);
      assert.equal(await p.eval(() => fetch('/auth/signout', { method: 'POST' }).then((r) => r.ok)), true);
    };
    const asked = async (page, order, host = site.origin) => {
      await page.goto(`${host}/orders/${order}`);
      assert.ok(site.atProvider(await page.url()), `not at the provider: ${await page.url()}`);
    };
    const agree = (page) => page.follow('[data-do="continue"]');
    const arrived = async (page, order) => {
      await page.wait(() => document.querySelector('h1') !== null, { timeout: patience });
      assert.equal(await heading(page), `Order ${order} of Ada Brandt`);
      assert.equal(await page.url(), `${site.origin}/orders/${order}`);
    };

    // WebKit's driver has one tab. The engines do not differ here: tabs share their cookies.
    if (name !== 'webkit') for (const order of ['the first', 'the second']) {
      test(`${name}: two tabs sign in, and ${order} is done first`, { timeout: 5 * patience }, async () => {
        await forget();
        await asked(p, 1);
        const other = await browser.open();
        await asked(other, 2);
        const tabs = order === 'the first' ? [[p, 1], [other, 2]] : [[other, 2], [p, 1]];
        for (const [tab, number] of tabs) {
          await tab.front();
          await agree(tab);
          await arrived(tab, number);
        }
        await other.close();
      });
    }

    test(`${name}: a person who took too long is told so, and starts again from where they were`, { timeout: 5 * patience }, async () => {
      await forget();
      await site.request({ method: 'POST', path: '/clock?behind=11m' });
      await asked(p, 3);
      await site.request({ method: 'POST', path: '/clock?behind=0s' });
      await agree(p);
      await p.wait(() => document.querySelector('[data-code="state_expired"]') !== null, { timeout: patience });
      assert.match(await p.eval(() => document.querySelector('main').innerText), /took too long/);
      if (name === 'chromium') {
        p.problems.length = 0; // the answer was a refusal, which a browser prints
        const faults = await examine(p, { name: 'rp-too-slow', status: 403 });
        assert.equal(faults.size, 0, inWords(faults));
      }
      await p.follow('[data-do="again"]');
      assert.ok(site.atProvider(await p.url()));
      await agree(p);
      await arrived(p, 3);
    });

    test(`${name}: what a program looks at first is there for the person`, { timeout: 5 * patience }, async () => {
      await forget();
      for (const look of [{ method: 'HEAD' }, { headers: { 'Sec-Purpose': 'prefetch' } }]) {
        for (const path of ['/orders/4', '/auth/signin/start?return=/orders/4']) {
          const answer = await site.request({ path, ...look });
          assert.ok(answer.status === 200 || answer.status === 403 || answer.status === 503, `${path}: ${answer.status}`);
          assert.equal(answer.headers['set-cookie'], undefined, path);
        }
      }
      await site.request({ method: 'POST', path: '/scan?on=true' });
      await asked(p, 4);
      await agree(p);
      await arrived(p, 4);
      await site.request({ method: 'POST', path: '/scan?on=false' });
    });

    test(`${name}: whoever comes by the site's other name is signed in at its own`, { timeout: 5 * patience }, async () => {
      await forget();
      await asked(p, 5, site.origin.replace('app', 'www'));
      await agree(p);
      await arrived(p, 5);
    });
  });
}
