// The members that fetch and Request take: privateToken as browsers have it
// today, trustToken as the article of 2021 has it. Both become TokenParams;
// whatever a browser would refuse is a TypeError here too.

export type Operation = "token-request" | "token-redemption" | "send-redemption-record";
export type RefreshPolicy = "none" | "refresh";

export interface TokenParams {
  operation: Operation;
  refreshPolicy: RefreshPolicy;
  /** Origins, each once, in the order given; only for send-redemption-record. */
  issuers: string[];
}

/** Today's member. */
export interface PrivateToken {
  version: 1;
  operation: Operation;
  refreshPolicy?: RefreshPolicy;
  issuers?: string[];
}

/** The member of 2021. */
export interface TrustToken {
  type: Operation;
  refreshPolicy?: RefreshPolicy;
  issuers?: string[];
}

const operations = ["token-request", "token-redemption", "send-redemption-record"];
const policies = ["none", "refresh"];

/** issuerOrigin is the origin of a URL that may name an issuer, or null. */
export function issuerOrigin(v: unknown): string | null {
  let u: URL;
  try {
    u = new URL(String(v));
  } catch {
    return null;
  }
  const local = /^(.*\.)?localhost$|^127\.|^\[::1\]$/.test(u.hostname);
  return u.protocol === "https:" || (u.protocol === "http:" && local) ? u.origin : null;
}

function read(v: unknown, name: string, member: string, where: string): TokenParams {
  const fail = (why: string) => new TypeError(`Failed to ${where}: ${why}`);
  if (v === null || (typeof v !== "object" && typeof v !== "function")) {
    throw fail(`'${name}' is not an object.`);
  }
  if (!isSecureContext) {
    throw fail(`${name}: TrustTokens operations are only available in secure contexts.`);
  }
  const o = v as Record<string, unknown>;
  if (name === "privateToken") {
    if (o.version === undefined) throw fail("'privateToken' has no member 'version'. Give version: 1.");
    if (Number(o.version) !== 1) throw fail("'privateToken' has a version that is not 1.");
  }
  const operation = o[member];
  if (operation === undefined) throw fail(`'${name}' has no member '${member}'.`);
  if (!operations.includes(String(operation))) {
    throw fail(`'${String(operation).slice(0, 64)}' is not an operation. It is one of ${operations.join(", ")}.`);
  }
  const refreshPolicy = o.refreshPolicy === undefined ? "none" : String(o.refreshPolicy);
  if (!policies.includes(refreshPolicy)) throw fail("refreshPolicy is neither 'none' nor 'refresh'.");
  const issuers: string[] = [];
  if (o.issuers !== undefined) {
    if (o.issuers === null || typeof (o.issuers as Iterable<unknown>)[Symbol.iterator] !== "function") {
      throw fail("issuers is not a list.");
    }
    for (const i of o.issuers as Iterable<unknown>) {
      const origin = issuerOrigin(i);
      if (origin === null) throw fail("issuers has a member that is no URL of a secure origin.");
      if (!issuers.includes(origin)) issuers.push(origin);
    }
  }
  if (operation === "send-redemption-record" && issuers.length === 0) {
    throw fail("send-redemption-record needs issuers: a list with at least one origin.");
  }
  return { operation: operation as Operation, refreshPolicy: refreshPolicy as RefreshPolicy, issuers };
}

/** readInit takes the member out of a RequestInit; null where there is none. */
export function readInit(init: unknown, where: string): TokenParams | null {
  if (init === null || typeof init !== "object") return null;
  const o = init as { privateToken?: unknown; trustToken?: unknown };
  if (o.privateToken !== undefined) return read(o.privateToken, "privateToken", "operation", where);
  if (o.trustToken !== undefined) return read(o.trustToken, "trustToken", "type", where);
  return null;
}

/** readAttribute takes the JSON of an iframe's attribute; null where it is unusable. */
export function readAttribute(name: "privateToken" | "trustToken", json: string): TokenParams | null {
  try {
    const p = readInit({ [name]: JSON.parse(json) }, "read the attribute");
    return p?.operation === "send-redemption-record" ? p : null;
  } catch {
    return null;
  }
}
