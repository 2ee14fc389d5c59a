// What goes wrong: a panic inside Go, a missing or faulty configuration, a store
// that cannot answer.
import assert from 'node:assert/strict';
import {cpSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {hot} from '../build.mjs';
import {getTokens, keysOf, names, paths, redeem, redemption} from './client.mjs';
import {bundle, exampleVars, root, work, workerd} from './lib.mjs';

const vars = {...exampleVars(), ISSUER_POLICY: 'insecure_open'};
const manifest = JSON.parse(readFileSync(join(root, 'worker', 'dist', 'manifest.json'), 'utf8'));

const shipped = bundle();

describe('a panic inside Go', () => {
  let server;
  before(async () => {
    const out = bundle('worker/test/trap.ts');
    const module = readdirSync(out).find((f) => f.endsWith(manifest.hot));
    const trap = join(work, 'trap.wasm');
    hot(trap, 'forcedtrap');
    cpSync(trap, join(out, module));
    server = await workerd(out, vars, join(work, 'panic'));
  });
  after(() => server?.stop());

  test('is a 503 with a request id, and the next request works', async () => {
    const keys = await keysOf(server.url);
    for (let i = 0; i < 3; i++) {
      const r = await fetch(`${server.url}/panic`);
      assert.equal(r.status, 503);
      assert.equal(r.headers.get('content-type'), 'application/problem+json');
      const id = r.headers.get('x-request-id');
      const problem = await r.json();
      assert.equal(problem.code, 'module_stopped');
      assert.ok(id && problem.request_id === id && problem.detail.includes(id), JSON.stringify(problem));
      for (const until = Date.now() + 30_000; !server.said().includes(id);) { // it comes through a pipe of its own
        assert.ok(Date.now() < until, 'the log does not name the request');
        await new Promise((r) => setTimeout(r, 20));
      }
      const [one] = await getTokens(server.url, keys, 1);
      assert.equal((await redeem(server.url, redemption(one))).status, 200);
    }
  });

  test('right after another one is a 503 like it', async () => {
    for (let i = 0; i < 3; i++) {
      const r = await fetch(`${server.url}/panic`);
      assert.deepEqual([r.status, (await r.json()).code], [503, 'module_stopped']);
    }
  });

  test('among other requests ends none of them', async () => {
    const keys = await keysOf(server.url);
    const tokens = await getTokens(server.url, keys, 10);
    const told = async (r) => [r.status, (await r.json()).code]; // so that a failure says what the Worker answered
    const answers = await Promise.all(tokens.flatMap((one) => [
      fetch(`${server.url}/panic`).then(told),
      redeem(server.url, redemption(one)).then(told),
    ]));
    assert.deepEqual(answers, tokens.flatMap(() => [[503, 'module_stopped'], [200, undefined]]));
  });

  test('between a token that is spent and its record costs nobody the record', async () => {
    const keys = await keysOf(server.url);
    for (const one of await getTokens(server.url, keys, 3)) {
      const r = await redeem(server.url, redemption(one), '/redeem-in-panic');
      assert.equal(r.status, 200, await r.clone().text());
      assert.ok(r.headers.get(names.native.token));
    }
  });

  test('cannot be had from the shipped module', () => {
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(join(root, 'worker', 'dist', manifest.hot)))).map((e) => e.name);
    assert.ok(exported.includes('edge_verify_redemption'));
    assert.ok(!exported.includes('edge_panic'));
    const trap = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(join(work, 'trap.wasm')))).map((e) => e.name);
    assert.deepEqual(trap.filter((e) => !exported.includes(e)), ['edge_panic']);
  });
});

const every = [paths.commitment, paths.recordKeys, '/issue', '/issue/challenge', '/redeem', '/.well-known/trust-token',
  paths.polyfillIssue, paths.polyfillRedeem, paths.returnPage, '/nowhere', '/'];

/** What the Worker answers at a path with these variables. */
async function ask(variables, asked, state = join(work, 'faults')) {
  const server = await workerd(shipped, variables, state);
  try {
    const health = await fetch(`${server.url}/healthz`);
    assert.equal(health.status, 200);
    const answers = [];
    for (const path of asked) {
      const r = await fetch(server.url + path);
      answers.push({path, status: r.status, type: r.headers.get('content-type'), text: await r.text()});
    }
    return answers;
  } finally {
    await server.stop();
  }
}

const without = (name) => Object.fromEntries(Object.entries(vars).filter(([n]) => n !== name));

