// Who may pass: the holder of a valid ID token, or of a valid redemption record.
// Go judges (protocol/oidc, internal/recordcheck), WebCrypto checks signatures.

import { edge } from "../../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../../wasm/src/guest.js";
import { IdTokenError } from "../../../wasm/src/idtoken/error.js";
import { checkSignature } from "../../../wasm/src/idtoken/signature.js";
import { headerRecord, mostToken, nativeRecord, pathRecordKeys } from "../../../wasm/src/wire.gen.js";
import { hot } from "../hot.js";
import { Problem } from "../problem.js";
import { bearer } from "./headers.js";
import { keySet, type Platform } from "./keysets.js";
import { type GateSettings, type IdTokenRules, type RecordRules, judgeConfig } from "./settings.js";

export interface IdToken {
  kind: "id-token";
  /** The claims as the token has them, one JSON object. */
  claims: string;
  emailVerified: boolean;
}

export interface RedemptionRecord {
  kind: "record";
  issuer: string;
  keyId: number;
  via: string;
  site: string;
  id: string;
  expires: number;
}

export type Admitted = IdToken | RedemptionRecord;

const utf8 = new TextEncoder();
const seconds = (p: Platform) => Math.floor(p.now() / 1000);

/**
 * Judges the first of these that the request has: Authorization: Bearer, the
 * session cookie, a redemption record. A bad one is refused, whatever else is there.
 */
export async function admit(request: Request, s: GateSettings, p: Platform): Promise<Admitted> {
  if (s.idTokens) {
    const cookies = new Cookies(request.headers.get("Cookie") ?? "");
    const token = bearer(request.headers.get("Authorization") ?? "") ?? cookies.one(s.idTokens.cookie);
    if (token !== null) {
      const nonce = s.idTokens.nonceCookie === "" ? "" : cookies.one(s.idTokens.nonceCookie);
      if (nonce === null) throw unauthorized("nonce_cookie_missing", "The cookie with the nonce of the sign-in is missing, so the token cannot be told from a stolen one. Sign in again.");
      return judgeIdToken(token, nonce, s.idTokens, p);
    }
  }
  if (s.records) {
    const native = request.headers.get(nativeRecord) ?? "";
    const polyfill = request.headers.get(headerRecord) ?? "";
    if (native || polyfill || !s.idTokens) return judgeRecords(request, native, polyfill, s.records, p);
  }
  const also = s.records ? ", nor a redemption record" : "";
  throw unauthorized("credential_missing", `The request has no ID token: no Authorization: Bearer${s.idTokens?.cookie ? ", no session cookie" : ""}${also}. Sign in first.`, false);
}

/** Blanks around a name or value are these two alone (RFC 6265 section 5.2). A browser
 * keeps a cookie whose name begins with another blank of Unicode for any host of the
 * domain, since that name does not begin with __Host-. */
const bare = (s: string) => s.replace(/^[ \t]+|[ \t]+$/g, "");

/** Cookies of a request; RFC 6265 section 5.4. */
class Cookies {
  #pairs: [string, string][];

  constructor(header: string) {
    this.#pairs = header.split(";").map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? ["", ""] : [bare(pair.slice(0, at)), bare(pair.slice(at + 1))];
    });
  }

  /** The value, null where there is none. Two of one name could be read in two ways. */
  one(name: string): string | null {
    if (name === "") return null;
    const found = this.#pairs.filter(([n]) => n === name);
    if (found.length > 1) throw unauthorized("cookie_duplicate", "A cookie appears more than once. Delete this site's cookies and sign in again.");
    return found[0]?.[1] ?? null;
  }
}

const unauthorized = (code: string, detail: string, invalid = true) =>
  new Problem(401, code, detail, { "WWW-Authenticate": invalid ? 'Bearer error="invalid_token"' : "Bearer" });

/** Judges an ID token as oidc.Verify does, with the same codes. */
export async function judgeIdToken(token: string, nonce: string, r: IdTokenRules, p: Platform): Promise<IdToken> {
  const config = utf8.encode(judgeConfig(r, nonce));
  // A byte more than the judge takes: what is longer is still too long when cut.
  const bytes = utf8.encode(token.slice(0, mostToken)).subarray(0, mostToken);
  const judge = (jwks: Uint8Array) => {
    const now = p.now();
    return edge.judgeIdToken(hot(), config, jwks, bytes, Math.floor(now / 1000), Math.floor(now) % 1000);
  };
  try {
    const judged = await withKeys(r.jwksUri, judge, p);
    const valid = await checkSignature(judged);
    return { kind: "id-token", ...edge.confirmIdToken(hot(), judged.judged, valid) };
  } catch (err) {
    throw refused(err, 401);
  }
}

/** Judges with the keys of this address; once more with fresh ones, if a key is missing. */
async function withKeys<T>(url: string, judge: (jwks: Uint8Array) => T, p: Platform): Promise<T> {
  try {
    return judge(await keySet(url, "wanted", p));
  } catch (err) {
    if (!(err instanceof GuestRefusal) || err.code !== "key_unknown") throw err;
    return judge(await keySet(url, "missing", p));
  }
}

/** The records of a request: the first good one of an issuer that counts decides. */
async function judgeRecords(request: Request, native: string, polyfill: string, r: RecordRules, p: Platform): Promise<RedemptionRecord> {
  let first: unknown;
  try {
    for (let i = 0; ; i++) {
      const { more, issuer, record } = edge.readRecord(hot(), native, polyfill, i);
      if (!more) break;
      if (!r.issuers.includes(issuer)) continue;
      try {
        return await judgeRecord(issuer, record, request, r, p);
      } catch (err) {
        first ??= err;
      }
    }
    if (first === undefined) edge.refuseRecord(hot(), "issuer_unknown");
    throw first;
  } catch (err) {
    throw refused(err, 403);
  }
}

async function judgeRecord(issuer: string, record: string, request: Request, r: RecordRules, p: Platform): Promise<RedemptionRecord> {
  const judged = await withKeys(issuer + pathRecordKeys, (jwks) => edge.judgeRecord(hot(), issuer, jwks, record, seconds(p)), p);
  const valid = await checkSignature(judged);
  const { keyId, via, site, id, expires } = edge.confirmRecord(hot(), record, valid,
    request.headers.get("Origin") ?? "", request.headers.get("Referer") ?? "",
    r.allowedFrames.join(" "), r.embedders.join(" "), r.insecureUnknownOrigin);
  return { kind: "record", issuer, keyId, via, site, id, expires };
}

function refused(err: unknown, status: 401 | 403): unknown {
  if (!(err instanceof GuestRefusal) && !(err instanceof IdTokenError)) return err;
  const detail = err.message.charAt(0).toUpperCase() + err.message.slice(1) + (err.message.endsWith(".") ? "" : ".");
  return status === 401 ? unauthorized(err.code, detail) : new Problem(status, err.code, detail);
}
