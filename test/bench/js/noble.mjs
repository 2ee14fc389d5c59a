// @noble/curves at VOPRF over P-384.
import { randomBytes } from 'node:crypto';
import { p384, p384_hasher, p384_oprf } from '@noble/curves/nist.js';
import { serve } from './contender.mjs';

const { voprf } = p384_oprf;
const keys = voprf.generateKeyPair();
const ops = {};
for (const n of [1, 10, 100]) {
  const inputs = Array.from({ length: n }, () => randomBytes(64));
  const blinds = inputs.map((x) => voprf.blind(x));
  const blinded = blinds.map((b) => b.blinded);
  const answer = voprf.blindEvaluateBatch(keys.secretKey, keys.publicKey, blinded);
  const items = inputs.map((input, i) => ({ input, blind: blinds[i].blind, evaluated: answer.evaluated[i], blinded: blinded[i] }));
  ops[`begin${n}`] = { items: n, run: () => inputs.forEach((x) => voprf.blind(x)) };
  ops[`issue${n}`] = { items: n, run: () => voprf.blindEvaluateBatch(keys.secretKey, keys.publicKey, blinded) };
  ops[`finish${n}`] = { items: n, run: () => voprf.finalizeBatch(items, keys.publicKey, answer.proof) };
}
const nonce = randomBytes(64);
ops.redeem1 = { items: 1, run: () => voprf.evaluate(keys.secretKey, nonce) };
ops.hash = { items: 1, run: (i) => { nonce[0] = i; p384_hasher.hashToCurve(nonce); } };
const point = p384_hasher.hashToCurve(nonce);
const k = p384.Point.Fn.fromBytes(keys.secretKey);
ops.mul = { items: 1, run: () => point.multiply(k) };
ops.base = { items: 1, run: () => p384.Point.BASE.multiply(k) };
await serve(ops);
