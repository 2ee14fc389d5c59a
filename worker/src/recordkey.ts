// The key that signs redemption records. WebCrypto keeps and uses it.

import { edge } from "../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../wasm/src/guest.js";
import { hot } from "./hot.js";
import { Problem } from "./problem.js";

export interface RecordKey {
  id: string;
  /** The JWK set to publish. */
  document: string;
  sign(input: string): Promise<Uint8Array>;
}

// RFC 8410 section 7: what stands before the 32 bytes of a seed.
const pkcs8 = Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]);

const size = 32; // of a seed and of a public key

const each = (b: Uint8Array) => Array.from({ length: b.length / size }, (_, i) => b.subarray(i * size, (i + 1) * size));

/** Makes keys of a seed: one to sign with, and its public half. */
async function fromSeed(seed: Uint8Array): Promise<{ key: CryptoKey; public: Uint8Array }> {
  const der = new Uint8Array([...pkcs8, ...seed]);
  const readable = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  const key = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, false, ["sign"]);
  der.fill(0);
  return { key, public: Uint8Array.fromBase64(x!, { alphabet: "base64url" }) };
}

/** Reads the secret, a key ring of kind record; the module knows its forms. */
export async function recordKey(secret: string): Promise<RecordKey> {
  let read: ReturnType<typeof edge.ringSecret>;
  try {
    read = edge.ringSecret(hot(), "record", secret);
  } catch (err) {
    if (err instanceof GuestRefusal) throw new Problem(503, "secret_invalid", `The secret ISSUER_RECORD_KEY cannot be read: ${err.message}.`);
    throw err;
  }
  // The one that signs is the first.
  const keys = await Promise.all(each(read.seeds).map(fromSeed));
  read.seeds.fill(0);
  const all = [...keys.map((k) => k.public), ...each(read.retired)];
  const { keyId, document } = edge.recordKeys(hot(), new Uint8Array(all.flatMap((b) => [...b])));
  return {
    id: keyId,
    document,
    sign: async (input) => new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, keys[0]!.key, new TextEncoder().encode(input))),
  };
}
