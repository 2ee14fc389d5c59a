// The check of the gate's assertion, with nothing but jose: what Bonafides'
// rpserver/gate does in Go.
import {errors, jwtVerify} from 'jose';

/** Why a request is not believed to come from the gate. `code` is for programs, `message` for people. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Checks that a request came through the gate, and tells whose it is.
 *
 * An assertion says nothing about the body, and whoever saw one can send it again
 * until its minute is over: let the way from the gate to this server be https.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {{gate: string, origin: string, keys: Function, now?: Date}} config gate is
 *   the origin that visitors use, origin this server as the gate's settings name it,
 *   keys what jose's createRemoteJWKSet returns
 * @returns the assertion's claims: admitted, issuer, sub, email, claims ...
 * @throws {Refused}
 */
export async function checkAssertion(request, {gate, origin, keys, now = new Date()}) {
  const values = request.headersDistinct['gate-assertion'] ?? [];
  if (values.length === 0) throw new Refused('assertion_missing', 'The request did not come through the gate.');
  if (values.length > 1) throw new Refused('assertion_duplicated', 'The request carries more than one assertion.');
  let said;
  try {
    ({payload: said} = await jwtVerify(values[0], keys, {
      issuer: gate,
      audience: origin,
      typ: 'gate-assertion+jwt', // no other signed token is an assertion
      algorithms: ['ES256'],
      requiredClaims: ['iat', 'exp', 'method', 'target', 'admitted', 'issuer'],
      currentDate: now,
    }));
  } catch (e) {
    // Keys that could not be fetched are no fault of the request.
    const ofTheKeys = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];
    if (!(e instanceof errors.JOSEError) || ofTheKeys.includes(e.code)) throw e;
    throw new Refused(e.code, `The assertion is not good: ${e.message}.`);
  }
  if (typeof said.aud !== 'string') throw new Refused('claims_invalid', 'The assertion is for several servers.');
  if (!(said.exp - said.iat <= 60)) throw new Refused('lifetime_invalid', 'The assertion claims to live longer than a minute.');
  if (!(said.iat <= now.getTime() / 1000 + 30)) throw new Refused('not_yet_valid', 'The assertion is from the future.');
  if (said.method !== request.method) throw new Refused('method_mismatch', 'The assertion was made for another method.');
  if (said.target !== request.url) throw new Refused('target_mismatch', 'The assertion was made for another path or query.');
  return said;
}
