// The key that signs redemption records. WebCrypto keeps and uses it.

import { edge } from "../../wasm/src/abi.gen.js";
import { hot } from "./hot.js";
import { Problem } from "./problem.js";

export interface RecordKey {
  id: string;
  /** The JWK set to publish. */
  document: string;
  sign(input: string): Promise<Uint8Array>;
}

const invalid = (what: string) => new Problem(503, "secret_invalid", `The secret ISSUER_RECORD_KEY cannot be read: ${what}.`);

function decode(word: string): Uint8Array {
  try {
    const b = Uint8Array.fromBase64(word, { lastChunkHandling: "strict" });
    if (b.length === 32) return b;
  } catch {
    // not base64
  }
  throw invalid("want words that are each the base64 of 32 bytes: the seed of the Ed25519 key that signs, then public keys whose records have not all expired");
}

// RFC 8410 section 7: what stands before the 32 bytes of a seed.
const pkcs8 = Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]);

/**
 * Reads the secret: the base64 of the seed, and after it, separated by white
 * space, those of older keys' public halves. Lines that begin with # are comments.
 */
export async function recordKey(secret: string): Promise<RecordKey> {
  const words = secret.split("\n").filter((l) => !l.trim().startsWith("#")).join(" ").split(/\s+/).filter(Boolean);
  if (words.length === 0) throw invalid("it holds no key");
  const [seed, ...retired] = words.map(decode);
  const der = new Uint8Array([...pkcs8, ...seed!]);
  const readable = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  const key = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, false, ["sign"]);
  der.fill(0);
  seed!.fill(0);
  const all = [Uint8Array.fromBase64(x!, { alphabet: "base64url" }), ...retired];
  const { keyId, document } = edge.recordKeys(hot(), new Uint8Array(all.flatMap((b) => [...b])));
  return {
    id: keyId,
    document,
    sign: async (input) => new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, key, new TextEncoder().encode(input))),
  };
}
