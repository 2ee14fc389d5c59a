// /admin/*: the operator's routes. They are off without the secret ADMIN_TOKEN. The
// token is checked here, so that nobody else can make the Worker start the module
// of the tools (Go with net/http, on syumai/workers), which costs a request some
// 50 ms.

import type { Env } from "./env.js";
import { Problem } from "./problem.js";

export const isAdmin = (url: URL) => url.pathname.startsWith("/admin/");

const leastToken = 32;

/** Answers a request below /admin/. */
export async function admin(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const token = env.ADMIN_TOKEN ?? "";
  if (token === "") {
    throw new Problem(503, "admin_off", "The operator's routes are off: the secret ADMIN_TOKEN is not set. Set it with: npx wrangler secret put ADMIN_TOKEN");
  }
  if (token.length < leastToken) {
    throw new Problem(503, "secret_invalid", `The secret ADMIN_TOKEN is shorter than ${leastToken} characters, and could be guessed. openssl rand -base64 32 makes one.`);
  }
  const given = /^bearer +(.*)$/is.exec(request.headers.get("Authorization") ?? "")?.[1];
  if (given === undefined || !(await equal(given, token))) {
    throw new Problem(401, "admin_token_wrong", "This route is the operator's. Send Authorization: Bearer and the token that is in the secret ADMIN_TOKEN.", { "WWW-Authenticate": "Bearer" });
  }
  return tools(request, env, ctx);
}

/** Compares in a time that tells nothing of the secret, its length included. */
async function equal(a: string, b: string): Promise<boolean> {
  const hash = (s: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(s));
  return crypto.subtle.timingSafeEqual(await hash(a), await hash(b));
}

/**
 * Hands a request to the tools. The module is loaded when it is first needed, and
 * instantiated for every request: what Go awaits belongs to the request that began
 * it.
 */
async function tools(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const { default: module } = await import("../dist/worker.mjs");
  return module.fetch(request, env, ctx);
}

/** The scheduled work: D1 forgets what has expired. Durable Objects do so by themselves. */
export async function purge(env: Env, ctx: ExecutionContext): Promise<void> {
  if (env.ISSUER_STORE !== "d1") return;
  const answer = await tools(new Request("https://worker.invalid/admin/purge", { method: "POST" }), env, ctx);
  const said = await answer.text();
  if (answer.status !== 200) throw new Error(`purging failed: ${answer.status} ${said}`);
  console.log(JSON.stringify({ message: "expired rows are gone", ...JSON.parse(said) }));
}
