// The policies of issuance, and who may ask.
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {createServer} from 'node:http';
import {once} from 'node:events';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {after, before, describe, test} from 'node:test';
import {begin, commitmentsOf, getTokens, headers, keysOf, names, paths, redeem, redemption, solve} from './client.mjs';
import {bundle, exampleVars, work, workerd} from './lib.mjs';

const out = bundle();
const base = {...exampleVars(), ISSUER_POLICY: 'insecure_open'};

/** Asks for tokens; what the page's script is told. */
async function ask(url, keys, count, more = {}) {
  const r = await fetch(`${url}/issue`, {method: 'POST', headers: headers(begin(keys, count).header, more)});
  return {status: r.status, ...await r.json()};
}

describe('a CAPTCHA', () => {
  // The service: it answers by the response that it is shown.
  const answers = {
    good: [200, {success: true, hostname: 'issuer.example', action: 'tokens', score: 0.9}],
    bot: [200, {success: true, hostname: 'issuer.example', action: 'tokens', score: 0.2}],
    elsewhere: [200, {success: true, hostname: 'evil.example', action: 'tokens', score: 0.9}],
    unsolved: [200, {success: false, 'error-codes': ['invalid-input-response']}],
    used: [200, {success: false, 'error-codes': ['timeout-or-duplicate']}],
    secret: [200, {success: false, 'error-codes': ['invalid-input-secret']}],
    down: [500, {}],
    away: [302, {}],
    rubbish: [200, ['x']],
  };
  const seen = [];
  let service, server, keys;
  before(async () => {
    service = createServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      const form = new URLSearchParams(body);
      seen.push({url: req.url, host: req.headers.host, secret: form.get('secret'), response: form.get('response'), names: [...form.keys()]});
      const [status, answer] = answers[form.get('response')];
      res.writeHead(status, {'Content-Type': 'application/json', ...(status === 302 && {Location: 'https://captcha.example/elsewhere'})});
      res.end(JSON.stringify(answer));
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    server = await workerd(out, {
      ...base, ISSUER_POLICY: 'captcha', ISSUER_TOKENS: '4', ISSUER_ORIGIN: 'https://issuer.example', CAPTCHA_SECRET: 'sshhh',
      CAPTCHA_URL: 'https://captcha.example/siteverify', CAPTCHA_ACTION: 'tokens', CAPTCHA_MIN_SCORE: '0.5',
    }, join(work, 'captcha'), null, `127.0.0.1:${service.address().port}`);
    keys = await keysOf(server.url);
  });
  after(async () => {
    await server?.stop();
    service?.close();
  });

  for (const [response, status, issued, reason] of [
    ['good', 200, 4, 'granted'],
    ['bot', 200, 0, 'captcha_failed'],
    ['elsewhere', 200, 0, 'captcha_failed'],
    ['unsolved', 200, 0, 'captcha_failed'],
    ['used', 200, 0, 'captcha_expired'],
    ['secret', 503, undefined, undefined],
    ['down', 503, undefined, undefined],
    ['away', 503, undefined, undefined],
    ['rubbish', 503, undefined, undefined],
  ]) {
    test(`whose answer is ${response} gives ${issued ?? 'no decision'}`, async () => {
      seen.length = 0;
      const answer = await ask(server.url, keys, 10, {'Issuance-Proof': response});
      assert.deepEqual([answer.status, answer.issued, answer.reason], [status, issued, reason]);
      if (status === 503) assert.equal(answer.code, 'policy_unavailable');
      // Once, to this address, with nothing about the visitor.
      assert.deepEqual(seen, [{url: '/siteverify', host: 'captcha.example', secret: 'sshhh', response, names: ['secret', 'response']}]);
      assert.ok(!server.said().includes('sshhh'), 'the log shows the secret');
    });
  }

  test('that was not solved is not asked about', async () => {
    seen.length = 0;
    assert.deepEqual(await ask(server.url, keys, 2), {status: 200, requested: 2, issued: 0, reason: 'captcha_missing'});
    assert.deepEqual(seen, []);
  });
});

describe('tokens are for the issuer and those whom it allows', () => {
  let server, keys;
  before(async () => {
    server = await workerd(out, {...base, ISSUER_ORIGIN: 'https://issuer.example', ISSUER_ALLOWED_ORIGINS: 'https://shop.example https://news.example'}, join(work, 'origins'));
    keys = await keysOf(server.url);
  });
  after(() => server?.stop());

  for (const [name, more, status] of [
    ['the issuer itself', {Origin: 'https://issuer.example'}, 200],
    ['an allowed origin', {Origin: 'https://news.example'}, 200],
    ['another origin', {Origin: 'https://evil.example'}, 403],
    ['an allowed host on another port', {Origin: 'https://news.example:8443'}, 403],
    ['nobody that can be named', {Origin: 'null'}, 403],
    ['two origins', {Origin: 'https://issuer.example, https://evil.example'}, 403],
    ['no browser', {}, 200],
    ['a page of the same origin', {'Sec-Fetch-Site': 'same-origin'}, 200],
    ['another site without an Origin', {'Sec-Fetch-Site': 'cross-site'}, 403],
  ]) {
    test(name, async () => {
      const r = await fetch(`${server.url}/issue`, {method: 'POST', headers: headers(begin(keys, 1).header, more)});
      assert.equal(r.status, status);
      assert.equal(r.headers.get('vary'), 'Origin');
      if (status === 403) assert.equal((await r.json()).code, 'origin_not_allowed');
      else if (more.Origin) assert.equal(r.headers.get('access-control-allow-origin'), more.Origin);
    });
  }
});

