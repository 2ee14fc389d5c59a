// The library's page: asks the browser to fetch tokens.

import { draw } from '/_demo/fragment.js';
import { action, outElement, show } from '/_demo/ui.js';
import { away, cameBack, explain, hasToken, missing, request, supported } from '/_instrument/tokens.js';

// Pages without the vouching box (one that was not found) have nothing to do.
const issuer = document.querySelector('[data-issuer]')?.dataset.issuer;

const reasons = {
  sign_in_required: 'The library vouches for members. Sign in first: a click on a name is enough here.',
  account_too_new: 'Your membership is too new for tokens. Come back later.',
  daily_budget_used: 'You have had all the tokens that a member gets in a day. Come back tomorrow.',
};

// Whether the polyfill's keeper holds the tokens, and not the browser itself.
const byKeeper = () => window.bonafides?.tokenPath?.(issuer)?.path === 'keeper';

// What the issuer says to the page's script, beside the tokens that only the
// browser sees: how many it signed, and why.
function outcome({ requested, issued, reason }) {
  remember();
  tokensLeft();
  if (issued === 0) {
    return {
      state: 'refused', title: `The library gave no tokens (asked for ${requested}).`,
      text: reasons[reason] ?? 'The policy granted none.', evidence: [{ name: 'reason', value: reason }],
    };
  }
  return {
    state: 'done',
    title: issued < requested ? `${issued} tokens, of ${requested} that the browser asked for.` : `${issued} tokens.`,
    text: `${byKeeper() ? 'The keeper' : 'The browser'} checked that all are signed with the published key, and keeps them. ` +
      'New for the library: that you took tokens, and not what they look like. This page cannot read them.',
    message: 'token-request',
  };
}

action('get-tokens', async () => {
  if (!supported()) return missing;
  try {
    const response = await away('get-tokens', () => fetch('/issue', { method: 'POST', privateToken: request() }));
    return outcome(await response.json());
  } catch (error) {
    return explain(error, 'issue');
  }
});

action('get-tokens-xhr', async () => {
  if (!supported() || !XMLHttpRequest.prototype.setPrivateToken) return missing;
  try {
    return outcome(await new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open('POST', '/issue');
      xhr.setPrivateToken(request());
      xhr.responseType = 'json';
      xhr.onload = () => resolve(xhr.response);
      // XMLHttpRequest tells no reason; the browser's log does.
      xhr.onerror = () => reject(new DOMException('The request failed, and XMLHttpRequest does not say why.', 'NetworkError'));
      xhr.send();
    }));
  } catch (error) {
    return explain(error, 'issue');
  }
});

// hasPrivateToken says whether there are tokens, never how many.
async function tokensLeft() {
  const out = outElement('tokens-left');
  if (!issuer || !supported()) return;
  try {
    const has = await hasToken(issuer);
    out.dataset.state = 'done';
    out.dataset.has = has ? 'yes' : 'no';
    out.textContent = has
      ? `This browser holds tokens of the library.${byKeeper() ? '' : ' How many says whoever keeps them: DevTools, Application, Private state tokens, or else the token keeper on its own page.'}`
      : 'This browser holds no token of the library now.';
  } catch (error) {
    out.dataset.state = 'error';
    out.textContent = `Whether this browser holds tokens cannot be told. ${error.name}: ${error.message}`;
  }
}

// Asking for the first time makes some browsers look whether they know this
// issuer, so it waits until somebody has wanted tokens here.
const key = 'tokens-wanted';
function remember() { try { localStorage.setItem(key, '1'); } catch { /* storage is off: the page asks again after the next press */ } }
function wanted() { try { return localStorage.getItem(key) === '1'; } catch { return false; } }
const again = () => { if (wanted() && document.visibilityState === 'visible') tokensLeft(); };

again();
// Where no window opens, this tab goes to the keeper and comes back as a new page.
cameBack('get-tokens', () => hasToken(issuer)).then((worked) => {
  if (worked === undefined) return;
  remember();
  tokensLeft();
  show('get-tokens', worked
    ? { state: 'done', title: 'The keeper has your tokens.', text: 'This tab went to the keeper and came back, twice: for the request, and with the answer. Spend one on another site.' }
    : { state: 'refused', title: 'This tab came back from the keeper without tokens.', text: 'Sign in first, if you have not, and press "Get tokens" again.' });
});
document.addEventListener('visibilitychange', again);

// The account of redemptions, read again when somebody comes back to the page.
const ledger = document.querySelector('[data-part="/redemptions"]');
document.addEventListener('visibilitychange', async () => {
  if (!ledger || document.visibilityState !== 'visible') return;
  const response = await fetch(ledger.dataset.part);
  if (response.ok) draw(ledger, await response.text());
});
