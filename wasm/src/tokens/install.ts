// The surface: fetch, Request, XMLHttpRequest, iframe and document take token
// members, in every browser. Where the browser has the API and knows the issuer,
// it does the work and nothing here is sent.

import type { Settled } from "../config.js";
import { place } from "../place.js";
import type { Part } from "../place.js";
import { documentParts } from "./document.js";
import { isMissingKeys } from "./errors.js";
import { answerFrames, frameParts } from "./frames.js";
import { Kit, nativeMember, needsCORS } from "./kit.js";
import { recordHeader } from "./operate.js";
import { issuerOrigin, readInit, withoutTokens } from "./params.js";
import type { TokenParams } from "./params.js";
import { wrap } from "../wrap.js";
import { xhrParts } from "./xhr.js";

/** install answers the kit, or what kept it out of this page. mark is one part more. */
export function install(config: Settled, mark: (kit: Kit) => Part): Kit | string {
  const kit = new Kit(config);
  const attached = new WeakMap<object, TokenParams>();

  /** What a Request was made with; a map's look-up, which no object notices. */
  const attachedTo = (input: unknown): TokenParams | null => attached.get(input as object) ?? null;

  // Most calls of a page have nothing to do with tokens. They go through as they
  // came: the very arguments, receiver and new.target, and the browser's own errors.
  const NewRequest = new Proxy(kit.NativeRequest, {
    construct(target, args: unknown[], newTarget) {
      const given = readInit(args[1], "construct 'Request'");
      const made = Reflect.construct(target, given ? [args[0], withoutTokens(args[1] as object)] : args, newTarget) as Request;
      const params = given ?? attachedTo(args[0]);
      if (params) attached.set(made, params);
      return made;
    },
  });
  const proto = kit.NativeRequest.prototype;
  const clone = wrap(proto.clone, (self, _args, asIs) => {
    const copy = asIs() as Request;
    const params = attachedTo(self);
    if (params) attached.set(copy, params);
    return copy;
  });

  const newFetch = wrap(window.fetch, (_self, args, asIs) => {
    let given: TokenParams | null;
    try {
      given = readInit(args[1], "execute 'fetch' on 'Window'");
    } catch (err) {
      return Promise.reject(err);
    }
    const params = given ?? attachedTo(args[0]);
    if (!params) return asIs();
    try {
      const init = given ? withoutTokens(args[1] as object) : (args[1] as RequestInit | undefined);
      // Everything up to the popup happens now, while the gesture lasts.
      return operate(kit, params, new kit.NativeRequest(args[0] as RequestInfo, init));
    } catch (err) {
      return Promise.reject(err);
    }
  });

  const missing = place([
    { target: window, name: "fetch", value: newFetch },
    { target: window, name: "Request", value: NewRequest },
    { target: proto, name: "constructor", value: NewRequest },
    { target: proto, name: "clone", value: clone },
    ...xhrParts(kit), ...documentParts(kit), ...frameParts(), mark(kit),
  ]);
  if (missing !== null) return missing;
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
    needsCORS(request);
    request.headers.set(header[0], header[1]);
  }
  if (!kit.hasAPI) return kit.nativeFetch(request);
  return kit.nativeFetch(new kit.NativeRequest(request, { privateToken: nativeMember(params) } as RequestInit));
}
