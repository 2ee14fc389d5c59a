// The Worker as its users meet it: `wrangler deploy --dry-run` with the
// wrangler.toml that is in the tree, and `wrangler dev` in workerd, without an
// account and without a network.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, rmSync, statSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const work = mkdtempSync(join(tmpdir(), 'bonafides-worker-'));
after(() => rmSync(work, {recursive: true, force: true}));

const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  DO_NOT_TRACK: '1',
  CI: '1',
  NO_COLOR: '1',
  XDG_CONFIG_HOME: join(work, 'config'),
};

function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const {port} = s.address();
      s.close(() => resolve(port));
    });
  });
}

// dev starts wrangler dev and returns its URL once the Worker answers.
async function dev(t, ...args) {
  const port = await freePort();
  const child = spawn(process.execPath, [wrangler, 'dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0',
    '--show-interactive-dev-session=false', '--persist-to', join(work, `state-${port}`), ...args],
  {cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe']});
  let said = '';
  child.stdout.on('data', (d) => { said += d; });
  child.stderr.on('data', (d) => { said += d; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    // wrangler's children are in its process group.
    try { process.kill(-child.pid, 'SIGTERM'); } catch { /* it has ended */ }
    const killer = setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ } }, 5000);
    await ended;
    clearTimeout(killer);
  });
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 180_000; ;) {
    try {
      const r = await fetch(`${url}/healthz`);
      if (r.status === 200) return url;
      said += `\n/healthz answered ${r.status}`;
    } catch { /* not listening yet */ }
    assert.equal(child.exitCode, null, `wrangler dev ended:\n${said}`);
    assert.ok(Date.now() < until, `wrangler dev does not answer:\n${said}`);
    await new Promise((r) => setTimeout(r, 200));
  }
}

test('wrangler deploy --dry-run builds what it would upload', () => {
  const out = join(work, 'out');
  const {status, stdout, stderr} = spawnSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', out],
    {cwd: root, env, encoding: 'utf8', timeout: 300_000});
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /Total Upload: .* gzip/);
  assert.doesNotMatch(stdout + stderr, /WARNING|ERROR/);
  const files = readdirSync(out).filter((f) => !/\.(map|md)$/.test(f)).map((f) => join(out, f));
  assert.ok(files.some((f) => f.endsWith('.wasm')), files.join());
  const size = files.reduce((n, f) => n + statSync(f).size, 0);
  const packed = files.reduce((n, f) => n + gzipSync(readFileSync(f), {level: 9}).length, 0);
  // Cloudflare's limit for an upload, as documented for the free plan of old, is
  // 3 MB gzip; net/http alone is half of that.
  assert.ok(packed < 2.5 * 1024 * 1024, `${packed} bytes gzip`);
  console.log(`upload ${(size / 1024).toFixed(0)} KiB, gzip ${(packed / 1024).toFixed(0)} KiB`);
});

test('the JavaScript that starts Go belongs to this Go', () => {
  const {stdout} = spawnSync('go', ['env', 'GOROOT'], {cwd: root, encoding: 'utf8'});
  const theirs = readFileSync(join(stdout.trim(), 'lib', 'wasm', 'wasm_exec.js'), 'utf8');
  // syumai/workers hands each instance its request's context by a proxy for the
  // global object, and changes nothing else.
  const ours = readFileSync(join(root, 'worker', 'build', 'wasm_exec.js'), 'utf8')
    .replace('async run(instance, context) {', 'async run(instance) {')
    .replace(/const globalProxy = new Proxy\(globalThis, \{[^]*?\n\t\t\t\}\)\n/, '')
    .replaceAll('globalProxy', 'globalThis');
  const plain = (s) => s.replace(/\s+/g, ' ').trim();
  assert.equal(plain(ours), plain(theirs));
});

test('with keys the Worker serves the key commitments', async (t) => {
  const url = await dev(t, '--env-file', join(root, '.dev.vars.example'));
  const health = await fetch(`${url}/healthz`);
  assert.equal(health.status, 200);
  assert.deepEqual(await health.json(), {status: 'ok'});

  const path = '/.well-known/private-state-token/key-commitment';
  const r = await fetch(url + path);
  assert.equal(r.status, 200);
  assert.equal(r.headers.get('content-type'), 'application/pst-issuer-directory');
  assert.equal(r.headers.get('access-control-allow-origin'), '*');
  assert.equal(await r.text(), readFileSync(join(root, 'worker', 'testdata', 'commitments-of-dev-vars-example.json'), 'utf8'));

  const again = await fetch(url + path, {headers: {'If-None-Match': r.headers.get('etag')}});
  assert.equal(again.status, 304);
  const post = await fetch(url + path, {method: 'POST'});
  assert.equal(post.status, 405);
  assert.equal((await post.json()).code, 'method_not_allowed');
  assert.equal((await fetch(`${url}/nowhere`)).status, 404);

  // Every request makes its own instance: many at once must not meet.
  const many = await Promise.all(Array.from({length: 20}, () => fetch(url + path).then((x) => x.status)));
  assert.deepEqual(many, Array(20).fill(200));
});

test('without keys it says which secret is missing', async (t) => {
  const url = await dev(t, '--env-file', '/dev/null');
  const r = await fetch(`${url}/.well-known/private-state-token/key-commitment`);
  assert.equal(r.status, 503);
  assert.equal(r.headers.get('content-type'), 'application/problem+json');
  const problem = await r.json();
  assert.equal(problem.code, 'secret_missing');
  assert.match(problem.detail, /npx wrangler secret put ISSUER_KEYS/);
});
