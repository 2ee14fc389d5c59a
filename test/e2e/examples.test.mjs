// All examples together, as they stand there: an issuer, a keeper, a publisher's
// page, an ad network in Go and one in Node, and a relying party that signs people
// in at the demo's provider; in browsers that keep no tokens of this issuer.
// Only the origins are filled in.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { Examples } from './lib/examples.mjs';
import { FedCM } from './lib/fedcm.mjs';
import { request } from './lib/http.mjs';
import { examine, inWords } from './lib/pages.mjs';
import { patience } from './lib/patience.mjs';
import { pressAsk } from './lib/polyfill.mjs';
import { alone, opened } from './lib/windows.mjs';

/** What the console has, but that Chromium says of a request that it does not know the issuer: the keeper takes it over. */
const problems = (p) => p.problems.filter((x) => !x.includes('ERR_TRUST_TOKEN_OPERATION_FAILED'));

const text = (p, selector) => p.eval((s) => document.querySelector(s)?.textContent.trim() ?? '', selector);

/**
 * Waits until the publisher's page has settled, and presses the button that the kit
 * shows where it shows one: Chromium shares the keeper's storage with a frame, and
 * may need no press.
 */
async function settled(p) {
  await p.wait(() => 'settled' in document.querySelector('[data-out="ad"]').dataset || document.querySelector('bonafides-ask') !== null, { timeout: patience });
  if (await p.eval(() => document.querySelector('bonafides-ask') !== null)) await pressAsk(p);
  await p.wait(() => 'settled' in document.querySelector('[data-out="ad"]').dataset, { timeout: patience });
}