describe('a faulty configuration is named and not shown, on every route but /healthz', () => {
  for (const [name, variables, code, says] of [
    ['no token keys', without('ISSUER_KEYS'), 'secret_missing', 'npx wrangler secret put ISSUER_KEYS'],
    ['no record key', without('ISSUER_RECORD_KEY'), 'secret_missing', 'npx wrangler secret put ISSUER_RECORD_KEY'],
    ['nothing at all', {}, 'secret_missing', 'npx wrangler secret put ISSUER_KEYS'],
    ['token keys that are none', {...vars, ISSUER_KEYS: 'sesame'}, 'secret_invalid', 'ISSUER_KEYS'],
    ['a record key that is none', {...vars, ISSUER_RECORD_KEY: 'sesame'}, 'secret_invalid', 'ISSUER_RECORD_KEY'],
    ['a record key that is too short', {...vars, ISSUER_RECORD_KEY: 'c2VzYW1l'}, 'secret_invalid', 'ISSUER_RECORD_KEY'],
    ['an origin with a path', {...vars, ISSUER_ORIGIN: 'https://issuer.example/'}, 'variable_invalid', 'ISSUER_ORIGIN'],
    ['an insecure origin', {...vars, ISSUER_ORIGIN: 'http://issuer.example'}, 'variable_invalid', 'ISSUER_ORIGIN'],
    ['allowed origins that are none', {...vars, ISSUER_ALLOWED_ORIGINS: 'https://a.example shop'}, 'variable_invalid', 'ISSUER_ALLOWED_ORIGINS'],
    ['a batch in words', {...vars, ISSUER_BATCH_SIZE: 'ten'}, 'variable_invalid', 'ISSUER_BATCH_SIZE'],
    ['a batch that does not fit the plan', {...vars, ISSUER_BATCH_SIZE: '60'}, 'variable_invalid', 'ISSUER_CPU_MS'],
    ['commitment version 0', {...vars, ISSUER_COMMITMENT_ID: '0'}, 'variable_invalid', 'ISSUER_COMMITMENT_ID'],
    ['a polyfill that is neither', {...vars, ISSUER_POLYFILL: 'yes'}, 'variable_invalid', 'ISSUER_POLYFILL'],
    ['a record of another kind', {...vars, ISSUER_RECORD: 'both'}, 'variable_invalid', 'ISSUER_RECORD'],
    ['a short record lifetime', {...vars, ISSUER_RECORD_LIFETIME: '7199'}, 'variable_invalid', 'ISSUER_RECORD_LIFETIME'],
  ]) {
    test(name, async () => {
      for (const {path, status, type, text} of await ask(variables, every)) {
        assert.deepEqual([path, status, type], [path, 503, 'application/problem+json']);
        const problem = JSON.parse(text);
        assert.equal(problem.code, code, path);
        assert.ok(problem.detail.includes(says), problem.detail);
        assert.ok(!/sesame|c2VzYW1l/.test(text), text);
      }
    });
  }
});

/** Asks a Worker with these variables for one token. */
async function issue(variables, state) {
  const server = await workerd(shipped, variables, state);
  try {
    return await getTokens(server.url, await keysOf(server.url), 1);
  } finally {
    await server.stop();
  }
}

describe('what cannot decide gives nothing', () => {
  test('without a policy nobody gets tokens, and the answer says what to set', async () => {
    await assert.rejects(issue(without('ISSUER_POLICY'), join(work, 'policy')), /503 .*policy_missing.*ISSUER_POLICY/s);
  });

  test('a policy that nobody knows is a fault', async () => {
    await assert.rejects(issue({...vars, ISSUER_POLICY: 'InsecureOpen'}, join(work, 'policy')), /503 .*variable_invalid.*ISSUER_POLICY/s);
  });

  test('a CAPTCHA without its secret is a fault', async () => {
    await assert.rejects(issue({...vars, ISSUER_POLICY: 'captcha'}, join(work, 'policy')), /503 .*secret_missing.*CAPTCHA_SECRET/s);
  });

  test('a missing binding is named, and nothing is redeemed', async (t) => {
    const state = join(work, 'binding');
    const issuing = await workerd(shipped, vars, state, t);
    const value = redemption((await getTokens(issuing.url, await keysOf(issuing.url), 1))[0]);
    await issuing.stop();
    for (const [variables, kept, binding] of [[vars, null, 'SPENT'], [{...vars, ISSUER_STORE: 'd1'}, state, 'DB']]) {
      const server = await workerd(shipped, variables, kept, t);
      const r = await redeem(server.url, value);
      assert.equal(r.status, 503);
      assert.equal(r.headers.get('sec-private-state-token'), null);
      const problem = await r.json();
      assert.deepEqual([problem.code, problem.detail.includes(binding)], ['binding_missing', true]);
      await server.stop();
    }
    const again = await workerd(shipped, vars, state, t);
    assert.equal((await redeem(again.url, value)).status, 200);
    await again.stop();
  });

  test('a store that cannot answer means not redeemed: 503, and no record', async (t) => {
    const state = join(work, 'broken');
    const first = await workerd(shipped, vars, state, t);
    const [one] = await getTokens(first.url, await keysOf(first.url), 1);
    assert.equal((await redeem(first.url, redemption(one))).status, 200);
    await first.stop();
    // The database of the object becomes a file that is none.
    const objects = join(state, 'bonafides-spent-tokens');
    const files = readdirSync(objects).filter((f) => /^[0-9a-f]{64}/.test(f));
    assert.ok(files.length > 0);
    for (const f of files) {
      if (/-(wal|shm)$/.test(f)) rmSync(join(objects, f));
      else writeFileSync(join(objects, f), 'this is no database'.repeat(1000));
    }
    const broken = await workerd(shipped, vars, state, t);
    const r = await redeem(broken.url, redemption(one));
    assert.equal(r.status, 503);
    assert.equal(r.headers.get('sec-private-state-token'), null);
    assert.equal((await r.json()).code, 'store_unavailable');
    await broken.stop();
  });
});
