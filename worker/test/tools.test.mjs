// The operator's routes and the schedule: the module of the tools, on
// syumai/workers, in workerd with a real D1 database.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {getTokens, keysOf, redeem, redemption} from './client.mjs';
import {bundle, devWith, exampleVars, root, work, wranglerRun} from './lib.mjs';

const token = 'an operator\'s token of some forty characters'.replace('\'', '-');
const admin = (url, path, more = {}) => fetch(url + path, {...more, headers: {Authorization: `Bearer ${token}`, ...more.headers}});
const dist = join(root, 'worker', 'dist');

test('the JavaScript that starts the tools belongs to the Go that built them', () => {
  const {stdout} = spawnSync('go', ['env', 'GOROOT'], {cwd: root, encoding: 'utf8'});
  const theirs = readFileSync(join(stdout.trim(), 'lib', 'wasm', 'wasm_exec.js'), 'utf8');
  // syumai/workers hands each instance its request's context by a proxy for the
  // global object, and changes nothing else.
  const ours = readFileSync(join(dist, 'wasm_exec.js'), 'utf8')
    .replace('async run(instance, context) {', 'async run(instance) {')
    .replace(/const globalProxy = new Proxy\(globalThis, \{[^]*?\n\t\t\t\}\)\n/, '')
    .replaceAll('globalProxy', 'globalThis');
  const plain = (s) => s.replace(/\s+/g, ' ').trim();
  assert.equal(plain(ours), plain(theirs));
});

