// @cloudflare/voprf-ts; the argument names its provider, sjcl (its default) or noble.
import { randomBytes } from 'node:crypto';
import { Oprf, VOPRFClient, VOPRFServer, generatePublicKey, randomPrivateKey } from '@cloudflare/voprf-ts';
import { CryptoNoble } from '@cloudflare/voprf-ts/crypto-noble';
import { serve } from './contender.mjs';

const provider = process.argv[2] === 'noble' ? [CryptoNoble] : [];
const suite = Oprf.Suite.P384_SHA384;
const key = await randomPrivateKey(suite, ...provider);
const publicKey = generatePublicKey(suite, key, ...provider);
const server = new VOPRFServer(suite, key, ...provider);
const client = new VOPRFClient(suite, publicKey, ...provider);
const ops = {};
for (const n of provider.length ? [1, 10, 100] : [1, 10]) {
  const inputs = Array.from({ length: n }, () => new Uint8Array(randomBytes(64)));
  const [state, request] = await client.blind(inputs);
  const answer = await server.blindEvaluate(request);
  ops[`begin${n}`] = { items: n, run: () => client.blind(inputs) };
  ops[`issue${n}`] = { items: n, run: () => server.blindEvaluate(request) };
  ops[`finish${n}`] = { items: n, run: () => client.finalize(state, answer) };
}
await serve(ops);
