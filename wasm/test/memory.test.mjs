// What a site remembers where its storage is full or off: the newest record counts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dir = mkdtempSync(path.join(tmpdir(), 'bonafides-memory-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
await build({ entryPoints: [path.resolve(import.meta.dirname, '../src/tokens/memory.ts')], bundle: true, format: 'esm', outfile: path.join(dir, 'memory.mjs'), logLevel: 'error' });
const { keepRecord, recordOf } = await import(pathToFileURL(path.join(dir, 'memory.mjs')));

const issuer = 'https://issuer.example';
const soon = () => Date.now() / 1000 + 60;

/** A site's storage that takes nothing more, or nothing at all. */
function storage({ full = false, off = false }) {
  const kept = new Map();
  const refuse = (name) => { throw new DOMException('', name); };
  const s = {
    getItem: (k) => (off ? refuse('SecurityError') : kept.get(k) ?? null),
    setItem: (k, v) => { if (off || s.full) refuse(off ? 'SecurityError' : 'QuotaExceededError'); kept.set(k, v); },
    removeItem: (k) => { if (off) refuse('SecurityError'); kept.delete(k); },
    full,
  };
  Object.defineProperty(globalThis, 'localStorage', { value: s, configurable: true, writable: true });
  return s;
}

test('of a storage that became full the record before does not hide the new one', () => {
  const s = storage({});
  keepRecord(issuer, 'old', soon());
  s.full = true;
  keepRecord(issuer, 'new', soon());
  assert.equal(recordOf(issuer), 'new');
});

test('nor does one that has expired', () => {
  const s = storage({});
  keepRecord(issuer, 'old', Date.now() / 1000 - 1);
  s.full = true;
  keepRecord(issuer, 'new', soon());
  assert.equal(recordOf(issuer), 'new');
});

test('where nothing can be stored a record lives as long as the page', () => {
  storage({ off: true });
  keepRecord(issuer, 'one', soon());
  assert.equal(recordOf(issuer), 'one');
  keepRecord(issuer, 'two', Date.now() / 1000 - 1);
  assert.equal(recordOf(issuer), null);
});