for (const { kind, browser: name } of [
  { kind: 'Chromium without flags', browser: 'chromium' },
  { kind: 'Firefox', browser: 'firefox' },
  { kind: 'WebKitGTK', browser: 'webkit' },
]) {
  describe(kind, () => {
    let all, browser, p;
    before(async () => {
      all = await Examples.start();
      browser = await launch(name);
      p = await browser.open();
    }, { timeout: patience });
    after(async () => {
      await browser?.close();
      await all?.stop();
    });

    test(`${kind}: the publisher shows its advertisement at once to a browser that nobody vouches for`, { timeout: 5 * patience }, async () => {
      await p.goto(`${all.origins.weekly}/`);
      await p.wait(() => document.querySelector('[data-out="ad"]').dataset.state === 'plain', { timeout: patience });
      assert.match(await text(p, '[data-out="ad"]'), /^A plain advertisement\./);
      assert.deepEqual(problems(p), []);
    });

    test(`${kind}: the issuer gives tokens for a puzzle, and the keeper keeps them`, { timeout: 5 * patience }, async () => {
      await p.goto(`${all.origins.issuer}/`);
      await p.click('[data-do="get-tokens"]');
      await p.wait(() => ['done', 'refused', 'error'].includes(document.querySelector('[data-out="tokens"]').dataset.state) || document.querySelector('bonafides-ask') !== null, { timeout: patience });
      if (await p.eval(() => document.querySelector('bonafides-ask') !== null)) await pressAsk(p); // the press came before the puzzle was solved
      await p.wait(() => ['done', 'refused', 'error'].includes(document.querySelector('[data-out="tokens"]').dataset.state), { timeout: patience });
      assert.equal(await text(p, '[data-out="tokens"]'), 'Your browser now has 10 more tokens of this site.');
      await alone(p);
    });

    for (const [site, language] of [['news', 'Go'], ['gazette', 'Node']]) {
      test(`${kind}: the publisher's page then has the advertisement for people, by the ad network in ${language}`, { timeout: 5 * patience }, async () => {
        await p.goto(`${all.origins[site]}/`);
        await p.wait(() => document.querySelector('[data-out="ad"]').dataset.state === 'plain', { timeout: patience });
        await settled(p);
        assert.equal(await text(p, '[data-out="why"]'), '');
        assert.equal(await text(p, '[data-out="ad"]'), `An advertisement for people. (${all.origins.issuer} vouched for a visitor of ${all.origins[site]}.)`);
        await alone(p);
        // The record is there for a while: the next page needs no press.
        await p.goto(`${all.origins[site]}/?again`);
        await p.wait(() => document.querySelector('[data-out="ad"]').dataset.state === 'vouched', { timeout: patience });
      });
    }

    test(`${kind}: an answer that comes without this browser's cookie is loaded once more, and then refused with a way on`, { timeout: 5 * patience }, async () => {
      const { host, port } = new URL(all.origins.site);
      const started = await request({ host, port, path: '/auth/signin/start?return=/members' });
      const asked = new URL(started.headers.location).searchParams;
      await p.goto(`${asked.get('redirect_uri')}?${new URLSearchParams({ code: 'x', state: asked.get('state') })}`);
      await p.wait(() => document.querySelector('[data-code="browser_unknown"]') !== null, { timeout: patience });
      assert.match(await p.url(), /&again=1$/);
      p.problems.length = 0; // of the pages before, and that the answer was a refusal
      if (name === 'chromium') {
        const faults = await examine(p, { name: 'example-refused', status: 403 });
        assert.equal(faults.size, 0, inWords(faults));
      }
      p.problems.length = 0; // the answer was a refusal, which a browser prints
      await p.follow('[data-do="again"]');
      assert.equal(new URL(await p.url()).origin, all.stack.origin('idp'));
    });

    test(`${kind}: people sign in at the relying party by its button, and out`, { timeout: 5 * patience }, async () => {
      const idp = all.stack.origin('idp');
      await p.goto(`${idp}/signin`);
      await p.follow('[data-do="signin-ada"]');
      await p.goto(`${all.origins.site}/`);
      const fedcm = p.cdp && await FedCM.watch(p);
      await p.click('[data-bonafides="signin"]');
      if (fedcm) {
        const asked = await fedcm.dialog();
        await fedcm.select(asked, asked.accounts.findIndex((a) => a.name === 'Ada Brandt'));
      } else {
        const w = await opened(p, (u) => u.startsWith(`${idp}/fedcm/popup`));
        await w.wait(() => document.querySelector('[data-do="continue"]') !== null);
        await w.press('[data-do="continue"]');
      }
      await p.wait(() => document.body?.textContent.includes('Signed in as Ada Brandt.'), { timeout: patience });
      await p.click('[data-bonafides="signout"]');
      await p.wait(() => document.body?.textContent.includes('Nobody is signed in.'), { timeout: patience });
      assert.deepEqual(problems(p), []);
    });

    test(`${kind}: and by redirect`, { timeout: 5 * patience }, async () => {
      let answer; // where the provider sends the browser back to
      p.puppeteer?.on('request', (r) => { if (r.url().includes('/auth/signin/callback/')) answer = r.url(); });
      await p.follow('a[href^="/auth/signin/start"]');
      if ((await p.url()).startsWith(all.stack.origin('idp'))) await p.follow('[data-do="continue"]');
      await p.wait(() => document.body?.textContent.includes('Signed in as Ada Brandt.'), { timeout: patience });
      assert.equal(new URL(await p.url()).origin, all.origins.site);
      if (!p.puppeteer) return;
      await p.goto(answer); // loaded again, it goes on to where it led
      await p.wait(() => document.body?.textContent.includes('Signed in as Ada Brandt.'), { timeout: patience });
      assert.doesNotMatch(await p.url(), /callback/);
    });

    test(`${kind}: a page for members sends who is signed out to sign in, and back`, { timeout: 5 * patience }, async () => {
      await p.goto(`${all.origins.site}/`);
      await p.click('[data-bonafides="signout"]');
      await p.wait(() => document.body?.textContent.includes('Nobody is signed in.'), { timeout: patience });
      assert.deepEqual(problems(p), []);
      p.problems.length = 0; // what a failed operation on tokens prints
      if (name === 'chromium') {
        // What a browser sees that keeps no session: a page, and not the provider for ever.
        const kept = (age) => { document.cookie = `rp-arrived-${location.port}=1; path=/; max-age=${age}`; };
        await p.eval(kept, 60);
        await p.follow('a[href="/members"]');
        assert.equal(await text(p, 'h1'), 'Sign in to see this');
        const faults = await examine(p, { name: 'example-members', status: 403 });
        assert.equal(faults.size, 0, inWords(faults));
        await p.eval(kept, 0);
        p.problems.length = 0; // the answer was a refusal, which a browser prints
        await p.goto(`${all.origins.site}/`);
      }
      await p.follow('a[href="/members"]');
      if ((await p.url()).startsWith(all.stack.origin('idp'))) await p.follow('[data-do="continue"]');
      await p.wait(() => document.body?.textContent.includes('Only those who are signed in see this, Ada Brandt.'), { timeout: patience });
      assert.equal(await p.url(), `${all.origins.site}/members`);
      assert.deepEqual(problems(p), []);
    });

    test(`${kind}: a link in a mail leads to the page, by way of the provider`, { timeout: 5 * patience }, async () => {
      await p.goto(`${all.origins.site}/`);
      await p.click('[data-bonafides="signout"]');
      await p.wait(() => document.body?.textContent.includes('Nobody is signed in.'), { timeout: patience });
      await p.goto(`${all.origins.news}/`); // another site, as a mail on the web is
      await p.eval((href) => {
        const link = Object.assign(document.createElement('a'), { href, id: 'mail', textContent: 'Your order' });
        document.querySelector('h1').after(link);
      }, `${all.origins.site}/members`);
      await p.follow('#mail');
      if ((await p.url()).startsWith(all.stack.origin('idp'))) await p.follow('[data-do="continue"]');
      await p.wait(() => document.body?.textContent.includes('Only those who are signed in see this, Ada Brandt.'), { timeout: patience });
      assert.equal(await p.url(), `${all.origins.site}/members`);
    });

    if (name !== 'chromium') return;
    for (const site of ['issuer', 'news', 'site']) {
      test(`${kind}: the page of ${site}, in every form that pages must suit`, { timeout: 5 * patience }, async () => {
        await p.goto(`${all.origins[site]}/`);
        const faults = await examine(p, { name: `example-${site}` });
        for (const f of faults.keys()) if (f.includes('ERR_TRUST_TOKEN_OPERATION_FAILED')) faults.delete(f);
        assert.equal(faults.size, 0, inWords(faults));
      });
    }
  });
}
