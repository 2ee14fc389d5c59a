// The answer that travels in an address, sealed to a key of the page that asked:
// ECDH on P-256, HKDF-SHA-256, AES-256-GCM. It is a second lock. The first is that
// an answer goes to one fixed page of the site (pathReturn) and nowhere else.

import { fromBase64URL, toBase64URL } from "./protocol.js";
import type { Answer } from "./protocol.js";

const curve = { name: "ECDH", namedCurve: "P-256" };
const pointSize = 65; // uncompressed

/** The page's side of the lock. The private key cannot be read out. */
export interface SealKey {
  private: CryptoKey;
  /** The point, base64url: what the keeper gets. */
  public: string;
}

export async function newSealKey(): Promise<SealKey> {
  const pair = await crypto.subtle.generateKey(curve, false, ["deriveBits"]) as CryptoKeyPair;
  return { private: pair.privateKey, public: toBase64URL(await point(pair.publicKey)) };
}

async function point(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

const readPoint = (bytes: Uint8Array) => crypto.subtle.importKey("raw", bytes as BufferSource, curve, false, []);

/** The key of one answer. Both points and what the answer is for go into it, so a
 * sealed answer opens nowhere else; a fresh point makes every key single-use, so
 * the IV is zero. */
async function answerKey(own: CryptoKey, other: CryptoKey, fresh: Uint8Array, page: string, purpose: string): Promise<CryptoKey> {
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, 256);
  const info = new TextEncoder().encode(`bonafides return v2\n${page}\n${purpose}`);
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: fresh as BufferSource, info }, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };

/** purposeOf binds an answer to its question. */
export const purposeOf = (origin: string, channel: string, id: number) => `${origin}\n${channel}\n${id}`;

/** sealer throws where the key is no point of the curve, before there is an answer. */
export async function sealer(page: string, purpose: string): Promise<(answer: Answer) => Promise<string>> {
  const to = await readPoint(fromBase64URL(page));
  const fresh = await crypto.subtle.generateKey(curve, false, ["deriveBits"]) as CryptoKeyPair;
  const head = await point(fresh.publicKey);
  const key = await answerKey(fresh.privateKey, to, head, page, purpose);
  return async (answer) => {
    const body = new Uint8Array(await crypto.subtle.encrypt(gcm, key, new TextEncoder().encode(JSON.stringify(answer))));
    const all = new Uint8Array(pointSize + body.length);
    all.set(head);
    all.set(body, pointSize);
    return toBase64URL(all);
  };
}

/** open gives the answer, or null for anything that was not sealed to this key for
 * this purpose. */
export async function open(key: SealKey, purpose: string, sealed: string): Promise<Answer | null> {
  try {
    const all = fromBase64URL(sealed);
    const head = all.slice(0, pointSize);
    const k = await answerKey(key.private, await readPoint(head), head, key.public, purpose);
    const body = await crypto.subtle.decrypt(gcm, k, all.slice(pointSize));
    return JSON.parse(new TextDecoder().decode(body)) as Answer;
  } catch {
    return null;
  }
}
