// The identity member of navigator.credentials.get(), read as browsers read it:
// a fault is a TypeError or the DOMException that Chromium throws.

import { json as stringify } from "../json.js";
import { isSecure } from "../origin.js";
import { text } from "../wrap.js";
import { networkError } from "./credential.js";

export interface Provider {
  configURL: string;
  /** Origin of configURL: the identity provider's. */
  origin: string;
  clientId: string;
  nonce: string | null;
  loginHint: string | null;
  domainHint: string | null;
  /** null: the default fields, name, email and picture. */
  fields: string[] | null;
  /** As JSON. */
  params: string | null;
}

export interface Options {
  providers: Provider[];
  context: string;
  mode: "active" | "passive";
  mediation: "optional" | "required" | "silent";
  signal: AbortSignal | null;
}

const contexts = ["signin", "signup", "use", "continue"];

function fail(why: string): TypeError {
  return new TypeError(`Failed to execute 'get' on 'CredentialsContainer': ${why}`);
}

function oneOf<T extends string>(v: unknown, name: string, allowed: readonly T[], otherwise: T): T {
  if (v === undefined) return otherwise;
  if (!(allowed as readonly string[]).includes(String(v))) throw fail(`${name} is not one of ${allowed.join(", ")}.`);
  return String(v) as T;
}

function optionalText(v: unknown): string | null {
  return v === undefined || v === null ? null : String(v);
}

function json(v: unknown): string | null {
  try {
    return stringify(v) ?? null;
  } catch (err) {
    throw fail(`params is no JSON: ${(err as Error).message}`);
  }
}

function readProvider(v: unknown): Provider {
  if (v === null || typeof v !== "object") throw fail("a provider is not an object.");
  const o = v as Record<string, unknown>;
  if (o.configURL === undefined) throw fail("a provider has no configURL.");
  if (o.clientId === undefined) throw fail("a provider has no clientId.");
  // The browser's word for "whichever provider is registered with it", not an address.
  if (text(o.configURL) === "any") {
    throw new DOMException("The provider \"any\" needs providers that are registered with the browser, and this one registers none. Name the configURL.", "NotSupportedError");
  }
  let url: URL;
  try {
    url = new URL(String(o.configURL), document.baseURI);
  } catch {
    throw new DOMException("The provider's configURL is not a URL.", "InvalidStateError");
  }
  if (!isSecure(url)) {
    throw new DOMException("The provider's configURL is not secure.", "NetworkError");
  }
  let fields: string[] | null = null;
  if (o.fields !== undefined) {
    if (o.fields === null || typeof (o.fields as Iterable<unknown>)[Symbol.iterator] !== "function") throw fail("fields is not a list.");
    fields = [...(o.fields as Iterable<unknown>)].map(String); // old libraries put another Array.from into pages
  }
  return {
    configURL: url.href, origin: url.origin, clientId: String(o.clientId),
    nonce: optionalText(o.nonce), loginHint: optionalText(o.loginHint), domainHint: optionalText(o.domainHint),
    fields, params: o.params === undefined ? null : json(o.params),
  };
}

/** readOptions answers null where the call is not about federated identity. */
export function readOptions(options: unknown): Options | null {
  const o = options as { identity?: Record<string, unknown>; mediation?: unknown; signal?: AbortSignal } | null | undefined;
  const identity = o?.identity;
  if (identity === undefined || identity === null) return null;
  if (typeof identity !== "object") throw fail("identity is not an object.");
  const list = identity.providers;
  if (list === undefined || list === null || typeof (list as Iterable<unknown>)[Symbol.iterator] !== "function") {
    throw fail("identity has no list of providers.");
  }
  const providers = [...(list as Iterable<unknown>)].map(readProvider);
  if (providers.length === 0) throw fail("the list of providers is empty.");
  if (providers.length > 10) throw fail("More than 10 providers are not allowed.");
  if (o!.signal !== undefined && !(o!.signal instanceof AbortSignal)) throw fail("signal is not an AbortSignal.");
  const mediation = oneOf(o!.mediation, "mediation", ["optional", "required", "silent", "conditional"] as const, "optional");
  if (mediation === "conditional") {
    throw new DOMException("Conditional mediation is not supported for this credential type.", "NotSupportedError");
  }
  const mode = oneOf(identity.mode, "mode", ["passive", "active"] as const, "passive");
  if (mode === "active" && providers.length > 1) {
    throw new DOMException("Active mode takes one provider.", "InvalidStateError");
  }
  if (new Set(providers.map((p) => p.configURL)).size !== providers.length) throw networkError(); // one provider twice
  return {
    providers, mode, mediation,
    context: oneOf(identity.context, "context", contexts, "signin"),
    signal: o!.signal ?? null,
  };
}

/** readDisconnect reads the argument of IdentityCredential.disconnect(). */
export function readDisconnect(options: unknown): { provider: Provider; accountHint: string } {
  const o = options as { accountHint?: unknown } | null | undefined;
  if (o?.accountHint === undefined) {
    throw new TypeError("Failed to execute 'disconnect' on 'IdentityCredential': accountHint is required.");
  }
  return { provider: readProvider(o), accountHint: String(o.accountHint) };
}
