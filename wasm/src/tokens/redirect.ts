// The last way: the page itself goes to the keeper and comes back, by the site's
// return page. Its scripts start anew, so the call that began it never ends; its
// outcome is there when the page is back: tokens in the keeper, or a redemption
// record of this site.

import type { Settled as Config } from "../config.js";
import { keepRecord, rememberTokens } from "./memory.js";
import { channelPrefix, fragmentErrand, headerToken, headerVersion, pack, pathIssue, version } from "./protocol.js";
import type { Answer, Errand, Question } from "./protocol.js";
import { newSealKey } from "./seal.js";
import { dropSealKey, errandLasts, putSealKey } from "./sealkeys.js";

/** In sessionStorage: what this tab is away for, and what came of it. The return
 * page reads the first and writes the second. */
export const awayKey = "bonafides:errand";
export const backKey = "bonafides:returned";

/** What a redirected page has to finish. */
export interface Job {
  operation: "token-request" | "token-redemption";
  issuer: string;
  /** Of the page's own request. */
  url: string;
  method: string;
  refresh: boolean;
}

export interface Away extends Job {
  /** The keeper's page. */
  keeper: string;
  errand: Errand;
  /** The page's own address, whole. */
  from: string;
  /** Its history.state, where JSON can say it. */
  state: unknown;
  /** Unix milliseconds. */
  until: number;
}

/** What the return page leaves for the page. */
export interface Back {
  channel: string;
  id: number;
  answer: Answer;
  proof: string;
}

function go(away: Away): void {
  sessionStorage.setItem(awayKey, JSON.stringify(away));
  location.replace(away.keeper + fragmentErrand + pack(away.errand));
}

/** stateOf is what of history.state comes through JSON unchanged in kind. */
function stateOf(): unknown {
  try {
    return JSON.parse(JSON.stringify(history.state)) as unknown;
  } catch {
    return null;
  }
}

/** leave takes the page to the keeper; it rejects where this site's storage is off. */
export async function leave(config: Config, job: Job): Promise<void> {
  const u = new URL(job.url);
  const question: Question = job.operation === "token-request"
    ? { op: "begin", issuer: job.issuer }
    : { op: "redeem", issuer: job.issuer, path: u.pathname + u.search, refresh: job.refresh };
  const channel = channelPrefix + crypto.randomUUID();
  const key = await newSealKey();
  await putSealKey(channel, key);
  go({
    ...job, keeper: config.keeper + config.keeperPath,
    errand: { v: 2, origin: location.origin, channel, id: 1, key: key.public, question },
    from: location.href, state: stateOf(), until: Date.now() + errandLasts,
  });
}

/** read takes a value of this tab's out of its storage. */
function read<T>(key: string): T | null {
  try {
    const v = JSON.parse(sessionStorage.getItem(key) ?? "null") as T | null;
    sessionStorage.removeItem(key);
    return v;
  } catch {
    return null; // not ours, or storage is off
  }
}

/**
 * arrive takes up what leave began, when the return page has brought this tab back.
 * Nothing in the page's address means anything here: a link cannot feign a return.
 */
export function arrive(nativeFetch: typeof fetch): void {
  const back = read<Back>(backKey);
  if (!back) return;
  const away = read<Away>(awayKey);
  const { answer } = back;
  if (!away || !answer || back.channel !== away.errand?.channel || back.id !== away.errand.id || away.until < Date.now()) return;
  if (away.from === location.href && history.state === null && away.state !== null) history.replaceState(away.state, "");
  const { question } = away.errand;
  if (answer.ok && question.op === "begin") {
    void issue(away, answer, back.proof, nativeFetch);
    return;
  }
  dropSealKey(away.errand.channel).catch(() => {}); // it is forgotten in time
  if (!answer.ok) {
    if (answer.code === "no_tokens") rememberTokens(away.issuer, false);
  } else if (question.op === "finish") {
    if (answer.count! > 0) rememberTokens(away.issuer, true);
  } else if (typeof answer.record === "string") {
    keepRecord(away.issuer, answer.record, answer.expires!);
    rememberTokens(away.issuer, answer.tokens === true);
  }
}

async function issue(away: Away, begun: Answer, proof: string, nativeFetch: typeof fetch): Promise<void> {
  let response = "";
  try {
    const r = await nativeFetch(away.issuer + pathIssue + new URL(away.url).search, {
      method: away.method === "GET" ? "GET" : "POST", credentials: "same-origin", cache: "no-store",
      headers: { [headerToken]: begun.request!, [headerVersion]: version },
    });
    response = r.headers.get(headerToken) ?? "";
  } catch {
    // None were granted: the keeper forgets the issuance.
  }
  go({ ...away, from: location.href, state: stateOf(), errand: { ...away.errand, id: 2, proof, question: { op: "finish", handle: begun.handle!, response } } });
}
