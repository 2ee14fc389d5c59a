// The signature of a judged token, checked by WebCrypto.

import { IdTokenError } from "./error.js";

interface Judged {
  algorithm: string;
  keys: Uint8Array;
  signingInput: Uint8Array;
  signature: Uint8Array;
}

type Parameters = [key: RsaHashedImportParams | EcKeyImportParams | Algorithm, check: Algorithm | RsaPssParams | EcdsaParams];

/** What WebCrypto calls an algorithm (RFC 7518 section 3.1); Go refused every other. */
function parameters(algorithm: string): Parameters {
  const bits = algorithm.slice(2), hash = `SHA-${bits}`;
  switch (algorithm.slice(0, 2)) {
    case "RS": return [{ name: "RSASSA-PKCS1-v1_5", hash }, { name: "RSASSA-PKCS1-v1_5" }];
    case "PS": return [{ name: "RSA-PSS", hash }, { name: "RSA-PSS", saltLength: Number(bits) / 8 }];
    case "ES": return [{ name: "ECDSA", namedCurve: `P-${bits === "512" ? "521" : bits}` }, { name: "ECDSA", hash }];
    default: return [{ name: "Ed25519" }, { name: "Ed25519" }];
  }
}

/** checkSignature reports whether the signature is valid by one of the keys. */
export async function checkSignature({ algorithm, keys, signingInput, signature }: Judged): Promise<boolean> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) {
    throw new IdTokenError("platform_unsupported", "This page has no WebCrypto: it is there on HTTPS pages and on localhost only.");
  }
  const [forKey, forCheck] = parameters(algorithm);
  let failed: unknown;
  for (const jwk of JSON.parse(new TextDecoder().decode(keys)) as JsonWebKey[]) {
    let key: CryptoKey;
    try {
      key = await subtle.importKey("jwk", jwk, forKey, false, ["verify"]);
    } catch (cause) {
      failed = cause;
      continue;
    }
    if (await subtle.verify(forCheck, key, signature as BufferSource, signingInput as BufferSource)) return true;
  }
  if (failed === undefined) return false;
  if (failed instanceof DOMException && failed.name === "DataError") {
    throw new IdTokenError("key_unusable", "the key that the token names cannot be used: this platform's WebCrypto refuses it", { cause: failed });
  }
  throw new IdTokenError("platform_unsupported", `This platform's WebCrypto cannot check ${algorithm}${algorithm === "EdDSA" ? " (Ed25519)" : ""}: ask the provider for another algorithm, or check the token on a server.`, { cause: failed });
}
