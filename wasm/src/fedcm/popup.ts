// One sign-in in the identity provider's own popup (docs/polyfill-protocol.md,
// "Sign-in"). The provider sees its first-party cookies there, checks that our
// origin is registered for the client, and answers to that origin alone.

import { networkError, PolyfilledIdentityCredentialError } from "./credential.js";
import type { Options, Provider } from "./options.js";
import { because } from "./path.js";

/** The members of a provider's config document that concern the polyfill. */
interface ProviderConfig {
  bonafides?: { popup_endpoint?: string };
}

/** What the popup is asked for, and what it answers with. */
export interface PopupAsk {
  params: Record<string, string>;
  signal: AbortSignal;
}

export interface FromProvider {
  bonafides: 1;
  type: "fedcm";
  state: string;
  ready?: boolean;
  token?: unknown;
  /** The account that was disconnected. */
  disconnected?: string;
  error?: { error?: string; code?: string; url?: string };
  closed?: boolean;
}

/** openBlank must run inside the gesture. */
export function openBlank(): Window | null {
  return open("", "", "popup,width=500,height=600");
}

/** How the popup ended without an answer of the provider, and why. */
export class PopupUnavailable extends Error {}

/** The provider's popup endpoint, from its config document. */
async function endpoint(provider: Pick<Provider, "configURL" | "origin">, signal: AbortSignal): Promise<URL> {
  try {
    const r = await fetch(provider.configURL, {
      credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", headers: { Accept: "application/json" }, signal,
    });
    const config = (await r.json()) as ProviderConfig;
    const url = new URL(config.bonafides!.popup_endpoint!, provider.configURL);
    if (r.ok && url.origin === provider.origin) return url;
  } catch {
    signal.throwIfAborted();
  }
  throw new PopupUnavailable(because.windowless);
}

export function signInParams(provider: Provider, o: Options): Record<string, string> {
  const params: Record<string, string> = { context: o.context, mode: o.mode, mediation: o.mediation };
  if (provider.nonce !== null) params.nonce = provider.nonce;
  if (provider.params !== null) params.params = provider.params;
  if (provider.fields !== null) params.fields = provider.fields.join(",");
  if (provider.loginHint !== null) params.login_hint = provider.loginHint;
  if (provider.domainHint !== null) params.domain_hint = provider.domainHint;
  return params;
}

/** askInPopup resolves to the provider's answer: a token, or a disconnected account. */
export async function askInPopup(w: Window, provider: Pick<Provider, "configURL" | "origin" | "clientId">, ask: PopupAsk): Promise<FromProvider> {
  const { signal } = ask;
  let url: URL;
  try {
    url = await endpoint(provider, signal);
    signal.throwIfAborted();
  } catch (err) {
    w.close();
    throw err;
  }
  if (w.closed) throw networkError(); // while it was still ours: the person closed it
  const state = crypto.randomUUID();
  const all = { client_id: provider.clientId, origin: location.origin, state, ...ask.params };
  for (const [k, v] of Object.entries(all)) url.searchParams.set(k, v);

  return new Promise((resolve, reject) => {
    let heard = false;
    const end = (f: () => void, keep = false) => {
      removeEventListener("message", hear);
      clearInterval(watch);
      signal.removeEventListener("abort", abort);
      if (!keep) w.close();
      f();
    };
    const abort = () => end(() => reject(signal.reason));
    const hear = (e: MessageEvent<FromProvider>) => {
      if (e.source !== w || e.origin !== provider.origin) return;
      const m = e.data;
      if (m?.bonafides !== 1 || m.type !== "fedcm" || m.state !== state) return;
      heard = true;
      if (m.error) {
        const { error, code, url: more } = m.error;
        // The window stays: it says in words what was refused.
        end(() => reject(new PolyfilledIdentityCredentialError("Error retrieving a token.", {
          error: String(error ?? code ?? ""), url: ofProvider(more, provider),
        })), true);
      } else if (m.token !== undefined || m.disconnected !== undefined) {
        end(() => resolve(m));
      } else if (m.closed) {
        end(() => reject(networkError()));
      }
    };
    // A popup that is cut off by Cross-Origin-Opener-Policy reads as closed while
    // it lives, so closed counts only after the provider's page was heard.
    // The last message may come after the window is seen closed, so that has to be
    // seen three times in a row.
    const began = Date.now();
    let seen = 0;
    const watch = setInterval(() => {
      seen = w.closed ? seen + 1 : 0;
      if (heard && seen >= 3) end(() => reject(networkError()));
      else if (!heard && w.closed && Date.now() - began > 3000) end(() => reject(new PopupUnavailable(because.unanswered)));
    }, 250);
    addEventListener("message", hear);
    signal.addEventListener("abort", abort, { once: true });
    w.location.replace(url.href);
  });
}

/** A page about an error is the provider's own, or none. */
function ofProvider(url: unknown, provider: Pick<Provider, "configURL" | "origin">): string {
  if (typeof url !== "string" || !URL.canParse(url, provider.configURL)) return "";
  const parsed = new URL(url, provider.configURL);
  return parsed.origin === provider.origin ? parsed.href : "";
}
