// verifyIdToken: Go judges an ID token (protocol/oidc), WebCrypto checks its
// signature.

import { idtoken } from "../abi.gen.js";
import { GuestRefusal } from "../guest.js";
import type { Guest } from "../guest.js";
import { json as stringify } from "../json.js";
import { lazyGuest } from "../load.js";
import { mostConfig, mostJWKS, mostToken } from "../wire.gen.js";
import { IdTokenError } from "./error.js";
import { checkSignature } from "./signature.js";

/** What is accepted. What is left out is strict. */
export interface IdTokenOptions {
  issuer: string;
  clientId: string;
  jwks: { keys: unknown[] } | string;
  nonce?: string;
  insecureNoNonce?: boolean;
  issuerAliases?: string[];
  tenants?: string[];
  trustedAudiences?: string[];
  authorizedParties?: string[];
  verifyOnly?: boolean;
  match?: Record<string, string[]>;
  hostedDomain?: string;
  ignoreKeyHints?: boolean;
  algorithms?: string[];
  skew?: number;
  maxSize?: number;
  now?: Date;
}

export type IdTokenClaims = Record<string, unknown> & { readonly claimsText: string };

export type Source = WebAssembly.Module | BufferSource;

// A byte more than each may have, so that a longer one is still too long when cut
// (wasm/guest/judge).
const most = { config: mostConfig, jwks: mostJWKS, token: mostToken };

const utf8 = new TextEncoder();
const cut = (text: string, n: number) => utf8.encode(text.slice(0, n)).subarray(0, n);

const unavailable = (cause: unknown) =>
  typeof WebAssembly === "undefined"
    ? new IdTokenError("platform_unsupported", "This platform has no WebAssembly, which judges ID tokens: check the token on a server.", { cause })
    : new IdTokenError("module_unavailable", "The WebAssembly module that judges ID tokens cannot be loaded: is its file beside the script?", { cause });

/** verifier makes verifyIdToken and load over the module that the source gives. */
export function verifier(standard: () => Promise<WebAssembly.Module>) {
  let run = lazyGuest(standard, unavailable);

  async function load(source?: Source): Promise<void> {
    if (source) {
      let module: WebAssembly.Module;
      try {
        module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
      } catch (cause) {
        throw unavailable(cause);
      }
      run = lazyGuest(async () => module, unavailable);
    }
    await run(() => undefined);
  }

  async function verifyIdToken(token: string, options: IdTokenOptions): Promise<IdTokenClaims> {
    if (typeof token !== "string") throw new IdTokenError("token_malformed", "the token is not a string");
    const { jwks, now = new Date(), ...config } = options ?? {};
    const time = now instanceof Date ? now.getTime() : NaN;
    if (!(time >= 0)) throw new IdTokenError("config_invalid", "the option now is not a Date");
    const keys = keySet(jwks);
    const text = json(config, "the options are not plain values");
    const judged = await ask((g) => idtoken.judgeIdToken(g, cut(text, most.config), cut(keys, most.jwks), cut(token, most.token),
      Math.floor(time / 1000), Math.floor(time) % 1000));
    const valid = await checkSignature(judged);
    const { claims, emailVerified } = await ask((g) => idtoken.confirmIdToken(g, judged.judged, valid));
    return described(claims, emailVerified);
  }

  async function ask<T>(question: (g: Guest) => T): Promise<T> {
    try {
      return await run(question);
    } catch (err) {
      throw err instanceof GuestRefusal ? new IdTokenError(err.code, err.message) : err;
    }
  }

  return { verifyIdToken, load };
}

function keySet(jwks: unknown): string {
  if (typeof jwks === "string") return jwks;
  if (typeof jwks !== "object" || jwks === null) {
    throw new IdTokenError("config_invalid", "the option jwks is missing: give the key set that the issuer publishes at its jwks_uri, fetched, as an object or as text");
  }
  return json(jwks, "the option jwks is not a key set");
}

function json(value: object, otherwise: string): string {
  try {
    return stringify(value) ?? "";
  } catch (cause) {
    throw new IdTokenError("config_invalid", otherwise, { cause });
  }
}

/** Claims that describe are there as text or not at all, so that a page may use
 * them as text; email_verified is a boolean, also where the token has "true". The text
 * of all claims comes with them, unseen by those who go through the claims: a number
 * above 2^53 is exact there alone. */
function described(claimsText: string, emailVerified: boolean): IdTokenClaims {
  const claims = JSON.parse(claimsText) as Record<string, unknown>;
  for (const name of ["email", "name", "given_name", "family_name", "picture", "locale", "hd"]) {
    if (typeof claims[name] !== "string") delete claims[name];
  }
  if ("email_verified" in claims) claims["email_verified"] = emailVerified;
  return Object.defineProperty(claims, "claimsText", { value: claimsText, enumerable: false }) as IdTokenClaims;
}
