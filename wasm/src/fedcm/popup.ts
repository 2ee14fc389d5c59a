// One sign-in in the identity provider's own popup (docs/polyfill-protocol.md,
// "Sign-in"). The provider sees its first-party cookies there, checks that our
// origin is registered for the client, and answers to that origin alone.

import { openBlank } from "../blank.js";
import { networkError, PolyfilledIdentityCredentialError } from "./credential.js";
import type { Options, Provider } from "./options.js";
import { because } from "./path.js";
import { bounded, reasonOf, throwIfAborted } from "../wait.js";

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

/** How long the provider's config file may take, in ms. */
const configIn = 20_000;
/** How long a window may be open that was never heard, and one that was: an error
 * page of the provider says nothing, and looks to us like a person who thinks. */
const unheardFor = 5 * 60_000, openFor = 30 * 60_000;

/** openPopup must run inside the gesture. */
export const openPopup = (): Window | null => openBlank("width=500,height=600");

/** How the popup ended without an answer of the provider, and why. */
export class PopupUnavailable extends Error {}

/** The provider's popup endpoint, from its config document. */
async function endpoint(provider: Pick<Provider, "configURL" | "origin">, signal: AbortSignal): Promise<URL> {
  const end = new AbortController();
  try {
    const read = async () => {
      const r = await fetch(provider.configURL, {
        credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", headers: { Accept: "application/json" }, signal: end.signal,
      });
      const config = (await r.json()) as ProviderConfig;
      const url = new URL(config.bonafides!.popup_endpoint!, provider.configURL);
      return r.ok && url.origin === provider.origin ? url : null;
    };
    const url = await bounded(read(), signal, configIn, networkError);
    if (url) return url;
  } catch {
    end.abort();
    throwIfAborted(signal);
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
    throwIfAborted(signal);
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
      removeEventListener("pagehide", gone);
      clearInterval(watch);
      signal.removeEventListener("abort", abort);
      if (!keep) w.close();
      f();
    };
    const abort = () => end(() => reject(reasonOf(signal)));
    // A page that goes takes the window with it: nobody would be there for the answer.
    const gone = () => end(() => reject(networkError()));
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
      else if (!heard && (w.closed ? Date.now() - began > 3000 : Date.now() - began > unheardFor)) end(() => reject(new PopupUnavailable(because.unanswered)));
      else if (Date.now() - began > openFor) end(() => reject(networkError()));
    }, 250);
    addEventListener("message", hear);
    addEventListener("pagehide", gone);
    signal.addEventListener("abort", abort, { once: true });
    w.location.replace(url.href);
  });
}

/** A page about an error is the provider's own, or none. */
function ofProvider(url: unknown, provider: Pick<Provider, "configURL" | "origin">): string {
  try {
    const parsed = new URL(String(url), provider.configURL);
    return typeof url === "string" && parsed.origin === provider.origin ? parsed.href : "";
  } catch {
    return "";
  }
}
