// The gate's assertion from workerd to the programs that check it: the example in
// Go, with rpserver/gate, and the one in Node, with jose.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {createPublicKey, verify} from 'node:crypto';
import {request} from 'node:http';
import {connect, createServer} from 'node:net';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {echo, nowSeconds, pair, raw, serve} from './gate.mjs';
import {devWith, root, work} from './lib.mjs';

const ends = [];
const key = pair('k'), recordKey = pair('record');
let worker, provider, issuer, echoes, door, at, go, node;

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, '127.0.0.1', () => {
    const {port} = s.address();
    s.close(() => resolve(port));
  });
});

/** Starts a program that listens on this port, and waits until it does. */
async function program(port, command, args, env = {}) {
  const child = spawn(command, args, {cwd: root, env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'pipe']});
  let said = '';
  for (const s of [child.stdout, child.stderr]) s.on('data', (d) => { said += d; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  ends.push(() => { child.kill(); return ended; });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${said}`);
    const up = await new Promise((resolve) => {
      const s = connect(port, 'localhost', () => { s.destroy(); resolve(true); });
      s.on('error', () => resolve(false));
    });
    if (up) return {url: `http://localhost:${port}`, said: () => said};
    await new Promise((r) => setTimeout(r, 50));
  }
}

before(async () => {
  const add = (f) => ends.push(f);
  provider = await serve(add, (q, a) => a.writeHead(200, {'Cache-Control': 'max-age=3600'}).end(JSON.stringify({keys: [key.jwk]})));
  issuer = await serve(add, (q, a) => a.writeHead(200, {'Content-Type': 'application/jwk-set+json'}).end(JSON.stringify({keys: [recordKey.jwk]})));
  echoes = await serve(add, echo);
  // One origin for the gate, and any of the servers behind it.
  door = await serve(add, (q, a) => {
    const {hostname, port} = new URL(at);
    q.pipe(request({hostname, port, path: q.url, method: q.method, headers: q.rawHeaders, agent: false}, (b) => {
      a.writeHead(b.statusCode, b.rawHeaders);
      b.pipe(a);
    }).on('error', () => a.destroy()));
  });
  const gate = {
    origin: door.url, records: {issuers: [issuer.url]},
    idTokens: {issuer: 'https://idp.example', clientId: 'gate', jwksUri: `${provider.url}/`, cookie: '__Host-session', insecureNoNonce: true},
  };
  worker = await devWith({vars: {GATE: JSON.stringify(gate), GATE_KEYS: `${Buffer.alloc(32, 7).toString('base64')} ${Buffer.alloc(32, 8).toString('base64')}`}});
  const built = join(work, 'gate-go');
  const {status, stderr} = spawnSync('go', ['build', '-o', built, './examples/gate-go'], {cwd: root, encoding: 'utf8'});
  assert.equal(status, 0, stderr);
  const ports = [await freePort(), await freePort()];
  go = await program(ports[0], built, ['-addr', `localhost:${ports[0]}`, '-gate', worker.url, '-origin', door.url]);
  node = await program(ports[1], process.execPath, ['examples/gate-node/server.mjs'], {PORT: String(ports[1]), GATE: worker.url, ORIGIN: door.url});
});
after(async () => {
  await worker?.stop();
  for (const f of ends) await f();
});

const token = (claims = {}) => key.jws({typ: 'JWT'}, {iss: 'https://idp.example', aud: 'gate', sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada ☃ 1e400', iat: nowSeconds(), exp: nowSeconds() + 600, ...claims});
const record = () => {
  const hour = nowSeconds() - nowSeconds() % 3600;
  const text = recordKey.jws({typ: 'pst-rr+jwt'}, {iss: issuer.url, iat: hour, exp: hour + 24 * 3600, key: 7, origin: 'https://news.example', via: 'native'});
  return {'Sec-Redemption-Record': `"${issuer.url}";redemption-record="${text}"`, Origin: 'https://news.example'};
};
const signedIn = (claims) => ({Authorization: `Bearer ${token(claims)}`});

/** What the origin gets of a request through the gate, and what its assertion says, checked with node:crypto. */
async function asserted(path, options) {
  at = echoes.url;
  const a = await raw(worker.url, `/gate${path}`, options);
  assert.equal(a.status, 200, `${path}: ${a.text}`);
  const got = a.json();
  assert.equal(got.headers['gate-assertion'].length, 1);
  const text = got.headers['gate-assertion'][0];
  const [header, payload, signature] = text.split('.');
  const {keys} = (await raw(worker.url, '/.well-known/gate-keys')).json();
  const {kid, ...more} = JSON.parse(Buffer.from(header, 'base64url'));
  assert.deepEqual(more, {alg: 'ES256', typ: 'gate-assertion+jwt'});
  assert.equal(kid, keys[0].kid);
  const by = createPublicKey({key: keys[0], format: 'jwk'});
  assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), {key: by, dsaEncoding: 'ieee-p1363'}, Buffer.from(signature, 'base64url')));
  return {got, text, said: JSON.parse(Buffer.from(payload, 'base64url'))};
}

/** An assertion is good for a minute of the real clock: where the machine was away for most of it, once more. */
async function withinAMinute(f) {
  for (;;) {
    const begun = performance.now();
    try {
      return await f();
    } catch (e) {
      if (performance.now() - begun < 50_000) throw e;
    }
  }
}

