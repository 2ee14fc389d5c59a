// navigator.credentials.get({identity}), IdentityCredential, IdentityProvider and
// navigator.login in browsers without them. Where the browser has FedCM it does
// the work.

import { askForPress } from "./press.js";
import { makeCredential, networkError, PolyfilledIdentityCredential, PolyfilledIdentityCredentialError } from "./credential.js";
import { readOptions } from "./options.js";
import type { Options, Provider } from "./options.js";
import { askInPopup, openBlank, PopupUnavailable, signInAsk } from "./popup.js";

/** Which way the last sign-in of this page took. */
export type Path = "native" | "popup" | "redirect";

export interface FedCMConfig {
  /** Where this site begins a sign-in by redirect (code flow with PKCE), by the
   * provider's origin; null: it has none. Used where popups are blocked. */
  redirect?: ((provider: { configURL: string; clientId: string }) => string | null) | null;
}

let pending = false;
let reserved: Window | null = null;

/**
 * reserve opens the window inside the gesture, for a sign-in that has to wait for
 * something else first: WebKit forgets the gesture at the first fetch. The
 * answer gives the window back if no sign-in follows.
 */
export function reserve(): () => void {
  if ("IdentityCredential" in window && window.IdentityCredential !== PolyfilledIdentityCredential) return () => {};
  reserved?.close();
  const w = (reserved = openBlank());
  return () => {
    if (reserved !== w) return;
    reserved = null;
    w?.close();
  };
}

declare global {
  interface Window {
    IdentityCredential?: unknown;
  }
}

export const state: { path: Path | null } = { path: null };

export function install(config: FedCMConfig = {}): void {
  const native = "IdentityCredential" in window;
  const container: { get?: unknown } & object = navigator.credentials ?? {};
  const nativeGet = (container as CredentialsContainer).get?.bind(container);

  const get = (options?: unknown): Promise<unknown> => {
    let o: Options | null;
    try {
      o = readOptions(options);
    } catch (err) {
      if (native) return nativeGet!(options as CredentialRequestOptions);
      return Promise.reject(err);
    }
    if (o === null) {
      return nativeGet
        ? nativeGet(options as CredentialRequestOptions)
        : Promise.reject(new DOMException("This browser has no credentials of this kind.", "NotSupportedError"));
    }
    if (native) {
      state.path = "native";
      return nativeGet!(options as CredentialRequestOptions);
    }
    return ours(o, config);
  };

  if (native) {
    define(container, "get", get);
    return;
  }
  if (!navigator.credentials) {
    define(navigator, "credentials", { get, preventSilentAccess: () => Promise.resolve() });
  } else {
    define(container, "get", get);
  }
  define(window, "IdentityCredential", Object.assign(PolyfilledIdentityCredential, { disconnect }));
  define(window, "IdentityCredentialError", PolyfilledIdentityCredentialError);
  installProvider();
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

async function ours(o: Options, config: FedCMConfig): Promise<unknown> {
  if (o.signal?.aborted) throw o.signal.reason;
  // Only a browser can sign in without showing anything.
  if (o.mediation === "silent") throw networkError();
  if (pending) throw new DOMException("Only one navigator.credentials.get request may be outstanding at one time.", "NotAllowedError");
  pending = true;
  try {
    // Still inside the gesture: a single provider's popup opens at once.
    const active = navigator.userActivation?.isActive ?? false;
    let w = o.providers.length === 1 ? (reserved ?? openBlank()) : null;
    reserved = null;
    let provider: Provider = o.providers[0]!;
    // Blocked in spite of a gesture: another press would be blocked as well.
    const blocked = o.providers.length === 1 && w === null && active && redirectTo(provider, config) !== null;
    if (!w && !blocked) {
      const pressed = await askForPress(o, openBlank);
      ({ provider } = pressed);
      w = pressed.window;
    }
    if (w) {
      try {
        const answer = await askInPopup(w, provider, signInAsk(provider, o));
        if (answer.token === undefined) throw networkError();
        state.path = "popup";
        return makeCredential({ token: answer.token, configURL: provider.configURL, isAutoSelected: false });
      } catch (err) {
        if (!(err instanceof PopupUnavailable)) throw err;
      }
    }
    const to = redirectTo(provider, config);
    if (!to) throw networkError();
    state.path = "redirect";
    location.assign(to);
    return await new Promise(() => {}); // the page is going away
  } finally {
    pending = false;
  }
}

function redirectTo(p: Provider, config: FedCMConfig): string | null {
  return config.redirect?.({ configURL: p.configURL, clientId: p.clientId }) ?? null;
}

/** IdentityCredential.disconnect: the person says yes in the provider's window. */
async function disconnect(options?: unknown): Promise<void> {
  const o = options as { configURL?: unknown; clientId?: unknown; accountHint?: unknown } | null | undefined;
  if (o?.configURL === undefined || o.clientId === undefined || o.accountHint === undefined) {
    throw new TypeError("Failed to execute 'disconnect' on 'IdentityCredential': configURL, clientId and accountHint are required.");
  }
  let url: URL;
  try {
    url = new URL(String(o.configURL), document.baseURI);
  } catch {
    throw new DOMException("The provider's configURL is not a URL.", "InvalidStateError");
  }
  const w = openBlank();
  if (!w) throw networkError(); // no gesture
  try {
    const answer = await askInPopup(w, { configURL: url.href, origin: url.origin, clientId: String(o.clientId) },
      { params: { action: "disconnect", account_hint: String(o.accountHint) }, signal: null });
    if (answer.disconnected === undefined) throw networkError();
  } catch {
    throw networkError(); // as browsers do, whatever it was
  }
}

/** The provider's own side: its pages call these in the popup. */
function installProvider(): void {
  const opener = () => window.opener as Window | null;
  define(window, "IdentityProvider", class IdentityProvider {
    static close(): void {
      opener()?.postMessage({ bonafides: 1, type: "fedcm-provider", closed: true }, "*");
      window.close();
    }
    static resolve(): Promise<void> {
      return Promise.reject(new DOMException("Not inside a continuation.", "NotAllowedError"));
    }
    static getUserInfo(): Promise<never> {
      return Promise.reject(networkError());
    }
  });
  const login = {
    // Only a browser could act on it; this page remembers it for its origin.
    setStatus(status: string): Promise<void> {
      if (status !== "logged-in" && status !== "logged-out") {
        return Promise.reject(new TypeError("The status is logged-in or logged-out."));
      }
      try {
        localStorage.setItem("bonafides:login-status", status);
      } catch {
        // storage is off
      }
      return Promise.resolve();
    },
  };
  if (!("login" in navigator)) define(navigator, "login", login);
}
