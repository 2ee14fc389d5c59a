// One question of a page, answered. Who asks is as the browser said it.

import { token } from "../abi.gen.js";
import type { RunInGuest } from "../load.js";
import { isSecureOrigin } from "../origin.js";
import type { Answer, Question } from "../tokens/protocol.js";
import { toBase64 } from "../tokens/protocol.js";
import { addTokens, countTokens, pendingFor, putPending, siteKey, takePending } from "./db.js";
import { commitment, committed, finish, KeeperError, redeem } from "./issuer.js";
import { associate, giveBack, maxTokens, note, standing, takeToken } from "./limits.js";
import { siteOf } from "./suffixes.js";

/** Withdrawn keys that one redemption may meet before it gives up. */
const maxWithdrawn = 3;

/** Who asks, and how. */
export interface Asking {
  /** The page's origin. */
  origin: string;
  /** The keeper is in a hidden frame, where no person sees it: it tells nothing of
   * issuers that the site has not dealt with where a person did. */
  framed: boolean;
  run: RunInGuest;
  /** Called where the budget is used up, in a window that can ask the person. */
  over?: (site: string) => void;
}

export async function answer(q: Question, who: Asking): Promise<Answer> {
  try {
    switch (q?.op) {
      case "begin":
        return await begin(issuerOf(q.issuer), who);
      case "finish":
        return await finishIssuance(text(q.handle, 64), text(q.response, 20_000), who);
      case "redeem":
        return await redemption(issuerOf(q.issuer), queryOf(q.path), who);
      case "has":
        return await has(issuerOf(q.issuer), who);
      default:
        throw new KeeperError("bad_request", "No such question.");
    }
  } catch (err) {
    if (err instanceof KeeperError) return { ok: false, code: err.code, message: err.message };
    // Another try changes nothing where storage is forbidden or there is no WebAssembly.
    const never = typeof WebAssembly === "undefined" || forbidden() || (err as Error | null)?.name === "SecurityError";
    return { ok: false, code: never ? "unsupported" : "unavailable", message: err instanceof Error ? err.name : "" };
  }
}

/** forbidden says whether this browser lets the keeper store nothing: Chromium calls
 * that an unknown error, but only of databases. */
function forbidden(): boolean {
  try {
    return !localStorage || !indexedDB;
  } catch {
    return true;
  }
}

function text(v: unknown, max: number): string {
  if (typeof v !== "string" || v.length > max) throw new KeeperError("bad_request", "A member is missing or too long.");
  return v;
}

function issuerOf(v: unknown): string {
  const s = text(v, 2048);
  if (!isSecureOrigin(s)) throw new KeeperError("bad_request", "The issuer is not the origin of a secure site.");
  if (s === location.origin && !insecureOnIssuer()) {
    throw new KeeperError("bad_request", "This keeper is the issuer's own site, which could read the tokens back.");
  }
  return s;
}

/** The page that serves the keeper may say so; see the package wasm. */
export function insecureOnIssuer(): boolean {
  return document.querySelector('meta[name="bonafides-keeper"]')?.getAttribute("content") === "insecure-on-issuer";
}

/** queryOf is what the issuer hears of the page's address; it throws before a token is taken. */
const queryOf = (path: unknown) => new URL(text(path, 2048), location.origin).search;

const siteKeyOf = async (origin: string) => siteKey(await siteOf(origin));

async function begin(issuer: string, { origin, framed, run }: Asking): Promise<Answer> {
  const site = await siteKeyOf(origin);
  if (framed && !(await standing(site)).issuers.includes(issuer)) throw new KeeperError("no_tokens", "");
  // An issuer that this keeper does not know takes no place: any page of the site
  // could fill both with names that nobody has.
  const c = await committed(run, issuer);
  const verdict = await associate(site, issuer);
  if (verdict !== "ok") throw new KeeperError(verdict, "");
  const { request, pending } = await run((guest) => token.begin(guest, c.keys, c.batchSize));
  const handle = crypto.randomUUID();
  await putPending(handle, { issuer, page: origin, site, blob: pending, until: Date.now() + pendingFor });
  return { ok: true, handle, request: toBase64(request), count: c.batchSize };
}

async function finishIssuance(handle: string, response: string, { origin, run }: Asking): Promise<Answer> {
  await run(() => undefined); // a module that cannot be loaded costs nothing
  const p = await takePending(handle, origin);
  if (!p || p.issuer === "") throw new KeeperError("bad_request", "This issuance is unknown or over.");
  const tokens = await finish(run, p.blob, response);
  p.blob.fill(0);
  await addTokens(tokens.map((bytes) => ({
    issuer: p.issuer, keyId: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes,
  })), maxTokens);
  // As many as were granted, not as many as found room: what others spent is not
  // this site's to count.
  return { ok: true, count: tokens.length };
}

async function redemption(issuer: string, query: string, { origin, framed, run, over }: Asking): Promise<Answer> {
  const name = await siteOf(origin);
  const site = await siteKey(name);
  for (let withdrawn = 0; ; withdrawn++) {
    const c = await committed(run, issuer);
    const taken = await takeToken(site, issuer, c.ids, framed);
    if (!taken.token) {
      if (taken.over) over?.(name);
      throw new KeeperError(taken.verdict, "");
    }
    try {
      const done = await redeem(run, issuer, taken.token.bytes, origin, query);
      await note({ issuer, site: name, at: taken.at });
      return { ok: true, ...done, tokens: await some(site, issuer) };
    } catch (err) {
      if (!(err instanceof KeeperError) || !(await isWithdrawn(run, issuer, taken.token.keyId))) throw err;
      // The key went between this keeper's two looks. The site is not to blame; had
      // any other refusal been free, a page could have had tokens burnt for nothing.
      await giveBack(site, issuer, taken.at);
      if (withdrawn + 1 >= maxWithdrawn) throw err;
    }
  }
}

/** isWithdrawn reads the document once more: is the key gone from it? */
async function isWithdrawn(run: RunInGuest, issuer: string, keyId: number): Promise<boolean> {
  try {
    const c = await commitment(run, issuer);
    return c === null || !c.ids.has(keyId);
  } catch {
    return false; // nobody says that it is
  }
}

/** some says whether there are tokens, and what a redemption would say. */
async function some(site: string, issuer: string): Promise<boolean> {
  return !(await standing(site)).over && (await countTokens(issuer)) > 0;
}

/** Of an issuer that the site has not dealt with the answer is always yes, or any
 * site could ask what a person has from whom; a redemption tells, and is a deal. */
async function has(issuer: string, { origin }: Asking): Promise<Answer> {
  const site = await siteKeyOf(origin);
  const { issuers } = await standing(site);
  return { ok: true, tokens: !issuers.includes(issuer) || await some(site, issuer) };
}
