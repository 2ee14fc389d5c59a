// docs/worker.md, command by command, in a copy of the tree: what needs an account
// is tried as far as a machine without one can.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';
import {devIn, env, exampleVars, root, work} from '../../worker/test/lib.mjs';
import {cover} from './blocks.mjs';

const clone = join(work, 'document');
let url, tried, stop = async () => {};

before(() => {
  for (const file of execFileSync('git', ['ls-files', '-z'], {cwd: root, encoding: 'utf8'}).split('\0').filter(Boolean)) {
    cpSync(join(root, file), join(clone, file));
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
});
after(() => stop());

/** Runs lines of a shell in the copy; what they printed. */
const sh = (text, more = {}) => execFileSync('bash', ['-euc', text], {cwd: clone, encoding: 'utf8', env: {...env, ...more}});

/** Starts the Worker anew, with the settings that are there now. */
async function serve() {
  await stop();
  ({url, stop} = await devIn(clone));
}

const lines = (text) => text.split('\n').map((l) => l.replace(/\s+#.*$/, '').trim()).filter(Boolean);

/** A line that Cloudflare's network would carry out. */
function deployment(line) {
  if (line === 'npx wrangler deploy') {
    assert.match(sh('npx wrangler deploy --dry-run'), /--dry-run: exiting now/);
    return;
  }
  const [, name, file] = /^npx wrangler secret put ([A-Z_]+) < (\S+)$/.exec(line) ?? assert.fail(`not tried: ${line}`);
  const secret = readFileSync(join(clone, file), 'utf8');
  assert.ok(secret.length > 0 && secret.length <= 5120, `${file}: ${secret.length} bytes; a secret may have 5 KB`);
  assert.match(readFileSync(join(clone, 'wrangler.toml'), 'utf8'), new RegExp(`secret put ${name}\\b`));
}

cover('docs/worker.md', [
  [/^npm ci/, async (t, text) => {
    // npm ci is what installed the packages that the copy is linked to.
    const all = lines(text);
    assert.equal(all.shift(), 'npm ci --ignore-scripts');
    sh(all.shift());
    assert.equal(all.shift(), 'npx wrangler dev');
    await serve();
    for (const line of all) {
      const said = sh(line.replaceAll('http://localhost:8787', url));
      assert.match(said, line.startsWith('curl') ? /PrivateStateTokenV1VOPRF/ : /\nok\n$/);
      tried = said;
    }
  }],
  [/^commitment /, (t, text) => {
    const plain = (s) => s.trim().replaceAll(url, 'http://localhost:8787').replace(/good for .*/, 'good for …');
    assert.equal(plain(text), plain(tried));
  }],
  [/keys new -dir issuer-keys/, (t, text) => sh(text)],
  [/^npx wrangler deploy/, async (t, text) => {
    lines(text).forEach(deployment);
    // What the secrets would be there, the variables are here.
    const vars = {...exampleVars(), ISSUER_KEYS: readFileSync(join(clone, 'issuer-keys/token-keys.txt'), 'utf8'),
      ISSUER_RECORD_KEY: readFileSync(join(clone, 'issuer-keys/record-key.txt'), 'utf8')};
    writeFileSync(join(clone, '.dev.vars'), Object.entries(vars).map(([k, v]) => `${k}="${v}"\n`).join(''));
    await serve();
  }],
  [/commitments lint https/, (t, text) => sh(text.replace('https://issuer.example', url))],
  [/token try https/, (t, text) => {
    for (const line of lines(text)) assert.match(sh(line.replace('https://issuer.example', url)), /\nok\n$/);
  }],
  [/admin\/keys\/check/, (t, text) => {
    const said = sh(text.replace('https://issuer.example', url), {ADMIN_TOKEN: exampleVars().ADMIN_TOKEN});
    assert.deepEqual(JSON.parse(said).orphaned ?? [], [], said);
  }],
  [/^\[vars\.GATE\]/, async (t, text) => {
    appendFileSync(join(clone, 'wrangler.toml'), `\n${text}\n`);
    await serve();
    const answer = await fetch(`${url}/gate/`);
    assert.equal(answer.status, 401, await answer.text());
  }],
  [/secret put GATE_KEYS/, async (t, text) => {
    const [make, put] = lines(text);
    sh(make);
    const [, file] = /^npx wrangler secret put GATE_KEYS < (\S+)$/.exec(put);
    const keys = readFileSync(join(clone, file), 'utf8');
    assert.match(readFileSync(join(clone, 'wrangler.toml'), 'utf8'), /secret put GATE_KEYS\b/);
    appendFileSync(join(clone, '.dev.vars'), `GATE_KEYS="${keys}"\n`);
    await serve();
    const {keys: published} = await (await fetch(`${url}/.well-known/gate-keys`)).json();
    assert.deepEqual(published.map((k) => k.crv), ['P-256', 'P-256']);
  }],
]);
