// token-request: judge the message, ask the policy, sign as many of the blinded
// elements as that grants and as fit into one request.

import { edge } from "../../wasm/src/abi.gen.js";
import { headerProof, maxIssueBody, maxProof } from "../../wasm/src/wire.gen.js";
import { admitted } from "./admitted.js";
import { type Call, type Names, answer, issuerOrigin, native, polyfill, preflight } from "./call.js";
import { hot, refuse } from "./hot.js";
import { decide } from "./policy.js";
import { checkMethod, notFound } from "./problem.js";

export const issue = (c: Call) => serveIssue(c, native, headerProof, "Content-Type");

export function polyfillIssue(c: Call): Promise<Response> {
  if (!c.settings.polyfill) throw notFound();
  c.headers.set("Access-Control-Expose-Headers", polyfill.token);
  return serveIssue(c, polyfill, polyfill.token, polyfill.version, headerProof, "Content-Type");
}

/** Whether a page of this origin may ask for tokens with a visitor's cookies. */
export const mayIssue = (c: Call, origin: string) => c.settings.allowedOrigins.has(origin) || origin === issuerOrigin(c);

/** Sets the CORS answer, or refuses: as package issuer does, only its own pages and allowed origins may ask. */
function allowIssue(c: Call): void {
  c.headers.append("Vary", "Origin");
  const origin = c.request.headers.get("Origin");
  if (origin !== null && mayIssue(c, origin)) {
    c.headers.set("Access-Control-Allow-Origin", origin);
    c.headers.set("Access-Control-Allow-Credentials", "true");
    return;
  }
  if (origin !== null) {
    c.headers.set("Access-Control-Allow-Origin", "*"); // the page may read why
    refuse("origin_not_allowed");
  }
  const site = c.request.headers.get("Sec-Fetch-Site") ?? "";
  if (!["", "same-origin", "none"].includes(site)) refuse("origin_not_allowed");
}

async function serveIssue(c: Call, names: Names, ...preflighted: string[]): Promise<Response> {
  allowIssue(c);
  if (c.request.method === "OPTIONS") return preflight(c, "GET, POST", ...preflighted);
  checkMethod(c.request, "GET", "POST");
  const token = c.request.headers.get(names.token) ?? "";
  const version = c.request.headers.get(names.version) ?? "";
  const requested = edge.beginIssuance(hot(), names.polyfill, token, version, c.settings.keys, c.now).count;
  if (Number(c.request.headers.get("Content-Length") ?? 0) > maxIssueBody) refuse("body_too_large");
  const proof = c.request.headers.get(headerProof) ?? "";
  if (proof.length > maxProof) refuse("proof_too_large");

  // Nobody gets tokens that could not be redeemed.
  await admitted(c, "policy_unavailable");
  const most = Math.min(requested, c.settings.batch);
  const { tokens, reason } = await decide(c, proof, most);
  const issued = Math.max(0, Math.min(tokens, most));
  const signed = edge.signIssuance(hot(), token, c.settings.keys, issued, c.now).token;
  console.log(JSON.stringify({ message: "tokens issued", requested, issued, reason }));
  return answer(c, names, signed, { requested, issued, reason });
}
