// Steps of the token flow in the demo's pages, and token messages taken apart.
import { act, outcome } from './browser.mjs';
import { patience } from './patience.mjs';

export const headers = { token: 'sec-private-state-token', version: 'sec-private-state-token-crypto-version', record: 'sec-redemption-record', lifetime: 'sec-private-state-token-lifetime' };

/** Signs a seeded person in at the issuer, in a page that stands on it. */
export async function signIn(page, who) {
  await page.follow(`[data-do="signin-${who}"]`);
}

/** Presses the issuer's button and waits for the browser's own word on what it stored. */
export async function getTokens(page, button = 'get-tokens') {
  const after = page.tokenOperations.length;
  const shown = await act(page, button);
  return { shown, operation: await page.tokenOperation('Issuance', { after }) };
}

/** Redeems at the page's site. */
export async function redeem(page, button = 'redeem') {
  const after = page.tokenOperations.length;
  const shown = await act(page, button);
  return { shown, operation: page.tokenOperations.slice(after).find((e) => e.type === 'Redemption') };
}

/** How many tokens of an issuer the browser holds. */
export async function held(page, issuer) {
  const { tokens } = await page.cdp.send('Storage.getTrustTokens');
  return tokens.find((t) => t.issuerOrigin.replace(/\/$/, '') === issuer)?.count ?? 0;
}

/** What the ad network's frame shows: "vouched" or "plain". */
export async function adShown(page, ads, want, timeout = patience) {
  const deadline = Date.now() + timeout;
  for (;;) {
    try {
      const frame = await page.frame(ads, 5_000);
      const ad = await frame.eval(() => document.querySelector('[data-out="ad"]')?.dataset.ad ?? null);
      if (ad !== null && (want === undefined || ad === want)) return ad;
      if (Date.now() > deadline) return ad;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((r) => setTimeout(r, 50));
  }
}

export { act, outcome };
