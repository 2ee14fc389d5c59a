// A browser's part in the exchanges, by the guest module that the polyfill ships.
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {build} from 'esbuild';
import {root, work} from './lib.mjs';

const script = join(work, 'client.mjs');
await build({
  stdin: {contents: 'export {Guest} from "./guest.js"; export {token} from "./abi.gen.js";', resolveDir: join(root, 'wasm', 'src'), loader: 'ts'},
  bundle: true, outfile: script, format: 'esm', target: 'es2022',
});
const {Guest, token} = await import(pathToFileURL(script));
const manifest = JSON.parse(readFileSync(join(root, 'wasm', 'dist', 'manifest.json'), 'utf8'));
const guest = Guest.start(new WebAssembly.Module(readFileSync(
  join(root, 'wasm', 'dist', manifest.flows.tokens.esm.find((f) => f.endsWith('.wasm'))))));

const version = 'PrivateStateTokenV1VOPRF';
const base64 = (b) => Buffer.from(b).toString('base64');
export const names = {
  native: {token: 'Sec-Private-State-Token', version: 'Sec-Private-State-Token-Crypto-Version', lifetime: 'Sec-Private-State-Token-Lifetime'},
  polyfill: {token: 'Private-State-Token', version: 'Private-State-Token-Crypto-Version', lifetime: 'Private-State-Token-Lifetime'},
};
export const paths = {
  commitment: '/.well-known/private-state-token/key-commitment',
  recordKeys: '/.well-known/redemption-record-keys',
  polyfillIssue: '/.well-known/private-state-token/polyfill/issue',
  polyfillRedeem: '/.well-known/private-state-token/polyfill/redeem',
  returnPage: '/.well-known/private-state-token/return.html',
};

const now = () => Math.floor(Date.now() / 1000);

/** The issuer's commitments: keys and batchSize. */
export async function commitmentsOf(url) {
  const answer = await fetch(url + paths.commitment);
  if (answer.status !== 200) throw new Error(`commitments: ${answer.status} ${await answer.text()}`);
  return token.commitments(guest, new Uint8Array(await answer.arrayBuffer()), now());
}

export const keysOf = async (url) => (await commitmentsOf(url)).keys;

/** Blinds count nonces. */
export function begin(keys, count) {
  const {request, pending} = token.begin(guest, keys, count);
  return {pending, header: base64(request)};
}

/** Checks the proof and unblinds; each token is a Buffer of 165 bytes. */
export function finish(pending, header) {
  if (header === '') return [];
  const {tokens} = token.finish(guest, pending, new Uint8Array(Buffer.from(header, 'base64')));
  return Array.from({length: tokens.length / 165}, (_, i) => Buffer.from(tokens.slice(165 * i, 165 * (i + 1))));
}

/** The value of the header that redeems a token. */
export const redemption = (one, origin = 'https://news.example') => base64(token.redeem(guest, one, origin, now()).request);

export const headers = (value, more = {}, h = names.native) => ({[h.token]: value, [h.version]: version, ...more});

/** Solves a proof of work. */
export function solve({challenge, difficulty}) {
  for (let n = 0; ; n++) {
    const proof = `${challenge}.${n}`;
    const sum = createHash('sha256').update(proof).digest();
    if (Math.clz32(sum.readUInt32BE(0)) >= difficulty) return proof;
  }
}

/** Gets count tokens from the issuer; the answer is thrown where it is none. */
export async function getTokens(url, keys, count, more = {}) {
  const {pending, header} = begin(keys, count);
  const answer = await fetch(`${url}/issue`, {method: 'POST', headers: headers(header, more)});
  if (answer.status !== 200) throw new Error(`/issue: ${answer.status} ${await answer.text()}`);
  return finish(pending, answer.headers.get(names.native.token));
}

/** Redeems a header value; the whole answer. */
export const redeem = (url, value, path = '/redeem') => fetch(url + path, {method: 'POST', headers: headers(value)});
