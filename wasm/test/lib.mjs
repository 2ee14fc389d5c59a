// The scripts of wasm/src for Node, the two builds of a guest, and the issuer
// that plays against them.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

export { deviations } from './corpus.mjs';
export { providers } from './providers.mjs';

export const wasm = path.resolve(import.meta.dirname, '..');
const top = path.dirname(wasm);
const run = promisify(execFile);

/** abi.json, with what a module shares among its own functions. */
export const table = JSON.parse(await readFile(path.join(wasm, 'abi.json'), 'utf8'));
for (const m of table.modules) {
  for (const name of m.uses ?? []) m.functions.push(...table.shared.find((s) => s.package === name).functions);
}
/** The ID tokens, valid ones and attacks, of protocol/oidc. */
export const corpus = async () => JSON.parse(await readFile(path.join(top, 'protocol/oidc/testdata/idtoken-attacks.json'), 'utf8'));

/** The tokens of protocol/oidc as providers send them. */
export const providersTokens = async () => JSON.parse(await readFile(path.join(top, 'protocol/oidc/testdata/providers-tokens.json'), 'utf8'));

export const manifest = JSON.parse(await readFile(path.join(wasm, 'dist/manifest.json'), 'utf8'));

const dir = await mkdtemp(path.join(os.tmpdir(), 'bonafides-guest-'));
export const clean = () => rm(dir, { recursive: true, force: true });

/** Bundles exports of wasm/src into one module that Node runs. */
export async function bundle(name, source) {
  const file = path.join(dir, `${name}.mjs`);
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: path.join(wasm, 'src'), loader: 'ts' },
    bundle: true, write: false, format: 'esm', target: 'es2022', define: { __TOKEN_WASM__: '""', __IDTOKEN_WASM__: '""' },
  });
  await writeFile(file, outputFiles[0].contents);
  return file;
}

export const load = async (name, source) => import(pathToFileURL(await bundle(name, source)));

/**
 * The files of both builds of a guest: what is shipped, and the standard
 * compiler's. The Worker's guest is shipped with the Worker.
 */
export async function guests(name) {
  const shipped = name === 'edge'
    ? path.join(top, 'worker/dist', JSON.parse(await readFile(path.join(top, 'worker/dist/manifest.json'), 'utf8')).hot)
    : path.join(wasm, 'dist', Object.keys(manifest.hashes).find((f) => f.startsWith(`${name}-`) && f.endsWith('.wasm')));
  const reference = path.join(dir, `${name}.wasm`);
  await run('go', ['build', '-buildmode=c-shared', '-o', reference, `./wasm/guest/${name}`], {
    cwd: top, env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' },
  });
  return { TinyGo: shipped, Go: reference };
}

export async function issuer() {
  const binary = path.join(dir, 'issuer');
  await run('go', ['build', '-o', binary, './wasm/test/issuer'], { cwd: top });
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (...words) => {
    child.stdin.write(`${words.join(' ')}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('the issuer ended');
    return value;
  };
  return { ask, stop: () => child.stdin.end() };
}
