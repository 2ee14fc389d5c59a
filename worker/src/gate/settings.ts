// The gate's configuration: the variable GATE, an object in wrangler.toml or JSON
// in .dev.vars. What it does not know is refused, since a misspelt rule would
// silently not count.

import { edge } from "../../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../../wasm/src/guest.js";
import { isOrigin, isSecure } from "../../../wasm/src/origin.js";
import { pathGateKeys } from "../../../wasm/src/wire.gen.js";
import { hot } from "../hot.js";
import { Problem } from "../problem.js";
import { mayKeep } from "./headers.js";

export interface IdTokenRules {
  /** What Go judges by: oidc.Config without keys and nonce. */
  config: Record<string, unknown>;
  jwksUri: string;
  /** The cookie that holds an ID token; empty for none. */
  cookie: string;
  /** The cookie that holds the nonce of the sign-in. */
  nonceCookie: string;
  insecureNoNonce: boolean;
}

export interface RecordRules {
  issuers: string[];
  allowedFrames: string[];
  embedders: string[];
  insecureUnknownOrigin: boolean;
}

export interface GateSettings {
  /** The origin that admitted requests go to. */
  origin: string;
  idTokens: IdTokenRules | null;
  records: RecordRules | null;
  /** Origins whose pages may call the gate, and what request headers they may set. */
  cors: string[];
  corsHeaders: string[];
  /** Request headers, in lower case, that go on although proxies are known to say who somebody is by them. */
  keepHeaders: string[];
  /** Whether the origin is told that its visitors see it below /gate. */
  forwardPrefix: boolean;
  /** Where the keys of the gate's assertions are published. */
  keysPath: string;
}

export const fault = (detail: string) => new Problem(503, "gate_config", detail);

/** Whether credentials and keys may travel to or from this URL: https, or a host that never leaves the machine. */
function isSafe(text: unknown, whole: boolean): text is string {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const url = new URL(text);
  return isSecure(url) && url.username === "" && url.password === "" && (whole ? url.hash === "" : isOrigin(text));
}

/** Reads the members of an object once each, and refuses those that nobody asked for. */
class Members {
  #of: Record<string, unknown>;
  #at: string;
  #known = new Set<string>();

