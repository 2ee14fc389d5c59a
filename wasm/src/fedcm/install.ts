// navigator.credentials.get({identity}), IdentityCredential, IdentityProvider and
// navigator.login in browsers without them. Where the browser has FedCM it does
// the work, and what it shows and the person answers there is final.

import { place } from "../place.js";
import type { Part } from "../place.js";
import { wrap } from "../wrap.js";
import type { FedCMConfig } from "./config.js";
import { makeCredential, networkError, PolyfilledIdentityCredential, PolyfilledIdentityCredentialError } from "./credential.js";
import { firstNative } from "./native.js";
import { readOptions, readDisconnect } from "./options.js";
import type { Options, Provider } from "./options.js";
import { because, begin, locked, take } from "./path.js";
import { askInPopup, openPopup, PopupUnavailable, signInParams } from "./popup.js";
import { askForPress } from "./press.js";
import type { Pressed } from "./press.js";
import { bounded, reasonOf, throwIfAborted } from "../wait.js";
import { login, PolyfilledIdentityProvider } from "./provider.js";

declare global {
  interface Window {
    IdentityCredential?: unknown;
  }
}

let pending: { mode: Options["mode"]; end: AbortController } | null = null;
let disconnecting = false;
let reserved: Window | null = null;

/**
 * reserve opens the window inside the gesture, for a sign-in that has to wait for
 * something else first: WebKit forgets the gesture at the first fetch. The
 * answer gives the window back if no sign-in follows.
 */
export function reserve(): () => void {
  if (window.IdentityCredential !== PolyfilledIdentityCredential) return () => {}; // the browser's own, or none
  reserved?.close();
  const w = (reserved = openPopup());
  const back = () => {
    removeEventListener("pagehide", back);
    if (reserved !== w) return;
    reserved = null;
    w?.close();
  };
  addEventListener("pagehide", back); // nor does it outlive its page
  return back;
}

/** install puts everything into the page, or nothing where a part of it is locked. */
export function install(config: FedCMConfig, mark: Part): void {
  const native = "IdentityCredential" in window;
  begin(native);
  if (!isSecureContext) return locked(native, because.insecure);
  const container = navigator.credentials as CredentialsContainer | undefined;

  const around = (options: unknown, asIs: () => unknown): unknown => {
    let o: Options | null;
    try {
      o = readOptions(options);
    } catch (err) {
      if (native) return asIs(); // the browser says it in its own words
      return Promise.reject(err);
    }
    if (o === null) return asIs();
    const asked = o;
    if (!native) return signIn(asked, config, because.none);
    take("native", because.native);
    return firstNative({
      o: asked, options: options as object, get: nativeGet!,
      mayGoOn: () => pending === null && redirectTo(asked.providers[0]!, config) !== null,
      goOn: (pressed, signal) => signIn({ ...asked, signal }, config, because.failed, pressed),
    });
  };
  const nativeGet = container?.get?.bind(container);
  const part = (target: object, name: string, value: unknown, said?: string): Part => ({ target, name, value, said });
  const parts: Part[] = [];
  if (container?.get) {
    parts.push(part(container, "get", wrap(container.get, (_self, args, asIs) => around(args[0], asIs)), "navigator.credentials.get"));
    const { store } = container;
    if (!native && store) {
      parts.push(part(container, "store", wrap(store, (_self, args, asIs) => (args[0] instanceof PolyfilledIdentityCredential ? unsupported() : asIs())), "navigator.credentials.store"));
    }
  } else {
    const get = (options?: unknown) => around(options, unsupported);
    parts.push(part(navigator, "credentials", { get, store: unsupported, create: unsupported, preventSilentAccess: () => Promise.resolve() }, "navigator.credentials"));
  }
  if (!native) {
    parts.push(part(window, "IdentityCredential", Object.assign(PolyfilledIdentityCredential, { disconnect })),
      part(window, "IdentityCredentialError", PolyfilledIdentityCredentialError),
      part(window, "IdentityProvider", PolyfilledIdentityProvider));
    if (!("login" in navigator)) parts.push(part(navigator, "login", login, "navigator.login"));
  }
  const missing = place([...parts, mark]);
  if (missing !== null) locked(native, missing);
}

function unsupported(): Promise<never> {
  return Promise.reject(new DOMException("This browser has no credentials of this kind.", "NotSupportedError"));
}

/** A frame of another site needs the leave of the page around it (the policy
 * identity-credentials-get), which no script can see. */
