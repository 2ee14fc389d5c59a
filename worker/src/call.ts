// One request on its way through the Worker.

import type { Env } from "./env.js";
import type { Settings } from "./settings.js";
import { isSecureOrigin } from "../../wasm/src/origin.js";
import { headerLifetime, headerToken, headerVersion, nativeLifetime, nativeToken, nativeVersion } from "../../wasm/src/wire.gen.js";
import { Problem } from "./problem.js";

export interface Call {
  request: Request;
  url: URL;
  env: Env;
  ctx: ExecutionContext;
  settings: Settings;
  /** Headers of the answer, set as the request goes on; a refusal has them too. */
  headers: Headers;
  now: number; // Unix seconds
}

export type Route = (c: Call) => Response | Promise<Response>;

/** The names of an exchange's three headers. */
export interface Names {
  polyfill: boolean;
  token: string;
  version: string;
  lifetime: string;
}

// A page cannot set the native ones in a request; the polyfill's are those of its
// script. A route reads the one or the other, never both.
export const native: Names = {
  polyfill: false,
  token: nativeToken,
  version: nativeVersion,
  lifetime: nativeLifetime,
};
export const polyfill: Names = {
  polyfill: true,
  token: headerToken,
  version: headerVersion,
  lifetime: headerLifetime,
};

/**
 * The issuer's origin: the configured one, or the one that this request came to,
 * which is what a browser knows the issuer by.
 */
export function issuerOrigin(c: Call): string {
  if (c.settings.origin !== null) return c.settings.origin;
  if (isSecureOrigin(c.url.origin)) return c.url.origin;
  throw new Problem(400, "origin_insecure", "Browsers take tokens from https or loopback hosts only. Use https.");
}

/** Answers a preflight. */
export function preflight(c: Call, methods: string, ...allowed: string[]): Response {
  c.headers.set("Access-Control-Allow-Methods", methods);
  c.headers.set("Access-Control-Allow-Headers", allowed.join(", "));
  c.headers.set("Access-Control-Max-Age", "600");
  c.headers.set("Cache-Control", "no-store");
  return new Response(null, { status: 204, headers: c.headers });
}

/** Answers with the token header and a few words for the page's own script. */
export function answer(c: Call, names: Names, token: string, body: object, seconds?: number): Response {
  c.headers.set(names.token, token); // an empty value is an answer: no tokens were granted
  if (seconds) c.headers.set(names.lifetime, String(seconds));
  c.headers.set("Content-Type", "application/json");
  c.headers.set("Cache-Control", "no-store");
  c.headers.set("X-Content-Type-Options", "nosniff");
  return new Response(JSON.stringify(body), { headers: c.headers });
}

/** Logs a failure of our own side and nothing about the request. */
export function failed(what: string, err: unknown): void {
  console.error(JSON.stringify({ message: `${what} failed`, error: err instanceof Error ? err.message : String(err) }));
}
