// The rule for origins in the scripts, against the one table: protocol/origin has
// the same rule in Go.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';

const top = path.resolve(import.meta.dirname, '../..');
const built = await build({ entryPoints: [path.join(top, 'wasm/src/origin.ts')], bundle: true, write: false, format: 'esm' });
const { isOrigin, isSecureOrigin, isSecure } = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString('base64')}`);
const table = JSON.parse(readFileSync(path.join(top, 'protocol/origin/testdata/origins.json'), 'utf8'));

test('every string of the table is judged as Go judges it', () => {
  assert.ok(table.length >= 40);
  for (const { string, origin, secure, why } of table) {
    assert.equal(isOrigin(string), origin, `${string}: ${why ?? ''}`);
    assert.equal(isSecureOrigin(string), secure, `${string}: ${why ?? ''}`);
  }
});

test('what the table calls an origin is what this engine writes', () => {
  for (const { string, origin } of table) if (origin) assert.equal(new URL(string).origin, string);
});

test('values that are no strings are no origins', () => {
  for (const v of [undefined, null, 7, {}, [], ['https://shop.example']]) assert.equal(isOrigin(v), false);
});

test('URLs of this machine are secure however they are written', () => {
  for (const [url, want] of Object.entries({
    'http://LOCALHOST/': true, 'http://127.1/': true, 'http://0x7f.1/': true, 'http://[0:0::1]/': true, 'http://127.evil.example/': false,
    'http://a.localhost:80/x': true, 'http://localhost.example/': false, 'ftp://localhost/': false, 'https://a/': true, 'javascript:x': false, 'file:///x': false,
  })) assert.equal(isSecure(new URL(url)), want, url);
});
