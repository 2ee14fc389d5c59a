// The check of a redemption record, with nothing but jose: what Bonafides'
// rpserver/record does in Go.
import {errors, jwtVerify} from 'jose';

/** Why a record does not count. `code` is for programs, `message` for people. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads Sec-Redemption-Record: a structured-field list of strings, each with the
 * one string parameter redemption-record (RFC 8941). Browsers send it empty when
 * they have no record.
 *
 * @param {string} value
 * @returns {Map<string, string>} issuer's origin to record
 */
export function parseRecordHeader(value) {
  const found = new Map();
  const string = String.raw`"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"`;
  const item = new RegExp(`${string};[ ]*redemption-record=${string}`, 'y');
  const plain = (s) => s.replace(/\\(.)/g, '$1');
  let rest = value.trim();
  while (rest !== '') {
    item.lastIndex = 0;
    const m = item.exec(rest);
    if (!m || found.has(plain(m[1]))) throw new Refused('header_invalid', 'The header is not a list of redemption records.');
    found.set(plain(m[1]), plain(m[2]));
    rest = rest.slice(m[0].length).trimStart();
    if (rest === '') break;
    if (rest[0] !== ',' || (rest = rest.slice(1).trimStart()) === '') {
      throw new Refused('header_invalid', 'The header is not a list of redemption records.');
    }
  }
  return found;
}

/** Where a request comes from: Origin, or without one the origin of Referer. */
export function requestOrigin(headers) {
  if (headers.origin !== undefined) return headers.origin === 'null' ? undefined : headers.origin;
  const url = URL.canParse(headers.referer ?? '') ? new URL(headers.referer) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

/**
 * Checks the record of a request.
 *
 * A good record means: a person was there in the hour `iat`. It does not mean
 * "count me once": the same record can be sent any number of times.
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {{issuer: string, keys: Function, now?: Date}} config keys is what
 *   jose's createRemoteJWKSet or createLocalJWKSet returns
 * @returns the record's claims: iss, iat, exp, key, origin, via
 * @throws {Refused}
 */
export async function checkRecord(headers, {issuer, keys, now = new Date()}) {
  // The browser's own header counts if it is there with a record in it, else the
  // polyfill's: a page cannot set a header that begins with Sec-.
  const header = headers['sec-redemption-record']?.trim() ? headers['sec-redemption-record'] : headers['private-state-redemption-record'];
  if (!header?.trim()) throw new Refused('no_record', 'The request carries no redemption record.');
  const record = parseRecordHeader(header).get(issuer);
  if (record === undefined) throw new Refused('issuer_unknown', 'The record is of another issuer.');
  let payload;
  try {
    ({payload} = await jwtVerify(record, keys, {
      issuer,
      typ: 'pst-rr+jwt', // no other signed token of this issuer is a record
      algorithms: ['EdDSA'],
      requiredClaims: ['iss', 'iat', 'exp', 'key', 'origin', 'via'],
      currentDate: now,
    }));
  } catch (e) {
    if (e instanceof errors.JOSEError) throw new Refused(e.code, `The record is not good: ${e.message}.`);
    throw e; // the keys could not be fetched
  }
  const from = requestOrigin(headers);
  if (from === undefined) throw new Refused('origin_unknown', 'The request does not tell where it comes from.');
  if (from !== payload.origin) throw new Refused('origin_mismatch', 'The record was redeemed on another site.');
  return payload;
}
