// The command itself: what it prints, how fast it answers, how it ends.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { request } from './lib/http.mjs';
import { patience } from './lib/patience.mjs';
import { buildDemo, cpu, freePort, Program, sites, Stack, temporaryFolder } from './lib/stack.mjs';

const hostOf = (site, port) => (site === 'home' ? `localhost:${port}` : `${site}.localhost:${port}`);

async function until(condition, what, limit = patience) {
  const deadline = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms for ${what}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

const answers = (port) => request({ port, host: `localhost:${port}` }).then((a) => a.status === 200, () => false);

test('every site answers 200 without a redirect after at most two seconds of work, and the addresses are printed', async () => {
  const binary = await buildDemo();
  const port = await freePort();
  const data = await temporaryFolder('data');
  const demo = new Program(binary, ['-addr', `localhost:${port}`, '-data', data.dir]);
  try {
    await until(() => answers(port), 'the listener');
    for (const site of sites) {
      const answer = await request({ port, host: hostOf(site, port) });
      assert.equal(answer.status, 200, `${site}: ${answer.text.slice(0, 300)}`);
      assert.match(answer.headers['content-type'], /^text\/html/, site);
    }
    // CPU time: what else the machine does is no fault of the demo.
    const worked = await cpu(demo.child.pid);
    assert.ok(worked < 2000, `all sites answered after ${worked} ms of work`);
    await until(() => sites.every((site) => demo.output.includes(`http://${hostOf(site, port)}`)), `the addresses in:\n${demo.output}`);
    assert.ok(!/panic|goroutine \d/.test(demo.output), demo.output);
  } finally {
    await demo.stop();
    await data.remove();
  }
});

test('the listener answers on 127.0.0.1 and on ::1', async () => {
  const stack = await Stack.start();
  try {
    for (const address of ['127.0.0.1', '::1']) {
      const status = await new Promise((resolve, reject) => {
        http.get({ host: address, port: stack.port, path: '/', headers: { Host: stack.host('news') } }, (r) => { r.resume(); resolve(r.statusCode); }).on('error', reject);
      });
      assert.equal(status, 200, address);
    }
  } finally {
    await stack.stop();
  }
});

test('Ctrl-C ends it with code 0, also while a page listens to its events, and frees the port', async () => {
  const stack = await Stack.start();
  const held = net.connect(stack.port, '127.0.0.1');
  held.on('error', () => {});
  held.write(`GET / HTTP/1.1\r\nHost: ${stack.host('home')}\r\n\r\n`);
  await new Promise((resolve) => { held.once('data', resolve); });
  // Where it waited for the page it would have to be killed.
  const end = await stack.stop();
  held.destroy();
  assert.deepEqual(end, { code: 0, signal: null }, stack.program.output);
  assert.ok(!/panic|goroutine \d/.test(stack.program.output), stack.program.output);
  const again = net.createServer();
  await new Promise((resolve, reject) => { again.once('error', reject).listen(stack.port, '127.0.0.1', resolve); });
  again.close();
});

test('SIGTERM ends it cleanly too', async () => {
  const stack = await Stack.start();
  stack.program.signal('SIGTERM');
  assert.deepEqual(await stack.program.exited, { code: 0, signal: null }, stack.program.output);
  await stack.stop();
});

test('a taken port is said plainly, with what to do', async () => {
  const binary = await buildDemo();
  const blocker = net.createServer();
  await new Promise((resolve) => { blocker.listen(0, '127.0.0.1', resolve); });
  const { port } = blocker.address();
  const data = await temporaryFolder('data');
  const demo = new Program(binary, ['-addr', `localhost:${port}`, '-data', data.dir]);
  try {
    const end = await demo.exited;
    assert.notEqual(end.code, 0);
    assert.match(demo.output, new RegExp(String(port)));
    assert.match(demo.output, /in use|taken|already/i);
    assert.match(demo.output, /-addr/);
    assert.ok(!/panic|goroutine \d/.test(demo.output), demo.output);
    assert.ok(demo.output.trim().split('\n').length <= 4, `more than a plain sentence:\n${demo.output}`);
  } finally {
    await demo.stop();
    blocker.close();
    await data.remove();
  }
});

test('-h names every flag and ends with code 0', async () => {
  const demo = new Program(await buildDemo(), ['-h']);
  const end = await demo.exited;
  assert.equal(end.code, 0, demo.output);
  for (const flag of ['-addr', '-data', '-fresh', '-chrome']) assert.ok(demo.output.includes(flag), `${flag} is not in:\n${demo.output}`);
});

for (const [what, args] of [
  ['an address without a port', ['-addr', 'localhost']],
  ['a port that is no number', ['-addr', 'localhost:http8080']],
  ['a flag that does not exist', ['-nosuch']],
  ['an argument too many', ['shop']],
]) {
  test(`${what} is refused in a sentence, with a code that is not 0`, async () => {
    const data = await temporaryFolder('data');
    const demo = new Program(await buildDemo(), ['-data', data.dir, ...args]);
    try {
      const end = await Promise.race([demo.exited, new Promise((resolve) => { setTimeout(resolve, patience, 'still running').unref(); })]);
      assert.notEqual(end, 'still running', demo.output);
      assert.notEqual(end.code, 0, demo.output);
      assert.ok(demo.output.trim() !== '', 'it says nothing');
      assert.ok(!/panic|goroutine \d/.test(demo.output), demo.output);
    } finally {
      await demo.stop();
      await data.remove();
    }
  });
}

test('the keys stay from one start to the next, and -fresh makes new ones', async () => {
  const binary = await buildDemo();
  const data = await temporaryFolder('data');
  const commitments = async (...more) => {
    const port = await freePort();
    const demo = new Program(binary, ['-addr', `localhost:${port}`, '-data', data.dir, ...more]);
    try {
      await until(() => answers(port), 'the listener');
      const answer = await request({ port, host: hostOf('issuer', port), path: '/.well-known/private-state-token/key-commitment' });
      assert.equal(answer.status, 200);
      const { keys } = Object.values(JSON.parse(answer.text))[0];
      return Object.values(keys).map((k) => k.Y).sort();
    } finally {
      await demo.stop();
    }
  };
  try {
    const first = await commitments();
    assert.deepEqual(await commitments(), first);
    assert.notDeepEqual(await commitments('-fresh'), first);
  } finally {
    await data.remove();
  }
});

test('go run ./demo starts it, and Ctrl-C in its terminal ends it cleanly', async () => {
  const port = await freePort();
  const data = await temporaryFolder('data');
  // A terminal sends the signal to the whole foreground group: go and the demo.
  const demo = new Program('go', ['run', './demo', '-addr', `localhost:${port}`, '-data', data.dir], { detached: true });
  try {
    await until(async () => !demo.running || (await answers(port)), 'go run', 4 * patience);
    assert.ok(demo.running, demo.output);
    process.kill(-demo.child.pid, 'SIGINT');
    const end = await demo.exited;
    // The go command that was interrupted answers 1 itself; what the demo answered
    // it would have printed as "exit status".
    assert.equal(end.signal, null);
    assert.doesNotMatch(demo.output, /exit status|panic|signal:/);
    assert.match(demo.output, /Stopped\.\s*$/);
    assert.equal(await answers(port), false);
  } finally {
    if (demo.running) process.kill(-demo.child.pid, 'SIGKILL');
    await data.remove();
  }
});
