// The issuer as a Cloudflare Worker. The hot path is Go in a module that answers
// synchronously (hot.ts); what awaits is here: routes, the store, WebCrypto.

import { GuestRefusal, GuestTrap } from "../../wasm/src/guest.js";
import { pathCommitment, pathIssue, pathNativeIssue, pathNativeRedeem, pathRecordKeys, pathRedeem, pathReturn, pathTrustToken } from "../../wasm/src/wire.gen.js";
import { admin, isAdmin, scheduled } from "./admin.js";
import type { Call, Route } from "./call.js";
import type { Env } from "./env.js";
import { gate, gateIsOn, isGate, isGateKeys, serveGateKeys } from "./gate.js";
import { issue, polyfillIssue } from "./issue.js";
import { challenge } from "./policy.js";
import { Problem, checkMethod, notFound } from "./problem.js";
import { serve } from "./published.js";
import { polyfillRedeem, redeem, trustToken } from "./redeem.js";
import { page } from "./return.js";
import { settings } from "./settings.js";

export { SpentTokens } from "./durable.js";

export const routes: Record<string, Route> = {
  [pathNativeIssue]: issue,
  "/issue/challenge": challenge,
  [pathNativeRedeem]: redeem,
  [pathTrustToken]: trustToken,
  [pathCommitment]: (c) => serve(c.request, c.headers, c.settings.commitments),
  [pathRecordKeys]: (c) => serve(c.request, c.headers, c.settings.recordKeys),
  [pathIssue]: polyfillIssue,
  [pathRedeem]: polyfillRedeem,
  [pathReturn]: page,
};

/** The Worker that answers at these paths, and at /healthz without any configuration. */
export function worker(table: Record<string, Route>) {
  return {
    async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
      const url = new URL(request.url);
      const headers = new Headers();
      try {
        if (url.pathname === "/healthz") return healthz(request);
        if (isGate(url) && gateIsOn(env)) return await gate(request, url, env, headers, { now: Date.now, ctx });
        if (isGateKeys(url, env)) return await serveGateKeys(request, env, headers);
        if (isAdmin(url)) return await admin(request, url, env, ctx);
        const call: Call = { request, url, env, ctx, headers, settings: await settings(env), now: Math.floor(Date.now() / 1000) };
        if (isGate(url)) return await gate(request, url, env, headers, { now: Date.now, ctx });
        const route = Object.hasOwn(table, url.pathname) ? table[url.pathname] : undefined;
        if (!route) throw notFound();
        return await route(call);
      } catch (err) {
        return refusal(err, request, headers);
      }
    },
    async scheduled(_: unknown, env: Env): Promise<void> {
      await scheduled(env);
    },
  };
}

export default worker(routes);

/** Tells that the Worker runs. */
function healthz(request: Request): Response {
  checkMethod(request, "GET");
  return new Response(request.method === "HEAD" ? null : '{"status":"ok"}', {
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
  });
}

/** Answers with what was thrown on the way. */
function refusal(err: unknown, request: Request, headers: Headers): Response {
  if (err instanceof GuestRefusal && err.status > 0) {
    // Native issuers ask to come again after five seconds, too.
    const later: Record<string, string> = err.status === 503 ? { "Retry-After": "5" } : {};
    return new Problem(err.status, err.code, err.message, later).response(headers);
  }
  if (err instanceof Problem) return err.response(headers);
  // Whoever runs the Worker finds the request by its id; the caller learns nothing else.
  const id = request.headers.get("CF-Ray") ?? crypto.randomUUID();
  const trap = err instanceof GuestTrap;
  console.error(JSON.stringify({ message: trap ? "the module stopped" : "unexpected error", request_id: id, error: describe(err) }));
  headers.set("X-Request-Id", id);
  return new Problem(
    trap ? 503 : 500,
    trap ? "module_stopped" : "internal_error",
    `Something went wrong on the issuer's side. Try again; if it happens again, tell the operator the request id ${id}.`,
    trap ? { "Retry-After": "1" } : {},
  ).response(headers, { request_id: id });
}

function describe(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  return err.cause instanceof Error ? `${err.message} (${err.cause.message})` : err.message;
}