describe('the gate\'s assertion', () => {
  test('names the visitor and the request as it reaches the origin', async () => {
    for (const [method, path] of [
      ['GET', '/'], ['POST', '/a/b?c=d'], ['DELETE', '//x/%2f?%2F&=+'], ['PUT', '/?'], ['PATCH', '/a%20b/é?é\''], ...[...'|^{}~!*()[]'].map((c) => ['GET', `/${c}?${c}`]), ['OPTIONS', '/%zz?%zz'], ['GET', '/a/./b//../c;d=e,f@g:h!$&\'()*+'], ['GET', '/\\a?\\b#c'],
    ]) {
      const {got, said} = await asserted(path.replace(/[^\x21-\x7e]/g, encodeURIComponent), {method, headers: signedIn()});
      assert.deepEqual([said.method, said.target], [got.method, got.url], `${method} ${path}`);
      assert.equal(said.method, method);
      assert.deepEqual([said.iss, said.aud, said.admitted, said.issuer, said.sub, said.email], [worker.url, door.url, 'id-token', 'https://idp.example', 'ada', 'ada@example.com']);
      assert.equal(said.claims.name, 'Ada ☃ 1e400');
      assert.equal(said.exp - said.iat, 60);
      assert.ok(Math.abs(said.iat - nowSeconds()) < 600);
      assert.equal(got.headers['gate-claims'], undefined);
    }
  });

  test('is the gate\'s own, whatever a visitor sends, and none of what is too long', async () => {
    const {said} = await asserted('/', {headers: {...signedIn({sub: 'eve', email_verified: false, long: 'x'.repeat(5000)}), 'Gate-Assertion': 'mine', 'Gate_Assertion': 'mine'}});
    assert.deepEqual([said.sub, said.email, said.claims], ['eve', undefined, undefined]);
    const long = await asserted(`/${'x'.repeat(4000)}`, {headers: signedIn()});
    assert.deepEqual([long.said.sub, long.said.claims], ['ada', undefined]);
    assert.ok(long.text.length < 8000);
    const longer = await raw(worker.url, `/gate/${'x'.repeat(8200)}`, {headers: signedIn()});
    assert.deepEqual([longer.status, longer.json().code], [414, 'target_too_long']);
  });

  test('names the issuer and the site of a redemption record', async () => {
    const {said} = await asserted('/ad', {headers: record()});
    assert.deepEqual([said.admitted, said.issuer, said.site, said.via, said.key, said.sub], ['record', issuer.url, 'https://news.example', 'native', 7, undefined]);
  });

  for (const which of ['Go', 'Node']) {
    test(`is what a server in ${which} admits by, and nothing else`, () => withinAMinute(async () => {
      const server = which === 'Go' ? go : node;
      const {text} = await asserted('/page?a=%2f', {headers: signedIn()});
      const {text: post} = await asserted('/page?a=%2f', {method: 'POST', headers: signedIn()});
      at = server.url;
      const a = await raw(worker.url, '/gate/page?a=%2f', {headers: signedIn()});
      assert.deepEqual([a.status, a.text], [200, 'You are ada at https://idp.example.\n'], server.said());
      assert.equal((await raw(worker.url, '/gate/page', {method: 'HEAD', headers: signedIn()})).status, 200);
      assert.equal((await raw(worker.url, '/gate/page', {method: 'POST', headers: signedIn(), body: 'hello'})).status, 200);
      assert.equal((await raw(worker.url, '/gate/ad', {headers: record()})).text, `${issuer.url} vouches for a visitor of https://news.example.\n`);
      // Past the gate, to the server itself.
      const past = async (path, headers) => {
        const b = await raw(server.url, path, {headers});
        return `${b.status} ${/assertion_missing|assertion_duplicated|target_mismatch|method_mismatch|signature_invalid|SIGNATURE_VERIFICATION_FAILED/.exec(b.text)?.[0] ?? b.text}`;
      };
      assert.equal(await past('/page?a=%2f', {'Gate-Subject': 'admin', 'Gate-Admitted': 'id-token'}), '403 assertion_missing');
      assert.equal(await past('/page?a=%2f', {'Gate-Assertion': [text, text]}), '403 assertion_duplicated');
      assert.equal(await past('/admin', {'Gate-Assertion': text}), '403 target_mismatch');
      assert.equal(await past('/page?a=%2F', {'Gate-Assertion': text}), '403 target_mismatch');
      assert.equal(await past('/page?a=%2f', {'Gate-Assertion': post}), '403 method_mismatch');
      const forged = text.split('.');
      forged[1] = Buffer.from(Buffer.from(forged[1], 'base64url').toString().replace('"sub":"ada"', '"sub":"admin"')).toString('base64url');
      assert.match(await past('/page?a=%2f', {'Gate-Assertion': forged.join('.')}), /^403 (signature_invalid|SIGNATURE_VERIFICATION_FAILED)$/);
      // What is documented: whoever saw an assertion can send it again, for a minute.
      assert.equal(await past('/page?a=%2f', {'Gate-Assertion': text}), '200 You are ada at https://idp.example.\n');
    }));
  }
});
