// /gate/*: an ID-token or record check in front of any origin. It admits a request
// with a valid ID token or redemption record to the one configured origin, and
// tells it who came.

import { headerRecord } from "../../wasm/src/wire.gen.js";
import type { Env } from "./env.js";
import { admit } from "./gate/admit.js";
import { gateKeys, noKeys } from "./gate/assertion.js";
import { forward, prefix } from "./gate/forward.js";
import type { Platform } from "./gate/keysets.js";
import { type GateSettings, gateSettings } from "./gate/settings.js";
import { Problem } from "./problem.js";
import { serve } from "./published.js";

export const isGate = (url: URL) => url.pathname.startsWith(`${prefix}/`);

/** Whether somebody has configured the gate. */
export const gateIsOn = (env: Env) => env.GATE !== undefined && env.GATE !== "";

const off = () => new Problem(503, "gate_off",
  "The gate is not configured: set the variable GATE in wrangler.toml to the origin that it guards and to whom it admits. docs/worker.md has an example.");

/** Answers a request below /gate/. headers are those of a refusal. */
export async function gate(request: Request, url: URL, env: Env, headers: Headers, p: Platform): Promise<Response> {
  if (!gateIsOn(env)) throw off();
  const s = gateSettings(env.GATE);
  const cors = allowed(request, s, headers);
  if (cors && request.method === "OPTIONS" && request.headers.has("Access-Control-Request-Method")) return preflight(s, headers);
  if (request.method === "TRACE" || request.method === "CONNECT") {
    throw new Problem(405, "method_not_allowed", "The gate passes no TRACE and no CONNECT.", { Allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" });
  }
  if (request.headers.has("Upgrade")) {
    throw new Problem(400, "upgrade_refused", "The gate passes no WebSocket: it judges a request, and a connection would outlive what was judged.");
  }
  const keys = await gateKeys(env.GATE_KEYS);
  const answer = await forward(request, url, s, await admit(request, s, p), { keys, secret: env.GATE_SECRET ?? "" }, p);
  if (s.cors.length > 0) {
    for (const name of ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"]) answer.headers.delete(name);
    for (const [name, value] of headers) answer.headers.append(name, value);
  }
  return answer;
}

/** Whether this is where the keys of the gate's assertions are. A gate whose settings are wrong has none. */
export function isGateKeys(url: URL, env: Env): boolean {
  if (!gateIsOn(env) || !url.pathname.startsWith("/.well-known/")) return false;
  try {
    return gateSettings(env.GATE).keysPath === url.pathname;
  } catch {
    return false;
  }
}

/** Publishes the keys of the gate's assertions. */
export async function serveGateKeys(request: Request, env: Env, headers: Headers): Promise<Response> {
  const keys = await gateKeys(env.GATE_KEYS);
  if (!keys) throw noKeys();
  return serve(request, headers, keys.published);
}

/** Sets what lets a page of another origin read the answer, where it is listed. */
function allowed(request: Request, s: GateSettings, headers: Headers): boolean {
  if (s.cors.length === 0) return false;
  headers.append("Vary", "Origin");
  const origin = request.headers.get("Origin") ?? "";
  if (!s.cors.includes(origin)) return false;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Allow-Credentials", "true");
  return true;
}

/** Fetch section 4.8. A preflight carries no credentials, so the gate answers it by itself. */
function preflight(s: GateSettings, headers: Headers): Response {
  headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  headers.set("Access-Control-Allow-Headers", ["Authorization", "Content-Type", headerRecord, ...s.corsHeaders].join(", "));
  headers.set("Access-Control-Max-Age", "600");
  headers.set("Cache-Control", "no-store");
  return new Response(null, { status: 204, headers });
}