  constructor(value: unknown, at: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw fault(`${at} is not an object.`);
    this.#of = value as Record<string, unknown>;
    this.#at = at;
  }
  get(name: string): unknown {
    this.#known.add(name);
    return Object.hasOwn(this.#of, name) ? this.#of[name] : undefined;
  }
  text(name: string): string {
    const v = this.get(name) ?? "";
    if (typeof v !== "string") throw fault(`${this.#at}.${name} is not text.`);
    return v;
  }
  flag(name: string): boolean {
    const v = this.get(name) ?? false;
    if (typeof v !== "boolean") throw fault(`${this.#at}.${name} is not true or false.`);
    return v;
  }
  list(name: string, good: (v: unknown) => boolean, what: string): string[] {
    const v = this.get(name) ?? [];
    if (!Array.isArray(v) || !v.every(good)) throw fault(`${this.#at}.${name} is not a list of ${what}.`);
    return v as string[];
  }
  origins(name: string): string[] {
    return this.list(name, (v) => typeof v === "string" && isOrigin(v), "origins such as https://news.example");
  }
  end(): void {
    for (const name of Object.keys(this.#of)) {
      if (!this.#known.has(name)) throw fault(`${this.#at}.${name} is not a setting; the settings are ${[...this.#known].join(", ")}.`);
    }
  }
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110 section 5.6.2

/** A cookie's name. RFC 6265bis section 4.1.3.2: what another host of the domain sets never has the prefix. */
function cookieName(m: Members, name: string, at: string, insecure: boolean): string {
  const v = m.text(name);
  if (v !== "" && !token.test(v)) throw fault(`${at}.${name} is not the name of a cookie.`);
  if (v !== "" && !insecure && !v.startsWith("__Host-")) {
    throw fault(`${at}.${name} does not begin with __Host-, so any other host of the domain can set the cookie in a visitor's browser, and sign the visitor in as somebody else. Name it __Host-${v} where it is set (with Secure, Path=/ and no Domain), or set insecureCookieNames = true.`);
  }
  return v;
}

/** Paths that the issuer beside the gate answers at. */
const taken = ["trust-token", "private-state-token", "redemption-record-keys"];

function keysPath(m: Members): string {
  const v = m.text("keysPath") || pathGateKeys;
  const name = /^\/\.well-known\/([a-z0-9][a-z0-9.-]*)$/.exec(v)?.[1];
  if (name === undefined || taken.includes(name)) throw fault(`GATE.keysPath is not a path such as "${pathGateKeys}" that is still free: /.well-known/ and one word of small letters, digits and hyphens.`);
  return v;
}

const judged = ["issuer", "clientId", "issuerAliases", "tenants", "trustedAudiences", "authorizedParties", "hostedDomain", "match",
  "verifyOnly", "ignoreKeyHints", "algorithms", "skew", "maxSize"];

function idTokens(value: unknown): IdTokenRules {
  const at = "GATE.idTokens";
  const m = new Members(value, at);
  const config: Record<string, unknown> = {};
  for (const name of judged) {
    const v = m.get(name);
    if (v !== undefined) config[name] = v;
  }
  const jwksUri = m.get("jwksUri");
  if (!isSafe(jwksUri, true)) throw fault(`${at}.jwksUri is not the https address of the provider's key set. Its discovery document (ISSUER/.well-known/openid-configuration) names it as jwks_uri.`);
  const anyName = m.flag("insecureCookieNames");
  const rules: IdTokenRules = {
    config, jwksUri,
    cookie: cookieName(m, "cookie", at, anyName), nonceCookie: cookieName(m, "nonceCookie", at, anyName), insecureNoNonce: m.flag("insecureNoNonce"),
  };
  m.end();
  if ([rules.nonceCookie !== "", rules.insecureNoNonce, config.verifyOnly === true].filter(Boolean).length !== 1) {
    throw fault(`${at} needs either nonceCookie, the cookie with the nonce of the sign-in, or insecureNoNonce = true: a token that was seen anywhere is then good here until it expires. Tokens of machines need neither, but verifyOnly = true and match.`);
  }
  // Go says what it makes of its part: no token is judged before that is in order.
  try {
    const text = new TextEncoder();
    edge.judgeIdToken(hot(), text.encode(judgeConfig(rules, "x")), text.encode('{"keys":[]}'), text.encode("x"), 0, 0);
  } catch (err) {
    if (!(err instanceof GuestRefusal)) throw err;
    if (err.code === "config_invalid") throw fault(`${at}: ${err.message}.`);
  }
  return rules;
}

/** What judge_id_token takes as config. */
export const judgeConfig = (r: IdTokenRules, nonce: string) =>
  JSON.stringify({ ...r.config, ...(r.insecureNoNonce && { insecureNoNonce: true }), ...(r.nonceCookie !== "" && { nonce }) });

function records(value: unknown): RecordRules {
  const at = "GATE.records";
  const m = new Members(value, at);
  const rules: RecordRules = {
    issuers: m.list("issuers", (v) => isSafe(v, false), "https origins of issuers"),
    allowedFrames: m.origins("allowedFrames"), embedders: m.origins("embedders"), insecureUnknownOrigin: m.flag("insecureUnknownOrigin"),
  };
  m.end();
  if (rules.issuers.length === 0) throw fault(`${at}.issuers is empty: name the issuers whose records count.`);
  if (rules.embedders.length > 0 && rules.allowedFrames.length === 0) {
    throw fault(`${at}.embedders without allowedFrames allows nothing: name the origins of your frames.`);
  }
  return rules;
}

function read(gate: unknown): GateSettings {
  if (typeof gate === "string") {
    try {
      gate = JSON.parse(gate);
    } catch {
      throw fault("The variable GATE is not JSON.");
    }
  }
  const m = new Members(gate, "GATE");
  const origin = m.get("origin");
  if (!isSafe(origin, false)) throw fault('GATE.origin is not an https origin such as "https://app.example" (no path, no slash at the end): admitted requests go there.');
  const settings: GateSettings = {
    origin, idTokens: null, records: null, cors: m.origins("cors"),
    corsHeaders: m.list("corsHeaders", (v) => typeof v === "string" && token.test(v), "header names"),
    keepHeaders: m.list("keepHeaders", (v) => typeof v === "string" && mayKeep(v),
      "header names of letters, digits and hyphens, without those that the gate judges or sets").map((n) => n.toLowerCase()),
    forwardPrefix: m.flag("forwardPrefix"), keysPath: keysPath(m),
  };
  const ofTokens = m.get("idTokens"), ofRecords = m.get("records");
  m.end();
  if (ofTokens === undefined && ofRecords === undefined) throw fault("GATE admits nobody: it needs idTokens, records or both.");
  if (ofTokens !== undefined) settings.idTokens = idTokens(ofTokens);
  if (ofRecords !== undefined) settings.records = records(ofRecords);
  return settings;
}

let last: { gate: string; settings: GateSettings } | null = null;

/** The settings; a Problem names the first fault. */
export function gateSettings(gate: unknown): GateSettings {
  const text = typeof gate === "string" ? gate : JSON.stringify(gate);
  if (last?.gate !== text) last = { gate: text, settings: read(gate) };
  return last.settings;
}