test('the Worker starts without the tools', () => {
  const out = bundle();
  const tools = readdirSync(out).find((f) => f.endsWith(JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')).tools));
  const script = readFileSync(join(out, 'index.js'), 'utf8');
  assert.ok(script.includes(`import("./${tools}")`));
  assert.doesNotMatch(script, new RegExp(`^import[^(]*${tools}`, 'm'));
});

test('without a token, or with one that could be guessed, the routes are off', async (t) => {
  for (const [vars, code] of [[{ADMIN_TOKEN: ''}, 'admin_off'], [{ADMIN_TOKEN: 'sesame'}, 'secret_invalid']]) {
    const {url, stop} = await devWith({vars: {...exampleVars(), ...vars}});
    t.after(stop);
    for (const path of ['/admin/status', '/admin/purge', '/admin/nothing']) {
      const a = await admin(url, path, {headers: {Authorization: `Bearer ${vars.ADMIN_TOKEN}`}});
      assert.deepEqual([a.status, (await a.json()).code], [503, code]);
    }
    assert.equal((await fetch(`${url}/admin`)).status, 404);
  }
});

test('the commented blocks of wrangler.toml deploy as they stand', () => {
  const folder = mkdtempSync(join(work, 'toml-'));
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8').replace(/^main = "/m, `main = "${root}/`)
    .replace('database_id = ""', 'database_id = "00000000-0000-0000-0000-000000000000"')
    .replace(/^# (\[\[?[\w.]+\]\]?|\w+ = (?:"[^"]*"|\[[^\]]*\]))$/gm, '$1');
  for (const block of ['[[d1_databases]]', '[triggers]', '[vars.GATE]', '[vars.GATE.records]']) assert.ok(toml.includes(`\n${block}`), block);
  writeFileSync(join(folder, 'wrangler.toml'), toml);
  const said = wranglerRun('deploy', '--dry-run', '--config', join(folder, 'wrangler.toml'));
  assert.match(said, /env\.DB \(/);
  assert.match(said, /env\.GATE \(/);
  assert.doesNotMatch(said, /WARNING|ERROR/);
});

describe('with a token and D1', () => {
  let url, stop, said, execute;
  const now = Math.floor(Date.now() / 1000), day = Math.floor(now / 86400);
  const vars = {...exampleVars(), ADMIN_TOKEN: token, ISSUER_STORE: 'd1', ISSUER_COUNT: 'on', ISSUER_POLICY: 'insecure_open'};
  before(async () => {
    ({url, stop, said} = await devWith({
      vars,
      more: `[[d1_databases]]\nbinding = "DB"\ndatabase_name = "bonafides-spent"\ndatabase_id = "local"\nmigrations_dir = "${root}/worker/migrations"\n`,
      before: (args) => {
        wranglerRun('d1', 'migrations', 'apply', 'bonafides-spent', '--local', ...args);
        execute = (command) => wranglerRun('d1', 'execute', 'bonafides-spent', '--local', '--json', ...args, '--command', command);
        execute(`INSERT INTO spent (key_id, nonce, at, expires) VALUES (9, randomblob(64), 1, ${now - 7200}), (9, randomblob(64), 1, ${now - 7200}), (9, randomblob(64), 1, ${now});
          INSERT INTO used (id, expires) VALUES (randomblob(32), ${now - 7200}), (randomblob(32), ${now + 7200});
          INSERT INTO redemptions (day, origin, count) VALUES (${day}, 'https://shop.example', 5), (${day - 40}, 'https://old.example', 2);`);
      },
    }));
  });
  after(() => stop?.());

  test('nobody else gets in', async () => {
    for (const authorization of [undefined, 'Bearer', 'Bearer ', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, token]) {
      const a = await fetch(`${url}/admin/status`, {headers: authorization === undefined ? {} : {Authorization: authorization}});
      assert.deepEqual([a.status, (await a.json()).code, a.headers.get('www-authenticate')], [401, 'admin_token_wrong', 'Bearer']);
    }
  });

  test('status tells the keys\' roles and no key', async () => {
    const answers = await Promise.all(Array.from({length: 10}, () => admin(url, '/admin/status')));
    for (const a of answers) {
      assert.equal(a.status, 200);
      const text = await a.text();
      const s = JSON.parse(text);
      assert.deepEqual(s.tokenKeys.map((k) => `${k.id} ${k.role}`), ['1 current', '2 next']);
      assert.deepEqual([s.store, s.commitmentId, s.recordKeys.length, s.warnings], ['d1', 1, 1, []]);
      for (const secret of [...vars.ISSUER_KEYS.split(/[ ,]/), vars.ISSUER_RECORD_KEY, token]) {
        assert.ok(secret.length < 40 || !text.includes(secret.slice(8, 30)), text);
      }
    }
  });

  test('what bonafides keys rotate wrote is found good, and a lost key is found missing', async () => {
    const dir = mkdtempSync(join(work, 'keys-'));
    writeFileSync(join(dir, 'token-keys.txt'), vars.ISSUER_KEYS, {mode: 0o600});
    const {status, stderr} = spawnSync('go', ['run', './cmd/bonafides', 'keys', 'rotate', '-dir', dir, '-id', '2', '-notice', '0d'], {cwd: root, encoding: 'utf8'});
    assert.equal(status, 0, stderr);
    const file = readFileSync(join(dir, 'token-keys.txt'), 'utf8');
    const check = async (body) => (await admin(url, '/admin/keys/check', {method: 'POST', body})).json();
    const good = await check(file);
    assert.deepEqual([good.ok, good.orphaned, good.problems], [true, [], []]);
    assert.deepEqual(good.commitment, JSON.parse(readFileSync(join(dir, 'commitments.json'), 'utf8')));
    const lost = await check(file.split('\n').filter((l) => !l.startsWith('AAAAAe')).join('\n'));
    assert.deepEqual([lost.ok, lost.orphaned], [false, [1]]);
  });

  test('redemptions are listed by site and day', async () => {
    const keys = await keysOf(url);
    const [one] = await getTokens(url, keys, 1);
    assert.equal((await redeem(url, redemption(one))).status, 200);
    const list = await (await admin(url, '/admin/redemptions')).json();
    const today = new Date(day * 86400_000).toISOString().slice(0, 10);
    assert.deepEqual(list.find((r) => r.origin === 'https://shop.example'), {day: today, origin: 'https://shop.example', count: 5});
    assert.equal(list.find((r) => r.origin === 'https://news.example')?.count, 1);
    assert.equal(list.find((r) => r.origin === 'https://old.example'), undefined);
    assert.equal((await (await admin(url, '/admin/redemptions?since=2020-01-01')).json()).length, list.length + 1);
  });

  test('the schedule forgets what has expired, and a spent token stays spent', async () => {
    const keys = await keysOf(url);
    const [one] = await getTokens(url, keys, 1);
    const value = redemption(one);
    assert.equal((await redeem(url, value)).status, 200);
    assert.equal((await fetch(`${url}/cdn-cgi/handler/scheduled`)).status, 200);
    for (const until = Date.now() + 30_000; !said().includes('expired rows are gone');) {
      assert.ok(Date.now() < until, said());
      await new Promise((r) => setTimeout(r, 50));
    }
    assert.match(said(), /"spent":2,"used":1/);
    const again = await (await admin(url, '/admin/purge', {method: 'POST'})).json();
    assert.deepEqual(again, {spent: 0, used: 0, more: false});
    assert.equal((await redeem(url, value)).status, 409);
  });
});
