// The messages between page and keeper (docs/polyfill-protocol.md).

export type Question =
  | { op: "begin"; issuer: string }
  | { op: "finish"; handle: string; response: string }
  | { op: "redeem"; issuer: string; path: string; refresh: boolean }
  | { op: "has"; issuer: string };

export interface Answer {
  ok: boolean;
  code?: string;
  message?: string;
  handle?: string;
  request?: string;
  count?: number;
  status?: number;
  record?: string;
  expires?: number;
  tokens?: boolean;
}

/** What the page tells a keeper that cannot see its opener. It travels in the
 * fragment, which no server sees. */
export interface Errand {
  v: 2;
  /** The page's origin. The answer goes to pathReturn there and to no other
   * address: a fragment survives redirects, and many sites have a page that
   * redirects to wherever its query says. */
  origin: string;
  /** Name of the BroadcastChannel on which the page listens: 128 random bits. */
  channel: string;
  id: number;
  /** The answer is sealed to this key; see seal.ts. */
  key: string;
  question: Question;
  /** What the keeper sent before: it shows that a page of the origin asks. */
  proof?: string;
}

/** What comes back in the fragment of pathReturn. */
export interface Returned {
  channel: string;
  id: number;
  /** The Answer, sealed. Missing where the keeper asks for proof first. */
  sealed?: string;
  /** For the next errand with the same key. */
  proof: string;
}

export const fragmentErrand = "#errand=";
export const fragmentReturn = "#bonafides-return=";

/** How every channel's name begins. */
export const channelPrefix = "bonafides-";

export {
  cryptoVersion as version, headerLifetime, headerRecord, headerToken, headerVersion, pathCommitment, pathIssue, pathRedeem, pathReturn,
} from "../wire.gen.js";

const utf8 = new TextEncoder();

/** JSON in base64url, as it stands in a fragment. */
export function pack(v: unknown): string {
  return toBase64URL(utf8.encode(JSON.stringify(v)));
}

export function toBase64URL(b: Uint8Array): string {
  return toBase64(b).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Throws where the text is not base64url. */
export function fromBase64URL(s: string): Uint8Array {
  return fromBase64(s.replace(/-/g, "+").replace(/_/g, "/"));
}

/** The value of pack, or null for anything else. */
export function unpack<T>(s: string): T | null {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64URL(s))) as T;
  } catch {
    return null;
  }
}

export function toBase64(b: Uint8Array): string {
  let s = "";
  for (const c of b) s += String.fromCharCode(c);
  return btoa(s);
}

/** Throws where the text is not base64. */
export function fromBase64(s: string): Uint8Array {
  return Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
}
