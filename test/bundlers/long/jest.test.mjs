// Jest, which reads modules in its own way: CommonJS unless told, in Node's
// environment and in jsdom's.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { done, one, project } from '../lib.mjs';

const here = import.meta.dirname;
const jest = path.join(here, 'node_modules/jest/bin/jest.js');
after(done);

// The recipe of wasm/README.md, as it stands there.
const [, environment] = (await readFile(path.join(here, '../../../wasm/README.md'), 'utf8')).match(/```js\n(\/\/ environment\.cjs\n[^]*?)```/);

const imports = { require: 'const { verifyIdToken } = require("bonafides/idtoken");', import: 'import { verifyIdToken } from "bonafides/idtoken";' };

for (const [where, testEnvironment] of [['Node', 'node'], ['jsdom', './environment.cjs']]) {
  for (const [how, line] of Object.entries(imports)) {
    test(`Jest in ${where}, by ${how}: a test checks an ID token`, async () => {
      const { sub, ...rest } = await one();
      const dir = await project({
        'package.json': JSON.stringify({ private: true, type: how === 'import' ? 'module' : 'commonjs', jest: { testEnvironment, transform: {} } }),
        'environment.cjs': environment,
        'check.test.js': `${line}
          test("it says whose it is", async () => {
            const { token, options, now } = ${JSON.stringify(rest)};
            expect((await verifyIdToken(token, { ...options, now: new Date(now) })).sub).toBe(${JSON.stringify(sub)});
          });`,
      }, here);
      const { stderr } = await promisify(execFile)(process.execPath, ['--experimental-vm-modules', jest, '--rootDir', dir], { cwd: dir, env: { ...process.env, CI: '1' } })
        .catch((e) => assert.fail(e.stdout + e.stderr));
      assert.match(stderr, /1 passed, 1 total/);
    });
  }
}
