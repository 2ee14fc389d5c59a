// What the keeper asks: the commitments of all issuers of its own origin, in one
// document that is the same for everybody, and of an issuer the redemption alone.
// An issuer that were asked for its keys could give every visitor others, or another
// ETag, and know at the redemption whom it had given tokens. Nothing here carries a
// credential, a referrer, or anything else that another request of this browser
// carried.

import { token } from "../abi.gen.js";
import { GuestRefusal } from "../guest.js";
import type { RunInGuest } from "../load.js";
import { fromBase64, headerLifetime, headerToken, headerVersion, pathRedeem, toBase64, version } from "../tokens/protocol.js";
import { publicKeySize, tokenSize } from "../wire.gen.js";

/** A refusal with one of the codes of docs/polyfill-protocol.md. */
export class KeeperError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const anonymous: RequestInit = {
  credentials: "omit", referrerPolicy: "no-referrer", mode: "cors", redirect: "error", cache: "no-store",
};

/** How much of an issuer's reason is passed on, and how much is read, in characters. */
const longestReason = 200, readOfReason = 10_000;

/** Where the one document is: the page says it, relative to itself. */
function mirror(): URL {
  const said = document.querySelector('meta[name="bonafides-commitments"]')?.getAttribute("content");
  const url = new URL(said || "/bonafides-commitments.json", location.href);
  if (url.origin !== location.origin) throw new KeeperError("unavailable", "This keeper takes key commitments from another origin.");
  return url;
}

/** member is the issuer's part of the document, undefined where it has none, and what
 * the server's clock said. */
async function member(issuer: string): Promise<{ mine: object | undefined; date: string | null }> {
  const url = mirror();
  let all: { bonafides?: unknown; issuers?: Record<string, object> };
  let date: string | null;
  try {
    const r = await fetch(url, anonymous);
    if (!r.ok) throw new Error();
    all = await r.json();
    if (all.bonafides !== 1 || typeof all.issuers !== "object") throw new Error();
    date = r.headers.get("Date");
  } catch {
    throw new KeeperError("unavailable", `There is no document of key commitments at ${url.href}. Whoever runs this keeper can mend that.`);
  }
  return { mine: Object.hasOwn(all.issuers ?? {}, issuer) ? all.issuers![issuer] : undefined, date };
}

export interface Commitment {
  batchSize: number;
  keys: Uint8Array;
  ids: Set<number>;
}

/** commitment is what the document says of the issuer; null where it is not in it. */
export async function commitment(run: RunInGuest, issuer: string): Promise<Commitment | null> {
  const { mine, date } = await member(issuer);
  if (mine === undefined) return null;
  const document = new TextEncoder().encode(JSON.stringify(mine));
  try {
    const c = await run((guest) => token.commitments(guest, document, Math.floor(Date.now() / 1000)));
    const view = new DataView(c.keys.buffer, c.keys.byteOffset, c.keys.byteLength);
    const ids = new Set<number>();
    for (let at = 0; at < c.keys.length; at += publicKeySize) ids.add(view.getUint32(at));
    return { batchSize: c.batchSize, keys: c.keys, ids };
  } catch (err) {
    if (err instanceof GuestRefusal) throw new KeeperError("no_keys", wrongClock(date) ?? err.message);
    throw err;
  }
}

/** Keys are judged by this device's clock. Where it is more than a day off, that is the
 * reason, and no issuer can mend it. */
function wrongClock(date: string | null): string | null {
  const there = Date.parse(date ?? "");
  if (!(Math.abs(there - Date.now()) > 86_400_000)) return null;
  return `The clock of this device is wrong: it is ${new Date(there).toISOString().slice(0, 10)}.`;
}

/** committed is commitment, or the refusal of an issuer that this keeper does not know. */
export async function committed(run: RunInGuest, issuer: string): Promise<Commitment> {
  const c = await commitment(run, issuer);
  if (!c) throw new KeeperError("no_keys", `The keeper at ${location.host} does not know ${issuer}. Whoever runs the keeper can add it.`);
  return c;
}

export interface Redeemed {
  status: number;
  record: string;
  /** Unix seconds. */
  expires: number;
}

/** redeem posts one token. From here on it counts as spent, whatever comes back. */
export async function redeem(run: RunInGuest, issuer: string, bytes: Uint8Array, origin: string, query: string): Promise<Redeemed> {
  const now = Math.floor(Date.now() / 1000);
  const { request } = await run((guest) => token.redeem(guest, bytes, origin, now));
  let r: Response;
  try {
    r = await fetch(issuer + pathRedeem + query, {
      ...anonymous, method: "POST",
      headers: { [headerToken]: toBase64(request), [headerVersion]: version },
    });
  } catch {
    throw new KeeperError("bad_response", `${issuer} did not answer the redemption. The token is gone; the next one may work.`);
  }
  const record = r.headers.get(headerToken);
  if (!record) {
    throw new KeeperError("bad_response", `${issuer} answered ${r.status} without a redemption record${await reason(r)}`);
  }
  const lifetime = r.headers.get(headerLifetime);
  const seconds = lifetime !== null && /^[0-9]{1,10}$/.test(lifetime) ? Number(lifetime) : 24 * 60 * 60;
  return { status: r.status, record, expires: now + seconds };
}

/** start reads the beginning of a body, and no more of it. */
async function start(r: Response): Promise<string> {
  const from = r.body!.getReader();
  const decoder = new TextDecoder();
  let said = "";
  while (said.length < readOfReason) {
    const { value } = await from.read();
    if (!value) break;
    said += decoder.decode(value, { stream: true });
  }
  void from.cancel().catch(() => {});
  return said;
}

/** reason is what the issuer says of its refusal, for people. */
async function reason(r: Response): Promise<string> {
  try {
    const said = await start(r);
    let text: unknown = said;
    if (r.headers.get("Content-Type")?.includes("json")) {
      const { message, detail, title, error } = JSON.parse(said) as Record<string, unknown>;
      text = message ?? detail ?? title ?? error;
    } else if (!r.headers.get("Content-Type")?.startsWith("text/plain")) {
      text = "";
    }
    if (typeof text === "string" && text.trim() !== "") return ": " + text.replace(/[^\x20-\x7e]+/g, " ").trim().slice(0, longestReason);
  } catch {
    // no reason that can be read
  }
  return ".";
}

/** finish turns the issuer's answer into tokens of tokenSize bytes each. */
export async function finish(run: RunInGuest, pending: Uint8Array, response: string): Promise<Uint8Array[]> {
  if (response === "") return []; // the issuer granted none
  try {
    const answered = fromBase64(response);
    const { tokens } = await run((guest) => token.finish(guest, pending, answered));
    const list: Uint8Array[] = [];
    for (let at = 0; at < tokens.length; at += tokenSize) list.push(tokens.slice(at, at + tokenSize));
    tokens.fill(0);
    return list;
  } catch (err) {
    if (err instanceof GuestRefusal || err instanceof DOMException) {
      throw new KeeperError("bad_response", `The issuer's answer gave no tokens: ${err.message}`);
    }
    throw err;
  }
}
