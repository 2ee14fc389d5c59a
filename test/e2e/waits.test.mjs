// What a page waits for in vain, in real browsers: a keeper that never answers, is
// closed or loaded anew in the middle, a frame without an origin, a page's own
// handler that throws. Every call ends, and says why. The whole table of waits is
// wasm/test/waits.test.mjs; windows that go with their page, Back and pages that are
// cut off from their windows are in polyfill-tokens and signin-popup.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { patience } from './lib/patience.mjs';
import { Sites, answer, click, inClick, manifest } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';
import { alone, opened } from './lib/windows.mjs';

const script = manifest.flows.tokens.classic[0];
const tag = (keeper) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,"><script src="/bonafides/${script}" data-keeper="${keeper}"></script><body>`;

// A keeper that greets and never answers a question.
const mute = `<!doctype html><title>Mute</title><link rel="icon" href="data:,"><p id="state">Mute</p><script>
addEventListener('message', (e) => { if (e.data?.type === 'hello') e.ports[0].postMessage({ welcome: true }); });
opener.postMessage({ bonafides: 1, type: 'ready' }, '*');
</script>`;

const redeem = async (issuer, ms) => {
  const signal = ms ? AbortSignal.timeout(ms) : (window.abort = new AbortController()).signal;
  await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' }, signal });
};

for (const [name, options] of [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]]) {
  describe(name, () => {
    let stack, sites, silent, browser, page, issuer;
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      issuer = stack.origin('issuer');
      silent = http.createServer(() => {}).listen(0, '127.0.0.1');
      await new Promise((r) => { silent.once('listening', r); });
      const never = `http://silent.localhost:${silent.address().port}`;
      sites.pages = {
        patient: { '/': `${tag(never)}<p>Wait.</p>` },
        muted: { '/': `${tag(sites.origin('mute'))}<p>Wait.</p>` },
        mute: { '/keeper': mute },
        around: { '/': '<!doctype html><title>Around</title><link rel="icon" href="data:,"><script>addEventListener("message", (e) => { window.told = e.data; });</script><iframe sandbox="allow-scripts" src="/inside"></iframe>',
          '/inside': `${tag(stack.origin('keeper'))}<script>
            fetch('${issuer}/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })
              .then(() => 'redeemed', (e) => e.name + ': ' + e.message).then((said) => parent.postMessage(said, '*'));
          </script>` },
        thrower: { '/': `${tag(stack.origin('keeper'))}<script>document.addEventListener('bonafides:ask', () => { throw new Error('the page is broken'); });</script><p>Wait.</p>` },
      };
      browser = await launch(name, options);
      page = await browser.open();
    });
    after(async () => {
      await browser?.close();
      silent?.closeAllConnections();
      silent?.close();
      await sites?.stop();
      await stack?.stop();
    });

    test(`${name}: a keeper that never answers: the page's own time limit ends the call, with its own reason`, { timeout: 10 * patience }, async () => {
      await page.goto(`${sites.origin('patient')}/`);
      assert.equal((await inClick(page, redeem, issuer, 1000)).threw, 'TimeoutError');
      await alone(page);
    });

    test(`${name}: a keeper that never answers: an abort ends the call`, { timeout: 10 * patience }, async () => {
      await page.goto(`${sites.origin('patient')}/`);
      await click(page, redeem, issuer, 0);
      await page.eval(() => { window.abort.abort(); });
      assert.equal((await answer(page)).threw, 'AbortError');
      await alone(page);
    });

    test(`${name}: a keeper's window that is closed in the middle of a question ends the call`, { timeout: 10 * patience }, async () => {
      await page.goto(`${sites.origin('muted')}/`);
      await click(page, redeem, issuer, 0);
      const w = await opened(page, (u) => u.startsWith(sites.origin('mute')));
      await w.wait(() => document.querySelector('#state') !== null);
      await new Promise((r) => setTimeout(r, 500)); // the question is asked
      await w.close();
      const said = await answer(page);
      assert.equal(said.threw, 'NotAllowedError', said.message);
      assert.match(said.message, /closed/);
    });

    test(`${name}: a keeper's window that is loaded anew in the middle of a question ends the call`, { timeout: 10 * patience }, async () => {
      await page.goto(`${sites.origin('muted')}/`);
      await click(page, redeem, issuer, 0);
      const w = await opened(page, (u) => u.startsWith(sites.origin('mute')));
      await w.wait(() => document.querySelector('#state') !== null);
      await new Promise((r) => setTimeout(r, 500));
      await w.eval(() => { setTimeout(() => location.reload(), 0); });
      const said = await answer(page);
      assert.equal(said.threw, 'OperationError', said.message);
      assert.match(said.message, /loaded anew/);
      await page.goto('about:blank');
      await alone(page);
    });

    test(`${name}: a frame without an origin is told so at once`, { timeout: 10 * patience }, async () => {
      await page.goto(`${sites.origin('around')}/`);
      await page.wait(() => window.told !== undefined);
      assert.match(await page.eval(() => window.told), /^NotSupportedError: .*no origin/);
    });

    test(`${name}: a page's handler that throws leaves the kit's own question, and its no ends the call`, { timeout: 10 * patience }, async () => {
      await page.goto('about:blank');
      await page.goto(`${sites.origin('thrower')}/`);
      await page.eval((i) => {
        window.ended = null;
        setTimeout(() => { // without a gesture
          fetch(`${i}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).catch((e) => { window.ended = `${e.name}: ${e.message}`; });
        }, 7000);
      }, issuer);
      // The driver's look counts as a gesture, for some five seconds.
      await new Promise((r) => setTimeout(r, 11_000));
      await page.wait(() => document.querySelector('bonafides-ask') !== null);
      await page.eval(() => { document.querySelector('bonafides-ask').shadowRoot.querySelector('.no').click(); });
      await page.wait(() => window.ended !== null);
      assert.match(await page.eval(() => window.ended), /^NotAllowedError: The person did not want it/);
    });
  });
}
