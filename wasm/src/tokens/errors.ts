// What went wrong, as the exceptions that Chromium throws for the same.

/** The codes of docs/polyfill-protocol.md and the exceptions they become. */
const exceptions: Record<string, [name: string, message: string]> = {
  no_keys: ["InvalidStateError", "No keys currently available for this issuer: its key commitment is missing, unusable or expired."],
  no_tokens: ["OperationError", "Tokens exhausted: this browser holds no token of this issuer. Get more where the issuer gives them out."],
  too_many_tokens: ["OperationError", "Quota hit: this browser already holds 500 tokens of this issuer."],
  too_many_issuers: ["OperationError", "Limit hit: this site already works with two issuers."],
  too_many_redemptions: ["OperationError", "Quota hit: this site already redeemed two tokens of this issuer within 48 hours."],
  bad_response: ["OperationError", "Unknown response: the issuer's answer is missing, malformed, or its proof does not verify."],
  bad_request: ["OperationError", "Invalid arguments: the keeper refused the request."],
  have_record: ["NoModificationAllowedError", "There is a redemption record of this issuer already. refreshPolicy: 'refresh' asks for a new one."],
  unavailable: ["OperationError", "The keeper of the tokens could not be reached or could not use its storage."],
  closed: ["NotAllowedError", "The window of the token keeper was closed before it was done."],
  dismissed: ["NotAllowedError", "The person did not want it."],
  no_gesture: ["NotAllowedError", "Nobody pressed the button within 60 seconds; the token keeper opens only after a press."],
};

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
