// wasm/dist as an npm package: packed, installed into an empty folder, imported,
// type-checked, bundled, and run in workerd.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { corpus, deviations, manifest, wasm } from './lib.mjs';

const top = path.dirname(wasm);
const run = promisify(execFile);
const entries = ['tokens', 'fedcm', 'idtoken', 'keeper'];

let dir, installed, one;
const write = (name, text) => writeFile(path.join(dir, name), text);
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'bonafides-package-'));
  const { stdout } = await run('npm', ['pack', path.join(wasm, 'dist'), '--pack-destination', dir, '--silent'], { cwd: dir });
  await write('package.json', '{"private": true, "type": "module"}');
  await run('npm', ['install', `./${stdout.trim()}`, '--offline', '--no-audit', '--no-fund'], { cwd: dir });
  installed = path.join(dir, 'node_modules/bonafides');
  const { cases, keySets, now } = await corpus();
  const { token, config, keys, sub } = cases.find((c) => c.name === 'ES256');
  one = { token, sub, options: { ...config, jwks: keySets[keys] }, now: now * 1000 };
});
after(() => rm(dir, { recursive: true, force: true }));

test('the package holds every file of the release, and nothing else', async () => {
  assert.deepEqual((await readdir(installed)).sort(), (await readdir(path.join(wasm, 'dist'))).sort());
  for (const f of Object.keys(manifest.hashes)) {
    assert.ok((await readFile(path.join(installed, f))).equals(await readFile(path.join(wasm, 'dist', f))), f);
  }
});

test('every entry names a file under every condition, and has types', async () => {
  const { exports } = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8'));
  const filesOf = (e) => (typeof e === 'string' ? [e] : Object.values(e).flatMap(filesOf));
  for (const name of ['.', './idtoken/inline', ...entries.map((e) => `./${e}`)]) {
    const conditions = exports[name];
    for (const c of ['types', 'import', 'default', ...(name === './idtoken/inline' ? [] : ['browser'])]) assert.ok(conditions[c], `${name} has no ${c}`);
    if (name !== './keeper') assert.match(conditions.require.types, /\.d\.cts$/, name);
    // What is asked for first is taken: each form of the types comes before its script.
    assert.equal(Object.keys(conditions).filter((c) => c !== 'require')[0], 'types', name);
    assert.equal(Object.keys(conditions).at(-1), 'default', 'default must come last');
  }
  for (const name of ['tokens', 'fedcm', 'idtoken']) assert.ok(exports[`./${name}`].script, name);
  for (const f of filesOf(exports)) await readFile(path.join(installed, f));
});

test('the package says what it is, under which licence, and where it comes from', async () => {
  const said = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8'));
  for (const field of ['name', 'version', 'description', 'license', 'repository', 'homepage', 'main', 'types']) assert.ok(said[field], field);
  assert.ok((await readFile(path.join(installed, 'LICENSE'))).equals(await readFile(path.join(top, 'LICENSE'))));
  const out = execFileSync(process.execPath, ['-e', 'console.log(require("bonafides/package.json").name)'], { cwd: dir, encoding: 'utf8' });
  assert.equal(out.trim(), 'bonafides');
});

test('what pages load is there as brotli too, and is the same', async () => {
  for (const flow of Object.values(manifest.flows)) {
    for (const f of [...flow.esm, ...flow.classic]) {
      const small = await readFile(path.join(installed, `${f}.br`));
      assert.equal(small.length, manifest.hashes[f].brotli, f);
      assert.ok(brotliDecompressSync(small).equals(await readFile(path.join(installed, f))), f);
    }
  }
});

for (const name of entries) {
  test(`bonafides/${name} is imported in Node, and exports what its types say`, async () => {
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', `console.log(JSON.stringify(Object.keys(await import("bonafides/${name}"))))`], { cwd: dir, encoding: 'utf8' });
    const types = await readFile(path.join(installed, `${name}.d.ts`), 'utf8');
    const said = [...types.matchAll(/^export (?:declare )?(?:function|class|const) (\w+)/gm)].map((m) => m[1]);
    assert.deepEqual(JSON.parse(out).sort(), said.sort());
  });
}

