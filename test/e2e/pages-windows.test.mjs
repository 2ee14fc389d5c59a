// The pages that no link leads to: the provider's window and its consent page, the
// keeper's window, the kit's own button, and refusals. In every state, at 360 and
// 1280 pixels, in light and dark. With BONAFIDES_PICTURES=1 pictures are left in test/e2e/out.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { examine, inWords } from './lib/pages.mjs';
import { Sites, click, inClick } from './lib/polyfill.mjs';
import { Stack, outDir } from './lib/stack.mjs';
import { Tap } from './lib/tap.mjs';
import { inFront } from './lib/windows.mjs';

let stack, sites, tap, browser, page;
let keeperIsIssuer = false;
before(async () => {
  await mkdir(outDir, { recursive: true });
  stack = await Stack.start();
  sites = await Sites.start(stack);
  // What makes an origin an issuer's to the keeper: it answers with commitments.
  tap = await Tap.start({
    answer: (e) => {
      if (e.host !== stack.host('keeper')) return undefined;
      if (keeperIsIssuer && e.path.startsWith('/.well-known/')) return { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"PrivateStateTokenV1VOPRF":{}}' };
      // And a frame that never has the store: then the kit needs its button.
      return e.url.endsWith('?frame') ? { status: 204, headers: {} } : undefined;
    },
  });
  browser = await launch('chromium', { flags: [...tap.flags, '--disable-features=FedCm', '--disable-blink-features=PrivateStateTokens'] });
  page = await browser.open();
});
beforeEach(async () => {
  await page.goto('about:blank');
  page.problems.length = 0;
});
after(async () => {
  await browser?.close();
  await tap?.stop();
  await sites?.stop();
  await stack?.stop();
});

/** The page, or a window, is without fault, and says what is expected. */
async function good(p, name, says, options = {}) {
  await p.wait((s) => document.readyState === 'complete' && new RegExp(s, 'i').test(document.body.innerText), says.source);
  const faults = await examine(p, { name, ...options });
  assert.equal(faults.size, 0, inWords(faults));
}

/** Opens an address in a window, as a relying party's page does. */
async function windowFrom(origin, url) {
  await page.goto(origin);
  await inClick(page, (u) => { window.other = window.open(u, '', 'popup,width=500,height=600'); }, url);
  return page.opened((u) => u.startsWith(url.split('?')[0].split('#')[0]));
}

const popupURL = (more = {}) => {
  const params = { client_id: 'kiln-lane', origin: stack.origin('shop'), state: 's', nonce: 'a-nonce', ...more };
  return stack.url('idp', `/fedcm/popup?${new URLSearchParams(Object.entries(params).filter(([, v]) => v !== undefined))}`);
};