test('a challenge of one isolate is good in another, and one of other keys is not', async (t) => {
  const vars = {...base, ISSUER_POLICY: 'work', WORK_DIFFICULTY: '8'};
  const state = join(work, 'work');
  const first = await workerd(out, vars, state, t);
  const challenge = await (await fetch(`${first.url}/issue/challenge`)).json();
  const keys = await keysOf(first.url);
  await first.stop();
  const proof = {'Issuance-Proof': solve(challenge)};
  const second = await workerd(out, vars, state, t);
  assert.equal((await ask(second.url, keys, 1, proof)).reason, 'granted');
  await second.stop();
  // The two keys of the example change places: another one signs.
  const other = await workerd(out, {...vars, ISSUER_KEYS: vars.ISSUER_KEYS.replace('state=next', 'state=retired').replace('state=current', 'state=next').replace('state=retired', 'state=current')}, state, t);
  assert.equal((await ask(other.url, keys, 1, proof)).reason, 'proof_of_work_invalid');
});

test('without a fixed origin a record names the one that the request came to', async (t) => {
  const server = await workerd(out, base, join(work, 'origin'), t);
  const keys = await keysOf(server.url);
  const [one] = await getTokens(server.url, keys, 1);
  const record = (await redeem(server.url, redemption(one))).headers.get(names.native.token);
  assert.equal(JSON.parse(Buffer.from(record.split('.')[1], 'base64url')).iss, server.url);
});

test('single records differ, shared ones are the same bytes', async (t) => {
  for (const [kind, differ] of [['shared', false], ['single', true]]) {
    const server = await workerd(out, {...base, ISSUER_RECORD: kind}, join(work, kind), t);
    const keys = await keysOf(server.url);
    const tokens = await getTokens(server.url, keys, 2);
    const [a, b] = await Promise.all(tokens.map(async (one) => (await redeem(server.url, redemption(one))).headers.get(names.native.token)));
    assert.ok(a && b);
    // A full hour may pass between two redemptions, once in a while.
    const iat = (r) => JSON.parse(Buffer.from(r.split('.')[1], 'base64url')).iat;
    if (iat(a) === iat(b)) assert.equal(a !== b, differ, kind);
    await server.stop();
  }
});

test('without the polyfill its endpoints are not there', async (t) => {
  const server = await workerd(out, {...base, ISSUER_POLYFILL: ''}, join(work, 'no-polyfill'), t);
  for (const path of [paths.polyfillIssue, paths.polyfillRedeem]) {
    for (const method of ['POST', 'OPTIONS', 'GET']) assert.equal((await fetch(server.url + path, {method})).status, 404);
  }
});

test('the batch follows the CPU time of the plan, and a smaller one may be set', async (t) => {
  for (const [vars, batch] of [
    [{ISSUER_CPU_MS: ''}, 10], [{ISSUER_CPU_MS: '10'}, 10], [{ISSUER_CPU_MS: '50'}, 60], [{ISSUER_CPU_MS: '1'}, 1],
    [{ISSUER_CPU_MS: '50', ISSUER_BATCH_SIZE: '7'}, 7],
  ]) {
    const server = await workerd(out, {...base, ...vars}, join(work, 'batch'), t);
    const {keys, batchSize} = await commitmentsOf(server.url);
    assert.equal(batchSize, batch);
    const {issued, requested} = await ask(server.url, keys, 60);
    assert.deepEqual([requested, issued], [60, batch]);
    await server.stop();
  }
});

test('redemptions are counted by origin and day where that is set, and nothing else is kept of them', async (t) => {
  const state = join(work, 'counts');
  const server = await workerd(out, {...base, ISSUER_COUNT: 'on'}, state, t);
  const tokens = await getTokens(server.url, await keysOf(server.url), 3);
  for (const [i, one] of tokens.entries()) assert.equal((await redeem(server.url, redemption(one, `https://news${i % 2}.example`))).status, 200);
  await server.stop();
  const rows = [], kept = [];
  const objects = join(state, 'bonafides-spent-tokens');
  for (const f of readdirSync(objects).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))) {
    const db = new DatabaseSync(join(objects, f));
    rows.push(...db.prepare('SELECT day, origin, count FROM redemptions').all().map((r) => ({...r})));
    assert.equal(db.prepare('SELECT count(*) AS n FROM spent').get().n, 0);
    for (const {name} of db.prepare("SELECT name FROM sqlite_master WHERE name GLOB 'spent_[0-9]*' AND type = 'table'").all()) {
      kept.push(...db.prepare(`SELECT * FROM ${name}`).all());
    }
    db.close();
  }
  // Of a token 16 bytes are kept, and no time.
  assert.deepEqual(kept.map((r) => [Object.keys(r), r.row.length]), Array(3).fill([['row'], 16]));
  const day = Math.floor(Date.now() / 86_400_000);
  assert.deepEqual(rows.filter((r) => r.day >= day - 1).map(({origin, count}) => [origin, count]).sort(), [['https://news0.example', 2], ['https://news1.example', 1]]);
});
