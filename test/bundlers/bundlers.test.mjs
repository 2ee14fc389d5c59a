// The npm package where people build: Vite, and webpack for pages and for Node.
// esbuild and TypeScript: wasm/test/package.test.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import * as vite from 'vite';
import webpack from 'webpack';
import { answerOf, done, here, one, page, project, served } from './lib.mjs';
import { viteTests } from './vite.mjs';

after(done);
viteTests('Vite 8', vite, here);

async function packed(dir, more) {
  const stats = await promisify(webpack)({
    context: dir, mode: 'production', devtool: false, entry: './main.mjs', output: { path: path.join(dir, 'dist'), filename: 'main.js' }, ...more,
  });
  assert.ok(!stats.hasErrors(), stats.toString('errors-only'));
  return stats;
}

for (const entry of ['bonafides/idtoken', 'bonafides/idtoken/inline', 'bonafides']) {
  for (const mode of ['development', 'production']) {
    test(`webpack for pages, ${mode}: a page checks an ID token with ${entry}`, async () => {
      const html = '<!doctype html><title>Check</title><script src="main.js"></script>\n';
      const dir = await project({ ...page(entry), 'dist/index.html': html });
      await packed(dir, { mode, target: 'web' });
      const host = await served(path.join(dir, 'dist'));
      try {
        assert.equal(await answerOf(host.url), (await one()).sub);
      } finally {
        host.close();
      }
    });
  }
}

for (const [what, source] of [
  ['import', 'import { verifyIdToken } from "bonafides/idtoken";'],
  ['require', 'const { verifyIdToken } = require("bonafides/idtoken");'],
]) {
  test(`webpack for Node, by ${what}: a server that is one file checks an ID token`, async () => {
    const dir = await project({
      'package.json': '{"private": true}',
      'main.js': `${source}
        const one = ${JSON.stringify(await one())};
        verifyIdToken(one.token, { ...one.options, now: new Date(one.now) }).then((c) => console.log(c.sub));`,
    });
    await packed(dir, { target: 'node', entry: './main.js' });
    // Elsewhere, so that nothing but the file is at hand.
    const out = execFileSync(process.execPath, [path.join(dir, 'dist/main.js')], { cwd: '/', encoding: 'utf8' });
    assert.equal(out.trim(), (await one()).sub);
  });
}
