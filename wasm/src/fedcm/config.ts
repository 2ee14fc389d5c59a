// What a relying party says once about its own way to sign in by redirect.

import { onlyKnown } from "../config.js";

type Redirect = (provider: { configURL: string; clientId: string }) => string | null;

export interface FedCMConfig {
  /** Where this site begins a sign-in by redirect (code flow with PKCE) at a
   * provider; null: it has none. Used where windows are blocked and where the
   * provider has none. With it, a press after which the browser's own FedCM shows
   * nothing goes on to a window or to this address. */
  redirect?: Redirect | null;
}

/** readConfig judges what install() was given; a TypeError names the option. */
export function readConfig(v: unknown): FedCMConfig {
  const { redirect = null } = onlyKnown(v, ["redirect"], '{redirect: () => "/signin/start"}');
  if (redirect !== null && typeof redirect !== "function") {
    throw new TypeError('redirect is no function. Give one that answers the address where a sign-in begins, such as () => "/signin/start", or null.');
  }
  return { redirect: redirect as Redirect | null };
}

/** fromScript judges data-redirect. */
export function fromScript(script: HTMLScriptElement): FedCMConfig {
  const { redirect } = script.dataset;
  if (redirect === undefined) return { redirect: null };
  let scheme = "";
  try {
    scheme = redirect === "" ? "" : new URL(redirect, document.baseURI).protocol;
  } catch {
    // as below
  }
  if (!/^https?:$/.test(scheme)) {
    throw new TypeError('data-redirect is no address of a page. Give where this site begins a sign-in, such as "/signin/start", or leave the attribute out.');
  }
  return { redirect: () => redirect };
}
