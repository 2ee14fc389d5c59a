// /admin/*: the operator's routes. They are off without the secret ADMIN_TOKEN. The
// token is checked here, so that nobody else can make the Worker start the module
// of the tools (Go with net/http, on syumai/workers), which costs a request some
// 50 ms.

import { describe } from "./admitted.js";
import type { Env } from "./env.js";
import { checkPolicy, storeOf } from "./policy.js";
import { Problem, checkMethod } from "./problem.js";
import { settings } from "./settings.js";
import { grace, judge, type KnownKey, type Purged, within } from "./store.js";

export const isAdmin = (url: URL) => url.pathname.startsWith("/admin/");

const leastToken = 32;

/** Answers a request below /admin/. */
export async function admin(request: Request, url: URL, env: Env, ctx: ExecutionContext): Promise<Response> {
  const token = env.ADMIN_TOKEN ?? "";
  if (token === "") {
    throw new Problem(503, "admin_off", "The operator's routes are off: the secret ADMIN_TOKEN is not set. Set it with: npx wrangler secret put ADMIN_TOKEN");
  }
  if (token.length < leastToken) {
    throw new Problem(503, "secret_invalid", `The secret ADMIN_TOKEN is shorter than ${leastToken} characters, and could be guessed. head -c 32 /dev/urandom | base64 makes one.`);
  }
  const given = /^bearer +(.*)$/is.exec(request.headers.get("Authorization") ?? "")?.[1];
  if (given === undefined || !(await equal(given, token))) {
    throw new Problem(401, "admin_token_wrong", "This route is the operator's. Send Authorization: Bearer and the token that is in the secret ADMIN_TOKEN.", { "WWW-Authenticate": "Bearer" });
  }
  switch (url.pathname) {
    case "/admin/purge":
      checkMethod(request, "POST");
      return json(await purge(env));
    // The store answers to JavaScript alone: what it says goes to the tools as bindings.
    case "/admin/status":
      return tools(request, { ...env, STATUS_PROBLEMS: JSON.stringify(await problems(env)) }, ctx);
    case "/admin/keys/check":
      return tools(request, { ...env, KNOWN_KEYS: JSON.stringify(await knownKeys(env)) }, ctx);
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
async function tools(request: Request, env: object, ctx: ExecutionContext): Promise<Response> {
  const { default: module } = await import("../dist/worker.mjs");
  return module.fetch(request, env, ctx);
}

/** Forgets what can no longer be redeemed or used. Durable Objects do so by themselves, too. */
async function purge(env: Env): Promise<Purged> {
  const { tokenKeys } = await settings(env);
  const store = storeOf(env);
  try {
    return await store.purge(tokenKeys.map((k) => k.id), Math.floor(Date.now() / 1000) - grace);
  } catch (err) {
    throw new Problem(503, "store_unavailable", `The store cannot forget what has expired: ${message(err)}.`);
  }
}

/** The scheduled work. */
export async function scheduled(env: Env): Promise<void> {
  const purged = await purge(env);
  console.log(JSON.stringify({ message: "expired rows are gone", ...purged }));
}

async function knownKeys(env: Env): Promise<KnownKey[]> {
  const store = storeOf(env);
  try {
    return await within(store.known());
  } catch (err) {
    throw new Problem(503, "store_unavailable", `The store of spent tokens cannot be asked: ${message(err)}.${hint(env)}`);
  }
}

/** What keeps requests from being answered, sentence by sentence; nothing of it is secret. */
async function problems(env: Env): Promise<string[]> {
  const list: string[] = [];
  const collect = async (f: () => unknown) => {
    try {
      await f();
    } catch (err) {
      list.push(err instanceof Problem ? err.message : "The configuration cannot be read.");
    }
  };
  await collect(async () => {
    const { tokenKeys } = await settings(env);
    await collect(async () => {
      const change = judge(await knownKeys(env), tokenKeys);
      if (change) list.push(describe(change));
    });
  });
  await collect(() => storeOf(env));
  await collect(() => checkPolicy(env));
  return [...new Set(list)];
}

const message = (err: unknown) => (err instanceof Error ? err.message : String(err)).replace(/\.$/, "");

const hint = (env: Env) => (env.ISSUER_STORE === "d1" ? " Where tables are missing: npx wrangler d1 migrations apply" : "");

function json(value: unknown): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, {
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" },
  });
}
