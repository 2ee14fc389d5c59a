// Next: a page that its server makes and a part of it that runs in the browser,
// both check an ID token; with webpack and with Turbopack, while one develops and
// built.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { answerOf, done, one, patience, project } from '../lib.mjs';

const here = import.meta.dirname;
const next = path.join(here, 'node_modules/next/dist/bin/next');
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' };
after(done);

const files = {
  'next.config.mjs': `export default { turbopack: { root: ${JSON.stringify(here)} } };\n`,
  'app/layout.js': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
  'app/page.js': `
import { verifyIdToken } from "bonafides/idtoken";
import one from "../case.mjs";
import Check from "./check.js";
export const dynamic = "force-dynamic";
export default async function Page() {
  const { sub } = await verifyIdToken(one.token, { ...one.options, now: new Date(one.now) });
  return <main>the server says {sub} <Check /></main>;
}
`,
  'app/check.js': `
"use client";
import { useEffect } from "react";
import { verifyIdToken } from "bonafides/idtoken";
import one from "../case.mjs";
export default function Check() {
  useEffect(() => {
    verifyIdToken(one.token, { ...one.options, now: new Date(one.now) })
      .then((claims) => { window.answer = claims.sub; }, (e) => { window.answer = [e.code, e.message, e.cause].join(": "); });
  }, []);
  return null;
}
`,
};

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

/** Runs a server of Next and says what the server and the browser answer. */
async function answers(dir, ...args) {
  const port = await freePort();
  const child = spawn(process.execPath, [next, ...args, '--port', String(port), '--hostname', '127.0.0.1'], { cwd: dir, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => { child.once('close', resolve); });
  let said = '';
  for (const s of [child.stdout, child.stderr]) s.on('data', (d) => { said += d; });
  try {
    const url = `http://127.0.0.1:${port}/`;
    const until = Date.now() + patience;
    let answer;
    while (!(answer = await fetch(url).catch(() => null))) {
      assert.ok(Date.now() < until && child.exitCode === null, said);
      await new Promise((r) => setTimeout(r, 200));
    }
    const html = await answer.text();
    assert.equal(answer.status, 200, said);
    return { server: html.replace(/<!-- -->/g, '').match(/the server says ([^ <]+)/)?.[1], browser: await answerOf(url) };
  } finally {
    process.kill(-child.pid, 'SIGTERM'); // with what it started
    await ended;
  }
}

for (const bundler of ['webpack', 'turbopack']) {
  test(`Next with ${bundler}, built: server and browser check an ID token`, async () => {
    const dir = await project(files, here);
    await promisify(execFile)(process.execPath, [next, 'build', `--${bundler}`], { cwd: dir, env }).catch((e) => assert.fail(e.stdout + e.stderr));
    const { sub } = await one();
    assert.deepEqual(await answers(dir, 'start'), { server: sub, browser: sub });
  });

  test(`Next with ${bundler}, while one develops: server and browser check an ID token`, async () => {
    const dir = await project(files, here);
    const { sub } = await one();
    assert.deepEqual(await answers(dir, 'dev', `--${bundler}`), { server: sub, browser: sub });
  });
}
