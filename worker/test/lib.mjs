// Runs the Worker in workerd: by `wrangler dev`, as its users do, or by workerd
// alone, where a test has to stop the process itself or to measure it.
import {spawn, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const runtime = join(root, 'node_modules', '@cloudflare', `workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`, 'bin', 'workerd');

export const work = mkdtempSync(join(tmpdir(), 'bonafides-worker-'));
process.once('exit', () => rmSync(work, {recursive: true, force: true}));

export const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  DO_NOT_TRACK: '1',
  CI: '1',
  NO_COLOR: '1',
  XDG_CONFIG_HOME: join(work, 'config'),
};

/** The variables of .dev.vars.example. */
export function exampleVars() {
  const vars = {};
  for (const line of readFileSync(join(root, '.dev.vars.example'), 'utf8').split('\n')) {
    const m = /^([A-Z_]+)="(.*)"$/.exec(line);
    if (m) vars[m[1]] = m[2].replaceAll('\\n', '\n');
  }
  return vars;
}

/** Runs wrangler to its end. */
export function wranglerRun(...args) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [wrangler, ...args], {cwd: root, env, encoding: 'utf8', timeout: 1_800_000});
  if (status !== 0) throw new Error(`wrangler ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout + stderr;
}

let bundles = 0;

/** Bundles the Worker as it would be uploaded; the folder with index.js and its modules. */
export function bundle(...args) {
  const out = join(work, `bundle-${++bundles}`);
  wranglerRun('deploy', '--dry-run', '--outdir', out, ...args);
  const [script] = readdirSync(out).filter((f) => f.endsWith('.js'));
  if (script !== 'index.js') renameSync(join(out, script), join(out, 'index.js'));
  return out;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const {port} = s.address();
      s.close(() => resolve(port));
    });
  });
}

const gone = (child) => child.exitCode !== null || child.signalCode !== null;

/** The process ids of a process and all that it started. */
function family(pid) {
  const children = readdirSync('/proc').filter((d) => /^[0-9]+$/.test(d)).map(Number).filter((p) => {
    try {
      return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${p}/status`, 'utf8'))[1]) === pid;
    } catch {
      return false; // it has ended
    }
  });
  return [pid, ...children.flatMap(family)];
}

/** The process ids of workerd below a process. */
const runtimes = (pid) => family(pid).filter((p) => {
  try {
    return readFileSync(`/proc/${p}/cmdline`, 'utf8').split('\0')[0].endsWith('/workerd');
  } catch {
    return false;
  }
});

/**
 * Starts wrangler dev; the URL once the Worker answers, and how to stop it. kill
 * stops workerd hard, and then what is left of wrangler.
 */
export const dev = (...args) => devIn(root, ...args);

/** dev in another folder. */
export async function devIn(cwd, ...args) {
  const port = await freePort();
  const child = spawn(process.execPath, [wrangler, 'dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0',
    '--show-interactive-dev-session=false', ...(args.includes('--persist-to') ? [] : ['--persist-to', join(work, `state-${port}`)]), ...args],
  {cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe']});
  let said = '';
  child.stdout.on('data', (d) => { said += d; });
  child.stderr.on('data', (d) => { said += d; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    // wrangler's children are in its process group.
    try { process.kill(-child.pid, 'SIGTERM'); } catch { /* it has ended */ }
    const killer = setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ } }, 5000);
    await ended;
    clearTimeout(killer);
  };
  const kill = async () => {
    const pids = runtimes(child.pid);
    if (pids.length === 0) throw new Error('there is no workerd below wrangler');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await stop();
  };
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 900_000; ;) {
    try {
      const r = await fetch(`${url}/healthz`);
      if (r.status === 200) return {url, stop, kill, said: () => said};
      said += `\n/healthz answered ${r.status}`;
    } catch { /* not listening yet */ }
    if (gone(child) || Date.now() > until) {
      await stop();
      throw new Error(`wrangler dev does not answer:\n${said}`);
    }
    await new Promise((r) => setTimeout(r, 200));
  }
}

/**
 * wrangler.toml with its commented block for D1 in use, as a deployer would edit
 * it, and the tables made in the folder of local state.
 */
