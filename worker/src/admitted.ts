// The token keys and the store: no token is issued or redeemed before the store
// knows the key that made it.

import { type Call, failed } from "./call.js";
import { refuse } from "./hot.js";
import { storeOf } from "./policy.js";
import { fault, type Settings } from "./settings.js";
import { type KeyChange, type Store, within } from "./store.js";

/** Says what is wrong with a key and what to do, as package issuer does. */
export function describe({ id, change }: KeyChange): string {
  const why = {
    "another key": "is another key than the one that was admitted under this id, whose tokens are counted as spent under it",
    "a later expiry": "expires later than when it was admitted, and what was spent with it may be forgotten by then",
    "a forgotten key": "was forgotten with all that was spent with it, and its tokens would be good again",
  }[change];
  return `The secret ISSUER_KEYS cannot be used: token key ${id} ${why}. Put back what it was, or make a new key under an id that was never used: bonafides keys rotate makes one.`;
}

// What was admitted last by this isolate, and where.
let last: { settings: Settings; kind: string | undefined } | null = null;

/**
 * The store, which knows the issuer's keys. A Problem where a binding is missing or
 * a key is not what it was; what the store itself cannot do is the caller's refusal.
 */
export async function admitted(c: Call, refusal: string): Promise<Store> {
  const store = storeOf(c.env);
  if (last?.settings === c.settings && last.kind === c.env.ISSUER_STORE) return store;
  let change: KeyChange | null;
  try {
    change = await within(store.admit(c.settings.tokenKeys));
  } catch (err) {
    failed("the store of spent tokens", err);
    refuse(refusal);
  }
  if (change) throw fault("keys_changed", describe(change));
  last = { settings: c.settings, kind: c.env.ISSUER_STORE };
  return store;
}
