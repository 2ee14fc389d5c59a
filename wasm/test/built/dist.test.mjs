// What is committed in wasm/dist is what its source builds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const top = path.resolve(import.meta.dirname, '../../..');

test('wasm/dist is what its source builds', (t) => {
  const said = execFileSync(process.execPath, ['wasm/build.mjs', '--check'], { cwd: top, encoding: 'utf8' });
  t.diagnostic(said.trim());
  assert.match(said, /is what its source builds|built with another toolchain/);
});

test('the scripts type-check, and so does what is said about them', () => {
  const tsc = path.join(top, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', 'wasm/tsconfig.json'], { cwd: top, stdio: 'pipe' });
  execFileSync(tsc, ['--noEmit', '--strict', '--ignoreConfig', '--target', 'es2022', '--lib', 'es2022,dom', ...readdirSync(path.join(top, 'wasm/types')).map((f) => `wasm/types/${f}`)], { cwd: top, stdio: 'pipe' });
});
