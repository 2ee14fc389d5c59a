// The surface: fetch, Request, XMLHttpRequest, iframe and document take token
// members, in every browser. Where the browser has the API and knows the issuer,
// it does the work and nothing here is sent.

import type { Config } from "../config.js";
import { isMissingKeys, tokenError } from "./errors.js";
import { answerFrames } from "./frames.js";
import { Link } from "./link.js";
import { recordOf, rememberTokens, tokensOf } from "./memory.js";
import { fetchTokens, recordHeader, redeem } from "./operate.js";
import { issuerOrigin, readInit } from "./params.js";
import type { TokenParams } from "./params.js";
import { installXHR } from "./xhr.js";

export interface Kit {
  config: Config;
  link: Link;
  nativeFetch: typeof fetch;
  NativeRequest: typeof Request;
  /** The browser has the API. */
  native: boolean;
  /** Issuers whose keys the browser does not hold: the polyfill's for this page. */
  taken: Set<string>;
}

/** nativeMember is what the browser's own API takes. */
function nativeMember(p: TokenParams): object {
  return {
    version: 1, operation: p.operation, refreshPolicy: p.refreshPolicy,
    ...(p.issuers.length > 0 && { issuers: p.issuers }),
  };
}

export function install(config: Config): Kit {
  const kit: Kit = {
    config,
    link: new Link(config),
    nativeFetch: window.fetch.bind(window),
    NativeRequest: window.Request,
    native: "hasPrivateToken" in Document.prototype,
    taken: new Set(),
  };
  const attached = new WeakMap<Request, TokenParams>();

  const strip = (init: RequestInit): RequestInit => {
    const { privateToken: _p, trustToken: _t, ...rest } = init as RequestInit & { privateToken?: unknown; trustToken?: unknown };
    return rest;
  };
  const paramsOf = (input: unknown, init: unknown, where: string): TokenParams | null =>
    readInit(init, where) ?? (input instanceof kit.NativeRequest ? attached.get(input) ?? null : null);

  window.Request = new Proxy(kit.NativeRequest, {
    construct(target, args: [RequestInfo | URL, RequestInit?], newTarget) {
      const params = paramsOf(args[0], args[1], "construct 'Request'");
      const r = Reflect.construct(target, args[1] ? [args[0], strip(args[1])] : args, newTarget) as Request;
      if (params) attached.set(r, params);
      return r;
    },
  });
  const clone = kit.NativeRequest.prototype.clone;
  kit.NativeRequest.prototype.clone = function (this: Request): Request {
    const c = clone.call(this);
    const params = attached.get(this);
    if (params) attached.set(c, params);
    return c;
  };

  window.fetch = function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    try {
      const params = paramsOf(input, init, "execute 'fetch' on 'Window'");
      if (!params) return kit.nativeFetch(input, init);
      // Everything up to the popup happens now, while the gesture lasts.
      return operate(kit, params, new kit.NativeRequest(input, init && strip(init)));
    } catch (err) {
      return Promise.reject(err);
    }
  };

  installDocument(kit);
  installXHR(kit);
  answerFrames(kit);
  return kit;
}

/** operate runs one operation. It must not await before it asks for the popup. */
function operate(kit: Kit, params: TokenParams, request: Request): Promise<Response> {
  if (params.operation === "send-redemption-record") return send(kit, params, request);
  const issuer = issuerOrigin(request.url);
  if (issuer === null) throw new TypeError("Failed to execute 'fetch' on 'Window': the issuer is not a secure origin.");
  if (kit.native && !kit.taken.has(issuer)) {
    const again = request.clone();
    return kit.nativeFetch(new kit.NativeRequest(request, { privateToken: nativeMember(params) } as RequestInit)).catch((err) => {
      if (!isMissingKeys(err)) throw err;
      kit.taken.add(issuer);
      return ours(kit, params, again, issuer);
    });
  }
  return ours(kit, params, request, issuer);
}

function ours(kit: Kit, params: TokenParams, request: Request, issuer: string): Promise<Response> {
  if (request.mode === "no-cors") {
    throw new TypeError("Failed to execute 'fetch' on 'Window': a no-cors request cannot carry tokens in this browser. Use mode: 'cors'.");
  }
  if (params.operation === "token-redemption" && params.refreshPolicy === "none" && recordOf(issuer) !== null) {
    return Promise.reject(tokenError("have_record"));
  }
  const held = kit.link.hold(issuer, params.operation, request.signal);
  if (params.operation === "token-request") return fetchTokens(held, request, kit.nativeFetch);
  return redeem(held, request.url, params).then((status) => new Response(null, { status }));
}

function send(kit: Kit, params: TokenParams, request: Request): Promise<Response> {
  const header = recordHeader(params.issuers);
  if (header) {
    if (request.mode === "no-cors") {
      throw new TypeError("Failed to execute 'fetch' on 'Window': a no-cors request cannot carry a redemption record in this browser. Use mode: 'cors'.");
    }
    request.headers.set(header[0], header[1]);
  }
  if (!kit.native) return kit.nativeFetch(request);
  return kit.nativeFetch(new kit.NativeRequest(request, { privateToken: nativeMember(params) } as RequestInit));
}

function installDocument(kit: Kit): void {
  const proto = Document.prototype as Document & Record<string, unknown>;
  const nativeTokens = proto.hasPrivateToken as ((i: string) => Promise<boolean>) | undefined;
  const nativeRecord = proto.hasRedemptionRecord as ((i: string) => Promise<boolean>) | undefined;

  const origin = (v: unknown, name: string): string => {
    const o = issuerOrigin(v);
    if (o === null) throw new TypeError(`Failed to execute '${name}' on 'Document': the issuer is not a URL of a secure origin.`);
    return o;
  };

  async function hasPrivateToken(this: Document, v: string): Promise<boolean> {
    const issuer = origin(v, "hasPrivateToken");
    if (nativeTokens && !kit.taken.has(issuer) && (await nativeTokens.call(this, issuer))) return true;
    return tokensOf(issuer) ?? (await askKeeper(kit, issuer));
  }

  async function hasRedemptionRecord(this: Document, v: string): Promise<boolean> {
    const issuer = origin(v, "hasRedemptionRecord");
    if (recordOf(issuer) !== null) return true;
    return nativeRecord ? nativeRecord.call(this, issuer) : false;
  }

  const define = (name: string, value: unknown) =>
    Object.defineProperty(Document.prototype, name, { value, configurable: true, enumerable: true, writable: true });
  define("hasPrivateToken", hasPrivateToken);
  define("hasTrustToken", function hasTrustToken(this: Document, v: string) {
    return hasPrivateToken.call(this, v);
  });
  define("hasRedemptionRecord", hasRedemptionRecord);
}

/**
 * On a site that never met the keeper, only the keeper knows. It is asked where
 * its popup is open already; a question alone opens none, and the answer is true:
 * the page goes on to redeem, and learns there.
 */
async function askKeeper(kit: Kit, issuer: string): Promise<boolean> {
  if (!kit.link.isOpen) return true;
  const held = await kit.link.hold(issuer, "token-redemption");
  try {
    const a = await held.exchange({ op: "has", issuer });
    if (!a.ok) throw tokenError(a.code ?? "unavailable", a.message);
    rememberTokens(issuer, a.tokens === true);
    return a.tokens === true;
  } finally {
    held.release();
  }
}
