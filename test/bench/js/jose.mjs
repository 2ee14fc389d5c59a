// jose at the ID tokens in the folder that the argument names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { serve } from './contender.mjs';

const dir = process.argv[2];
const keys = createLocalJWKSet(JSON.parse(readFileSync(join(dir, 'jwks.json'), 'utf8')));
const ops = {};
for (const alg of ['RS256', 'ES256', 'EdDSA']) {
  const token = readFileSync(join(dir, `${alg}.jwt`), 'utf8');
  const run = async () => {
    const { payload } = await jwtVerify(token, keys, {
      issuer: 'https://accounts.google.com',
      audience: '1234987819200.apps.googleusercontent.com',
      currentDate: new Date(1353601030e3),
    });
    if (payload.nonce !== '0394852-3190485-2490358') throw new Error('nonce');
  };
  await run();
  ops[alg] = { items: 1, run };
}
await serve(ops);
