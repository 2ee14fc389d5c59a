// Small projects that use the npm package, each in a folder of its own, and the
// browser that opens what a bundler made of them.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import puppeteer from 'puppeteer-core';

export const here = import.meta.dirname;
const top = path.resolve(here, '../..');
const run = promisify(execFile);
/** There against what hangs: a busy machine must not decide a verdict. */
export const patience = 600_000;

// Inside the repository, so that a project finds the bundler and its helpers above itself.
const made = [];
let packed;

/** Packs wasm/dist and unpacks it as npm would, into the node_modules of a new project with these files. */
export async function project(files, under = here) {
  await mkdir(path.join(under, 'out'), { recursive: true });
  const dir = await mkdtemp(path.join(under, 'out/project-'));
  made.push(dir);
  packed ??= run('npm', ['pack', path.join(top, 'wasm/dist'), '--pack-destination', dir, '--silent'], { cwd: dir }).then(({ stdout }) => path.join(dir, stdout.trim()));
  const installed = path.join(dir, 'node_modules/bonafides');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', await packed, '-C', installed, '--strip-components=1']);
  for (const [name, text] of Object.entries({ 'package.json': '{"private": true, "type": "module"}', 'case.mjs': `export default ${JSON.stringify(await one())};\n`, ...files })) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  return dir;
}

/** One good ID token, what it is judged by, and its subject. */
export async function one() {
  const { cases, keySets, now } = JSON.parse(await readFile(path.join(top, 'protocol/oidc/testdata/idtoken-attacks.json'), 'utf8'));
  const { token, config, keys, sub } = cases.find((c) => c.name === 'ES256');
  return { token, sub, options: { ...config, jwks: keySets[keys] }, now: now * 1000 };
}

/** A page that checks the token and leaves the subject in window.answer. */
export const page = (entry = 'bonafides/idtoken') => ({
  'index.html': '<!doctype html><meta charset="utf-8"><title>Check</title><script type="module" src="/main.mjs"></script>\n',
  'main.mjs': `
import { verifyIdToken } from ${JSON.stringify(entry)};
import one from "./case.mjs";
verifyIdToken(one.token, { ...one.options, now: new Date(one.now) })
  .then((claims) => { window.answer = claims.sub; }, (e) => { window.answer = [e.code, e.message, e.cause].join(": "); });
`,
});

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css' };

/** Serves a folder as a static host does, and answers 404 for what it lacks. */
export async function served(dir) {
  const server = http.createServer(async (req, res) => {
    const name = path.join(dir, path.normalize(new URL(req.url, 'http://x').pathname).replace(/\/$/, '/index.html'));
    const found = await stat(name).then((s) => s.isFile(), () => false);
    res.writeHead(found ? 200 : 404, { 'Content-Type': types[path.extname(name)] ?? 'application/octet-stream' });
    if (found) createReadStream(name).pipe(res);
    else res.end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

let browser;
/** What the page at url leaves in window.answer, in a real browser. */
export async function answerOf(url) {
  browser ??= puppeteer.launch({ executablePath: '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [], protocolTimeout: patience });
  const tab = await (await browser).newPage();
  try {
    await tab.goto(url, { timeout: patience });
    const answer = await tab.waitForFunction(() => window.answer, { timeout: patience });
    return await answer.jsonValue();
  } finally {
    await tab.close();
  }
}

export async function done() {
  await (await browser)?.close();
  for (const dir of made) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}
