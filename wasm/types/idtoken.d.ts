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
  /** Further values of iss that mean the same provider. */
  issuerAliases?: string[];
  /** Audiences that may stand in the token beside clientId. */
  trustedAudiences?: string[];
  /** The value that hd must have; "*" takes any. Left out: hd is not looked at. */
  hostedDomain?: string;
  /** The accepted signature algorithms; all five if left out. */
  algorithms?: ("RS256" | "PS256" | "ES256" | "ES384" | "EdDSA")[];
  /** The longest token in bytes: 16384 if left out, at most 262143. */
  maxSize?: number;
  /** The time to judge at; the clock's if left out. */
  now?: Date;
  /** How far this clock and the provider's may stand apart, in whole seconds: 0 if left
   * out, at most 300. A token is taken for that much longer, and that much earlier. */
  tolerance?: number;
}

/** The claims of a token that was checked, as the token has them. Times are Unix
 * seconds. */
export interface IdTokenClaims {
  iss: string;
  /** The user, together with iss. */
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
