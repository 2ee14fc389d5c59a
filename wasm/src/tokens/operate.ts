// One token operation of a page, where the browser does not do it itself.

import { tokenError } from "./errors.js";
import type { Held } from "./link.js";
import { keepRecord, recordOf, rememberTokens } from "./memory.js";
import type { TokenParams } from "./params.js";
import { headerRecord, headerToken, headerVersion, pathIssue, version } from "./protocol.js";
import type { Answer } from "./protocol.js";
import { throwIfAborted } from "../wait.js";

/** check turns a keeper's refusal into the exception of the page. */
function check(a: Answer, issuer: string): Answer {
  if (!a.ok) {
    if (a.code === "no_tokens") rememberTokens(issuer, false);
    throw tokenError(a.code ?? "unavailable", a.message);
  }
  return a;
}

const malformed = () => tokenError("unavailable", "Its answer lacks a member.");

/** issuance as the page sees it: the blinded request out, the answer in. */
export interface Issuance {
  /** Headers for the request to the issuer. */
  headers: Record<string, string>;
  /** Where the request goes: the issuer's endpoint for pages. */
  url: string;
  /** Ends it with the answer's header; null where it is missing. */
  finish(header: string | null): Promise<void>;
}

export async function begin(held: Held, url: string): Promise<Issuance> {
  const u = new URL(url);
  const issuer = u.origin;
  const begun = check(await held.exchange({ op: "begin", issuer }), issuer);
  if (typeof begun.request !== "string" || typeof begun.handle !== "string") throw malformed();
  return {
    headers: { [headerToken]: begun.request!, [headerVersion]: version },
    url: issuer + pathIssue + u.search,
    finish: async (header) => {
      if (header === null) throw tokenError("bad_response", "The issuer's answer has no " + headerToken + " header.");
      const done = check(await held.exchange({ op: "finish", handle: begun.handle!, response: header }), issuer);
      if (done.count! > 0) rememberTokens(issuer, true);
    },
  };
}

/** fetchTokens is a token-request made with fetch. */
export async function fetchTokens(held: Promise<Held>, request: Request, nativeFetch: typeof fetch): Promise<Response> {
  const h = await held;
  try {
    throwIfAborted(request.signal);
    const issuance = await begin(h, request.url);
    const headers = new Headers(request.headers);
    for (const [k, v] of Object.entries(issuance.headers)) headers.set(k, v);
    const body = request.method === "GET" || request.method === "HEAD" ? undefined : await request.arrayBuffer();
    const response = await nativeFetch(issuance.url, {
      method: request.method, headers, body: body && body.byteLength > 0 ? body : undefined,
      mode: request.mode === "navigate" ? "same-origin" : request.mode, credentials: request.credentials, cache: "no-store",
      redirect: request.redirect, referrer: request.referrer, referrerPolicy: request.referrerPolicy, signal: request.signal,
    });
    await issuance.finish(response.headers.get(headerToken));
    return response;
  } finally {
    h.release();
  }
}

/** redeem asks the keeper to spend a token; the record stays with this site. */
export async function redeem(held: Promise<Held>, url: string, params: TokenParams, signal: AbortSignal): Promise<number> {
  const h = await held;
  try {
    throwIfAborted(signal);
    const u = new URL(url);
    const a = check(await h.exchange({
      op: "redeem", issuer: u.origin, path: u.pathname + u.search, refresh: params.refreshPolicy === "refresh",
    }), u.origin);
    if (typeof a.record !== "string" || typeof a.expires !== "number") throw malformed();
    keepRecord(u.origin, a.record, a.expires);
    rememberTokens(u.origin, a.tokens === true);
    return a.status ?? 200;
  } finally {
    h.release();
  }
}

/** recordHeader is the header with the live records of these issuers; null where
 * there is none. The syntax is that of Sec-Redemption-Record (RFC 8941). */
export function recordHeader(issuers: string[]): [string, string] | null {
  const items: string[] = [];
  for (const issuer of issuers) {
    const record = recordOf(issuer);
    if (record === null || !/^[\x20-\x7e]*$/.test(record)) continue;
    items.push(`${quote(issuer)};redemption-record=${quote(record)}`);
  }
  return items.length > 0 ? [headerRecord, items.join(", ")] : null;
}

function quote(s: string): string {
  return '"' + s.replace(/[\\"]/g, "\\$&") + '"';
}
