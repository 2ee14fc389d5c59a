// The configuration, read once in an isolate and checked as package issuer checks
// its own. A fault names the secret or variable and shows nothing of it.

import { edge } from "../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../wasm/src/guest.js";
import { isOrigin, isSecureOrigin } from "../../wasm/src/origin.js";
import { maxBatch, minRecordLifetime, recordLifetime, typeCommitment } from "../../wasm/src/wire.gen.js";
import { batchFor } from "./batch.js";
import type { Env } from "./env.js";
import { hot } from "./hot.js";
import { Problem } from "./problem.js";
import { type Published, publish } from "./published.js";
import { type RecordKey, recordKey } from "./recordkey.js";
import type { TokenKey } from "./store.js";
import { tokenKeys } from "./tokenkeys.js";

export interface Settings {
  keys: string;
  commitments: Published;
  tokenKeys: TokenKey[];
  recordKey: RecordKey;
  recordKeys: Published;
  /** The issuer's origin, where it is fixed. */
  origin: string | null;
  batch: number;
  allowedOrigins: Set<string>;
  polyfill: boolean;
  lifetime: number; // of a record, in seconds
  single: boolean;
  count: boolean;
}

export const fault = (code: string, detail: string) => new Problem(503, code, detail);

/** Reads a whole number; an empty variable means the default. */
export function number(name: string, value: string | undefined, otherwise: number, least: number, most: number): number {
  if (!value) return otherwise;
  const n = /^[0-9]{1,10}$/.test(value) ? Number(value) : NaN;
  if (!(n >= least && n <= most)) throw fault("variable_invalid", `The variable ${name} is not a number from ${least} to ${most}.`);
  return n;
}

/** Reads one of several words; an empty variable means the first. */
export function word<W extends string>(name: string, value: string | undefined, ...words: [W, ...W[]]): W {
  if (!value) return words[0];
  const found = words.find((w) => w === value);
  if (found === undefined) throw fault("variable_invalid", `The variable ${name} is none of: ${words.join(", ")}.`);
  return found;
}

const names = [
  "ISSUER_KEYS", "ISSUER_RECORD_KEY", "ISSUER_ORIGIN", "ISSUER_COMMITMENT_ID", "ISSUER_CPU_MS", "ISSUER_BATCH_SIZE",
  "ISSUER_ALLOWED_ORIGINS", "ISSUER_POLYFILL", "ISSUER_RECORD", "ISSUER_RECORD_LIFETIME", "ISSUER_COUNT",
] as const;

let last: { values: string[]; settings: Settings } | null = null;

/** The settings of these bindings. It throws a Problem for the first fault. */
export async function settings(env: Env): Promise<Settings> {
  const values = names.map((n) => env[n] ?? "");
  if (last && values.every((v, i) => v === last!.values[i])) return last.settings;
  // A Promise that one request began must not be awaited by another: where
  // several come first, each reads for itself.
  const made = await read(env);
  last = { values, settings: made };
  return made;
}

async function read(env: Env): Promise<Settings> {
  for (const name of ["ISSUER_KEYS", "ISSUER_RECORD_KEY"] as const) {
    if (!env[name]) throw fault("secret_missing", `The secret ${name} is not set. Set it with: npx wrangler secret put ${name}`);
  }
  const keys = env.ISSUER_KEYS!;
  const origin = env.ISSUER_ORIGIN || null;
  if (origin !== null && !isSecureOrigin(origin)) {
    throw fault("variable_invalid", 'The variable ISSUER_ORIGIN is not an origin like "https://issuer.example" (no path, no default port, lower case; plain http on loopback hosts only).');
  }
  const allowedOrigins = (env.ISSUER_ALLOWED_ORIGINS ?? "").split(/\s+/).filter(Boolean);
  if (!allowedOrigins.every(isOrigin)) {
    throw fault("variable_invalid", 'The variable ISSUER_ALLOWED_ORIGINS is not a list of origins like "https://shop.example", separated by spaces.');
  }
  const fits = batchFor(number("ISSUER_CPU_MS", env.ISSUER_CPU_MS, 10, 1, 300_000));
  const batch = number("ISSUER_BATCH_SIZE", env.ISSUER_BATCH_SIZE, fits, 1, maxBatch);
  if (batch > fits) {
    throw fault("variable_invalid", `The variable ISSUER_BATCH_SIZE is more than fits the CPU time of a request: ${fits} with this ISSUER_CPU_MS.`);
  }
  const id = number("ISSUER_COMMITMENT_ID", env.ISSUER_COMMITMENT_ID, 0, 1, 2 ** 31 - 1); // 0: as the keys tell it
  const record = await recordKey(env.ISSUER_RECORD_KEY!);
  let commitments: string;
  try {
    commitments = edge.commitments(hot(), keys, id, batch).document;
  } catch (err) {
    if (err instanceof GuestRefusal) throw fault("secret_invalid", `The secret ISSUER_KEYS cannot be read: ${err.message}.`);
    throw err;
  }
  return {
    keys,
    commitments: await publish(typeCommitment, commitments),
    tokenKeys: await tokenKeys(commitments),
    recordKey: record,
    recordKeys: await publish("application/jwk-set+json", record.document),
    origin,
    batch,
    allowedOrigins: new Set(allowedOrigins),
    polyfill: word("ISSUER_POLYFILL", env.ISSUER_POLYFILL, "off", "on") === "on",
    lifetime: number("ISSUER_RECORD_LIFETIME", env.ISSUER_RECORD_LIFETIME, recordLifetime, minRecordLifetime, 2 ** 31 - 1),
    single: word("ISSUER_RECORD", env.ISSUER_RECORD, "shared", "single") === "single",
    count: word("ISSUER_COUNT", env.ISSUER_COUNT, "off", "on") === "on",
  };
}
