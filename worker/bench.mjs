// Measures the Worker in workerd, beside a bare Worker in the same run:
//
//   node worker/bench.mjs
//
// CPU time is that of workerd's one thread that answers requests: the Durable
// Object's part and the runtime's own are in it, what other threads spend on
// compiling is not. What a bare Worker takes is shown beside it. Nothing here judges a time; the last column tells how a result stands to the
// bar that the project has set itself.
import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {build} from 'esbuild';
import {begin, getTokens, headers, keysOf, paths, redemption} from './test/client.mjs';
import {bundle, cpu, exampleVars, memory, root, work, workerd} from './test/lib.mjs';

const vars = {...exampleVars(), ISSUER_POLICY: 'insecure_open', ISSUER_CPU_MS: '1000'};
const out = bundle();
const bare = join(work, 'bare');
mkdirSync(bare);
writeFileSync(join(bare, 'index.js'), 'export default {fetch: () => new Response("ok", {headers: {"Content-Type": "application/json"}})};');

/** The least Worker on syumai/workers, which makes a new Go instance for every request. */
async function perRequest() {
  const made = join(work, 'hello-made'), dir = join(work, 'hello');
  const go = (args, env = {}) => {
    const {status, stderr} = spawnSync('go', args, {cwd: root, encoding: 'utf8', env: {...process.env, ...env}});
    if (status !== 0) throw new Error(stderr);
  };
  go(['run', 'github.com/syumai/workers/cmd/workers-assets-gen', '-mode=go', '-o', made]);
  go(['build', '-trimpath', '-ldflags=-s -w', '-o', join(made, 'app.wasm'), './worker/bench/hello'], {GOOS: 'js', GOARCH: 'wasm'});
  await build({entryPoints: [join(made, 'worker.mjs')], bundle: true, format: 'esm', outfile: join(dir, 'index.js'), external: ['*.wasm', 'cloudflare:*'], logLevel: 'error'});
  cpSync(join(made, 'app.wasm'), join(dir, 'app.wasm'));
  return dir;
}
const hello = await perRequest();

const met = (value, bar, unit) => `${bar} ${unit}: ${value <= bar ? 'met' : 'missed'}`;
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const table = (...heads) => {
  console.log('');
  row(...heads);
  console.log(`|${heads.map((_, i) => (i === 0 ? '---|' : '---:|')).join('')}`);
};
const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];
const ms = (v) => v.toFixed(2);

