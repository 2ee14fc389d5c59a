// The surface: fetch, Request, XMLHttpRequest, iframe and document take token
// members, in every browser. Where the browser has the API and knows the issuer,
// it does the work and nothing here is sent.

import type { Config } from "../config.js";
import { installDocument } from "./document.js";
import { isMissingKeys } from "./errors.js";
import { answerFrames } from "./frames.js";
import { Kit, nativeMember } from "./kit.js";
import { recordHeader } from "./operate.js";
import { issuerOrigin, readInit } from "./params.js";
import type { TokenParams } from "./params.js";
import { installXHR } from "./xhr.js";

export function install(config: Config): Kit {
  const kit = new Kit(config);
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
  answerFrames();
  return kit;
}

/** operate runs one operation. It must not await before it asks for the popup. */
function operate(kit: Kit, params: TokenParams, request: Request): Promise<Response> {
  if (params.operation === "send-redemption-record") return send(kit, params, request);
  const issuer = issuerOrigin(request.url);
  if (issuer === null) throw new TypeError("Failed to execute 'fetch' on 'Window': the issuer is not a secure origin.");
  if (kit.ours(issuer)) return kit.perform(params, request, issuer);
  const again = request.clone();
  return kit.nativeFetch(new kit.NativeRequest(request, { privateToken: nativeMember(params) } as RequestInit)).catch((err) => {
    if (!isMissingKeys(err)) throw err;
    kit.take(issuer);
    return kit.perform(params, again, issuer);
  });
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
