// The demo under test: built once, started on a free port with an empty data
// folder, stopped by its process id.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Jar, request } from './http.mjs';
import { patience } from './patience.mjs';

export const root = path.resolve(import.meta.dirname, '../../..');
export const outDir = path.join(root, 'test/e2e/out');

/** Builds the demo, unless the test runner already did, and gives the program's path. */
export async function buildDemo() {
  if (process.env.BONAFIDES_DEMO) return process.env.BONAFIDES_DEMO;
  const binary = path.join(root, '.tools/bin/demo');
  await promisify(execFile)('go', ['build', '-o', binary, './demo'], { cwd: root, maxBuffer: 1 << 26 });
  await stat(binary);
  return binary;
}

/** A port that nothing listens on now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A new folder under the system's temporary one; remove() deletes it. */
export async function temporaryFolder(name) {
  const dir = await mkdtemp(path.join(os.tmpdir(), `bonafides-${name}-`));
  return { dir, remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

/** One running program with what it printed. */
export class Program {
  constructor(file, args, options = {}) {
    this.output = '';
    this.child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => { this.output += text; });
    }
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ code: -1, signal: String(error) }));
      this.child.once('close', (code, signal) => resolve({ code, signal }));
      // What it started and left behind may hold the other end of its output.
      this.child.once('exit', (code, signal) => setTimeout(resolve, 2000, { code, signal }).unref());
    });
    this.running = true;
    this.exited.then(() => { this.running = false; });
  }

  signal(name) {
    if (this.running) this.child.kill(name); // which does nothing where it has just ended
  }

  /** Asks the program to stop, then makes it. Returns how it ended. */
  async stop(signal = 'SIGINT') {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), patience);
    const end = await this.exited;
    clearTimeout(timer);
    return end;
  }
}

/** The CPU time of a running process, in ms: no other program makes it longer. */
export async function cpu(pid) {
  // proc_pid_stat(5): fields 14 and 15, in hundredths of a second; the second one may hold spaces.
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** The sites of the demo by name; home is the bare localhost. */
export const sites = ['home', 'issuer', 'news', 'ads', 'idp', 'shop'];

export class Stack {
  static async start({ args = [], env = {} } = {}) {
    const stack = new Stack();
    const binary = await buildDemo();
    stack.port = await freePort();
    stack.data = await temporaryFolder('data');
    stack.run = () => {
      stack.program = new Program(binary, ['-addr', `localhost:${stack.port}`, '-data', stack.data.dir, ...args], { env: { ...process.env, ...env } });
    };
    stack.run();
    try {
      await stack.#ready();
      stack.commitments = await stack.#fetchCommitments();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  /** Stops the demo and starts it again on the same port and data. */
  async restart() {
    await this.program.stop();
    this.run();
    await this.#ready();
  }

  async #ready() {
    const deadline = Date.now() + patience;
    for (;;) {
      if (!this.program.running) throw new Error(`the demo ended at its start:\n${this.program.output}`);
      try {
        const answer = await request({ port: this.port, host: this.host('home') });
        if (answer.status === 200) return;
      } catch { /* not listening yet */ }
      if (Date.now() > deadline) throw new Error(`the demo did not answer:\n${this.program.output}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }

  async #fetchCommitments() {
    const answer = await this.fetch('issuer', '/.well-known/private-state-token/key-commitment');
    if (answer.status !== 200) throw new Error(`key commitments: HTTP ${answer.status} ${answer.text}`);
    return JSON.stringify({ [this.origin('issuer')]: JSON.parse(answer.text) });
  }

  host(site) {
    return site === 'home' ? `localhost:${this.port}` : `${site}.localhost:${this.port}`;
  }

  origin(site) {
    return `http://${this.host(site)}`;
  }

  url(site, path = '/') {
    return this.origin(site) + path;
  }

  /** One request by hand. jar, when given, keeps cookies as a browser would. */
  async fetch(site, path = '/', { jar, headers = {}, ...rest } = {}) {
    const host = this.host(site);
    const cookie = jar?.header(host);
    const answer = await request({ port: this.port, host, path, ...rest, headers: { ...(cookie ? { Cookie: cookie } : {}), ...headers } });
    return jar ? jar.take(host, answer) : answer;
  }

  jar() {
    return new Jar();
  }

  async stop() {
    const end = await this.program?.stop();
    await this.data?.remove();
    return end;
  }
}