describe('the provider\'s window', () => {
  test('nobody is signed in: the sign-in form', async () => {
    const w = await windowFrom(stack.url('shop'), popupURL());
    await w.wait(() => location.pathname === '/signin');
    await good(w, 'window-signin', /Sign in/);
    await w.close();
  });

  test('one account', async () => {
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-ada"]');
    const w = await windowFrom(stack.url('shop'), popupURL());
    await good(w, 'window-one', /Sign in to Kiln Lane[\s\S]*learns/);
    await w.close();
  });

  for (const [context, says] of [['signup', /Sign up to/], ['use', /Use your account/], ['continue', /Continue to/]]) {
    test(`context ${context}`, async () => {
      await page.goto(popupURL({ context }));
      await good(page, `window-${context}`, says);
    });
  }

  test('the window that lost its page says so', async () => {
    await page.goto(popupURL());
    await good(page, 'window-lost', /lost the page that opened it/);
  });

  test('a hint that no account here has', async () => {
    await page.goto(popupURL({ domain_hint: 'other.example' }));
    await good(page, 'window-hint', /Kiln Lane asks for an account of other\.example/);
  });

  for (const [name, more, status, says] of [
    ['unknown-client', { client_id: 'nobody' }, 403, /not know the site|not registered/],
    ['no-client', { client_id: undefined }, 400, /client_id/],
    ['foreign-origin', { origin: 'https://evil.example' }, 403, /does not belong/],
    ['no-state', { state: undefined }, 400, /no state/],
    ['no-nonce', { nonce: undefined }, 400, /no nonce/],
    ['unknown-context', { context: 'other' }, 400, /unknown context/],
    ['unknown-action', { action: 'other' }, 400, /unknown action/],
    ['long', { params: JSON.stringify({ x: 'x'.repeat(4000) }) }, 400, /longer than/],
  ]) {
    test(`refused: ${name}`, async () => {
      assert.equal((await page.goto(popupURL(more))).status, status);
      await good(page, `window-refused-${name}`, says, { status });
      assert.doesNotMatch(await page.eval(() => document.body.innerText), /Bad Request|Forbidden|lost the page/);
    });
  }

  test('cancelled', async () => {
    await page.goto(popupURL());
    await page.follow('[data-do="cancel"]');
    await good(page, 'window-cancelled', /told nothing about you/);
  });

  test('signed in', async () => {
    await page.goto(popupURL());
    await page.follow('[data-do="continue"]');
    await good(page, 'window-signed-in', /Going back to Kiln Lane/);
  });

  test('disconnecting, and disconnected', async () => {
    await page.goto(popupURL({ action: 'disconnect', account_hint: 'ada@idp.example', nonce: undefined }));
    await good(page, 'window-disconnect', /asks to be disconnected/);
    await page.follow('[data-do="continue"]');
    await good(page, 'window-disconnected', /has to ask again/);
  });

  test('disconnecting again', async () => {
    const { status } = await page.goto(popupURL({ action: 'disconnect', account_hint: 'ada@idp.example', nonce: undefined }));
    await good(page, 'window-disconnect-again', /not connected/, { status });
  });

  test('disconnecting an account that is not here', async () => {
    const { status } = await page.goto(popupURL({ action: 'disconnect', account_hint: 'nobody@idp.example', nonce: undefined }));
    await good(page, 'window-disconnect-nobody', /not connected/, { status }); // the same as of one that is here
  });

  test('two accounts', async () => {
    await page.goto(stack.url('idp', '/signin'));
    await page.follow('[data-do="signin-grace"]');
    await page.goto(popupURL());
    assert.equal(await page.eval(() => document.querySelectorAll('[data-do="continue"]').length), 2);
    await good(page, 'window-two', /Ada[\s\S]*Grace|Grace[\s\S]*Ada/);
  });
});

describe('the provider\'s consent page', () => {
  test('two accounts', async () => {
    await page.goto(stack.url('shop'));
    await page.follow('[data-do="signin-redirect"]');
    await good(page, 'consent-two', /Continue to Kiln Lane/);
  });

  for (const [name, change, status, says] of [
    ['unknown-client', (u) => u.searchParams.set('client_id', 'nobody'), 400, /./],
    ['redirect-uri', (u) => u.searchParams.set('redirect_uri', 'https://evil.example/'), 400, /./],
  ]) {
    test(`refused: ${name}`, async () => {
      await page.goto(stack.url('shop'));
      await page.follow('[data-do="signin-redirect"]');
      const u = new URL(await page.url());
      change(u);
      assert.equal((await page.goto(u.href)).status, status);
      await good(page, `consent-refused-${name}`, says, { status });
    });
  }
});

describe('refusals', () => {
  for (const [code, says] of Object.entries({
    signed_out: /not signed in here/, account_not_signed_in: /That account/, unauthorized_client: /not registered/, origin_mismatch: /somewhere else/,
    temporarily_unavailable: /could not answer/, server_error: /do not have/, nonce_missing: /in a way that we refuse/, nosuch: /in a way that we refuse/,
  })) {
    test(`the provider's error page: ${code}`, async () => {
      await page.goto(stack.url('idp', `/error?code=${code}`));
      await good(page, `error-${code}`, says);
    });
  }

  test('a sign-in that comes back with a state that nobody has', async () => {
    const { status } = await page.goto(stack.url('shop', '/signin/callback/lanternkey?code=x&state=y'));
    assert.ok(status >= 400, String(status));
    await good(page, 'callback-refused', /not signed in|state/, { status });
  });
});

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
    keeperIsIssuer = true;
    try {
      await page.goto(keeper());
      await state(page, 'issuer');
      await good(page, 'keeper-issuer', /does not start here/);
    } finally {
      keeperIsIssuer = false;
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
