// What is committed in worker/dist is what its source builds.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import {test} from 'node:test';
import {root} from './lib.mjs';

test('worker/dist is what its source builds', (t) => {
  const said = execFileSync(process.execPath, ['worker/build.mjs', '--check'], {cwd: root, encoding: 'utf8'});
  t.diagnostic(said.trim());
  assert.match(said, /is what its source builds|built with another toolchain/);
});

test('the Worker type-checks', () => {
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'worker/tsconfig.json'], {cwd: root, stdio: 'pipe'});
});
