// One question of a page, answered. origin is the page's, as the browser said it.

import { token } from "../abi.gen.js";
import type { RunInGuest } from "../load.js";
import { issuerOrigin } from "../tokens/params.js";
import type { Answer, Question } from "../tokens/protocol.js";
import { toBase64 } from "../tokens/protocol.js";
import { addTokens, countTokens, putPending, siteKey, takePending } from "./db.js";
import { commitment, finish, KeeperError, redeem } from "./issuer.js";
import { associate, maxTokens, takeToken } from "./limits.js";

const pendingFor = 10 * 60 * 1000;

export async function answer(q: Question, origin: string, run: RunInGuest): Promise<Answer> {
  try {
    switch (q?.op) {
      case "begin":
        return await begin(issuerOf(q.issuer), origin, run);
      case "finish":
        return await finishIssuance(text(q.handle, 64), text(q.response, 20_000), origin, run);
      case "redeem":
        return await redemption(issuerOf(q.issuer), text(q.path, 2048), origin, run);
      case "has":
        return await has(issuerOf(q.issuer), origin);
      default:
        throw new KeeperError("bad_request", "The keeper answers begin, finish, redeem and has.");
    }
  } catch (err) {
    if (err instanceof KeeperError) return { ok: false, code: err.code, message: err.message };
    return { ok: false, code: "unavailable", message: err instanceof Error ? err.name : "" };
  }
}

function text(v: unknown, max: number): string {
  if (typeof v !== "string" || v.length > max) throw new KeeperError("bad_request", "A member of the question is missing or too long.");
  return v;
}

function issuerOf(v: unknown): string {
  const s = text(v, 2048);
  if (issuerOrigin(s) !== s) throw new KeeperError("bad_request", "The issuer is not the origin of a secure site.");
  if (s === location.origin && !insecureOnIssuer()) {
    throw new KeeperError("bad_request", "This keeper is at the issuer's own origin, where the issuer could read its tokens back.");
  }
  return s;
}

/** The page that serves the keeper may say so; see the package wasm. */
export function insecureOnIssuer(): boolean {
  return document.querySelector('meta[name="bonafides-keeper"]')?.getAttribute("content") === "insecure-on-issuer";
}

async function place(origin: string, issuer: string): Promise<void> {
  const verdict = await associate(await siteKey(origin), issuer);
  if (verdict !== "ok") throw new KeeperError(verdict, "");
}

async function begin(issuer: string, origin: string, run: RunInGuest): Promise<Answer> {
  await place(origin, issuer);
  const c = await commitment(run, issuer);
  if ((await countTokens(issuer)) + c.batchSize > maxTokens) throw new KeeperError("too_many_tokens", "");
  const { request, pending } = await run((guest) => token.begin(guest, c.keys, c.batchSize));
  const handle = crypto.randomUUID();
  await putPending(handle, { issuer, page: origin, blob: pending, until: Date.now() + pendingFor });
  return { ok: true, handle, request: toBase64(request), count: c.batchSize };
}

async function finishIssuance(handle: string, response: string, origin: string, run: RunInGuest): Promise<Answer> {
  await run(() => undefined); // a module that cannot be loaded costs nothing
  const p = await takePending(handle, origin);
  if (!p || p.issuer === "") throw new KeeperError("bad_request", "This issuance is unknown, finished or older than ten minutes.");
  const tokens = await finish(run, p.blob, response);
  p.blob.fill(0);
  await addTokens(tokens.map((bytes) => ({
    issuer: p.issuer, keyId: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes,
  })));
  return { ok: true, count: tokens.length };
}

async function redemption(issuer: string, path: string, origin: string, run: RunInGuest): Promise<Answer> {
  const site = await siteKey(origin);
  const c = await commitment(run, issuer);
  const { verdict, token: taken } = await takeToken(site, issuer, c.ids);
  if (!taken) throw new KeeperError(verdict, "");
  const done = await redeem(run, issuer, taken.bytes, origin, path);
  return { ok: true, ...done, tokens: (await countTokens(issuer)) > 0 };
}

async function has(issuer: string, origin: string): Promise<Answer> {
  await place(origin, issuer);
  return { ok: true, tokens: (await countTokens(issuer)) > 0 };
}
