// Pages with libraries of the years before ES2015, whose Array.from is another one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dir = mkdtempSync(path.join(tmpdir(), 'bonafides-old-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
await build({ entryPoints: [path.resolve(import.meta.dirname, '../src/fedcm/options.ts')], bundle: true, format: 'esm', outfile: path.join(dir, 'options.mjs'), logLevel: 'error' });
globalThis.document = { baseURI: 'https://shop.example/' };
globalThis.location = new URL('https://shop.example/');
const { readOptions } = await import(pathToFileURL(path.join(dir, 'options.mjs')));

const provider = { configURL: 'https://idp.example/fedcm.json', clientId: 'shop', fields: new Set(['name', 'email']) };
const native = Array.from;

for (const [library, from] of [
  ['none', native],
  ['one that gives a list back as it is', (item) => (Array.isArray(item) ? item : [item])],
  ['one that goes by length alone', (item) => { const out = new Array(item.length || 0); for (let i = 0; i < out.length; i++) out[i] = item[i]; return out; }],
]) {
  test(`a sign-in is read with Array.from of ${library}`, () => {
    Array.from = from;
    let read;
    try {
      read = readOptions({ identity: { providers: [provider] } });
      assert.throws(() => readOptions({ identity: { providers: [{}] } }), TypeError);
    } finally {
      Array.from = native;
    }
    assert.equal(read.providers[0].origin, 'https://idp.example');
    assert.deepEqual(read.providers[0].fields, ['name', 'email']);
  });
}
