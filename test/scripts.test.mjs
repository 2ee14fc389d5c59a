// Every script that something of ours hands to a browser or to Node can be read:
// one slip and a browser drops the whole file without a word on the page.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import vm from 'node:vm';

const root = path.dirname(import.meta.dirname);
const passedOver = new Set(['node_modules', 'test', 'third_party', 'testdata']);

/** The files below a folder whose name ends so, as paths from the root. */
function* files(ending, folder = '') {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!passedOver.has(entry.name) && !entry.name.startsWith('.')) yield* files(ending, name);
    } else if (entry.isFile() && ending.test(entry.name)) {
      yield name;
    }
  }
}

/** What is wrong with a script, or nothing. */
function fault(text, { module }) {
  if (!module) {
    try {
      new vm.Script(text);
      return '';
    } catch (error) {
      return String(error);
    }
  }
  const read = spawnSync(process.execPath, ['--check', '--input-type=module', '-'], { input: text, encoding: 'utf8' });
  return read.status === 0 ? '' : read.stderr;
}

// Built files that end in .js are plain scripts; every other is a module.
const isModule = (name) => name.endsWith('.mjs') || !/(^|\/)dist\//.test(name);

test('the check itself finds a name that is declared twice', () => {
  const twice = "import { draw } from './a.js';\nasync function draw() {}\n";
  assert.match(fault(twice, { module: true }), /SyntaxError/);
  assert.match(fault('const a = 1; const a = 2;', { module: false }), /SyntaxError/);
});

test('every script file can be read', () => {
  const found = [...files(/\.m?js$/)];
  for (const expected of ['demo/guide/assets/guide.js', 'rpserver/browser/signin.js', 'demo/look/js/look.js', 'idpserver/internal/pages/assets/popup.js', 'examples/issuer/page/issuer.js', 'examples/adnetwork-node/server.mjs']) {
    assert.ok(found.includes(expected), `${expected} is not among the files`);
  }
  for (const name of found) {
    const said = fault(readFileSync(path.join(root, name), 'utf8'), { module: isModule(name) });
    assert.equal(said, '', name);
  }
});

test('every script inside a page can be read', () => {
  let scripts = 0;
  for (const name of files(/\.html$/)) {
    const text = readFileSync(path.join(root, name), 'utf8');
    for (const [, attributes, body] of text.matchAll(/<script\b([^>]*)>([^]*?)<\/script>/g)) {
      if (body.trim() === '') continue;
      scripts++;
      assert.equal(fault(body, { module: /type="?module/.test(attributes) }), '', name);
    }
  }
  assert.ok(scripts > 0, 'no page with a script in it');
});
