// The Worker as its users meet it: `wrangler deploy --dry-run` with the
// wrangler.toml that is in the tree, and `wrangler dev` in workerd, without an
// account and without a network.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createPublicKey, verify} from 'node:crypto';
import {cpSync, readFileSync, readdirSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {begin, commitmentsOf, finish, getTokens, headers, names, paths, redeem, redemption, solve} from './client.mjs';
import {bundle, dev, devIn, env, root, work} from './lib.mjs';

test('wrangler deploy --dry-run builds what it would upload', (t) => {
  const out = bundle();
  const files = readdirSync(out).filter((f) => !/\.(map|md)$/.test(f)).map((f) => readFileSync(join(out, f)));
  const size = files.reduce((n, b) => n + b.length, 0);
  const packed = files.reduce((n, b) => n + gzipSync(b, {level: 9}).length, 0);
  // Cloudflare's limit for an upload, as documented for the free plan of old, is
  // 3 MB gzip.
  assert.ok(packed <= 2.5 * 1024 * 1024, `${packed} bytes gzip`);
  t.diagnostic(`upload ${(size / 1024).toFixed(0)} KiB, gzip ${(packed / 1024).toFixed(0)} KiB`);
});

test('a clean clone serves the key commitments and would deploy, with npm alone', async (t) => {
  // What git has, npm's packages, and nothing that make setup builds.
  const clone = join(work, 'clone');
  for (const file of execFileSync('git', ['ls-files', '-z'], {cwd: root, encoding: 'utf8'}).split('\0').filter(Boolean)) {
    cpSync(join(root, file), join(clone, file));
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  cpSync(join(clone, '.dev.vars.example'), join(clone, '.dev.vars'));
  const {url, stop} = await devIn(clone);
  t.after(stop);
  const r = await fetch(url + paths.commitment);
  assert.equal(r.status, 200);
  assert.equal(await r.text(), readFileSync(join(root, 'worker', 'testdata', 'commitments-of-dev-vars-example.json'), 'utf8'));
  const said = execFileSync(process.execPath, [join(clone, 'node_modules', 'wrangler', 'bin', 'wrangler.js'), 'deploy', '--dry-run'], {cwd: clone, env, encoding: 'utf8'});
  assert.match(said, /--dry-run: exiting now/);
});

test('the module of the hot path fits its size', () => {
  const dist = join(root, 'worker', 'dist');
  const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'));
  const {length} = gzipSync(readFileSync(join(dist, manifest.hot)), {level: 9});
  assert.ok(length <= 150 * 1024, `${length} bytes gzip`);
});

/** Verifies a record with the keys that the issuer publishes; its claims. */
async function claims(url, record) {
  const [head, body, sig] = record.split('.');
  const {kid, alg, typ} = JSON.parse(Buffer.from(head, 'base64url'));
  assert.deepEqual([alg, typ], ['EdDSA', 'pst-rr+jwt']);
  const {keys} = await (await fetch(url + paths.recordKeys)).json();
  const key = createPublicKey({key: keys.find((k) => k.kid === kid), format: 'jwk'});
  assert.ok(verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(sig, 'base64url')));
  return JSON.parse(Buffer.from(body, 'base64url'));
}

describe('with the variables of .dev.vars.example', () => {
  let url, stop, keys, batchSize;
  before(async () => {
    ({url, stop} = await dev('--env-file', join(root, '.dev.vars.example')));
    ({keys, batchSize} = await commitmentsOf(url));
  });
  after(() => stop?.());

  test('the Worker serves the key commitments', async () => {
    const health = await fetch(`${url}/healthz`);
    assert.equal(health.status, 200);
    assert.deepEqual(await health.json(), {status: 'ok'});

    const r = await fetch(url + paths.commitment);
    assert.equal(r.status, 200);
    assert.equal(r.headers.get('content-type'), 'application/pst-issuer-directory');
    assert.equal(r.headers.get('access-control-allow-origin'), '*');
    assert.equal(await r.text(), readFileSync(join(root, 'worker', 'testdata', 'commitments-of-dev-vars-example.json'), 'utf8'));

    const again = await fetch(url + paths.commitment, {headers: {'If-None-Match': r.headers.get('etag')}});
    assert.equal(again.status, 304);
    const post = await fetch(url + paths.commitment, {method: 'POST'});
    assert.equal(post.status, 405);
    assert.equal((await post.json()).code, 'method_not_allowed');
    assert.equal((await fetch(`${url}/nowhere`)).status, 404);
    const many = await Promise.all(Array.from({length: 20}, () => fetch(url + paths.commitment).then((x) => x.status)));
    assert.deepEqual(many, Array(20).fill(200));
  });

  test('a proof of work is worth tokens once, and a token a record once', async () => {
    const proof = {'Issuance-Proof': solve(await (await fetch(`${url}/issue/challenge`)).json())};
    assert.equal((await getTokens(url, keys, 3)).length, 0);
    const tokens = await getTokens(url, keys, 3, proof);
    assert.equal(tokens.length, 3);
    assert.equal((await getTokens(url, keys, 3, proof)).length, 0);
    for (const one of tokens) {
      const value = redemption(one);
      const first = await redeem(url, value);
      assert.equal(first.status, 200);
      assert.deepEqual(await first.json(), {redeemed: true});
      const record = await claims(url, first.headers.get(names.native.token));
      assert.deepEqual([record.iss, record.origin, record.via, record.key], [url, 'https://news.example', 'native', 1]);
      assert.equal(record.iat % 3600, 0);
      assert.equal(record.exp, record.iat + 86400);
      assert.ok(Number(first.headers.get(names.native.lifetime)) > 80_000);
      const second = await redeem(url, value);
      assert.equal(second.status, 409);
      assert.equal((await second.json()).code, 'already_spent');
    }
  });

  test('the polyfill has endpoints of its own', async () => {
    const proof = solve(await (await fetch(`${url}/issue/challenge`)).json());
    const {pending, header} = begin(keys, 2);
    const answer = await fetch(url + paths.polyfillIssue, {method: 'POST', headers: headers(header, {'Issuance-Proof': proof, Origin: url}, names.polyfill)});
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-expose-headers'), names.polyfill.token);
    const [one] = finish(pending, answer.headers.get(names.polyfill.token));
    const value = headers(redemption(one), {}, names.polyfill);
    const careless = await fetch(url + paths.polyfillRedeem, {method: 'POST', headers: {...value, Cookie: 'a=b'}});
    assert.equal((await careless.json()).code, 'credentials_sent');
    const good = await fetch(url + paths.polyfillRedeem, {method: 'POST', headers: value});
    assert.equal(good.status, 200);
    assert.equal((await claims(url, good.headers.get(names.polyfill.token))).via, 'polyfill');
    // Neither endpoint reads the other's headers.
    const mixed = await fetch(`${url}/redeem`, {method: 'POST', headers: value});
    assert.equal((await mixed.json()).code, 'token_header_missing');
  });

  test('the largest batch that fits is signed, whatever is asked for', async () => {
    const proof = {'Issuance-Proof': solve(await (await fetch(`${url}/issue/challenge`)).json())};
    assert.equal(batchSize, 10);
    assert.equal((await getTokens(url, keys, 60, proof)).length, 10);
  });
});
