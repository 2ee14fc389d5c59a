// The Worker in workerd gives the answers of test/answers, which the native issuer
// is held against as well.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {after, describe, test} from 'node:test';
import {bundle, d1Dev, root, work, workerd} from './lib.mjs';

const program = join(work, 'answers');
{
  const {status, stderr} = spawnSync('go', ['build', '-o', program, './test/answers/run'], {cwd: root, encoding: 'utf8'});
  assert.equal(status, 0, stderr);
}

// While the program plays, workerd's output must go on being read.
function lines(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe']});
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { err += d; });
    child.once('error', reject);
    child.once('close', (code) => code === 0
      ? resolve(out.split('\n').filter(Boolean).map((l) => JSON.parse(l)))
      : reject(new Error(err)));
  });
}

const issuers = await lines('-issuers');
const out = bundle();
let played = 0;

for (const {issuer, down, variables} of issuers) {
  describe(`the issuer ${issuer}`, async () => {
    // A store that cannot answer: a database whose tables nobody made.
    const server = down ? await d1Dev({...variables, ISSUER_STORE: 'd1'}) : await workerd(out, variables, join(work, `answers-${issuer}`));
    after(() => server.stop());
    for (const {script, answers, error} of await lines('-issuer', issuer, '-url', server.url)) {
      test(script, () => {
        assert.equal(error, '');
        assert.ok(answers > 0);
        played++;
      });
    }
  });
}

test('there are at least 40 scripts', () => assert.ok(played >= 40, `${played}`));
