// What went wrong, as the exceptions that Chromium throws for the same.

import { pathReturn } from "./protocol.js";

/** The codes of docs/polyfill-protocol.md and the exceptions they become. */
const exceptions: Record<string, [name: string, message: string]> = {
  no_keys: ["InvalidStateError", "No keys currently available for this issuer."],
  no_tokens: ["OperationError", "Tokens exhausted: this browser holds no token of this issuer."],
  too_many_issuers: ["OperationError", "Limit hit: this site already works with two issuers."],
  too_many_redemptions: ["OperationError", "Quota hit: this site already redeemed two tokens of this issuer within 48 hours."],
  bad_response: ["OperationError", "Unknown response: the issuer's answer is no good."],
  bad_request: ["OperationError", "Invalid arguments: the keeper refused."],
  have_record: ["NoModificationAllowedError", "There is a redemption record already; refreshPolicy: 'refresh' asks for another."],
  unavailable: ["OperationError", "The keeper could not be reached or could not use its storage."],
  no_return: ["NotAllowedError", `The window of the token keeper was closed, or Cross-Origin-Opener-Policy cuts it off; such pages need ${pathReturn}.`],
  unsupported: ["NotSupportedError", "Tokens cannot work here."],
  closed: ["NotAllowedError", "The window of the token keeper was closed."],
  dismissed: ["NotAllowedError", "The person did not want it."],
  silenced: ["NotAllowedError", "The person said \"Not now\" and is not asked again for a while."],
  no_gesture: ["NotAllowedError", "Nobody pressed the button."],
};

export const noOrigin = "a page in a sandbox without allow-same-origin has no origin";

export function tokenError(code: string, detail?: string): DOMException {
  const [name, message] = exceptions[code] ?? exceptions.unavailable!;
  return new DOMException(detail ? `${message} (${detail})` : message, name);
}

/** Chromium's word for an issuer whose keys it does not hold: the one native
 * failure that hands the issuer over to the polyfill. */
export function isMissingKeys(err: unknown): boolean {
  return err instanceof DOMException && err.name === "InvalidStateError" &&
    err.message.includes("No keys currently available");
}
