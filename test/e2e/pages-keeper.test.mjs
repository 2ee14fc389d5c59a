// The keeper's window and the kit's own button in every state, at 360 and 1280 pixels,
// in light and dark. With BONAFIDES_PICTURES=1 pictures are left in test/e2e/out.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examine, inWords } from './lib/pages.mjs';
import { click, inClick } from './lib/polyfill.mjs';
import { good, keeper as its, page, sites, stack } from './lib/windowpages.mjs';
import { inFront } from './lib/windows.mjs';

describe('the keeper\'s window', () => {
  const keeper = (rest = '') => stack.url('keeper', `/keeper${rest}`);
  const state = (p, want) => p.wait((s) => document.querySelector('#state')?.dataset.state === s, want);

  test('opened by a person', async () => {
    await page.goto(keeper());
    await state(page, 'home');
    await good(page, 'keeper-home', /keeps here, at keeper\.localhost\S*, the tokens/);
  });

  /** Puts tokens and what was spent into the keeper's store, as if there had been issuances. */
  const fill = (spentNow) => page.eval((times) => new Promise((resolve, reject) => {
    const open = indexedDB.open('bonafides-keeper');
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const tx = open.result.transaction(['tokens', 'spent', 'visits'], 'readwrite');
      for (let i = 0; i < 30; i++) tx.objectStore('tokens').add({ issuer: 'https://library.example', keyId: 1, bytes: new Uint8Array(165) });
      tx.objectStore('tokens').add({ issuer: 'https://a-very-long-name-of-an-issuer-that-somebody-chose.and-its-domain.example', keyId: 1, bytes: new Uint8Array(165) });
      tx.objectStore('spent').put({ issuer: 'https://library.example', total: 12, times: Array(times).fill(Date.now()) });
      tx.objectStore('visits').add({ issuer: 'https://library.example', site: 'paper.example', at: Date.now() });
      tx.oncomplete = () => { open.result.close(); resolve(); };
    };
  }), spentNow);
  const home = async () => {
    await page.goto('about:blank');
    await page.goto(keeper());
    await state(page, 'home');
    await page.wait(() => document.querySelectorAll('#more h2').length === 4);
  };
  /** Presses a button by its words, a real press, once it is not dead any more. */
  const pressed = async (words) => {
    await inFront(page);
    await page.wait((w) => {
      const b = [...document.querySelectorAll('#more button')].find((e) => e.textContent === w && !e.disabled);
      if (b) b.id = 'it';
      return b !== undefined;
    }, words);
    await page.click('#it');
    await page.wait(() => document.querySelector('#it') === null);
  };

  test('with what it holds and what was spent, which the person can delete', async () => {
    await home();
    await fill(6);
    await home();
    await good(page, 'keeper-holds', /30 tokens of library\.example[\s\S]*12 tokens of library\.example[\s\S]*6 of 6 tokens in the last hour[\s\S]*No list of the sites[\s\S]*seven days/);
    assert.doesNotMatch(await page.eval(() => document.body.innerText), /paper\.example/);
    await pressed('Keep a list from now on');
    await page.wait(() => document.body.innerText.includes('paper.example'));
    await good(page, 'keeper-sites', /paper\.example/);
    await pressed('Keep no list, and delete this one');
    await page.wait(() => /No list/.test(document.body.innerText));
    await pressed('Count from zero again');
    await page.wait(() => /0 of 6 tokens in the last hour/.test(document.body.innerText));
    await page.eval(() => { document.querySelectorAll('#more li button')[1].id = 'second'; });
    await page.wait(() => !document.querySelector('#second').disabled);
    await page.click('#second'); // the issuers stand in alphabetical order
    await pressed('Delete 30 tokens of library.example?');
    await page.wait(() => !document.body.innerText.includes('30 tokens') && document.body.innerText.includes('1 token of a-very-long'));
    await pressed('Delete everything');
    await pressed('Delete everything that is kept here?');
    await page.wait(() => /No tokens yet[\s\S]*None yet/.test(document.body.innerText));
  });

  test('whose buttons are dead until they could be read', async () => {
    const watch = await page.puppeteer.evaluateOnNewDocument(() => {
      new MutationObserver(() => {
        for (const b of document.querySelectorAll('button')) {
          if (b.came === undefined) b.came = performance.now();
          if (!b.disabled && b.woke === undefined) b.woke = performance.now();
        }
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await home();
    await page.wait(() => [...document.querySelectorAll('button')].every((b) => b.woke));
    for (const ms of await page.eval(() => [...document.querySelectorAll('button')].map((b) => b.woke - b.came))) assert.ok(ms >= 500, String(ms));
    // A window too small to read is none that was read.
    await page.size(200, 120);
    await page.wait(() => [...document.querySelectorAll('button')].every((b) => b.disabled));
    await page.size(1280, 900);
    await page.puppeteer.removeScriptToEvaluateOnNewDocument(watch.identifier);
  });

  test('without JavaScript', async () => {
    await page.puppeteer.setJavaScriptEnabled(false);
    try {
      await page.goto(keeper());
    } finally {
      await page.puppeteer.setJavaScriptEnabled(true);
    }
    assert.match(await page.eval(() => document.body.innerText), /works with JavaScript only/);
  });

  test('with an errand that cannot be read', async () => {
    await page.goto(keeper('#errand=e30'));
    await state(page, 'lost');
    await good(page, 'keeper-lost', /damaged/);
  });

  test('at work for a page', async () => {
    await page.goto(sites.origin('paper'));
    await inClick(page, (u, origin) => {
      const w = window.open(u, '', 'popup,width=440,height=420');
      addEventListener('message', (e) => { // what the polyfill says, and then no question
        if (e.source === w) w.postMessage({ bonafides: 1, type: 'hello' }, origin, [new MessageChannel().port2]);
      });
    }, keeper(), stack.origin('keeper'));
    const w = await page.opened((u) => u.startsWith(keeper()));
    await state(w, 'working');
    await good(w, 'keeper-working', /talks to the keeper of your tokens/);
    await w.close();
  });

  for (const [name, op, says] of [
    ['getting tokens', 'begin', /gives you tokens/], ['using one', 'redeem', /asks whether you are a person, and one of your tokens answers/],
  ]) {
    test(`at work for a page, ${name}`, async () => {
      await page.goto(sites.origin('paper'));
      await inClick(page, (u, origin, question) => {
        const w = window.open(u, '', 'popup,width=440,height=420');
        const { port1, port2 } = new MessageChannel();
        addEventListener('message', (e) => {
          if (e.source === w) w.postMessage({ bonafides: 1, type: 'hello' }, origin, [port2]);
        });
        port1.postMessage({ id: 1, ...question });
      }, keeper(), stack.origin('keeper'), { op, issuer: 7 }); // refused, with the words as they are
      const w = await page.opened((u) => u.startsWith(keeper()));
      await good(w, `keeper-${op}`, says);
      await w.close();
    });
  }

  test('after a question that no token answers', async () => {
    await page.goto(sites.origin('paper'));
    await inClick(page, (u, origin, question) => {
      const w = window.open(u, '', 'popup,width=440,height=420');
      const { port1, port2 } = new MessageChannel();
      addEventListener('message', (e) => {
        if (e.source === w) w.postMessage({ bonafides: 1, type: 'hello' }, origin, [port2]);
      });
      port1.postMessage({ id: 1, ...question });
    }, keeper(), stack.origin('keeper'), { op: 'redeem', issuer: stack.origin('issuer'), path: '/', refresh: false });
    const w = await page.opened((u) => u.startsWith(keeper()));
    await state(w, 'none');
    await w.wait(() => [...document.querySelectorAll('button')].every((b) => !b.disabled));
    assert.match(await w.eval(() => document.body.innerText), /no token of issuer\.localhost:\d+ is here to answer[\s\S]*Close/);
    await w.close();
  });

  test('over the budget', async () => {
    await home();
    await fill(6);
    await page.goto(sites.origin('paper'));
    await inClick(page, (u, origin, question) => {
      const w = window.open(u, '', 'popup,width=440,height=420');
      const { port1, port2 } = new MessageChannel();
      addEventListener('message', (e) => {
        if (e.source === w) w.postMessage({ bonafides: 1, type: 'hello' }, origin, [port2]);
      });
      port1.postMessage({ id: 1, ...question });
    }, keeper(), stack.origin('keeper'), { op: 'redeem', issuer: stack.origin('issuer'), path: '/', refresh: false });
    const w = await page.opened((u) => u.startsWith(keeper()));
    await state(w, 'over');
    assert.match(await w.eval(() => document.body.innerText), /You have answered so many sites[\s\S]*was told that you have no tokens[\s\S]*Answer this one too/);
    await w.close();
  });

  test('asked by a page that cannot see it', async () => {
    sites.headers.cutoff = { 'Cross-Origin-Opener-Policy': 'same-origin' };
    await page.goto(sites.origin('cutoff'));
    await click(page, (i) => fetch(`${i}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).then(() => 0, () => 0), stack.origin('issuer'));
    const w = await page.opened((u) => u.startsWith(keeper()));
    await state(w, 'ask');
    await w.wait(() => [...document.querySelectorAll('button')].every((b) => !b.disabled));
    await good(w, 'keeper-ask', /cutoff\.localhost asks whether you are a person[\s\S]*For 48 hours/);
    await w.close();
  });

  test('at an issuer\'s own origin', async () => {
    its.isIssuer = true;
    try {
      await page.goto(keeper());
      await state(page, 'issuer');
      await good(page, 'keeper-issuer', /does not start here/);
    } finally {
      its.isIssuer = false;
    }
  });
});

test('the kit\'s own button', async () => {
  // Asked while the page loads: what a test runs in a page counts as a gesture.
  sites.pages.evening = { '/': sites.page('<h1>The evening paper</h1>', `<script>
    document.addEventListener('DOMContentLoaded', () => {
      fetch('${stack.origin('issuer')}/redeem', { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } }).catch(() => {});
    });
  </script>`) };
  await page.goto(sites.origin('evening'));
  await page.wait(() => document.querySelector('bonafides-ask') !== null);
  const faults = await examine(page, { name: 'kit-button' });
  assert.equal(faults.size, 0, inWords(faults));
});
