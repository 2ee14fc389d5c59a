// The signature of a judged token, checked by WebCrypto.

import { IdTokenError } from "./error.js";

interface Judged {
  algorithm: string;
  key: Uint8Array;
  signingInput: Uint8Array;
  signature: Uint8Array;
}

type Parameters = [key: RsaHashedImportParams | EcKeyImportParams | Algorithm, check: Algorithm | RsaPssParams | EcdsaParams];

const algorithms: Record<string, Parameters> = {
  RS256: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, { name: "RSASSA-PKCS1-v1_5" }],
  PS256: [{ name: "RSA-PSS", hash: "SHA-256" }, { name: "RSA-PSS", saltLength: 32 }],
  ES256: [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
  ES384: [{ name: "ECDSA", namedCurve: "P-384" }, { name: "ECDSA", hash: "SHA-384" }],
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};

/** checkSignature reports whether the signature is valid. */
export async function checkSignature({ algorithm, key, signingInput, signature }: Judged): Promise<boolean> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) {
    throw new IdTokenError("platform_unsupported", "This page has no WebCrypto: it is there on HTTPS pages and on localhost only.");
  }
  const [forKey, forCheck] = algorithms[algorithm]!; // Go refused every other
  const jwk = JSON.parse(new TextDecoder().decode(key)) as JsonWebKey;
  let imported: CryptoKey;
  try {
    imported = await subtle.importKey("jwk", jwk, forKey, false, ["verify"]);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "DataError") {
      throw new IdTokenError("key_unusable", "the key that the token names cannot be used: this platform's WebCrypto refuses it", { cause });
    }
    throw new IdTokenError("platform_unsupported", `This platform's WebCrypto cannot check ${algorithm}${algorithm === "EdDSA" ? " (Ed25519)" : ""}: ask the provider for another algorithm, or check the token on a server.`, { cause });
  }
  return subtle.verify(forCheck, imported, signature as BufferSource, signingInput as BufferSource);
}
