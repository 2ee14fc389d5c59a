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

/** What the page tells a keeper that cannot see its opener: where to bring the
 * answer back. It travels in the fragment, which no server sees. */
export interface Errand {
  v: 1;
  /** A URL of the page's own origin, where the page script runs too. */
  ret: string;
  /** Name of the BroadcastChannel on which the page listens: 128 random bits. */
  channel: string;
  id: number;
  question: Question;
  /** What the keeper sent to ret before: it shows that a page of ret asks. */
  proof?: string;
}

/** What comes back in the fragment of ret. */
export interface Returned {
  channel: string;
  id: number;
  /** Missing where the keeper asks for proof first. */
  answer?: Answer;
  /** For the next errand. */
  proof: string;
}

export const fragmentErrand = "#errand=";
export const fragmentReturn = "#bonafides-return=";

export const headerToken = "Private-State-Token";
export const headerVersion = "Private-State-Token-Crypto-Version";
export const headerLifetime = "Private-State-Token-Lifetime";
export const headerRecord = "Private-State-Redemption-Record";
export const version = "PrivateStateTokenV1VOPRF";
export const pathIssue = "/.well-known/private-state-token/polyfill/issue";
export const pathRedeem = "/.well-known/private-state-token/polyfill/redeem";
export const pathCommitment = "/.well-known/private-state-token/key-commitment";

const utf8 = new TextEncoder();

/** JSON in base64url, as it stands in a fragment. */
export function pack(v: unknown): string {
  return toBase64(utf8.encode(JSON.stringify(v))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The value of pack, or null for anything else. */
export function unpack<T>(s: string): T | null {
  try {
    const b = fromBase64(s.replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(b)) as T;
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
