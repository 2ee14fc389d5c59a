// The shop's page: sign-in, sign-out, the basket without a reload, and the
// attack that needs a fresh ID token.

import { draw } from '/_demo/fragment.js';
import { exceptionTitle, outcomeOf, run, show } from '/_demo/ui.js';
import { available, signIn, signOut } from '/signin.js';

const noSignIn = {
  state: 'error',
  title: 'This page cannot ask an identity provider for you: its script did not load.',
  text: '"Sign in another way" goes to the provider and comes back, in every browser.',
};

// Which way a sign-in takes here, and why. The polyfill knows both; these are
// the shop's words for what follows from it.
const ways = {
  native: 'The provider learns of this shop only when you agree.',
  popup: 'A window of the provider asks you. The provider learns that you came from here when the window opens.',
  redirect: 'This tab went to the provider and came back. The provider learned that you came from here.',
};
const kit = globalThis.bonafides;
const linked = 'shop:signin-link';

function sayPath({ path, why }) {
  for (const p of document.querySelectorAll('[data-path]')) {
    p.dataset.path = path;
    p.textContent = `${why} ${ways[path]}`;
  }
}

// The link is no call of the polyfill's, so the shop remembers it for the next page.
document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-do="signin-redirect"]')) sessionStorage.setItem(linked, '1');
});
const byLink = sessionStorage.getItem(linked) !== null;
sessionStorage.removeItem(linked);
// After a redirect this is a new page, and the session is there, or is not.
if (byLink || kit?.signInPath().path === 'redirect') {
  const name = document.querySelector('[data-user]')?.lastChild.textContent.trim();
  if (name) show('signin', { state: 'done', title: `Welcome, ${name}.`, text: 'This tab went to the provider and came back. New for the shop: your name and address, signed by your provider. New for the provider: that you sign in here.', message: 'authorization-response' });
}
if (kit) {
  sayPath(byLink ? { path: 'redirect', why: 'You chose another way.' } : kit.signInPath());
  document.addEventListener('bonafides:signin-path', (event) => {
    sayPath(event.detail);
    // A dialog that did not come has become a window.
    if (document.querySelector('[data-out="signin"]')?.dataset.state === 'working') show('signin', { state: 'working', title: waitingFor() });
  });
}

function waitingFor() {
  return kit?.path === 'native'
    ? 'Waiting for your choice: in the browser\'s dialog, or in the provider\'s window if you are not signed in there.'
    : 'Waiting for your choice in the provider\'s window.';
}

// The header's button is drawn again after each sign-in and sign-out, so its
// clicks are taken where they arrive.
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-do="signin"], [data-do="signout"]');
  if (!button) return;
  event.preventDefault();
  const name = button.dataset.do;
  run(name, button, name === 'signin' ? doSignIn : doSignOut, name === 'signin' ? waitingFor() : undefined);
});

async function doSignIn() {
  show('signout', { state: 'idle' });
  if (!available()) return noSignIn;
  let answer;
  try {
    answer = await signIn();
  } catch (error) {
    return refused(error);
  }
  await redraw();
  return {
    state: 'done',
    title: `${answer.new ? 'Welcome' : 'Welcome back'}, ${answer.user?.name || answer.user?.email || 'customer'}.`,
    text: `New for the shop: your name and address, signed by your provider. New for the provider: that you sign in here${kit?.path === 'native' ? ', which it learned when you agreed' : ''}.`,
    message: 'sign-in',
  };
}

async function doSignOut() {
  show('signin', { state: 'idle' });
  try {
    await signOut();
  } catch (error) {
    return refused(error);
  }
  await redraw();
  return { state: 'done', title: 'You are signed out of the shop.', text: 'The browser was told not to sign you in by itself. You are still signed in at your identity provider.' };
}

/** A SignInError has a code and a sentence; what the browser threw is its cause. */
function refused(error) {
  const evidence = [{ name: 'code', value: error.code ?? error.name }];
  if (error.cause) evidence.push({ name: 'exception', value: exceptionTitle(error.cause) });
  return {
    state: error.code?.startsWith('provider_') || error.code === 'aborted' || error.code === 'browser_refused' ? 'refused' : 'error',
    title: error.message,
    text: error.code === 'provider_no_answer' ? 'If no dialog came up, sign in at the identity provider first, or choose "Sign in another way".' : '',
    evidence,
  };
}

async function redraw() {
  for (const part of document.querySelectorAll('[data-part]')) {
    const response = await fetch(part.dataset.part);
    if (response.ok) draw(part, await response.text());
  }
}

// ---- the basket

for (const form of document.querySelectorAll('form[data-basket]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const status = form.querySelector('[data-in-basket]');
    try {
      const response = await fetch(form.action, { method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams(new FormData(form)) });
      if (!response.ok) {
        status.textContent = (await outcomeOf(response)).title;
        return;
      }
      const { count, of } = await response.json();
      status.textContent = `${of} in the basket`;
      for (const e of document.querySelectorAll('[data-basket-count]')) e.textContent = count;
    } catch {
      status.textContent = 'The shop did not answer. Try again.';
    }
  });
}

// ---- a token used by another browser

document.querySelector('form[data-attack-form="other-browser"]')?.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  run('other-browser', form.querySelector('[data-attack]'), async () => {
    if (!available()) return noSignIn;
    const release = globalThis.bonafides?.reserve?.(); // the window opens while the click counts
    let credential;
    try {
      const { nonce, providers } = await (await fetch('/signin/nonce', { method: 'POST' })).json();
      credential = await navigator.credentials.get({
        identity: { mode: 'active', providers: providers.map((p) => ({ configURL: p.configURL, clientId: p.clientId, params: { nonce } })) },
      });
    } catch (error) {
      return { state: 'error', title: exceptionTitle(error), text: 'No token was made, so there was none to steal. Agree in the dialog and try again.' };
    } finally {
      release?.();
    }
    return outcomeOf(await fetch(form.action, {
      method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams({ token: credential.token }),
    }));
  }, waitingFor());
});
