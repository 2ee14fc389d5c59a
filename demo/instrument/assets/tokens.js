// The page's part of Private State Tokens: the four calls that a browser has,
// and sentences for what it refuses.

const exceptionTitle = (error) => `${error?.name ?? 'Error'}: ${error?.message ?? String(error)}`;

/** Whether this browser has Private State Tokens at all. */
export const supported = () => typeof document.hasPrivateToken === 'function';

export const missing = {
  state: 'error',
  title: 'This browser has no Private State Tokens, and the script that stands in for them did not load.',
  text: 'Load the page again. If it stays so, see whether an extension blocks scripts of keeper.localhost.',
};

/** What a redeemed token request looks like; version 1 is the only one. */
export const request = () => ({ version: 1, operation: 'token-request' });
export const redemption = (refreshPolicy = 'none') => ({ version: 1, operation: 'token-redemption', refreshPolicy });
export const sending = (...issuers) => ({ version: 1, operation: 'send-redemption-record', issuers });

/** Whether this browser holds tokens of the issuer; rejects with an exception of the browser's. */
export const hasToken = (issuer) => document.hasPrivateToken(issuer);

/** Whether this site holds a live redemption record of the issuer. */
export const hasRecord = (issuer) => document.hasRedemptionRecord(issuer);

// A call that takes this tab away never ends: the page that comes back begins
// anew. What was under way is remembered, so that it can say what came of it.
const key = (name) => `away:${name}`;
const store = (change) => { try { return change(sessionStorage); } catch { return null; } }; // storage is off: the page then says nothing

/** Runs a call under a name that the page remembers if it has to leave meanwhile. */
export async function away(name, call) {
  store((s) => s.setItem(key(name), '1'));
  const stay = () => store((s) => s.removeItem(key(name)));
  try {
    return await call();
  } finally {
    stay();
  }
}

/**
 * Whether the call of that name, which took this tab away, worked: undefined if
 * none did. worked is asked until it says so; an issuance takes the tab away twice,
 * so a no is final only when the page has stayed a while.
 */
export async function cameBack(name, worked) {
  if (!supported() || store((s) => s.getItem(key(name))) === null) return undefined;
  if (performance.getEntriesByType('navigation')[0]?.type === 'reload') { // somebody did not wait
    store((s) => s.removeItem(key(name)));
    return undefined;
  }
  let done = false;
  for (let i = 0; i < 12 && !done; i++) {
    if (i > 0) await new Promise((r) => setTimeout(r, 250));
    done = await worked().catch(() => false);
  }
  store((s) => s.removeItem(key(name)));
  return done;
}

/**
 * An outcome for what the browser threw: its name and message, why, and what to
 * do. doing is 'issue', 'redeem', 'send' or 'ask'.
 */
export function explain(error, doing) {
  if (!supported()) return { ...missing, evidence: [{ name: 'exception', value: exceptionTitle(error) }] };
  const [text, state] = why(error, doing);
  return { state, title: exceptionTitle(error), text };
}

function why(error, doing) {
  const message = error?.message ?? '';
  switch (error?.name) {
    case 'InvalidStateError':
      if (/keys/i.test(message)) {
        return ['This browser does not know the keys of this issuer, so it sent no request. ' +
          'The keeper stands in where its script has loaded: load the page again, or start a browser ' +
          'that has the keys with "go run ./demo -chrome".', 'error'];
      }
      return [doing === 'send'
        ? 'There is no redemption record to send. Redeem a token first.'
        : 'The browser is not in a state for this. Load the page again and retry.', 'error'];
    case 'NoModificationAllowedError':
      return ['This site already holds a live redemption record, so the browser spent no token and sent no request. ' +
        'Use the record, or spend another token with "Redeem another".', 'refused'];
    case 'OperationError':
      if (/exhausted/i.test(message)) {
        return ['The browser has no token of this issuer left. Tokens work once. Get more at the issuer.', 'refused'];
      }
      if (/quota/i.test(message)) {
        return ['The browser keeps at most 500 tokens of one issuer. Spend some first.', 'refused'];
      }
      if (/issuers per site/i.test(message)) {
        return ['A site may work with two issuers, and this one already does.', 'refused'];
      }
      if (/user settings/i.test(message)) {
        return ['Private state tokens ("auto-verify") are off in this browser\'s settings. That is your choice to make: ' +
          'Settings, Privacy and security, Site settings, Auto-verify.', 'refused'];
      }
      if (/limit/i.test(message)) {
        return ['A site may redeem two tokens of one issuer in 48 hours. Use the record that you have.', 'refused'];
      }
      return [doing === 'redeem'
        ? 'The issuer refused this token, or gave no record. Its own words are in the instrument of the issuer.'
        : 'The issuer gave no tokens. Its own words are in the instrument, below.', 'refused'];
    case 'NotAllowedError':
      return ['This page may not use the operation: a permissions policy forbids it.', 'refused'];
    case 'NetworkError':
      return ['The browser\'s console and its Network panel say why. "Get tokens" asks the same by fetch, which gives the reason.', 'error'];
    case 'TypeError':
      return ['The request did not come through: the server is not running, or the page is not on a secure origin.', 'error'];
  }
  return ['Load the page again and retry.', 'error'];
}
