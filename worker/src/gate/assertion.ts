// The gate's assertion: a signed statement that the origin can check by itself, who
// was admitted and with which request. docs/design/0009 has the reasons, package
// rpserver/gate the check.

import { edge } from "../../../wasm/src/abi.gen.js";
import { GuestRefusal } from "../../../wasm/src/guest.js";
import { hot } from "../hot.js";
import { Problem } from "../problem.js";
import { type Published, publish } from "../published.js";
import type { Admitted } from "./admit.js";
import { fault } from "./settings.js";

/** How long an assertion is good, in seconds: for a request on its way and clocks that differ. */
const lifetime = 60;

const maxKeys = 6;

// Servers stop at 8 to 16 KiB of headers. The target is there twice, with what signs
// it; claims give way to it, since what the origin needs is there all the same.
const maxTarget = 8 << 10;
const maxTogether = 4 << 10;

const utf8 = new TextEncoder();
const base64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

export interface GateKeys {
  /** The JWK set that origins check with. */
  published: Published;
  sign(payload: string): Promise<string>;
}

const invalid = (what: string) => fault(`The secret GATE_KEYS cannot be read: ${what}.`);

// RFC 5915, in the PKCS #8 of RFC 5958: what stands before the 32 bytes of a P-256
// key whose public half is left out.
const pkcs8 = Uint8Array.from([
  0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
  0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
]);

const algorithm = { name: "ECDSA", namedCurve: "P-256" };

const each = (b: Uint8Array, size: number) => Array.from({ length: b.length / size }, (_, i) => b.subarray(i * size, (i + 1) * size));

interface PublicKey {
  id: string;
  x: string;
  y: string;
}

/** RFC 7638: the key's id is the hash of its required members in this order. */
async function published(x: string, y: string): Promise<PublicKey> {
  const id = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(JSON.stringify({ crv: "P-256", kty: "EC", x, y })))));
  return { id, x, y };
}

/** A key that signs, or will. */
async function signs(scalar: Uint8Array): Promise<PublicKey & { secret: CryptoKey }> {
  const der = new Uint8Array([...pkcs8, ...scalar]);
  try {
    const { x, y } = await crypto.subtle.exportKey("jwk", await crypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]));
    return { ...(await published(x!, y!)), secret: await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]) };
  } catch {
    throw invalid("it holds something that is not a private key of P-256. Make another one");
  } finally {
    der.fill(0);
  }
}

/** A key that signed before, by its point. */
async function signed(point: Uint8Array): Promise<PublicKey> {
  const [x, y] = each(point, 32).map(base64url) as [string, string];
  try {
    await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x, y }, algorithm, true, ["verify"]);
  } catch {
    throw invalid("it holds something that is not a public key of P-256");
  }
  return published(x, y);
}

/** Reads the secret, a key ring of kind gate; the module knows its forms. */
async function read(secret: string): Promise<GateKeys> {
  let ring: ReturnType<typeof edge.ringSecret>;
  try {
    ring = edge.ringSecret(hot(), "gate", secret);
  } catch (err) {
    if (err instanceof GuestRefusal) throw invalid(err.message);
    throw err;
  }
  const sign = await Promise.all(each(ring.seeds, 32).map(signs));
  ring.seeds.fill(0);
  const keys: PublicKey[] = [...sign, ...(await Promise.all(each(ring.retired, 64).map(signed)))];
  if (keys.length > maxKeys) throw invalid(`it holds more than ${maxKeys} keys. Leave out those that no longer sign`);
  if (new Set(keys.map((k) => k.id)).size !== keys.length) throw invalid("it holds a key twice");
  const jwks = { keys: keys.map(({ id, x, y }) => ({ kty: "EC", crv: "P-256", alg: "ES256", use: "sig", kid: id, x, y })) };
  const { id, secret: signing } = sign[0]!;
  const header = base64url(utf8.encode(JSON.stringify({ alg: "ES256", kid: id, typ: "gate-assertion+jwt" })));
  return {
    published: await publish("application/jwk-set+json", JSON.stringify(jwks)),
    async sign(payload) {
      const input = `${header}.${base64url(utf8.encode(payload))}`;
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signing, utf8.encode(input));
      return `${input}.${base64url(new Uint8Array(signature))}`;
    },
  };
}

let last: { secret: string; keys: GateKeys } | null = null;

/** The keys of this secret, null where there is none; a Problem says what is wrong with it. */
export async function gateKeys(secret: string | undefined): Promise<GateKeys | null> {
  if (!secret) return null;
  if (last?.secret === secret) return last.keys;
  const keys = await read(secret);
  last = { secret, keys };
  return keys;
}

export const noKeys = () => new Problem(404, "not_found", "The gate signs nothing: it has no keys. Set the secret GATE_KEYS; docs/worker.md says how.");

/** The request that an assertion is about, as it reaches the origin. */
export interface Asserted {
  /** The gate's own origin, as this visitor reached it. */
  gate: string;
  origin: string;
  method: string;
  /** Path and query. */
  target: string;
  now: number; // Unix seconds
}

/**
 * What an assertion says, as JSON. Claims of an ID token go in as the token has
 * them: a number that was read and written again could be another one.
 */
export function assertion(a: Admitted, r: Asserted): string {
  if (r.target.length > maxTarget) throw new Problem(414, "target_too_long", "The address is longer than the 8 KiB that the gate signs. Send what is long in the body of a POST.");
  const said: Record<string, unknown> = {
    iss: r.gate, aud: r.origin, iat: r.now, exp: r.now + lifetime, method: r.method, target: r.target, admitted: a.kind,
  };
  if (a.kind === "record") {
    return JSON.stringify({ ...said, issuer: a.issuer, expires: a.expires, site: a.site, via: a.via, key: a.keyId, ...(a.id && { record_id: a.id }) });
  }
  const claims = JSON.parse(a.claims) as Record<string, unknown>;
  // An address that nobody verified is no address of this person.
  if (a.emailVerified && typeof claims.email === "string" && claims.email !== "") said.email = claims.email;
  const text = JSON.stringify({ ...said, issuer: claims.iss, sub: claims.sub ?? "", expires: Math.floor(Number(claims.exp)) });
  return utf8.encode(a.claims).length + r.target.length <= maxTogether ? `${text.slice(0, -1)},"claims":${a.claims}}` : text;
}
