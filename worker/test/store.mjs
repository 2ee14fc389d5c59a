// Serves store.ts by wrangler dev for a test in another language: prints its URL,
// and at every line that it reads stops workerd hard, starts again and prints the
// new URL. It ends with its input.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import readline from 'node:readline';
import {dev, root, withD1, work} from './lib.mjs';

const args = [...withD1(join(work, 'state')), '--env-file', join(root, '.dev.vars.example')];
const config = args[1];
writeFileSync(config, readFileSync(config, 'utf8').replace('worker/src/index.ts', 'worker/test/store.ts'));
if (!readFileSync(config, 'utf8').includes(`${root}/worker/test/store.ts`)) throw new Error('wrangler.toml has another main');

let server = await dev(...args);
console.log(server.url);
for await (const _ of readline.createInterface({input: process.stdin})) {
  await server.kill();
  server = await dev(...args);
  console.log(server.url);
}
await server.stop();
