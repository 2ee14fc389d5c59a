// The members that fetch and Request take: privateToken as browsers have it
// today, trustToken as the article of 2021 has it. Both become TokenParams;
// whatever a browser would refuse is a TypeError here too.

import { isSecure, parse } from "../origin.js";
import { text } from "../wrap.js";

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
  const u = parse(v);
  return u && isSecure(u) ? u.origin : null;
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
  // Each member is read once: a getter may answer differently the second time.
  const { [member]: asked, refreshPolicy: policy, issuers: list } = o;
  if (name === "privateToken") {
    if (Number(o.version) !== 1) throw fail("'privateToken' has no version: 1.");
  }
  if (asked === undefined) throw fail(`'${name}' has no member '${member}'.`);
  const operation = text(asked);
  if (!operations.includes(operation)) {
    throw fail(`'${operation.slice(0, 64)}' is none of ${operations.join(", ")}.`);
  }
  const refreshPolicy = policy === undefined ? "none" : text(policy);
  if (!policies.includes(refreshPolicy)) throw fail("refreshPolicy is neither 'none' nor 'refresh'.");
  const issuers: string[] = [];
  if (list !== undefined) {
    if (list === null || typeof (list as Iterable<unknown>)[Symbol.iterator] !== "function") {
      throw fail("issuers is not a list.");
    }
    for (const i of list as Iterable<unknown>) {
      const origin = issuerOrigin(i);
      if (origin === null) throw fail("issuers has a member that is no URL of a secure origin.");
      if (!issuers.includes(origin)) issuers.push(origin);
    }
  }
  if (operation === "send-redemption-record" && issuers.length === 0) {
    throw fail("send-redemption-record needs issuers.");
  }
  return { operation: operation as Operation, refreshPolicy: refreshPolicy as RefreshPolicy, issuers };
}

/** readInit reads the member of a RequestInit as Web IDL reads a dictionary: by one
 * look, own or inherited, and with the errors of the page's getters. null where
 * there is none; then nothing else of the init was touched. */
export function readInit(init: unknown, where: string): TokenParams | null {
  if (init === null || (typeof init !== "object" && typeof init !== "function")) return null;
  const o = init as { privateToken?: unknown; trustToken?: unknown };
  const today = o.privateToken;
  if (today !== undefined) return read(today, "privateToken", "operation", where);
  const old = o.trustToken;
  return old !== undefined ? read(old, "trustToken", "type", where) : null;
}

/** withoutTokens is an init without our members, each other one read when it is read
 * of this: inherited ones and getters are as good as a literal's. It can be copied
 * too, as tools do whose own fetch or Request came into the page before ours. */
export function withoutTokens(init: object): RequestInit {
  const ours = (name: PropertyKey) => name === "privateToken" || name === "trustToken";
  return new Proxy({}, {
    get: (_, name) => (ours(name) ? undefined : Reflect.get(init, name)),
    has: (_, name) => !ours(name) && Reflect.has(init, name),
    ownKeys: () => Reflect.ownKeys(init).filter((name) => !ours(name)),
    getOwnPropertyDescriptor: (_, name) => {
      const d = ours(name) ? undefined : Reflect.getOwnPropertyDescriptor(init, name);
      return d && { ...d, configurable: true };
    },
    // A tool that changes an init before it passes it on changes the page's, as ever.
    defineProperty: (_, name, d) => Reflect.defineProperty(init, name, d),
    deleteProperty: (_, name) => Reflect.deleteProperty(init, name),
  });
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
