// The Worker's bindings. Secrets are set with `npx wrangler secret put NAME`, the
// rest stands in wrangler.toml.

import type { SpentTokens } from "./durable.js";

export interface Env {
  ISSUER_KEYS?: string;
  ISSUER_RECORD_KEY?: string;
  CAPTCHA_SECRET?: string;
  ADMIN_TOKEN?: string;

  ISSUER_ORIGIN?: string;
  ISSUER_COMMITMENT_ID?: string;
  ISSUER_CPU_MS?: string;
  ISSUER_BATCH_SIZE?: string;
  ISSUER_POLICY?: string;
  ISSUER_TOKENS?: string;
  ISSUER_ALLOWED_ORIGINS?: string;
  ISSUER_POLYFILL?: string;
  ISSUER_RECORD?: string;
  ISSUER_RECORD_LIFETIME?: string;
  ISSUER_STORE?: string;
  ISSUER_COUNT?: string;
  WORK_DIFFICULTY?: string;
  CAPTCHA_URL?: string;
  CAPTCHA_HOSTNAME?: string;
  CAPTCHA_ACTION?: string;
  CAPTCHA_MIN_SCORE?: string;

  /** The gate's settings: an object, or its JSON (gate/settings.ts). */
  GATE?: unknown;
  /** What the gate shows the origin, so that nobody else can pretend to be it. */
  GATE_SECRET?: string;
  /** The private keys of the gate's assertions (gate/assertion.ts). */
  GATE_KEYS?: string;

  SPENT?: DurableObjectNamespace<SpentTokens>;
  DB?: D1Database;
}