const gzip = (b) => gzipSync(b, {level: 9}).length;
const dist = join(root, 'worker', 'dist');
const hot = gzip(readFileSync(join(dist, JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')).hot)));
const upload = readdirSync(out).filter((f) => !/\.(map|md|capnp)$/.test(f)).reduce((n, f) => n + gzip(readFileSync(join(out, f))), 0);
table('gzip -9', 'KiB', 'bar');
row('module of the hot path', (hot / 1024).toFixed(1), met(hot / 1024, 150, 'KiB'));
row('for comparison: hello on syumai/workers', (gzip(readFileSync(join(hello, 'app.wasm'))) / 1024).toFixed(1), '-');
row('whole upload', (upload / 1024).toFixed(1), met(upload / 1024, 2560, 'KiB'));

// Requests that can be sent again and again: signing the same points costs the same.
const sizes = [1, 5, 10, 20, 30, 60];
const setup = await workerd(out, vars, join(work, 'setup'));
const keys = await keysOf(setup.url);
const issue = Object.fromEntries(sizes.map((n) => [n, headers(begin(keys, n).header)]));
const spendable = [];
while (spendable.length < 3200) spendable.push(...await getTokens(setup.url, keys, 60));
await setup.stop();
const tokens = spendable.map((one) => headers(redemption(one)));

const get = (path) => (url) => fetch(url + path);
const sign = (n) => (url) => fetch(`${url}/issue`, {method: 'POST', headers: issue[n]});
const spend = (url) => fetch(`${url}/redeem`, {method: 'POST', headers: tokens.pop()});

/** One request to its end; its time in ms. */
async function once(request, url) {
  const t = performance.now();
  const r = await request(url);
  await r.arrayBuffer();
  if (r.status !== 200) throw new Error(`${r.url}: ${r.status}`);
  return performance.now() - t;
}

// Every start is a process of its own.
const starts = 15;
const cold = {};
for (let i = 0; i < starts; i++) {
  for (const [name, folder, request] of [
    ['bare Worker', bare, get('/')],
    ['hello on syumai/workers', hello, get('/')],
    ['key commitments', out, get(paths.commitment)],
    ['issue 1', out, sign(1)],
    ['issue 10', out, sign(10)],
    ['redeem', out, spend],
  ]) {
    const server = await workerd(folder, folder === out ? vars : {}, folder === out ? join(work, `cold-${i}-${name}`) : null);
    // The connection is made beforehand; /healthz needs no Go in ours.
    if (folder !== hello) await once(get('/healthz'), server.url);
    const before = cpu(server.pid);
    const time = await once(request, server.url);
    (cold[name] ??= []).push({time, cpu: cpu(server.pid) - before});
    await server.stop();
  }
}
table('first request that needs the module, ms', 'best', 'p50', 'p95', 'CPU, best', 'CPU, p50', 'bar');
for (const [name, list] of Object.entries(cold)) {
  const times = list.map((c) => c.time), cpus = list.map((c) => c.cpu);
  const best = Math.min(...times);
  row(name, ms(best), ms(quantile(times, 0.5)), ms(quantile(times, 0.95)), ms(Math.min(...cpus)), ms(quantile(cpus, 0.5)),
    name === 'key commitments' ? met(best, 15, 'ms') : '-');
}

// Warm: the contenders take turns, round by round.
const servers = {bare: await workerd(bare, {}, null), hello: await workerd(hello, {}, null), worker: await workerd(out, vars, join(work, 'warm'))};
const contenders = [
  ['bare Worker', 'bare', get('/'), 300],
  ['hello on syumai/workers', 'hello', get('/'), 60],
  ['/healthz', 'worker', get('/healthz'), 300],
  ['key commitments', 'worker', get(paths.commitment), 300],
  ['redeem', 'worker', spend, 150],
  ...sizes.map((n) => [`issue ${n}`, 'worker', sign(n), n > 20 ? 40 : 100]),
];
for (const [, server, request] of contenders) for (let i = 0; i < 60; i++) await once(request, servers[server].url);
const best = {};
for (let round = 0; round < 5; round++) {
  for (const [name, server, request, count] of contenders) {
    const {pid, url} = servers[server];
    const before = cpu(pid);
    const times = [];
    for (let i = 0; i < count; i++) times.push(await once(request, url));
    const spent = (cpu(pid) - before) / count;
    const b = (best[name] ??= {p50: Infinity, cpu: Infinity, p95: Infinity});
    b.p50 = Math.min(b.p50, quantile(times, 0.5));
    b.p95 = Math.min(b.p95, quantile(times, 0.95));
    b.cpu = Math.min(b.cpu, spent);
  }
}
const bars = {
  '/healthz': (b, o) => met(o, 1, 'ms over bare'), 'key commitments': (b, o) => met(o, 1, 'ms over bare'),
  redeem: (b) => met(b.cpu, 10, 'ms CPU'), 'issue 1': (b) => met(b.cpu, 10, 'ms CPU'), 'issue 10': (b) => met(b.cpu, 10, 'ms CPU'),
};
table('warm, best of 5 rounds, ms', 'p50', 'p95', 'CPU a request', 'CPU over bare', 'p50 over bare', 'bar');
for (const [name, b] of Object.entries(best)) {
  const over = b.p50 - best['bare Worker'].p50;
  row(name, ms(b.p50), ms(b.p95), ms(b.cpu), ms(b.cpu - best['bare Worker'].cpu), ms(over), bars[name]?.(b, over) ?? '-');
}

// Memory: a thousand requests after all of the above, half of them exchanges.
const mix = [sign(10), spend, get(paths.commitment), sign(1)];
const settle = () => new Promise((resolve) => { setTimeout(resolve, 500); });
table('memory of workerd, MiB', 'before', 'growth over 1,000 requests', 'bar');
for (const [name, server, requests] of [
  ['issue 10, redeem, key commitments, issue 1 in turn', 'worker', mix],
  ['hello on syumai/workers', 'hello', [get('/')]],
]) {
  const {pid, url} = servers[server];
  await settle();
  const before = memory(pid);
  for (let i = 0; i < 1000; i++) await once(requests[i % requests.length], url);
  await settle();
  const grown = (memory(pid) - before) / 2 ** 20;
  row(name, (before / 2 ** 20).toFixed(1), grown.toFixed(1), server === 'worker' ? met(grown, 30, 'MiB') : '-');
}
await Promise.all(Object.values(servers).map((s) => s.stop()));
