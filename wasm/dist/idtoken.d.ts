// ID tokens (OpenID Connect Core 1.0), checked where the script runs: in browsers,
// in Node 22 and later, in Cloudflare Workers.

/** What is accepted. Whatever is left out is strict. */
export interface IdTokenOptions {
  /** The provider's issuer identifier, compared character by character. */
  issuer: string;
  /** The audience that the token must be for. */
  clientId: string;
  /**
   * The key set that the provider publishes at its jwks_uri: the parsed document,
   * or its text, at most 512 KiB. Fetching and keeping it is the caller's part: how
   * long it may be kept stands in the Cache-Control header of its answer.
   */
  jwks: { keys: unknown[] } | string;
  /** The nonce that this browser's sign-in was begun with. Without one every token
   * is refused, unless insecureNoNonce is true. */
  nonce?: string;
  /** Accepts tokens whatever their nonce. A token stolen anywhere then signs its
   * thief in. */
  insecureNoNonce?: boolean;
  /** Takes the token of a machine or of a gateway, which answers no sign-in here: it
   * has no nonce, azp is not judged and sub may be empty or missing. match must then
   * say whose tokens count. */
  verifyOnly?: boolean;
  /** Claims that the token must have, each with the values of which it must be one: a
   * string equal to one of them, or an array of strings that holds one. */
  match?: Record<string, string[]>;
  /** Further values of iss that mean the same provider. */
  issuerAliases?: string[];
  /** The tenants whose people may sign in at a provider that has many: issuer then
   * holds "{tenantid}" once, and the token's tid must be its tenant. Not together with
   * issuerAliases. */
  tenants?: string[];
  /** Audiences that may stand in the token beside clientId. */
  trustedAudiences?: string[];
  /** Clients that the token may have been given to (azp) beside clientId, such as the
   * provider's clients of your apps. */
  authorizedParties?: string[];
  /** Reads past jku, x5u and x5c in the token's header: they are never fetched or used. */
  ignoreKeyHints?: boolean;
  /** The value that hd must have; "*" takes any. Left out: hd is not looked at. */
  hostedDomain?: string;
  /** The accepted signature algorithms; all of them if left out. */
  algorithms?: ("RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA")[];
  /** The longest token in bytes: 16384 if left out, at most 262143. */
  maxSize?: number;
  /** The time to judge at; the clock's if left out. */
  now?: Date;
  /** How far this clock and the provider's may stand apart, in whole seconds, at most
   * 300: exp, iat and nbf are judged with it. 0 or left out: exp gets none, iat and nbf
   * 60 seconds. */
  skew?: number;
}

/** The claims of a token that was checked, as the token has them. Times are Unix
 * seconds. */
export interface IdTokenClaims {
  iss: string;
  /** The user, together with iss. Missing or empty only with verifyOnly. */
  sub: string;
  aud: string | string[];
  exp: number;
  iat: number;
  nbf?: number;
  auth_time?: number;
  azp?: string;
  nonce?: string;
  at_hash?: string;
  sid?: string;
  /** Claims that describe are left out if the token has them as another type. */
  email?: string;
  /** Also where the token has the text "true". */
  email_verified?: boolean;
  name?: string;
  given_name?: string;
  family_name?: string;
  picture?: string;
  locale?: string;
  hd?: string;
  /** The JSON text of all claims as the token has them, where whole numbers above 2^53
   * are exact. It is no claim: it is not among the object's own enumerable properties,
   * and hides a claim of this name. A claim that describes a person and was cut inside a
   * character (half of a surrogate pair) is left out here too. */
  readonly claimsText: string;
  [claim: string]: unknown;
}

/**
 * Why there is no answer. The code is stable: one of the Go packages protocol/oidc
 * and protocol/jws where the token was refused; "config_invalid" where the options
 * cannot judge anything; "platform_unsupported" where this WebCrypto cannot check
 * the algorithm, or where there is no WebAssembly; "module_unavailable" where the
 * module did not load.
 */
export class IdTokenError extends Error {
  readonly code: string;
}

/**
 * Judges an ID token, checks its signature with WebCrypto and resolves to its
 * claims. It rejects with an IdTokenError. That a nonce is used only once is the
 * caller's part.
 */
export function verifyIdToken(token: string, options: IdTokenOptions): Promise<IdTokenClaims>;

/** A WebAssembly.Module, under a name that needs no types of a browser. */
export type CompiledModule = object;

/**
 * Loads the WebAssembly module before it is needed. Without an argument it is the
 * file beside the script, or in "bonafides/idtoken/inline" the one inside; a bundler
 * that does not carry that file along may be given the module itself
 * ("bonafides/idtoken.wasm"), compiled or as bytes.
 */
export function load(source?: ArrayBuffer | ArrayBufferView | CompiledModule): Promise<void>;

declare global {
  interface Window {
    /** What the classic scripts give the page. */
    bonafides?: Bonafides;
  }
  interface Bonafides {
    verifyIdToken?: typeof verifyIdToken;
    loadIdTokenModule?: typeof load;
    IdTokenError?: typeof IdTokenError;
  }
}
