// Sign-in with navigator.credentials.get({identity}), in every browser. Natively
// the same members work where the browser has FedCM.

export interface FedCMConfig {
  /** Where this site begins a sign-in by redirect (code flow with PKCE); null: it
   * has none. Used where windows are blocked. */
  redirect?: ((provider: { configURL: string; clientId: string }) => string | null) | null;
}

/** Which way a sign-in takes. */
export type Path = "native" | "popup" | "redirect";

/** Puts the FedCM surface into this page, once. The classic script does it by itself. */
export function install(config?: FedCMConfig): void;

/**
 * Opens the provider's window inside a gesture, for a sign-in that has to wait for
 * something else first. The answer gives the window back if no sign-in follows.
 */
export function reserve(): () => void;

export interface SignInPath {
  path: Path;
  /** One sentence. */
  why: string;
}

/** Which way the last sign-in took, or the next one takes. */
export function path(): Path;

/** The same, and why. */
export function signInPath(): SignInPath;

/** Detail of the event bonafides:ask-signin, which the document gets when a press is
 * needed. A page that cancels it draws its own button. */
export interface SignInAskDetail {
  /** There was no gesture; there are several providers; the browser's own FedCM gave
   * no answer; the provider's window gave none; or a site asks to be disconnected. */
  reason: "gesture" | "choose" | "native" | "unanswered" | "disconnect";
  providers: { configURL: string; clientId: string; host: string }[];
  /** Call it inside a click handler, with the number of the provider. */
  proceed(index?: number): void;
  dismiss(): void;
}

export interface IdentityProviderRequest {
  configURL: string;
  clientId: string;
  nonce?: string;
  loginHint?: string;
  domainHint?: string;
  fields?: string[];
  params?: unknown;
}

export interface IdentityRequest {
  providers: IdentityProviderRequest[];
  context?: "signin" | "signup" | "use" | "continue";
  mode?: "active" | "passive";
}

declare global {
  interface Window {
    /** What the classic scripts give the page. */
    bonafides?: Bonafides;
  }
  interface Bonafides {
    readonly path?: Path;
    signInPath?: typeof signInPath;
    reserve?: typeof reserve;
  }
  interface DocumentEventMap {
    "bonafides:ask-signin": CustomEvent<SignInAskDetail>;
    "bonafides:signin-path": CustomEvent<SignInPath>;
  }
  interface CredentialRequestOptions {
    identity?: IdentityRequest;
  }
  /** What navigator.credentials.get({identity}) resolves to. */
  interface IdentityCredential extends Credential {
    readonly token: unknown;
    readonly configURL: string;
    readonly isAutoSelected: boolean;
  }
  var IdentityCredential: {
    new (): IdentityCredential; // not for pages: it throws
    prototype: IdentityCredential;
    disconnect(options: { configURL: string; clientId: string; accountHint: string }): Promise<void>;
  };
  interface IdentityCredentialError extends DOMException {
    /** The provider's word, and a page of it that says more. */
    readonly error: string;
    readonly url: string;
  }
  var IdentityProvider: {
    close(): void;
    resolve(token: unknown): Promise<void>;
    getUserInfo(provider: { configURL: string; clientId: string }): Promise<unknown[]>;
  };
  interface Navigator {
    readonly login: { setStatus(status: "logged-in" | "logged-out"): Promise<void> };
  }
}
