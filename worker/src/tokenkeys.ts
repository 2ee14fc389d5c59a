// The token keys without their secrets, as stores know them.

import type { TokenKey } from "./store.js";

/** Reads the keys without their secrets from the key commitments that the module wrote. */
export async function tokenKeys(commitments: string): Promise<TokenKey[]> {
  const { keys } = JSON.parse(commitments).PrivateStateTokenV1VOPRF as { keys: Record<string, { Y: string; expiry: string }> };
  return Promise.all(Object.entries(keys).map(async ([id, { Y, expiry }]) => ({
    id: Number(id),
    public: new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.fromBase64(Y))).toHex(),
    expires: Math.ceil(Number(expiry) / 1e6),
  })));
}
