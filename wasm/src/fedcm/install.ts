// navigator.credentials.get({identity}), IdentityCredential, IdentityProvider and
// navigator.login in browsers without them. Where the browser has FedCM it does
// the work.

import { askForPress } from "./press.js";
import { makeCredential, networkError, PolyfilledIdentityCredential, PolyfilledIdentityCredentialError } from "./credential.js";
import { readOptions } from "./options.js";
import type { Options, Provider } from "./options.js";
import { openBlank, PopupUnavailable, signInWithPopup } from "./popup.js";

/** Which way the last sign-in of this page took. */
export type Path = "native" | "popup" | "redirect";

export interface FedCMConfig {
  /** Where this site begins a sign-in by redirect (code flow with PKCE), by the
   * provider's origin; null: it has none. Used where popups are blocked. */
  redirect?: ((provider: { configURL: string; clientId: string }) => string | null) | null;
}

let pending = false;

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
  define(window, "IdentityCredential", Object.assign(PolyfilledIdentityCredential, {
    disconnect: () => Promise.reject(networkError()),
  }));
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
    let w = o.providers.length === 1 ? openBlank() : null;
    let provider: Provider = o.providers[0]!;
    if (!w) {
      const pressed = await askForPress(o, openBlank);
      ({ provider } = pressed);
      w = pressed.window;
    }
    if (w) {
      try {
        const r = await signInWithPopup(w, provider, o);
        state.path = "popup";
        return makeCredential({ ...r, isAutoSelected: false });
      } catch (err) {
        if (!(err instanceof PopupUnavailable)) throw err;
      }
    }
    const to = config.redirect?.({ configURL: provider.configURL, clientId: provider.clientId });
    if (!to) throw networkError();
    state.path = "redirect";
    location.assign(to);
    return await new Promise(() => {}); // the page is going away
  } finally {
    pending = false;
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