export function withD1(state) {
  const file = join(work, 'wrangler-d1.toml');
  const text = readFileSync(join(root, 'wrangler.toml'), 'utf8')
    .replace(/^# (\[\[d1_databases\]\]|binding|database_name|database_id|migrations_dir)/gm, '$1')
    .replace('database_id = ""', 'database_id = "00000000-0000-4000-8000-000000000000"')
    .replace('ISSUER_STORE = "durable_object"', 'ISSUER_STORE = "d1"')
    .replaceAll('"worker/', `"${root}/worker/`);
  writeFileSync(file, text);
  wranglerRun('d1', 'migrations', 'apply', 'DB', '--local', '-c', file, '--persist-to', state);
  return ['-c', file, '--persist-to', state];
}

const quote = (s) => JSON.stringify(s);

/** A workerd configuration for a bundle, with these variables and a folder for the Durable Objects. */
function config(out, vars, state, outbound) {
  const kinds = {wasm: 'wasm', sql: 'text'};
  const files = readdirSync(out).filter((f) => kinds[f.split('.').pop()]);
  const modules = [
    `(name = "index.js", esModule = embed "index.js")`,
    ...files.map((f) => `(name = ${quote(f)}, ${kinds[f.split('.').pop()]} = embed ${quote(f)})`),
  ];
  const bindings = Object.entries(vars).map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`);
  const network = outbound ? `
  globalOutbound = "outbound",` : '';
  const durable = state ? `
  durableObjectNamespaces = [(className = "SpentTokens", uniqueKey = "bonafides-spent-tokens", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),` : '';
  if (state) bindings.push('(name = "SPENT", durableObjectNamespace = "SpentTokens")');
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    ${outbound ? `(name = "outbound", external = (address = ${quote(outbound)}, http = ())),` : ''}
    ${state ? `(name = "state", disk = (path = ${quote(state)}, writable = true)),` : ''}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [${modules.join(', ')}],
  bindings = [${bindings.join(', ')}],${network}${durable}
);
`;
}

let configs = 0;

/**
 * Starts workerd with a bundle. state is a folder that outlives the process.
 * kill stops the process hard. With a test's context it ends with the test.
 * outbound is the address that all of the Worker's own requests go to.
 */
export async function workerd(out, vars, state, t, outbound) {
  // Beside the modules: what it embeds is named relative to it.
  const file = join(out, `workerd-${++configs}.capnp`);
  if (state) mkdirSync(state, {recursive: true});
  writeFileSync(file, config(out, vars, state, outbound));
  const child = spawn(runtime, ['serve', '--experimental', '--control-fd=3', file, 'config'], {stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env});
  let said = '';
  child.stdout.on('data', (d) => { said += d; });
  child.stderr.on('data', (d) => { said += d; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async (signal) => {
    if (!gone(child)) child.kill(signal);
    await ended;
  };
  t?.after(() => stop('SIGKILL'));
  const events = readline.createInterface({input: child.stdio[3]});
  const port = await Promise.race([
    new Promise((resolve) => events.on('line', (line) => {
      const e = JSON.parse(line);
      if (e.event === 'listen') resolve(e.port);
    })),
    ended.then(() => { throw new Error(`workerd ended:\n${said}`); }),
  ]);
  return {url: `http://127.0.0.1:${port}`, pid: child.pid, said: () => said, stop: () => stop('SIGTERM'), kill: () => stop('SIGKILL')};
}

/**
 * What the thread that answers requests has used of the processor so far, in ms.
 * workerd has one, and others that compile.
 */
export const cpu = (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;

/** The resident memory of a process, in bytes. */
export const memory = (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

/** Starts wrangler dev with other variables, another entry, more of wrangler.toml, or the state of an earlier one. */
export async function devWith({vars, main = 'worker/src/index.ts', more = '', before = () => {}, state = null}) {
  const folder = mkdtempSync(join(work, 'dev-'));
  const config = join(folder, 'wrangler.toml');
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8').replace(/^main = .*$/m, `main = "${join(root, main)}"`);
  writeFileSync(config, `${toml}\n${more}`);
  writeFileSync(join(folder, 'vars'), Object.entries(vars).map(([k, v]) => `${k}='${v}'\n`).join(''));
  const args = ['--config', config, '--persist-to', state ?? join(folder, 'state')];
  before(args);
  return dev(...args, '--env-file', join(folder, 'vars'));
}

/** Starts wrangler dev with a D1 database beside the Durable Object; its tables are made where migrate says so. */
export const d1Dev = (vars, {migrate = false} = {}) => devWith({
  vars,
  more: `[[d1_databases]]
binding = "DB"
database_name = "bonafides-spent"
database_id = "local"
migrations_dir = "${root}/worker/migrations"
`,
  before: (args) => migrate && wranglerRun('d1', 'migrations', 'apply', 'bonafides-spent', '--local', ...args),
});
