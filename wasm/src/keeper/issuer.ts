// What the keeper asks of issuers. Nothing of it carries a credential, a referrer
// or anything else that another request of this browser carried.

import { token } from "../abi.gen.js";
import { GuestRefusal } from "../guest.js";
import type { RunInGuest } from "../load.js";
import { fromBase64, headerLifetime, headerToken, headerVersion, pathCommitment, pathRedeem, toBase64, version } from "../tokens/protocol.js";

/** A refusal with one of the codes of docs/polyfill-protocol.md. */
export class KeeperError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const anonymous: RequestInit = {
  credentials: "omit", referrerPolicy: "no-referrer", mode: "cors", redirect: "error",
};

export interface Commitment {
  batchSize: number;
  keys: Uint8Array;
  ids: Set<number>;
}

export async function commitment(run: RunInGuest, issuer: string): Promise<Commitment> {
  let document: Uint8Array;
  try {
    const r = await fetch(issuer + pathCommitment, anonymous);
    if (!r.ok) throw new KeeperError("no_keys", `${issuer} answered ${r.status} where its key commitment should be.`);
    document = new Uint8Array(await r.arrayBuffer());
  } catch (err) {
    if (err instanceof KeeperError) throw err;
    throw new KeeperError("no_keys", `The key commitment of ${issuer} could not be fetched.`);
  }
  try {
    const c = await run((guest) => token.commitments(guest, document, Math.floor(Date.now() / 1000)));
    const view = new DataView(c.keys.buffer, c.keys.byteOffset, c.keys.byteLength);
    const ids = new Set<number>();
    for (let at = 0; at < c.keys.length; at += 101) ids.add(view.getUint32(at));
    return { batchSize: c.batchSize, keys: c.keys, ids };
  } catch (err) {
    if (err instanceof GuestRefusal) throw new KeeperError("no_keys", err.message);
    throw err;
  }
}

export interface Redeemed {
  status: number;
  record: string;
  /** Unix seconds. */
  expires: number;
}

/** redeem posts one token. From here on it counts as spent, whatever comes back. */
export async function redeem(run: RunInGuest, issuer: string, bytes: Uint8Array, origin: string, path: string): Promise<Redeemed> {
  const now = Math.floor(Date.now() / 1000);
  const { request } = await run((guest) => token.redeem(guest, bytes, origin, now));
  const query = new URL(path, issuer).search;
  let r: Response;
  try {
    r = await fetch(issuer + pathRedeem + query, {
      ...anonymous, method: "POST", cache: "no-store",
      headers: { [headerToken]: toBase64(request), [headerVersion]: version },
    });
  } catch {
    throw new KeeperError("bad_response", `${issuer} did not answer the redemption. The token is gone; the next one may work.`);
  }
  const record = r.headers.get(headerToken);
  if (!record) {
    throw new KeeperError("bad_response", `${issuer} answered ${r.status} without a redemption record.`);
  }
  const lifetime = r.headers.get(headerLifetime);
  const seconds = lifetime !== null && /^[0-9]{1,10}$/.test(lifetime) ? Number(lifetime) : 24 * 60 * 60;
  return { status: r.status, record, expires: now + seconds };
}

/** finish turns the issuer's answer into tokens of 165 bytes each. */
export async function finish(run: RunInGuest, pending: Uint8Array, response: string): Promise<Uint8Array[]> {
  if (response === "") return []; // the issuer granted none
  try {
    const answered = fromBase64(response);
    const { tokens } = await run((guest) => token.finish(guest, pending, answered));
    const list: Uint8Array[] = [];
    for (let at = 0; at < tokens.length; at += 165) list.push(tokens.slice(at, at + 165));
    tokens.fill(0);
    return list;
  } catch (err) {
    if (err instanceof GuestRefusal || err instanceof DOMException) {
      throw new KeeperError("bad_response", `The issuer's answer gave no tokens: ${err.message}`);
    }
    throw err;
  }
}
