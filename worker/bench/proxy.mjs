// What it costs to pass a request on at the edge: a Worker that does nothing else,
// the gate (JavaScript, and Go judging the ID token) without and with a signed
// assertion, and the same forwarding in Go on syumai/workers. All of them in workerd,
// in turns, in front of one origin.
//
//   node worker/bench/proxy.mjs [REQUESTS]
import {spawn, spawnSync} from 'node:child_process';
import {generateKeyPairSync, sign} from 'node:crypto';
import {cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {Agent, createServer, request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import readline from 'node:readline';
import {build} from 'esbuild';
import {bundle, cpu, exampleVars, memory, root} from '../test/lib.mjs';

const requests = Number(process.argv[2] ?? 300);
const work = mkdtempSync(join(tmpdir(), 'bonafides-proxy-'));
process.once('exit', () => rmSync(work, {recursive: true, force: true}));

const {privateKey, publicKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
const b64 = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');
const now = Math.floor(Date.now() / 1000);
const input = `${b64({alg: 'RS256', kid: 'k'})}.${b64({iss: 'https://idp.example', aud: 'gate', sub: 'ada', iat: now, exp: now + 3600})}`;
const token = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;

const page = Buffer.alloc(8 << 10, 'x');
const origin = createServer((q, a) => {
  if (q.url === '/jwks') a.writeHead(200, {'Cache-Control': 'max-age=3600'}).end(JSON.stringify({keys: [{...publicKey.export({format: 'jwk'}), kid: 'k', alg: 'RS256'}]}));
  else a.writeHead(200, {'Content-Type': 'text/html'}).end(page);
});
await new Promise((r) => origin.listen(0, '127.0.0.1', r));
const at = `http://127.0.0.1:${origin.address().port}`;

const run = (program, args, env = {}) => {
  const {status, stderr} = spawnSync(program, args, {cwd: root, encoding: 'utf8', env: {...process.env, ...env}});
  if (status !== 0) throw new Error(stderr);
};
const contenders = {
  'bare Worker': () => {
    const dir = join(work, 'bare');
    mkdirSync(dir);
    writeFileSync(join(dir, 'index.js'), `export default {fetch(q, env) { const u = new URL(q.url); return fetch(env.ORIGIN + u.pathname, {method: q.method, headers: q.headers, body: q.body, redirect: 'manual', cache: 'no-store'}); }};`);
    return dir;
  },
  'the gate': () => bundle(),
  'the gate, signing': () => bundle(),
  'Go on syumai/workers': async () => {
    const made = join(work, 'made'), dir = join(work, 'go');
    run('go', ['run', 'github.com/syumai/workers/cmd/workers-assets-gen', '-mode=go', '-o', made]);
    run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', join(made, 'app.wasm'), './worker/bench/proxy'], {GOOS: 'js', GOARCH: 'wasm'});
    await build({entryPoints: [join(made, 'worker.mjs')], bundle: true, format: 'esm', outfile: join(dir, 'index.js'), external: ['*.wasm', 'cloudflare:*'], logLevel: 'error'});
    cpSync(join(made, 'app.wasm'), join(dir, 'app.wasm'));
    return dir;
  },
};

const quote = (s) => JSON.stringify(s);
const runtime = join(root, 'node_modules', '@cloudflare', 'workerd-linux-64', 'bin', 'workerd');

/** Starts workerd with a bundle that may reach loopback addresses. */
async function start(name, dir) {
  const kinds = {wasm: 'wasm', sql: 'text'};
  const isGate = name.startsWith('the gate');
  const vars = {...exampleVars(), ORIGIN: at, ...(name === 'the gate, signing' && {GATE_KEYS: Buffer.alloc(32, 7).toString('base64')}), GATE: JSON.stringify({origin: at, idTokens: {issuer: 'https://idp.example', clientId: 'gate', jwksUri: `${at}/jwks`, insecureNoNonce: true}})};
  const prefix = name === 'Go on syumai/workers' ? './' : '';
  const modules = [
    `(name = "index.js", esModule = embed ${quote(join(dir, 'index.js'))})`,
    ...readdirSync(dir).filter((f) => kinds[f.split('.').pop()]).map((f) => `(name = ${quote(prefix + f)}, ${kinds[f.split('.').pop()]} = embed ${quote(join(dir, f))})`),
  ];
  const file = join(work, `${name.replace(/\W/g, '-')}.capnp`);
  writeFileSync(file, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["public", "private"])), (name = "none", network = (allow = []))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  compatibilityDate = "2026-10-01", modules = [${modules.join(', ')}],
  bindings = [${Object.entries(vars).map(([n, v]) => `(name = ${quote(n)}, text = ${quote(v)})`).join(', ')}],
  cacheApiOutbound = "none",
  ${isGate ? 'durableObjectNamespaces = [(className = "SpentTokens", uniqueKey = "x", enableSql = true)], durableObjectStorage = (inMemory = void),' : ''}
);
`);
  const child = spawn(runtime, ['serve', '--experimental', '--import-path=/', '--control-fd=3', file, 'config'], {stdio: ['ignore', 'pipe', 'pipe', 'pipe']});
  let said = '';
  for (const s of [child.stdout, child.stderr]) s.on('data', (d) => { said += d; });
  const port = await new Promise((resolve, reject) => {
    readline.createInterface({input: child.stdio[3]}).on('line', (l) => resolve(JSON.parse(l).port));
    child.once('exit', () => reject(new Error(said)));
  });
  const agent = new Agent({keepAlive: true, maxSockets: 1});
  const path = isGate ? '/gate/page' : '/page';
  const get = () => new Promise((resolve, reject) => {
    const begun = performance.now();
    request({port, path, agent, host: '127.0.0.1', headers: {Authorization: `Bearer ${token}`}}, (a) => {
      let n = 0;
      a.on('data', (d) => { n += d.length; });
      a.on('end', () => (a.statusCode === 200 && n === page.length ? resolve(performance.now() - begun) : reject(new Error(`${name}: ${a.statusCode}, ${n} bytes ${said}`))));
    }).on('error', reject).end();
  });
  return {name, get, pid: child.pid, stop: () => { agent.destroy(); child.kill(); }, times: [], cpu: 0};
}

const all = [];
for (const [name, make] of Object.entries(contenders)) all.push(await start(name, await make()));
try {
  for (const c of all) c.first = await c.get();
  for (const c of all) c.memory = memory(c.pid);
  const round = Math.max(1, Math.floor(requests / 10));
  for (let r = 0; r < 10; r++) {
    for (const c of all) {
      const before = cpu(c.pid);
      for (let i = 0; i < round; i++) c.times.push(await c.get());
      c.cpu += cpu(c.pid) - before;
    }
  }
  const ms = (n) => n.toFixed(2).padStart(8);
  console.log(`${requests} requests each, one at a time, 8 KiB pages; ms\n`);
  console.log('| | first | median | 99 % | CPU a request | memory MiB: after the first request, at the end |');
  console.log('|---|---:|---:|---:|---:|---|');
  for (const c of all) {
    c.times.sort((a, b) => a - b);
    const q = (p) => c.times[Math.min(c.times.length - 1, Math.floor(p * c.times.length))];
    console.log(`| ${c.name} | ${ms(c.first)} | ${ms(q(0.5))} | ${ms(q(0.99))} | ${ms(c.cpu / c.times.length)} | ${Math.round(c.memory / 2 ** 20)}, ${Math.round(memory(c.pid) / 2 ** 20)} |`);
  }
} finally {
  for (const c of all) c.stop();
  origin.closeAllConnections();
  origin.close();
}
