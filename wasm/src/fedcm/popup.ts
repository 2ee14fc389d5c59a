// One sign-in in the identity provider's own popup (docs/polyfill-protocol.md,
// "Sign-in"). The provider sees its first-party cookies there, checks that our
// origin is registered for the client, and answers to that origin alone.

import { networkError, PolyfilledIdentityCredentialError } from "./credential.js";
import type { Options, Provider } from "./options.js";

/** The members of a provider's config document that concern the polyfill. */
interface ProviderConfig {
  bonafides?: { popup_endpoint?: string };
}

export interface PopupResult {
  token: unknown;
  configURL: string;
}

interface FromProvider {
  bonafides: 1;
  type: "fedcm";
  state: string;
  token?: unknown;
  error?: { error?: string; code?: string; url?: string };
  closed?: boolean;
}

/** openBlank must run inside the gesture. */
export function openBlank(): Window | null {
  return open("", "", "popup,width=500,height=600");
}

/** The provider's popup endpoint, from its config document. null: it has none. */
async function endpoint(provider: Provider, name: "popup_endpoint"): Promise<URL | null> {
  let config: ProviderConfig;
  try {
    const r = await fetch(provider.configURL, { credentials: "omit", referrerPolicy: "no-referrer", headers: { Accept: "application/json" } });
    if (!r.ok) return null;
    config = (await r.json()) as ProviderConfig;
  } catch {
    return null;
  }
  const path = config?.bonafides?.[name];
  if (typeof path !== "string") return null;
  const url = new URL(path, provider.configURL);
  return url.origin === provider.origin ? url : null;
}

/** How the popup ended without an answer of the provider. */
export class PopupUnavailable extends Error {}

export async function signInWithPopup(w: Window, provider: Provider, options: Options): Promise<PopupResult> {
  const url = await endpoint(provider, "popup_endpoint");
  if (!url) {
    w.close();
    throw new PopupUnavailable("the provider offers no popup");
  }
  const state = crypto.randomUUID();
  const ask: Record<string, string> = {
    client_id: provider.clientId, origin: location.origin, state, context: options.context, mode: options.mode,
    mediation: options.mediation,
  };
  if (provider.nonce !== null) ask.nonce = provider.nonce;
  if (provider.params !== null) ask.params = JSON.stringify(provider.params);
  if (provider.fields !== null) ask.fields = provider.fields.join(",");
  if (provider.loginHint !== null) ask.login_hint = provider.loginHint;
  if (provider.domainHint !== null) ask.domain_hint = provider.domainHint;
  for (const [k, v] of Object.entries(ask)) url.searchParams.set(k, v);

  return new Promise((resolve, reject) => {
    let heard = false;
    const end = (f: () => void) => {
      removeEventListener("message", hear);
      clearInterval(watch);
      options.signal?.removeEventListener("abort", abort);
      w.close();
      f();
    };
    const abort = () => end(() => reject(options.signal!.reason));
    const hear = (e: MessageEvent<FromProvider>) => {
      if (e.source !== w || e.origin !== provider.origin) return;
      const m = e.data;
      if (m?.bonafides !== 1 || m.type !== "fedcm" || m.state !== state) return;
      heard = true;
      if (m.error) {
        const { error, code, url: more } = m.error;
        end(() => reject(new PolyfilledIdentityCredentialError("Error retrieving a token.", { error: error ?? code ?? "", url: more ?? "" })));
      } else if (m.token !== undefined) {
        end(() => resolve({ token: m.token, configURL: provider.configURL }));
      } else if (m.closed) {
        end(() => reject(networkError()));
      }
    };
    // A popup that is cut off by Cross-Origin-Opener-Policy reads as closed while
    // it lives, so closed counts only after the provider's page was heard.
    const began = Date.now();
    const watch = setInterval(() => {
      if (heard && w.closed) end(() => reject(networkError()));
      else if (!heard && w.closed && Date.now() - began > 3000) end(() => reject(new PopupUnavailable("the popup cannot be reached")));
    }, 250);
    addEventListener("message", hear);
    options.signal?.addEventListener("abort", abort, { once: true });
    w.location.replace(url.href);
  });
}
