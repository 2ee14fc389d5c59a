// token-redemption: verify the token, spend it exactly once, then sign the record.
// A redemption sees the message and nothing of who sent it.

import { edge } from "../../wasm/src/abi.gen.js";
import { admitted } from "./admitted.js";
import { type Call, type Names, answer, failed, issuerOrigin, native, polyfill, preflight } from "./call.js";
import { hot, refuse } from "./hot.js";
import { issue, mayIssue } from "./issue.js";
import { checkMethod, notFound } from "./problem.js";
import { type Spend, within } from "./store.js";

export async function redeem(c: Call): Promise<Response> {
  c.headers.set("Access-Control-Allow-Origin", "*");
  if (c.request.method === "OPTIONS") return preflight(c, "GET, POST", "Content-Type");
  checkMethod(c.request, "GET", "POST");
  return serveRedeem(c, native);
}

export async function polyfillRedeem(c: Call): Promise<Response> {
  if (!c.settings.polyfill) throw notFound();
  c.headers.set("Access-Control-Allow-Origin", "*");
  c.headers.set("Access-Control-Expose-Headers", `${polyfill.token}, ${polyfill.lifetime}`);
  if (c.request.method === "OPTIONS") return preflight(c, "POST", polyfill.token, polyfill.version, "Content-Type");
  checkMethod(c.request, "POST");
  // Refused before the token is spent, so that a keeper with this fault does not
  // go unnoticed.
  if (c.request.headers.get("Cookie") || c.request.headers.get("Authorization")) refuse("credentials_sent");
  return serveRedeem(c, polyfill);
}

/** Serves both at one path, as the articles of 2021 about Trust Tokens have it. */
export async function trustToken(c: Call): Promise<Response> {
  const token = c.request.headers.get(native.token) ?? "";
  const version = c.request.headers.get(native.version) ?? "";
  const { redemption, readable } = edge.isRedemption(hot(), token, version);
  const issuance = c.request.method === "OPTIONS" // a preflight has no message
    ? mayIssue(c, c.request.headers.get("Origin") ?? "")
    : readable && !redemption;
  return issuance ? issue(c) : redeem(c);
}

async function serveRedeem(c: Call, names: Names): Promise<Response> {
  const token = c.request.headers.get(names.token) ?? "";
  const version = c.request.headers.get(names.version) ?? "";
  const { keys, recordKey, lifetime, single } = c.settings;
  const issuer = issuerOrigin(c);
  const { keyId, nonce, row, origin } = edge.verifyRedemption(hot(), names.polyfill, token, version, keys, c.now);

  const store = await admitted(c, "store_unavailable");
  const spend = store.spend(keyId, nonce, row);
  // A client that leaves now does not stop the spend half way, when nobody could
  // tell whether it happened.
  c.ctx.waitUntil(spend.catch(() => undefined));
  let spent: Spend;
  try {
    spent = await within(spend);
  } catch (err) {
    failed("the store of spent tokens", err);
    refuse("store_unavailable");
  }
  if (spent === "forgotten") refuse("key_expired");
  if (spent !== "first") edge.alreadySpent(hot(), issuer);
  if (c.settings.count) {
    c.ctx.waitUntil(store.count(origin, Math.floor(c.now / 86400)).catch((err) => failed("counting a redemption", err)));
  }

  let record: string, seconds: number;
  try {
    const unsigned = edge.recordInput(hot(), issuer, recordKey.id, keyId, origin, names.polyfill, lifetime, single, c.now);
    seconds = unsigned.seconds;
    const signature = await recordKey.sign(unsigned.input);
    record = edge.assemble(hot(), unsigned.input, signature).token; // the instance as it is after the wait
  } catch (err) {
    failed("signing a record", err);
    refuse("record_failed");
  }
  return answer(c, names, record, { redeemed: true }, seconds);
}
