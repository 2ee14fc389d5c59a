// The code in documents, run as it stands there. A document is read block by
// block; a block that no test knows is a failure, and so is a test that has lost
// its block: what a reader copies has been tried.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {root} from '../../worker/test/lib.mjs';

/** The fenced blocks of a document: language, text, line and the heading above. */
export function blocks(file) {
  const out = [];
  let open = null, heading = '';
  readFileSync(join(root, file), 'utf8').split('\n').forEach((line, i) => {
    const fence = /^(\s*)```(\S*)\s*$/.exec(line);
    if (open && fence && fence[2] === '') {
      out.push(open);
      open = null;
    } else if (open) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else if (fence) {
      open = {indent: fence[1], lang: fence[2], line: i + 1, heading, lines: []};
    } else if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, '');
    }
  });
  assert.equal(open, null, `${file}: a block is not closed`);
  return out.map(({lang, line, heading: h, lines}) => ({lang, line, heading: h, text: lines.join('\n')}));
}

/**
 * cover makes a test of every block of a document, in their order. tries has what
 * to do with each: a pattern that the block's text matches and a function. The
 * first that matches and was not used yet is taken.
 */
export function cover(file, tries) {
  const left = [...tries];
  for (const block of blocks(file)) {
    const first = block.text.split('\n').find((l) => l.trim() !== '') ?? '';
    const name = `${file}, line ${block.line}: ${first.trim().slice(0, 60)}`;
    const at = left.findIndex(([pattern]) => pattern.test(block.text));
    if (at < 0) {
      test(name, () => assert.fail('no test tries this block'));
      continue;
    }
    const [[, run]] = left.splice(at, 1);
    test(name, (t) => run(t, block.text));
  }
  test(`${file} has every block that is tried`, () => assert.deepEqual(left.map(([pattern]) => String(pattern)), []));
}
