// Who gets how many tokens. The strict default is nobody: a deployer chooses.

import { edge } from "../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../wasm/src/guest.js";
import { challengeLifetime, maxDifficulty, maxSiteverify, minDifficulty } from "../../wasm/src/wire.gen.js";
import { type Call, failed, issuerOrigin } from "./call.js";
import { D1Store } from "./d1.js";
import { DurableStore } from "./durable.js";
import type { Env } from "./env.js";
import { hot, refuse } from "./hot.js";
import { checkMethod, notFound } from "./problem.js";
import { fault, number, word } from "./settings.js";
import { type Store, within } from "./store.js";

/** The store that ISSUER_STORE names. Its absence is a fault, never another store. */
export function storeOf(env: Env): Store {
  switch (word("ISSUER_STORE", env.ISSUER_STORE, "durable_object", "d1")) {
    case "durable_object":
      if (env.SPENT) return new DurableStore(env.SPENT);
      throw fault("binding_missing", "The binding SPENT is missing. wrangler.toml needs its Durable Object; see [[durable_objects.bindings]] there.");
    case "d1":
      if (env.DB) return new D1Store(env.DB);
      throw fault("binding_missing", "The binding DB is missing. wrangler.toml needs its database; see [[d1_databases]] there.");
  }
}

export interface Decision {
  tokens: number;
  reason: string;
}

const policies = ["", "work", "captcha", "insecure_open"] as const;

const noPolicy = () => fault("policy_missing", "The variable ISSUER_POLICY is not set, so nobody gets tokens. Set it in wrangler.toml to work or captcha.");

/** Refuses what no request for tokens could be decided with. */
export function checkPolicy(env: Env): void {
  number("ISSUER_TOKENS", env.ISSUER_TOKENS, 1, 1, 100);
  switch (word("ISSUER_POLICY", env.ISSUER_POLICY, ...policies)) {
    case "":
      throw noPolicy();
    case "work":
      number("WORK_DIFFICULTY", env.WORK_DIFFICULTY, 20, minDifficulty, maxDifficulty);
      break;
    case "captcha":
      captchaService(env);
  }
}

/** Decides how many of the tokens asked for are given. */
export async function decide(c: Call, proof: string, requested: number): Promise<Decision> {
  const { env } = c;
  const tokens = number("ISSUER_TOKENS", env.ISSUER_TOKENS, requested, 1, 100);
  const granted = { tokens, reason: "granted" };
  switch (word("ISSUER_POLICY", env.ISSUER_POLICY, ...policies)) {
    case "work": {
      const { reason, id, expires } = edge.judgeWork(hot(), c.settings.keys, proof, c.now);
      if (reason) return { tokens: 0, reason };
      return (await once(c, id, expires)) ? granted : { tokens: 0, reason: "proof_of_work_used" };
    }
    case "captcha": {
      const reason = await captcha(c, proof);
      return reason ? { tokens: 0, reason } : granted;
    }
    case "insecure_open":
      return granted;
  }
  throw noPolicy();
}

async function once(c: Call, id: Uint8Array, expires: number): Promise<boolean> {
  const store = storeOf(c.env);
  try {
    return await within(store.use(id, expires));
  } catch (err) {
    return unavailable(err);
  }
}

function unavailable(err: unknown): never {
  failed("policy", err);
  refuse("policy_unavailable");
}

/** Answers GET with a challenge, where the policy wants work. */
export function challenge(c: Call): Response {
  if (c.env.ISSUER_POLICY !== "work") throw notFound();
  checkMethod(c.request, "GET");
  const difficulty = number("WORK_DIFFICULTY", c.env.WORK_DIFFICULTY, 20, minDifficulty, maxDifficulty);
  const { body } = edge.workChallenge(hot(), c.settings.keys, difficulty, challengeLifetime, c.now);
  c.headers.set("Content-Type", "application/json");
  c.headers.set("Cache-Control", "no-store");
  c.headers.set("X-Content-Type-Options", "nosniff");
  return new Response(c.request.method === "HEAD" ? null : body, { headers: c.headers });
}

/** Asks the CAPTCHA service; the reason why nothing is granted, or nothing. */
async function captcha(c: Call, response: string): Promise<string> {
  const { env } = c;
  const { url, secret } = captchaService(env);
  const hostname = env.CAPTCHA_HOSTNAME || new URL(issuerOrigin(c)).hostname;
  if (!response) return "captcha_missing";
  let body: Uint8Array;
  try {
    body = await siteverify(url, secret, response);
  } catch (err) {
    return unavailable(err);
  }
  try {
    return edge.judgeCaptcha(hot(), body, hostname, env.CAPTCHA_ACTION ?? "", env.CAPTCHA_MIN_SCORE ?? "").reason;
  } catch (err) {
    if (err instanceof GuestRefusal && err.code === "captcha_unavailable") return unavailable(err);
    throw err;
  }
}

/** The service, or a fault. */
function captchaService(env: Env): { url: string; secret: string } {
  if (!env.CAPTCHA_SECRET) {
    throw fault("secret_missing", "The secret CAPTCHA_SECRET is not set. Set it with: npx wrangler secret put CAPTCHA_SECRET");
  }
  if (!env.CAPTCHA_URL || !URL.canParse(env.CAPTCHA_URL) || new URL(env.CAPTCHA_URL).protocol !== "https:") {
    throw fault("variable_invalid", "The variable CAPTCHA_URL is not the https address of a siteverify endpoint.");
  }
  return { url: env.CAPTCHA_URL, secret: env.CAPTCHA_SECRET };
}

async function siteverify(url: string, secret: string, response: string): Promise<Uint8Array> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({ secret, response }),
    redirect: "manual", // the secret goes to this address only
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.status !== 200) throw new Error(`siteverify: the service answered ${answer.status}`);
  if (!/^application\/json\s*(;|$)/i.test(answer.headers.get("Content-Type") ?? "")) throw new Error("siteverify: the answer is not application/json");
  const body = new Uint8Array(await answer.arrayBuffer());
  if (body.length > maxSiteverify) throw new Error("siteverify: the answer is longer than 16 KiB");
  return body;
}
