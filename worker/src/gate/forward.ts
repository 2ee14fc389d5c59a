// An admitted request on its way to the origin, and the answer on its way back.

import { Problem } from "../problem.js";
import type { Admitted } from "./admit.js";
import type { GateSettings } from "./settings.js";

export const prefix = "/gate";

/** The headers that tell the origin who was admitted all begin like this. */
const claimPrefix = "gate-";

const maxClaims = 4 << 10;

// RFC 9110 section 7.6.1, and what older proxies say.
const hopByHop = ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

// Credentials that the gate judged, and what only the gate may say.
const stripped = [
  "sec-redemption-record", "private-state-redemption-record", "sec-private-state-token", "sec-private-state-token-crypto-version",
  "private-state-token", "private-state-token-crypto-version",
  "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
];

/**
 * The address at the origin. The path goes on byte for byte: it is joined as
 * text, since resolving "//evil.example" against the origin would leave it.
 */
export function target(url: URL, s: GateSettings): URL {
  const at = new URL(s.origin + url.pathname.slice(prefix.length) + url.search);
  if (at.origin !== s.origin) throw new Problem(400, "path_invalid", "The path leads away from the origin.");
  return at;
}

/** Sends the request on. */
export async function forward(request: Request, url: URL, s: GateSettings, admitted: Admitted, secret: string): Promise<Response> {
  const headers = without(request.headers, (name) =>
    hopByHop.includes(name) || stripped.includes(name) || name.replaceAll("_", "-").startsWith(claimPrefix));
  if (/^bearer( |$)/i.test(headers.get("Authorization") ?? "")) headers.delete("Authorization");
  const cookie = withoutCookies(headers.get("Cookie") ?? "", s.idTokens?.cookie ?? "", s.idTokens?.nonceCookie ?? "");
  if (cookie) headers.set("Cookie", cookie);
  else headers.delete("Cookie");
  headers.set("X-Forwarded-Host", url.host);
  headers.set("X-Forwarded-Proto", url.protocol.slice(0, -1));
  const ip = request.headers.get("CF-Connecting-IP");
  if (ip) headers.set("X-Forwarded-For", ip);
  for (const [name, value] of claimHeaders(admitted)) headers.set(name, value);
  if (secret) headers.set("Gate-Secret", secret);
  let answer: Response;
  try {
    answer = await fetch(target(url, s), {
      method: request.method, headers, body: request.body,
      redirect: "manual", // the origin's redirects are the browser's to follow
      cache: "no-store", // one visitor's answer is not another's
    });
  } catch (err) {
    console.error(JSON.stringify({ message: "the origin cannot be reached", error: err instanceof Error ? err.message : String(err) }));
    throw new Problem(502, "origin_unreachable", "The site behind the gate cannot be reached at the moment. Try again later.");
  }
  const back = without(answer.headers, (name) => hopByHop.includes(name));
  const location = back.get("Location");
  if (location !== null) back.set("Location", rewritten(location, answer.url || target(url, s).href, url, s));
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers: back });
}

/** A redirect within the origin stays behind the gate; others go where they say. */
function rewritten(location: string, base: string, url: URL, s: GateSettings): string {
  if (!URL.canParse(location, base)) return location;
  const to = new URL(location, base);
  return to.origin === s.origin ? `${url.origin}${prefix}${to.pathname}${to.search}${to.hash}` : location;
}

/** A copy without some headers, and without those that Connection names. */
function without(from: Headers, drop: (name: string) => boolean): Headers {
  const named = (from.get("Connection") ?? "").toLowerCase().split(",").map((n) => n.trim());
  const to = new Headers();
  for (const [name, value] of from) {
    if (!drop(name) && !named.includes(name)) to.append(name, value);
  }
  return to;
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
