// Which hosts are one site to the keeper, held against golang.org/x/net/publicsuffix.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { brotli } from '../compile.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'bonafides-suffixes-'));
after(() => rmSync(folder, { recursive: true }));
const source = (name) => path.join(top, 'wasm/src/keeper', name);

const built = await build({ entryPoints: [source('suffixes.ts')], bundle: true, write: false, format: 'esm', define: { __SUFFIXES__: '""' } });
writeFileSync(path.join(folder, 'suffixes.mjs'), built.outputFiles[0].contents);
const { readTable, registrable } = await import(pathToFileURL(path.join(folder, 'suffixes.mjs')));
const text = readFileSync(source('suffixes.txt'), 'utf8');
const table = readTable(text);
const psl = (...args) => execFileSync('go', ['run', '-C', path.join(top, 'tools'), './psl', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });

test('around every rule the table gives the registrable domain that Go gives', (t) => {
  const lines = psl('-names').trim().split('\n');
  const wrong = [];
  for (const line of lines) {
    const [host, want] = line.split('\t');
    const got = registrable(host, table);
    if (got !== want) wrong.push(`${host}: ${got}, want ${want}`);
  }
  t.diagnostic(`${lines.length} names`);
  assert.ok(lines.length > 50_000);
  assert.equal(wrong.length, 0, wrong.slice(0, 20).join('\n'));
});

test('wildcards, exceptions, private suffixes, addresses and localhost', () => {
  for (const [host, want] of Object.entries({
    'example.com': 'example.com', 'a.b.example.com': 'example.com', 'example.com.': 'example.com', 'com': 'com', 'co.uk': 'co.uk', 'a.example.co.uk': 'example.co.uk',
    'www.ck': 'www.ck', 'a.www.ck': 'www.ck', 'b.a.ck': 'b.a.ck', 'c.b.a.ck': 'b.a.ck', 'a.city.kawasaki.jp': 'city.kawasaki.jp', 'b.a.kawasaki.jp': 'b.a.kawasaki.jp',
    'me.github.io': 'me.github.io', 'x.me.github.io': 'me.github.io', 'github.io': 'github.io', 'x.nosuchtld': 'x.nosuchtld', 'y.x.nosuchtld': 'x.nosuchtld',
    'xn--55qx5d.cn': 'xn--55qx5d.cn', 'a.b.xn--55qx5d.cn': 'b.xn--55qx5d.cn', 'localhost': 'localhost', 'a.localhost': 'a.localhost', 'b.a.localhost': 'a.localhost',
    '192.0.2.1': '192.0.2.1', '198.51.2.1': '198.51.2.1', '[2001:db8::1]': '[2001:db8::1]', '__proto__.example.com': 'example.com', 'constructor': 'constructor', 'a.constructor': 'a.constructor',
  })) assert.equal(registrable(host, table), want, host);
});

test('the table in the tree is the one that its generator writes, and small enough', (t) => {
  psl(folder);
  for (const name of ['suffixes.txt', 'suffixes-notice.txt']) {
    assert.ok(readFileSync(source(name)).equals(readFileSync(path.join(folder, name))), `${name} is not what its generator writes: go generate ./wasm`);
  }
  const size = brotli(readFileSync(source('suffixes.txt'))).length;
  t.diagnostic(`${size} bytes after brotli`);
  assert.ok(size <= 46 * 1024, String(size));
});
