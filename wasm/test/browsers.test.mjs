// The oldest browsers that the scripts run in, held against the built files: their
// syntax, and every name in them that is younger than those browsers.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { manifest, wasm } from './lib.mjs';

const oldest = ['chrome100', 'firefox101', 'safari15.4'];
const scripts = Object.keys(manifest.hashes).filter((f) => /\.m?js$/.test(f));

// Names that came after Chrome 100, Firefox 101 or Safari 15.4.
const younger = [
  'canParse', 'URL\\.parse', 'AbortSignal\\.any', 'AbortSignal\\.timeout', 'withResolvers', 'Promise\\.try', 'fromAsync', 'toSorted', 'toReversed', 'toSpliced',
  'groupBy', 'isWellFormed', 'toWellFormed', 'fromBase64', 'toBase64\\(\\)', 'toHex\\(\\)', 'checkVisibility', 'CSSStyleSheet', 'adoptedStyleSheets', 'userActivation', 'userAgentData',
  'requestStorageAccess', 'showPopover', 'togglePopover', 'light-dark\\(', 'color-mix\\(', ':has\\(', 'URLPattern', 'scheduler\\.', 'navigation\\.', 'cookieStore',
  'CompressionStream', 'OffscreenCanvas', 'setHTML', 'moveBefore', 'Iterator\\.', 'getBuiltinModule', 'Temporal', 'CloseWatcher', 'getSetCookie', 'duplex', 'isSubsetOf',
];

// Those that are there, and what stands in for them where they are not.
const guarded = {
  CSSStyleSheet: 'a style element (press.ts)',
  adoptedStyleSheets: 'the same',
  userActivation: 'asked for with ?. : unknown counts as no press',
  userAgentData: 'asked for with in: only a browser that has it is tried with a frame',
  requestStorageAccess: 'looked up first: without it there is no frame',
  getBuiltinModule: 'Node alone',
  showPopover: 'looked up first: without it the bar lies in the page',
};

for (const file of scripts) {
  test(`${file}: no syntax is younger than ${oldest.join(', ')}`, async () => {
    const text = await readFile(path.join(wasm, 'dist', file), 'utf8');
    const options = { minify: true, charset: 'utf8', legalComments: 'none', loader: 'js' };
    const [same, lowered] = await Promise.all([transform(text, { ...options, target: 'esnext' }), transform(text, { ...options, target: oldest })]);
    assert.equal(lowered.code, same.code, 'the build would have to rewrite it for those browsers');
  });

  test(`${file}: no name is younger, but those that something stands in for`, async () => {
    const text = await readFile(path.join(wasm, 'dist', file), 'utf8');
    const found = younger.filter((name) => new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(text) || (/\\/.test(name) && new RegExp(name).test(text)));
    assert.deepEqual(found.filter((name) => !guarded[name]), []);
  });
}

test('README says the same', async () => {
  const text = await readFile(path.join(wasm, 'README.md'), 'utf8');
  assert.ok(text.includes('Chrome and Edge 100, Firefox 101, Safari 15.4'), 'README names other browsers');
});