function framed(): boolean {
  try {
    return top!.location.origin !== location.origin;
  } catch {
    return true;
  }
}

async function signIn(o: Options, config: FedCMConfig, why: string, pressed?: Pressed): Promise<unknown> {
  const spare = reserved;
  reserved = null;
  try {
    throwIfAborted(o.signal);
    // Only a browser can sign in without showing anything.
    if (o.mediation === "silent") throw networkError();
    if (framed()) throw new DOMException("The 'identity-credentials-get' feature is not enabled in this document.", "NotAllowedError");
    if (pending && (o.mode === "passive" || pending.mode === "active")) {
      throw new DOMException("Only one navigator.credentials.get request may be outstanding at one time.", "NotAllowedError");
    }
  } catch (err) {
    spare?.close();
    throw err;
  }
  pending?.end.abort(networkError()); // a button that is pressed replaces what the page asked by itself
  const end = new AbortController();
  const abort = () => end.abort(reasonOf(o.signal!));
  o.signal?.addEventListener("abort", abort, { once: true });
  const mine = (pending = { mode: o.mode, end });
  try {
    return await byWindow(o, config, why, pressed, spare, end.signal);
  } finally {
    o.signal?.removeEventListener("abort", abort);
    if (pending === mine) pending = null;
  }
}

async function byWindow(o: Options, config: FedCMConfig, why: string, pressed: Pressed | undefined, spare: Window | null, signal: AbortSignal): Promise<unknown> {
  const single = o.providers.length === 1 ? o.providers[0]! : null;
  let provider: Provider | null = pressed?.provider ?? null;
  let w = pressed?.window ?? null;
  if (!provider && single) {
    // Still inside the gesture: a single provider's window opens at once.
    const active = navigator.userActivation?.isActive ?? false;
    w = spare ?? openPopup();
    // Blocked in spite of a gesture: another press would be blocked as well.
    if (w || (active && redirectTo(single, config) !== null)) provider = single;
  } else {
    spare?.close();
  }
  if (!provider) {
    ({ provider, window: w } = await askForPress({ reason: single ? "gesture" : "choose", providers: o.providers, context: o.context, signal }));
  }
  let instead = because.blocked;
  if (w) {
    take("popup", why);
    try {
      const answer = await askInPopup(w, provider, { params: signInParams(provider, o), signal });
      if (answer.token === undefined) throw networkError();
      return makeCredential({ token: answer.token, configURL: provider.configURL, isAutoSelected: false });
    } catch (err) {
      if (!(err instanceof PopupUnavailable)) throw err;
      instead = err.message;
    }
  }
  const to = redirectTo(provider, config);
  if (!to) throw networkError();
  // Cut off by a policy, or closed by the person before it was there: ask.
  if (instead === because.unanswered) await askForPress({ reason: "unanswered", providers: [provider], context: o.context, signal });
  take("redirect", instead);
  return goTo(to, signal);
}

/** How long a page may take to go, in ms. */
const leavesIn = 60_000;

/** goTo takes the page away. It ends where the page stays, and where it comes back
 * as it was (Back, from the browser's memory of pages): then nobody signed in. */
function goTo(to: string, signal: AbortSignal): Promise<never> {
  return bounded(new Promise<never>((_, reject) => {
    addEventListener("pageshow", function back(e) {
      if (!e.persisted) return; // this page's own beginning
      removeEventListener("pageshow", back);
      reject(networkError());
    });
    location.assign(to);
  }), signal, leavesIn, networkError);
}

function redirectTo(p: Provider, config: FedCMConfig): string | null {
  return config.redirect?.({ configURL: p.configURL, clientId: p.clientId }) ?? null;
}

/** IdentityCredential.disconnect: the person says yes in the provider's window. */
async function disconnect(options?: unknown): Promise<void> {
  const { provider, accountHint } = readDisconnect(options);
  if (disconnecting) throw new DOMException("There is a pending disconnect() call.", "NotAllowedError");
  disconnecting = true;
  const { signal } = new AbortController();
  try {
    let w = openPopup();
    if (!w) ({ window: w } = await askForPress({ reason: "disconnect", providers: [provider], signal }));
    if (!w) throw networkError();
    const answer = await askInPopup(w, provider, { params: { action: "disconnect", account_hint: accountHint }, signal });
    if (answer.disconnected === undefined) throw networkError();
  } catch {
    throw new DOMException("Error disconnecting account.", "NetworkError"); // as browsers do, whatever it was
  } finally {
    disconnecting = false;
  }
}
