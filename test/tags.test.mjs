// A script tag that somebody copies from here loads the file that is here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { places, retag } from '../wasm/tags.mjs';

const root = path.dirname(import.meta.dirname);
const read = (name) => readFileSync(path.join(root, name), 'utf8');
const manifest = JSON.parse(read('wasm/dist/manifest.json'));

test('a tag gets the name and the integrity of the manifest, and nothing else changes', () => {
  const name = manifest.flows.tokens.classic[0];
  const tag = (file, integrity) => `<p>tokens-x.js</p>\n<script src="https://k.example/bonafides/${file}" integrity="${integrity}" crossorigin="anonymous" data-keeper="https://k.example"></script>`;
  assert.equal(retag(tag('tokens-0123456789ab.js', 'sha384-old'), manifest), tag(name, manifest.hashes[name].integrity));
});

for (const place of places) {
  test(`${place} shows the tag of this build`, () => {
    const text = read(place);
    assert.match(text, /integrity="sha384-/);
    assert.equal(text, retag(text, manifest), 'node wasm/build.mjs writes it anew');
  });
}
