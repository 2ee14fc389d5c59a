// What the parts of the token surface share on one page.

import type { Settled as Config } from "../config.js";
import { isMissingKeys, noOrigin, tokenError } from "./errors.js";
import { Link } from "./link.js";
import { recordOf } from "./memory.js";
import { fetchTokens, redeem } from "./operate.js";
import type { TokenParams } from "./params.js";
import type { Job } from "./redirect.js";

/** nativeMember is what the browser's own API takes. */
export function nativeMember(p: TokenParams): object {
  return {
    version: 1, operation: p.operation, refreshPolicy: p.refreshPolicy,
    ...(p.issuers.length > 0 && { issuers: p.issuers }),
  };
}

/** Which way the tokens of an issuer go, and why, for people. */
export interface Path {
  path: "native" | "keeper";
  why: string;
}

/** What the keeper's way needs and this browser or document has not, or null. */
function whatLacks(): string | null {
  if (self.origin === "null") return noOrigin;
  if (!isSecureContext) return "this page is not secure";
  return "WebAssembly" in self ? null : "this browser has no WebAssembly";
}

export function needsCORS(request: Request): void {
  if (request.mode === "no-cors") {
    throw new TypeError("Failed to execute 'fetch' on 'Window': a no-cors request carries no tokens. Use mode: 'cors'.");
  }
}

export class Kit {
  /** Why the keeper cannot do anything for this page, or null. */
  readonly lacks = whatLacks();
  readonly config: Config;
  readonly link: Link;
  readonly nativeFetch = window.fetch.bind(window);
  readonly NativeRequest = window.Request;
  /** The browser has the API. */
  readonly hasAPI = "hasPrivateToken" in Document.prototype;
  readonly #nativeHas = (Document.prototype as { hasPrivateToken?: (i: string) => Promise<boolean> }).hasPrivateToken;
  /** Issuers whose keys the browser does not hold: the polyfill's for this page. */
  readonly #taken = new Set<string>();
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(config: Config) {
    this.config = config;
    this.link = new Link(config);
  }

  /** ours says that the polyfill does this issuer's work, as far as is known. */
  ours(issuer: string): boolean {
    return !this.hasAPI || this.#taken.has(issuer);
  }

  take(issuer: string): void {
    if (this.#taken.has(issuer)) return;
    this.#taken.add(issuer);
    document.dispatchEvent(new CustomEvent("bonafides:path", { detail: { issuer, ...this.path(issuer) } }));
  }

  path(issuer: string): Path {
    const keeper = new URL(this.config.keeper).host;
    if (this.lacks !== null && this.ours(issuer)) return { path: "keeper", why: `Nobody: ${this.lacks}.` };
    if (!this.hasAPI) return { path: "keeper", why: `${keeper}, because this browser has no Private State Tokens.` };
    if (this.#taken.has(issuer)) {
      return { path: "keeper", why: `${keeper}, because this browser does not know the keys of ${new URL(issuer).host}.` };
    }
    return { path: "native", why: "It has Private State Tokens." };
  }

  /** hasNative is the browser's own answer; false where it has no API. */
  async hasNative(issuer: string): Promise<boolean> {
    return this.#nativeHas ? this.#nativeHas.call(document, issuer) : false;
  }

  /**
   * knows asks the browser whether it holds the issuer's keys. It sends nothing:
   * with tokens it does; without, a redemption stops at "Tokens exhausted" where
   * the keys are known and at "No keys" where they are not.
   */
  knows(issuer: string): Promise<boolean> {
    if (this.ours(issuer)) return Promise.resolve(false);
    let k = this.#known.get(issuer);
    if (!k) this.#known.set(issuer, (k = this.#probe(issuer)));
    return k;
  }

  async #probe(issuer: string): Promise<boolean> {
    try {
      if (await this.hasNative(issuer)) return true;
      await this.nativeFetch(`${issuer}/`, {
        method: "POST", credentials: "omit", referrerPolicy: "no-referrer",
        privateToken: { version: 1, operation: "token-redemption" },
      } as RequestInit);
    } catch (err) {
      // Every other failure is the browser's own word: a user's "off", a policy.
      if (isMissingKeys(err)) {
        this.take(issuer);
        return false;
      }
    }
    return true;
  }

  /** perform runs an issuance or a redemption through the keeper. It does not
   * await before it asks for the popup. */
  perform(params: TokenParams, request: Request, issuer: string): Promise<Response> {
    if (this.lacks !== null) return Promise.reject(tokenError("unsupported", this.lacks));
    needsCORS(request);
    if (params.operation === "token-redemption" && params.refreshPolicy === "none" && recordOf(issuer) !== null) {
      return Promise.reject(tokenError("have_record"));
    }
    return this.#performed(params, request, issuer).catch((err) => {
      // All cookies blocked: the browser's storage and channels throw this.
      throw err instanceof DOMException && err.name === "SecurityError" ? tokenError("unsupported", "this browser lets this site store nothing") : err;
    });
  }

  #performed(params: TokenParams, request: Request, issuer: string): Promise<Response> {
    const operation = params.operation as Job["operation"];
    const held = this.link.hold({ issuer, operation, signal: request.signal, job: {
      operation, issuer, url: request.url, method: request.method, refresh: params.refreshPolicy === "refresh",
    } });
    if (operation === "token-request") return fetchTokens(held, request, this.nativeFetch);
    return redeem(held, request.url, params, request.signal).then((status) => {
      // What the issuer answers natively; its own body stays with the keeper.
      const r = new Response(status === 200 ? '{"redeemed":true}' : null, { status, headers: { "Content-Type": "application/json" } });
      return Object.defineProperty(r, "url", { value: request.url.split("#")[0] });
    });
  }
}
