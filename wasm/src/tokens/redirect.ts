// The last way: the page itself goes to the keeper and comes back. Its scripts
// start anew, so the call that began it never ends; its outcome is there when the
// page is back: tokens in the keeper, or a redemption record of this site.

import type { Config } from "../config.js";
import { keepRecord, rememberTokens } from "./memory.js";
import { fragmentErrand, fragmentReturn, headerToken, headerVersion, pack, pathIssue, unpack, version } from "./protocol.js";
import type { Errand, Question, Returned } from "./protocol.js";

const key = "bonafides:errand";

/** What a redirected page has to finish. */
export interface Job {
  operation: "token-request" | "token-redemption";
  issuer: string;
  /** Of the page's own request. */
  url: string;
  method: string;
  refresh: boolean;
}

interface Away extends Job {
  channel: string;
  id: number;
  question: Question;
}

function go(config: Config, away: Away, proof?: string): void {
  sessionStorage.setItem(key, JSON.stringify(away));
  const errand: Errand = { v: 1, ret: location.href.split("#")[0]!, channel: away.channel, id: away.id, question: away.question, ...(proof !== undefined && { proof }) };
  location.replace(config.keeper + config.keeperPath + fragmentErrand + pack(errand));
}

/** leave takes the page to the keeper; false where this site's storage is off. */
export function leave(config: Config, job: Job): boolean {
  const u = new URL(job.url);
  const question: Question = job.operation === "token-request"
    ? { op: "begin", issuer: job.issuer }
    : { op: "redeem", issuer: job.issuer, path: u.pathname + u.search, refresh: job.refresh };
  try {
    go(config, { ...job, channel: "bonafides-" + crypto.randomUUID(), id: 1, question });
    return true;
  } catch {
    return false;
  }
}

/** arrive takes up what leave began, when the page is back. It answers whether
 * the page goes on to the keeper. */
export function arrive(config: Config, nativeFetch: typeof fetch): boolean {
  if (!location.hash.startsWith(fragmentReturn)) return false;
  const back = unpack<Returned>(location.hash.slice(fragmentReturn.length));
  let away: Away | null = null;
  try {
    away = JSON.parse(sessionStorage.getItem(key) ?? "null") as Away | null;
  } catch {
    // not ours, or storage is off
  }
  if (!back || !away || back.channel !== away.channel || back.id !== away.id) return false;
  history.replaceState(null, "", location.pathname + location.search);
  sessionStorage.removeItem(key);
  const { answer } = back;
  if (!answer) {
    go(config, away, back.proof);
    return true;
  }
  if (!answer.ok) {
    if (answer.code === "no_tokens") rememberTokens(away.issuer, false);
    return false;
  }
  switch (away.question.op) {
    case "begin":
      void issue(config, away, answer.handle!, answer.request!, back.proof, nativeFetch);
      return true;
    case "finish":
      if (answer.count! > 0) rememberTokens(away.issuer, true);
      return false;
    case "redeem":
      keepRecord(away.issuer, answer.record!, answer.expires!);
      rememberTokens(away.issuer, answer.tokens === true);
  }
  return false;
}

async function issue(config: Config, away: Away, handle: string, request: string, proof: string, nativeFetch: typeof fetch): Promise<void> {
  let response = "";
  try {
    const r = await nativeFetch(away.issuer + pathIssue + new URL(away.url).search, {
      method: away.method === "GET" ? "GET" : "POST", credentials: "same-origin", cache: "no-store",
      headers: { [headerToken]: request, [headerVersion]: version },
    });
    response = r.headers.get(headerToken) ?? "";
  } catch {
    // None were granted: the keeper forgets the issuance.
  }
  go(config, { ...away, id: 2, question: { op: "finish", handle, response } }, proof);
}
