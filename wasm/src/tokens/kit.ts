// What the parts of the token surface share on one page.

import type { Config } from "../config.js";
import { isMissingKeys, tokenError } from "./errors.js";
import { Link } from "./link.js";
import { recordOf } from "./memory.js";
import { fetchTokens, redeem } from "./operate.js";
import type { TokenParams } from "./params.js";

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

export class Kit {
  readonly config: Config;
  readonly link: Link;
  readonly nativeFetch = window.fetch.bind(window);
  readonly NativeRequest = window.Request;
  /** The browser has the API. */
  readonly native = "hasPrivateToken" in Document.prototype;
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
    return !this.native || this.#taken.has(issuer);
  }

  take(issuer: string): void {
    if (this.#taken.has(issuer)) return;
    this.#taken.add(issuer);
    document.dispatchEvent(new CustomEvent("bonafides:path", { detail: { issuer, ...this.path(issuer) } }));
  }

  path(issuer: string): Path {
    const keeper = new URL(this.config.keeper).host;
    if (!this.native) return { path: "keeper", why: `${keeper}, because this browser has no Private State Tokens.` };
    if (this.#taken.has(issuer)) {
      return { path: "keeper", why: `${keeper}, because this browser has Private State Tokens but does not know the keys of ${new URL(issuer).host}.` };
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
    if (request.mode === "no-cors") {
      throw new TypeError("Failed to execute 'fetch' on 'Window': a no-cors request cannot carry tokens in this browser. Use mode: 'cors'.");
    }
    if (params.operation === "token-redemption" && params.refreshPolicy === "none" && recordOf(issuer) !== null) {
      return Promise.reject(tokenError("have_record"));
    }
    const held = this.link.hold(issuer, params.operation, request.signal, {
      operation: params.operation === "token-request" ? "token-request" : "token-redemption",
      issuer, url: request.url, method: request.method, refresh: params.refreshPolicy === "refresh",
    });
    if (params.operation === "token-request") return fetchTokens(held, request, this.nativeFetch);
    return redeem(held, request.url, params, request.signal).then((status) => new Response(null, { status }));
  }
}
