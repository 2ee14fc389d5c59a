// From nothing to the first blinded point in Chromium: the module fetched over
// HTTP with brotli, compiled, and one element blinded.
// The times are reported, not judged: a loaded machine is no fault of the code.
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { manifest } from './lib/polyfill.mjs';
import { root } from './lib/stack.mjs';

test('Chromium: from nothing to the first blinded point', { timeout: 20 * 60_000 }, async (t) => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { compile, lazyGuest } from "./load.js"; import { token } from "./abi.gen.js";
        window.cold = async (document) => {
          const t0 = performance.now();
          const run = lazyGuest(() => compile(new URL("/token.wasm", location.href)));
          const { keys } = await run((guest) => token.commitments(guest, new TextEncoder().encode(document), Math.floor(Date.now() / 1000)));
          const { request } = await run((guest) => token.begin(guest, keys, 1));
          return { ms: performance.now() - t0, bytes: request.length };
        };`,
      resolveDir: path.join(root, 'wasm/src'), loader: 'ts',
    },
    bundle: true, write: false, format: 'iife', target: 'es2022',
  });
  const script = outputFiles[0].text;
  const module = brotliCompressSync(readFileSync(path.join(root, 'wasm/dist', manifest.flows.tokens.esm.find((f) => f.endsWith('.wasm')))),
    { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  const server = http.createServer((request, response) => {
    if (request.url === '/token.wasm') {
      response.writeHead(200, { 'Content-Type': 'application/wasm', 'Content-Encoding': 'br', 'Cache-Control': 'no-store' });
      response.end(module);
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><link rel="icon" href="data:,"><script>${script}</script>`);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const browser = await launch('chromium');
  try {
    // Brotli comes on secure origins only, which localhost is.
    const url = `http://localhost:${server.address().port}/`;
    const document = readFileSync(path.join(import.meta.dirname, 'testdata/key-commitment.json'), 'utf8');
    const times = [];
    for (let i = 0; i < 8; i++) {
      const page = await browser.open(url);
      times.push(await page.eval((d) => window.cold(d), document));
      await page.close();
    }
    t.diagnostic(`cold start, ms: ${times.map((x) => x.ms.toFixed(1)).join(' ')}`);
    for (const { bytes } of times) assert.equal(bytes, 2 + 97);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
});