for (const entry of ['bonafides/idtoken', 'bonafides/idtoken/inline', 'bonafides']) {
  for (const [how, line, type] of [
    ['import', `import { verifyIdToken } from "${entry}";`, 'module'],
    ['require', `const { verifyIdToken } = require("${entry}");`, 'commonjs'],
  ]) {
    test(`a token is verified in Node with ${entry}, by ${how}`, () => {
      const out = execFileSync(process.execPath, [`--input-type=${type}`, '-e', `${line}
        const { token, options, now } = ${JSON.stringify(one)};
        verifyIdToken(token, { ...options, now: new Date(now) }).then((claims) => console.log(claims.sub));
      `], { cwd: dir, encoding: 'utf8' });
      assert.equal(out.trim(), one.sub);
    });
  }
}

test('the entry "bonafides" gives the other entries, by import and by require', () => {
  const say = 'console.log(JSON.stringify([Object.keys(b), Object.keys(b.tokens), Object.keys(b.fedcm)].map((k) => k.filter((n) => n !== "__esModule" && n !== "default" && n !== "module.exports").sort())))';
  const wanted = [['IdTokenError', 'fedcm', 'load', 'tokens', 'verifyIdToken'], ...['tokens', 'fedcm'].map((name) => JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', `console.log(JSON.stringify(Object.keys(await import("bonafides/${name}")).sort()))`], { cwd: dir, encoding: 'utf8' })))];
  for (const [type, line] of [['module', 'import * as b from "bonafides";'], ['commonjs', 'const b = require("bonafides");']]) {
    const out = execFileSync(process.execPath, [`--input-type=${type}`, '-e', `${line} ${say}`], { cwd: dir, encoding: 'utf8' });
    assert.deepEqual(JSON.parse(out), wanted, type);
  }
});

const consumer = `
import { install, recordFromEmbedder, tokenPath, type Path } from "bonafides/tokens";
import { install as installSignIn, reserve } from "bonafides/fedcm";
import { IdTokenError, load, verifyIdToken, type IdTokenClaims } from "bonafides/idtoken";
import "bonafides/keeper";
import { fedcm, tokens, verifyIdToken as same } from "bonafides";

const one: typeof verifyIdToken = same;
void [one, tokens.tokenPath, fedcm.reserve];
install({ keeper: "https://keeper.example", keeperPath: "/keeper" });
installSignIn({ redirect: ({ clientId }) => "/signin/start?client=" + clientId });
const back: () => void = reserve();
back();
const where: Path = tokenPath("https://issuer.example");
export const native: boolean = where.path === "native";

export async function redeem(): Promise<boolean> {
  await fetch("https://issuer.example/redeem", { privateToken: { version: 1, operation: "token-redemption" } });
  await fetch("https://issuer.example/redeem", { trustToken: { type: "token-redemption", refreshPolicy: "refresh" } });
  const records: Record<string, string> = await recordFromEmbedder(["https://news.example"]);
  document.addEventListener("bonafides:ask", (e) => e.detail.proceed());
  new XMLHttpRequest().setPrivateToken({ version: 1, operation: "token-request" });
  return "https://issuer.example" in records && (await document.hasRedemptionRecord("https://issuer.example"));
}

export async function signIn(jwks: { keys: unknown[] }, nonce: string): Promise<IdTokenClaims | null> {
  const credential = await navigator.credentials.get({
    mediation: "optional",
    identity: { context: "signin", mode: "active", providers: [{ configURL: "https://idp.example/fedcm/config.json", clientId: "shop", nonce }] },
  });
  if (!(credential instanceof IdentityCredential)) return null;
  await load();
  try {
    const claims = await verifyIdToken(String(credential.token), { issuer: "https://idp.example", clientId: "shop", nonce, jwks });
    const subject: string = claims.sub;
    const name: string | undefined = claims.name;
    const verified: boolean | undefined = claims.email_verified;
    console.log(subject, name, verified, claims["groups"]);
    return claims;
  } catch (err) {
    if (err instanceof IdTokenError) console.log(err.code, err.message);
    // @ts-expect-error an option that does not exist
    await verifyIdToken("", { issuer: "", clientId: "", jwks, nonse: "x" });
    // @ts-expect-error an operation that does not exist
    await fetch("/", { privateToken: { version: 1, operation: "redeem" } });
    return null;
  }
}
`;

describe('a consumer in TypeScript, strict', () => {
  for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    test(`resolution ${resolution}`, async () => {
      await write('consumer.ts', consumer);
      await write('tsconfig.json', JSON.stringify({
        compilerOptions: { strict: true, noEmit: true, target: 'es2022', module, moduleResolution: resolution, lib: ['es2022', 'dom', 'dom.iterable'], types: [], noUncheckedSideEffectImports: true, skipLibCheck: false },
        files: ['consumer.ts'],
      }));
      await run(path.join(top, 'node_modules/.bin/tsc'), ['-p', dir], { cwd: dir }).catch((e) => assert.fail(e.stdout));
    });
  }
});

// A server has no DOM, and its tsconfig no "dom".
describe('a server in TypeScript, strict, without the DOM', () => {
  for (const [module, resolution, file] of [['nodenext', 'nodenext', 'server.mts'], ['nodenext', 'nodenext', 'server.cts'], ['esnext', 'bundler', 'server.ts']]) {
    test(`resolution ${resolution}, ${file}`, async () => {
      await write(file, `
        import { IdTokenError, load, verifyIdToken, type IdTokenClaims } from "bonafides/idtoken";
        import { verifyIdToken as inside } from "bonafides/idtoken/inline";
        export async function subject(token: string, jwks: { keys: unknown[] }): Promise<string | undefined> {
          await load(new Uint8Array(8));
          try {
            const claims: IdTokenClaims = await verifyIdToken(token, { issuer: "https://idp.example", clientId: "shop", nonce: "n", jwks });
            return claims.sub ?? (await inside(token, { issuer: "https://idp.example", clientId: "shop", nonce: "n", jwks })).sub;
          } catch (err) {
            return err instanceof IdTokenError ? err.code : undefined;
          }
        }`);
      await write('tsconfig.json', JSON.stringify({
        compilerOptions: { strict: true, noEmit: true, target: 'es2022', module, moduleResolution: resolution, lib: ['es2022'], types: [], skipLibCheck: false },
        files: [file],
      }));
      await run(path.join(top, 'node_modules/.bin/tsc'), ['-p', dir], { cwd: dir }).catch((e) => assert.fail(e.stdout));
    });
  }
});

describe('a consumer that is bundled', () => {
  const verify = `
    import { verifyIdToken } from "bonafides/idtoken";
    export const check = (token, options, now) => verifyIdToken(token, { ...options, now: new Date(now) });`;

  test('for browsers: the module stays a file beside the script', async () => {
    await mkdir(path.join(dir, 'out'), { recursive: true });
    const outfile = path.join(dir, 'out/page.mjs');
    const { metafile } = await build({
      stdin: { contents: `${verify}\nimport { install } from "bonafides/tokens"; import { reserve } from "bonafides/fedcm"; export { install, reserve };`, resolveDir: dir },
      bundle: true, format: 'esm', platform: 'browser', outfile, metafile: true, logLevel: 'silent',
    });
    assert.deepEqual(Object.keys(metafile.inputs).filter((f) => f.includes('node_modules')).map((f) => path.basename(f)).sort(),
      ['tokens', 'fedcm', 'idtoken'].map((f) => manifest.flows[f].esm[0]).sort());
    const file = manifest.flows.idtoken.esm.at(-1);
    assert.match(await readFile(outfile, 'utf8'), new RegExp(`new URL\\("\\./${file}",\\s*import\\.meta\\.url\\)`), 'what bundlers look for');
    await copyFile(path.join(installed, file), path.join(dir, 'out', file));
    const { check } = await import(pathToFileURL(outfile));
    assert.equal((await check(one.token, one.options, one.now)).sub, one.sub);
  });

  test('a bundler that carries modules as bytes hands them over', async () => {
    const outfile = path.join(dir, 'out/bytes.mjs');
    await build({
      stdin: { contents: `${verify}\nimport { load } from "bonafides/idtoken"; import bytes from "bonafides/idtoken.wasm"; export const ready = load(bytes);`, resolveDir: dir },
      bundle: true, format: 'esm', platform: 'browser', outfile, loader: { '.wasm': 'binary' }, logLevel: 'silent',
    });
    const { check, ready } = await import(pathToFileURL(outfile));
    await ready;
    assert.equal((await check(one.token, one.options, one.now)).sub, one.sub);
  });

  for (const format of ['esm', 'cjs']) {
    test(`for a server, as one ${format} file with nothing beside it`, async () => {
      const outfile = path.join(dir, `server.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await build({ stdin: { contents: verify, resolveDir: dir }, bundle: true, format, platform: 'node', outfile, logLevel: 'silent' });
      const { check } = await import(pathToFileURL(outfile));
      assert.equal((await check(one.token, one.options, one.now)).sub, one.sub);
    });
  }

  test('what is not used is left out, the keeper is not', async () => {
    const { outputFiles: [unused] } = await build({ stdin: { contents: 'import "bonafides/idtoken"; import "bonafides/tokens";', resolveDir: dir }, bundle: true, format: 'esm', write: false, logLevel: 'silent' });
    assert.ok(unused.contents.length < 200, unused.text.slice(0, 300));
    const { outputFiles: [keeper] } = await build({ stdin: { contents: 'import "bonafides/keeper";', resolveDir: dir }, bundle: true, format: 'esm', write: false, logLevel: 'silent' });
    assert.ok(keeper.contents.length > 5000);
  });
});

test('in a Cloudflare Worker the corpus has no deviation either', { timeout: 1_200_000 }, async (t) => {
  const app = path.join(dir, 'worker');
  await mkdir(app, { recursive: true });
  await symlink(path.join(dir, 'node_modules'), path.join(app, 'node_modules'));
  await writeFile(path.join(app, 'wrangler.toml'), 'name = "check"\nmain = "index.mjs"\ncompatibility_date = "2026-01-01"\n');
  await writeFile(path.join(app, 'index.mjs'), `
    import { verifyIdToken } from "bonafides/idtoken";
    export default {
      async fetch(request) {
        const { token, options, now } = await request.json();
        try {
          return Response.json(await verifyIdToken(token, { ...options, now: new Date(now) }));
        } catch (e) {
          return Response.json({ code: e.code, message: e.message, stack: e.cause?.stack }, { status: 401 });
        }
      },
    };`);
  const port = await new Promise((resolve) => {
    const s = createServer().listen(0, '127.0.0.1', () => { const { port: p } = s.address(); s.close(() => resolve(p)); });
  });
  const env = {
    ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false', DO_NOT_TRACK: '1', CI: '1', NO_COLOR: '1', XDG_CONFIG_HOME: path.join(app, 'config'),
  };
  const dev = spawn(process.execPath, [path.join(top, 'node_modules/wrangler/bin/wrangler.js'), 'dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0', '--show-interactive-dev-session=false'], {
    cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => { dev.once('close', resolve); });
  let output = '';
  for (const s of [dev.stdout, dev.stderr]) s.on('data', (d) => { output += d; });
  const ask = (body) => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(body) });
  try {
    const deadline = Date.now() + 900_000;
    let answer;
    while (!(answer = await ask(one).catch(() => null))) {
      assert.ok(Date.now() < deadline && dev.exitCode === null, output);
      await new Promise((r) => setTimeout(r, 200));
    }
    const good = await answer.json();
    assert.equal(good.sub, one.sub, JSON.stringify(good));
    const all = await corpus();
    const { accepted, wrong } = await deviations(async (token, { now, ...options }) => {
      const said = await ask({ token, options, now: now.getTime() });
      const body = await said.json();
      if (!said.ok) throw Object.assign(new Error(body.message), body);
      return body;
    }, all);
    t.diagnostic(`workerd: ${all.cases.length} cases, ${accepted} accepted, ${wrong.length} deviations`);
    assert.deepEqual(wrong, []);
  } finally {
    dev.kill('SIGINT');
    const timer = setTimeout(() => dev.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
});
