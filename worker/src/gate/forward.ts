// An admitted request on its way to the origin, and the answer on its way back.

import { headerAssertion } from "../../../wasm/src/wire.gen.js";
import { Problem } from "../problem.js";
import { readdress } from "./addresses.js";
import type { Admitted } from "./admit.js";
import { type GateKeys, assertion } from "./assertion.js";
import { hasBearer, hopByHop, passes, without } from "./headers.js";
import type { Platform } from "./keysets.js";
import { keepPrivate } from "./private.js";
import type { GateSettings } from "./settings.js";

export const prefix = "/gate";

const maxClaims = 4 << 10;

/**
 * The address at the origin. The path goes on byte for byte: it is joined as
 * text, since resolving "//evil.example" against the origin would leave it.
 */
export function target(url: URL, s: GateSettings): URL {
  const at = new URL(s.origin + url.pathname.slice(prefix.length) + url.search);
  if (at.origin !== s.origin) throw new Problem(400, "path_invalid", "The path leads away from the origin.");
  return at;
}

/** What the gate shows the origin, so that nobody else can pretend to be it. */
export interface Proof {
  keys: GateKeys | null;
  secret: string;
}

/** Sends the request on. */
export async function forward(request: Request, url: URL, s: GateSettings, admitted: Admitted, proof: Proof, p: Platform): Promise<Response> {
  const to = target(url, s);
  const headers = without(request.headers, (name) => !passes(name, s.keepHeaders));
  if (hasBearer(headers.get("Authorization") ?? "")) headers.delete("Authorization");
  const cookie = withoutCookies(headers.get("Cookie") ?? "", s.idTokens?.cookie ?? "", s.idTokens?.nonceCookie ?? "");
  if (cookie) headers.set("Cookie", cookie);
  else headers.delete("Cookie");
  headers.set("X-Forwarded-Host", url.host);
  headers.set("X-Forwarded-Proto", url.protocol.slice(0, -1));
  if (s.forwardPrefix) headers.set("X-Forwarded-Prefix", prefix);
  const ip = request.headers.get("CF-Connecting-IP");
  if (ip) headers.set("X-Forwarded-For", ip);
  for (const [name, value] of claimHeaders(admitted)) headers.set(name, value);
  if (proof.keys) {
    headers.set(headerAssertion, await proof.keys.sign(assertion(admitted, {
      gate: url.origin, origin: s.origin, method: request.method, target: to.pathname + to.search, now: Math.floor(p.now() / 1000),
    })));
    headers.delete("Gate-Claims"); // the assertion has them: twice would be more than some servers read
  }
  if (proof.secret) headers.set("Gate-Secret", proof.secret);
  const body = await content(request);
  let answer: Response;
  try {
    answer = await fetch(to, {
      method: request.method, headers, body,
      redirect: "manual", // the origin's redirects are the browser's to follow
      cache: "no-store", // one visitor's answer is not another's
    });
  } catch (err) {
    console.error(JSON.stringify({ message: "the origin cannot be reached", error: err instanceof Error ? err.message : String(err) }));
    throw new Problem(502, "origin_unreachable", "The site behind the gate cannot be reached at the moment. Try again later.");
  }
  const back = without(answer.headers, (name) => hopByHop.includes(name));
  readdress(back, { base: answer.url || to.href, origin: s.origin, gate: url.origin, prefix, told: s.forwardPrefix });
  keepPrivate(back, s);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers: back });
}

/**
 * The request's body. RFC 9110 section 9.3.1 gives that of a GET no meaning, and the
 * platform sends none: a request that has one is refused rather than cut.
 */
async function content(request: Request): Promise<ReadableStream | null> {
  if (request.body === null || (request.method !== "GET" && request.method !== "HEAD")) return request.body;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    if (value.length === 0) continue;
    await reader.cancel();
    throw new Problem(400, "body_unexpected", `The gate passes no ${request.method} that has a body. Send it with POST.`);
  }
}

/** The Cookie header without the gate's own. */
const withoutCookies = (header: string, ...names: string[]) =>
  header.split(";").map((p) => p.trim()).filter((p) => p !== "" && !names.includes(p.split("=")[0]!.trim())).join("; ");

/**
 * What the origin is told. Text that somebody else chose is percent-encoded, so
 * that it can neither end a header nor hold anything but visible ASCII.
 */
export function claimHeaders(a: Admitted): [string, string][] {
  if (a.kind === "record") {
    return [
      ["Gate-Admitted", "record"], ["Gate-Issuer", a.issuer], ["Gate-Record-Site", a.site], ["Gate-Record-Via", a.via],
      ["Gate-Record-Key", String(a.keyId)], ["Gate-Expires", String(a.expires)],
      ...(a.id ? [["Gate-Record-Id", encodeURIComponent(a.id)] as [string, string]] : []),
    ];
  }
  const claims = JSON.parse(a.claims) as Record<string, unknown>;
  const text = (name: string) => (typeof claims[name] === "string" ? encodeURIComponent(claims[name].toWellFormed()) : "");
  return [
    ["Gate-Admitted", "id-token"], ["Gate-Issuer", text("iss")], ["Gate-Subject", text("sub")],
    // An address that nobody verified is no address of this person.
    ...(a.emailVerified && text("email") ? [["Gate-Email", text("email")] as [string, string]] : []),
    ["Gate-Expires", String(Math.floor(Number(claims.exp)))],
    // Servers stop at 8 to 16 KiB of headers. The claims above are there all the same.
    ...(a.claims.length <= maxClaims
      ? [["Gate-Claims", new TextEncoder().encode(a.claims).toBase64({ alphabet: "base64url", omitPadding: true })] as [string, string]] : []),
  ];
}
