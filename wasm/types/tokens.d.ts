// The surface that the scripts of this package give a page. The same members
// work natively, where the browser knows the issuer.

export type Operation = "token-request" | "token-redemption" | "send-redemption-record";
export type RefreshPolicy = "none" | "refresh";

export interface PrivateToken {
  version: 1;
  operation: Operation;
  refreshPolicy?: RefreshPolicy;
  /** Origins; for send-redemption-record. */
  issuers?: string[];
}

/** The member of 2021. */
export interface TrustToken {
  type: Operation;
  refreshPolicy?: RefreshPolicy;
  issuers?: string[];
}

/** A fault in it is a TypeError of install() that names the option. */
export interface Config {
  /** The keeper's origin. Never an issuer's. */
  keeper: string;
  /** Where the keeper's page is on that origin: "/keeper" if left out. */
  keeperPath?: string;
}

/** Who does the work for an issuer on this page, and why. */
export interface Path {
  path: "native" | "keeper";
  why: string;
}

/** Detail of the event bonafides:ask, which the document gets when a press is needed.
 * A page that cancels it draws its own button. */
export interface AskDetail {
  issuer: string;
  operation: Operation;
  /** Call it inside a click handler. */
  proceed(): void;
  dismiss(): void;
}

/** Puts the token surface into this page, once. The classic script does it by itself. */
export function install(config: Config): void;

/** Inside a frame: the records that the page around it lends, by issuer. */
export function recordFromEmbedder(embedders: string[]): Promise<Record<string, string>>;

export function tokenPath(issuer: string): Path;

declare global {
  interface RequestInit {
    privateToken?: PrivateToken;
    trustToken?: TrustToken;
  }
  interface XMLHttpRequest {
    setPrivateToken(token: PrivateToken): void;
    setTrustToken(token: TrustToken): void;
  }
  interface HTMLIFrameElement {
    /** Reflects the attribute: the JSON of a PrivateToken. */
    privateToken: string;
    trustToken: string;
  }
  interface Document {
    hasPrivateToken(issuer: string): Promise<boolean>;
    hasTrustToken(issuer: string): Promise<boolean>;
    hasRedemptionRecord(issuer: string): Promise<boolean>;
  }
  interface DocumentEventMap {
    "bonafides:ask": CustomEvent<AskDetail>;
    "bonafides:path": CustomEvent<Path & { issuer: string }>;
  }
  interface Window {
    /** What the classic scripts give the page. */
    bonafides?: Bonafides;
  }
  interface Bonafides {
    recordFromEmbedder?: typeof recordFromEmbedder;
    tokenPath?: typeof tokenPath;
  }
}
