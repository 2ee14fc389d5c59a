// The gate's configuration: the variable GATE, an object in wrangler.toml or JSON
// in .dev.vars. What it does not know is refused, since a misspelt rule would
// silently not count.

import { edge } from "../../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../../wasm/src/guest.js";
import { hot } from "../hot.js";
import { Problem } from "../problem.js";

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
}

export const fault = (detail: string) => new Problem(503, "gate_config", detail);

export const isLocal = (host: string) =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Whether credentials and keys may travel to or from this URL: https, or a host that never leaves the machine. */
function isSafe(text: unknown, whole: boolean): text is string {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === "https:" || (url.protocol === "http:" && isLocal(url.hostname)))
    && url.username === "" && url.password === "" && (whole ? url.hash === "" : url.origin === text);
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
    return this.list(name, (v) => typeof v === "string" && URL.canParse(v) && new URL(v).origin === v, "origins such as https://news.example");
  }
  end(): void {
    for (const name of Object.keys(this.#of)) {
      if (!this.#known.has(name)) throw fault(`${this.#at}.${name} is not a setting; the settings are ${[...this.#known].join(", ")}.`);
    }
  }
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110 section 5.6.2

function cookieName(m: Members, name: string, at: string): string {
  const v = m.text(name);
  if (v !== "" && !token.test(v)) throw fault(`${at}.${name} is not the name of a cookie.`);
  return v;
}

const judged = ["issuer", "clientId", "issuerAliases", "trustedAudiences", "hostedDomain", "algorithms", "maxSize"];

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
  const rules: IdTokenRules = {
    config, jwksUri,
    cookie: cookieName(m, "cookie", at), nonceCookie: cookieName(m, "nonceCookie", at), insecureNoNonce: m.flag("insecureNoNonce"),
  };
  m.end();
  if ((rules.nonceCookie === "") !== rules.insecureNoNonce) {
    throw fault(`${at} needs either nonceCookie, the cookie with the nonce of the sign-in, or insecureNoNonce = true: a token that was seen anywhere is then good here until it expires.`);
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
  JSON.stringify({ ...r.config, ...(r.insecureNoNonce ? { insecureNoNonce: true } : { nonce }) });

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
