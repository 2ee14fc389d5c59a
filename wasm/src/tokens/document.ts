// document.hasPrivateToken, hasTrustToken and hasRedemptionRecord.

import type { Part } from "../place.js";
import { tokenError } from "./errors.js";
import type { Kit } from "./kit.js";
import { recordOf, rememberTokens, tokensOf } from "./memory.js";
import { issuerOrigin } from "./params.js";

/** documentParts are for secure pages alone, as the browser's own are. */
export function documentParts(kit: Kit): Part[] {
  if (!isSecureContext) return [];
  const proto = Document.prototype as Document & Record<string, unknown>;
  const nativeRecord = proto.hasRedemptionRecord as ((i: string) => Promise<boolean>) | undefined;

  const origin = (document: Document, v: unknown, name: string): string => {
    if (!document.defaultView) {
      throw new DOMException(`Failed to execute '${name}' on 'Document': the document is in no window.`, "InvalidStateError");
    }
    const o = issuerOrigin(v);
    if (o === null) throw new TypeError(`Failed to execute '${name}' on 'Document': the issuer is not a secure origin.`);
    return o;
  };

  async function has(document: Document, v: unknown, name: string): Promise<boolean> {
    const issuer = origin(document, v, name);
    if (!kit.ours(issuer)) {
      if (await kit.hasNative(issuer)) return true;
      if (kit.lacks !== null) return false;
      const kept = tokensOf(issuer);
      if (kept !== null || issuer === location.origin) return kept ?? false;
      // The keeper is asked for issuers that the browser does not know, no others.
      if (await kit.knows(issuer)) return false;
    }
    if (kit.lacks !== null) return false;
    return tokensOf(issuer) ?? (issuer === location.origin ? false : askKeeper(kit, issuer));
  }

  async function hasRecord(document: Document, v: unknown): Promise<boolean> {
    const issuer = origin(document, v, "hasRedemptionRecord");
    if (recordOf(issuer) !== null) return true;
    return nativeRecord ? nativeRecord.call(document, issuer) : false;
  }

  const methods = {
    hasPrivateToken(this: Document, v: unknown) { return has(this, v, "hasPrivateToken"); },
    hasTrustToken(this: Document, v: unknown) { return has(this, v, "hasTrustToken"); },
    hasRedemptionRecord(this: Document, v: unknown) { return hasRecord(this, v); },
  };
  return Object.entries(methods).map(([name, value]) => ({ target: Document.prototype, name, value, enumerable: true }));
}

/**
 * An issuer's own pages handed out whatever there is, so their memory is enough.
 * On another site that never met the keeper, only the keeper knows. It is asked where
 * its popup is open already; a question alone opens none, and the answer is true:
 * the page goes on to redeem, and learns there.
 */
async function askKeeper(kit: Kit, issuer: string): Promise<boolean> {
  if (!kit.link.isOpen) return true;
  const held = await kit.link.hold({ issuer, operation: "token-redemption" });
  try {
    const a = await held.exchange({ op: "has", issuer });
    if (!a.ok) throw tokenError(a.code ?? "unavailable", a.message);
    rememberTokens(issuer, a.tokens === true);
    return a.tokens === true;
  } finally {
    held.release();
  }
}
