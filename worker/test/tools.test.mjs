// The operator's routes and the schedule: the module of the tools, on
// syumai/workers, in workerd with a real D1 database.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
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
    const migrations = mkdtempSync(join(work, 'migrations-'));
    const apply = (file, args) => {
      cpSync(join(root, 'worker', 'migrations', file), join(migrations, file));
      wranglerRun('d1', 'migrations', 'apply', 'bonafides-spent', '--local', ...args);
    };
    ({url, stop, said} = await devWith({
      vars,
      more: `[[d1_databases]]\nbinding = "DB"\ndatabase_name = "bonafides-spent"\ndatabase_id = "local"\nmigrations_dir = "${migrations}"\n`,
      before: (args) => {
        execute = (command) => wranglerRun('d1', 'execute', 'bonafides-spent', '--local', '--json', ...args, '--command', command);
        // As an earlier version left it: two keys that have left since.
        apply('0001_spent.sql', args);
        execute(`INSERT INTO spent (key_id, nonce, at, expires) VALUES (8, randomblob(64), 1, ${now - 7200}), (8, randomblob(64), 1, ${now - 7300}), (9, randomblob(64), 1, ${now});
          INSERT INTO used (id, expires) VALUES (randomblob(32), ${now - 7200}), (randomblob(32), ${now + 7200});
          INSERT INTO redemptions (day, origin, count) VALUES (${day}, 'https://shop.example', 5), (${day - 40}, 'https://old.example', 2);`);
        apply('0002_rows.sql', args);
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
      assert.deepEqual([s.ok, s.problems], [true, []]);
      assert.deepEqual([s.store, s.commitmentId, s.recordKeys.length, s.warnings], ['d1', 1, 1, []]);
      for (const secret of [...vars.ISSUER_KEYS.split(/[ =\n]/), vars.ISSUER_RECORD_KEY, token]) {
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
    const lost = await check(file.split('\n').filter((l) => !l.startsWith('id=1 ')).join('\n'));
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
    assert.match(said(), /"keys":\[8\],"used":1,"more":false/);
    const again = await (await admin(url, '/admin/purge', {method: 'POST'})).json();
    assert.deepEqual(again, {keys: [], used: 0, more: false});
    assert.equal((await admin(url, '/admin/purge')).status, 405);
    assert.equal((await redeem(url, value)).status, 409);
    const [{results}] = JSON.parse(execute('SELECT key_id, count(*) AS tokens FROM spent GROUP BY key_id'));
    assert.deepEqual(results, [{key_id: 9, tokens: 1}]);
  });

  test('keys that the store will refuse are found before they are used', async () => {
    await getTokens(url, await keysOf(url), 1); // the store has met them
    const check = async (body) => (await admin(url, '/admin/keys/check', {method: 'POST', body})).json();
    const later = await check(vars.ISSUER_KEYS.replace(/expires=\d{4}/, 'expires=2999'));
    assert.equal(later.ok, false);
    assert.match(later.problems.join(' '), /token key 1 expires later.*ake a new key/s);
    const forgotten = await check(`${vars.ISSUER_KEYS}\n${key8}`);
    assert.match(forgotten.problems.join(' '), /token key 8 was forgotten/);
  });
});

// A token key with the id 8, for tests alone.
const key8 = `id=8 state=retired expires=2031-01-01T00:00:00Z key=${Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.alloc(48, 7)]).toString('base64')}`;

describe('with a token and Durable Objects', () => {
  const vars = {...exampleVars(), ADMIN_TOKEN: token, ISSUER_POLICY: 'insecure_open'};
  const moved = (year) => vars.ISSUER_KEYS.replace(/expires=\d{4}/, `expires=${year}`);

  test('a key whose expiry was moved later is refused from the first request on, and the first one is good again', async (t) => {
    const state = join(work, 'moved');
    let tokens;
    for (const [keys, code] of [[vars.ISSUER_KEYS, null], [moved(2999), 'keys_changed'], [vars.ISSUER_KEYS, null]]) {
      const {url, stop} = await devWith({vars: {...vars, ISSUER_KEYS: keys}, state});
      t.after(stop);
      const status = await admin(url, '/admin/status');
      const {ok, problems} = await status.json();
      if (code === null) {
        tokens ??= await getTokens(url, await keysOf(url), 2);
        assert.equal((await redeem(url, redemption(tokens.pop()))).status, 200);
        assert.deepEqual([status.status, ok, problems], [200, true, []]);
      } else {
        assert.deepEqual([status.status, ok], [503, false]);
        assert.match(problems.join(' '), /token key 1 expires later/);
        await assert.rejects(getTokens(url, await keysOf(url), 1), /503 .*keys_changed/s);
        assert.equal((await (await redeem(url, redemption(tokens[0]))).json()).code, code);
      }
      await stop();
    }
  });

  test('what has expired is forgotten when the operator asks, too', async (t) => {
    const {url, stop} = await devWith({vars});
    t.after(stop);
    assert.deepEqual(await (await admin(url, '/admin/purge', {method: 'POST'})).json(), {keys: [], used: 0, more: false});
  });

  test('an environment without the bindings is not content, and issues nothing', async (t) => {
    for (const [more, variables, says] of [
      ['[env.staging]\n', vars, /binding SPENT is missing/],
      ['[env.staging]\n', {...vars, ISSUER_STORE: 'd1'}, /binding DB is missing/],
      ['[env.staging]\n', {...vars, ISSUER_RECORD_KEY: ''}, /secret ISSUER_RECORD_KEY is not set.*binding SPENT is missing/s],
      ['', {...vars, ISSUER_POLICY: 'captcha'}, /secret CAPTCHA_SECRET is not set/],
      ['', {...vars, ISSUER_POLICY: ''}, /ISSUER_POLICY is not set/],
    ]) {
      const {url, stop} = await devWith({vars: variables, more, before: (args) => more && args.push('--env', 'staging')});
      t.after(stop);
      const r = await admin(url, '/admin/status');
      const {ok, problems} = await r.json();
      assert.deepEqual([r.status, ok], [503, false]);
      assert.match(problems.join(' '), says);
      if (variables.ISSUER_RECORD_KEY) {
        await assert.rejects(getTokens(url, await keysOf(url), 1), /503 .*(binding_missing|secret_missing|policy_missing)/s);
      }
      await stop();
    }
  });
});
