// The same two tests for every version of Vite.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { answerOf, one, page, project, served } from './lib.mjs';

/** vite is the module, under is where the projects are made, below the version's node_modules. */
export function viteTests(name, vite, under) {
  const config = (root) => ({ root, configFile: false, logLevel: 'error', clearScreen: false, appType: 'mpa' });

  for (const entry of ['bonafides/idtoken', 'bonafides/idtoken/inline', 'bonafides']) {
    test(`${name}, while one develops: a page checks an ID token with ${entry}`, async () => {
      const dir = await project(page(entry), under);
      const server = await vite.createServer({ ...config(dir), server: { host: '127.0.0.1', port: 0, hmr: false, watch: null } });
      try {
        await server.listen();
        const { port } = server.httpServer.address();
        assert.equal(await answerOf(`http://127.0.0.1:${port}/`), (await one()).sub);
      } finally {
        await server.close();
      }
    });

    test(`${name}, built: a page checks an ID token with ${entry}`, async () => {
      const dir = await project(page(entry), under);
      await vite.build(config(dir));
      const host = await served(path.join(dir, 'dist'));
      try {
        assert.equal(await answerOf(host.url), (await one()).sub);
      } finally {
        host.close();
      }
    });
  }
}
