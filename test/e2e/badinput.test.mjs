// Bad input to every endpoint of the running demo: truncated, too large, of the
// wrong type, method or content type, random bytes. Each is answered with a 4xx
// that names the fault; nothing changes, nothing secret is printed, nothing
// panics.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Hand, rows } from './lib/signin.mjs';
import { Stack } from './lib/stack.mjs';

const formType = 'application/x-www-form-urlencoded';
const secret = 'Correct-Horse-Battery-Staple-7741';

let stack, ada;

before(async () => {
  stack = await Stack.start();
  ada = new Hand(stack);
  await ada.signInAtProvider('ada');
  await ada.nonce();
});
after(() => stack?.stop());

/** What the sites keep, in their databases and on their pages. */
async function state() {
  const parts = await Promise.all([['news', '/poll'], ['news', '/letters'], ['issuer', '/redemptions'], ['issuer', '/.well-known/private-state-token/key-commitment'], ['idp', '/jwks.json']]
    .map(async ([site, where]) => (await stack.fetch(site, where)).text.replace(/\d+ (seconds?|minutes?|hours?) ago/g, '')));
  return { rows: rows(stack), parts };
}

/** One bad request: a 4xx (of those named, if any) whose body says what was wrong. */
async function refused(what, site, path, options, statuses) {
  const answer = await stack.fetch(site, path, options).catch((error) => { throw new Error(`${what}: ${options.method} ${site}${path}: ${error.message}`); });
  const line = `${what}: ${options.method} ${site}${path} -> ${answer.status} ${answer.text.slice(0, 300)}`;
  assert.ok(answer.status >= 400 && answer.status < 500, line);
  if (statuses) assert.ok(statuses.includes(answer.status), `${line}; expected ${statuses}`);
  if (/json/.test(answer.headers['content-type'] ?? '')) {
    const body = JSON.parse(answer.text);
    assert.match(body.code, /^[a-z][a-z0-9_]+$/, line);
    assert.ok(body.detail.length > 15, line);
  } else if (options.method !== 'HEAD') {
    assert.ok(answer.text.trim().length > 3, line);
  }
  assert.ok(!answer.text.includes(secret), `${line}: the secret came back`);
  for (const h of ['sec-private-state-token', 'set-login']) assert.equal(answer.headers[h], undefined, `${line}: ${h} came back`);
  return answer;
}

/** Runs the bad requests of one endpoint and compares what the sites keep. */
function endpoint(name, requests) {
  test(name, async () => {
    const before = await state();
    let count = 0;
    for (const r of requests()) {
      await refused(...r);
      count++;
    }
    assert.ok(count > 0);
    assert.deepEqual(await state(), before);
  });
}

describe('token messages', () => {
  const version = 'PrivateStateTokenV1VOPRF';
  // The generator of P-384: a valid element, so that the faults are the others.
  const g = Buffer.from('04'
    + 'aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7'
    + '3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f', 'hex');
  const count = (n) => { const b = Buffer.alloc(2); b.writeUInt16BE(n); return b; };
  const issue = Buffer.concat([count(1), g]);
  const clientData = Buffer.from('a27072656465656d696e672d6f726967696e', 'hex');
  const redeem = Buffer.concat([count(165), Buffer.alloc(4), randomBytes(64), g, count(clientData.length), clientData]);
  const offCurve = Buffer.from(issue); offCurve[60] ^= 1;
  const compressed = Buffer.concat([count(1), Buffer.from([2]), g.subarray(1, 49)]);

  const messages = function* () {
    yield ['no message', undefined];
    yield ['an empty message', ''];
    yield ['not base64', '*not*base64*'];
    yield ['base64 of the URL alphabet', Buffer.concat([count(1), Buffer.alloc(97, 0xff)]).toString('base64url')];
    yield ['base64 without padding', Buffer.concat([issue, Buffer.alloc(1)]).toString('base64').replace(/=+$/, '')];
    for (const whole of [issue, redeem]) {
      for (const n of [1, 2, 3, 50, whole.length - 1]) yield [`cut after ${n} bytes`, whole.subarray(0, n).toString('base64')];
      yield ['one byte too many', Buffer.concat([whole, Buffer.alloc(1)]).toString('base64')];
    }
    yield ['no element', count(0).toString('base64')];
    yield ['more elements than a batch may have', Buffer.concat([count(101), ...Array(101).fill(g)]).toString('base64')];
    yield ['a count of 65535', Buffer.concat([count(65535), g]).toString('base64')];
    yield ['an element off the curve', offCurve.toString('base64')];
    yield ['a compressed element', compressed.toString('base64')];
    yield ['the point at infinity', Buffer.concat([count(1), Buffer.alloc(97)]).toString('base64')];
    yield ['20 KiB', randomBytes(15_000).toString('base64')];
    for (const n of [1, 16, 99, 169, 400]) yield [`${n} random bytes`, randomBytes(n).toString('base64')];
  };
  for (const path of ['/issue', '/redeem', '/.well-known/trust-token']) {
    endpoint(path, function* () {
      for (const [what, token] of messages()) {
        const headers = { 'Sec-Private-State-Token-Crypto-Version': version, ...(token === undefined ? {} : { 'Sec-Private-State-Token': token }) };
        yield [what, 'issuer', path, { method: 'POST', headers }];
        yield [what, 'issuer', path, { method: 'GET', headers }];
      }
      const good = issue.toString('base64');
      for (const [what, headers] of [
        ['no version', { 'Sec-Private-State-Token': good }],
        ['another version', { 'Sec-Private-State-Token': good, 'Sec-Private-State-Token-Crypto-Version': 'PrivateStateTokenV1PMB' }],
        ['the version twice', { 'Sec-Private-State-Token': good, 'Sec-Private-State-Token-Crypto-Version': [version, version] }],
        ['the message twice', { 'Sec-Private-State-Token': [good, good], 'Sec-Private-State-Token-Crypto-Version': version }],
      ]) yield [what, 'issuer', path, { method: 'POST', headers }];
      for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
        yield ['wrong method', 'issuer', path, { method, headers: { 'Sec-Private-State-Token': good, 'Sec-Private-State-Token-Crypto-Version': version } }, [405]];
      }
    });
  }
  endpoint('/issue for another site\'s page', function* () {
    const headers = { 'Sec-Private-State-Token': issue.toString('base64'), 'Sec-Private-State-Token-Crypto-Version': version };
    yield ['Origin of news', 'issuer', '/issue', { method: 'POST', headers: { ...headers, Origin: stack.origin('news') } }, [403]];
    yield ['Origin null', 'issuer', '/issue', { method: 'POST', headers: { ...headers, Origin: 'null' } }, [403]];
    yield ['cross-site GET', 'issuer', '/issue', { method: 'GET', headers: { ...headers, 'Sec-Fetch-Site': 'cross-site' } }, [403]];
  });
});

describe('forms', () => {
  /** Faults that any form has, in its content type, encoding and size. */
  const bodies = function* (good) {
    const first = good.split('=')[0];
    yield ['text/plain', { 'Content-Type': 'text/plain' }, good];
    yield ['no content type', {}, good];
    yield ['multipart', { 'Content-Type': 'multipart/form-data; boundary=x' }, `--x\r\nContent-Disposition: form-data; name="${first}"\r\n\r\nx\r\n--x--\r\n`];
    yield ['two content types', { 'Content-Type': [formType, 'text/plain'].join(', ') }, good];
    yield ['a percent sign that encodes nothing', { 'Content-Type': formType }, `${good}&x=%`];
    yield ['a parameter twice', { 'Content-Type': formType }, `${good}&${good}`];
    yield ['empty', { 'Content-Type': formType }, ''];
    yield ['200 KB', { 'Content-Type': formType }, `${good}&pad=${'x'.repeat(200_000)}`];
    for (const n of [1, 30, 1000]) yield [`${n} random bytes`, { 'Content-Type': formType }, randomBytes(n)];
  };
  const own = (site) => ({ Origin: stack.origin(site), 'Sec-Fetch-Site': 'same-origin' });
  const page = (site, path, good) => endpoint(`${site} ${path}`, function* () {
    for (const [what, headers, body] of bodies(good)) yield [what, site, path, { method: 'POST', body, headers: { ...own(site), Accept: 'application/json', ...headers } }];
    yield ['from another site', site, path, { method: 'POST', body: good, headers: { 'Content-Type': formType, Origin: stack.origin('ads'), 'Sec-Fetch-Site': 'cross-site' } }, [403]];
    for (const method of ['PUT', 'DELETE', 'PATCH']) yield ['wrong method', site, path, { method, body: good, headers: { 'Content-Type': formType, ...own(site) } }, [405, 404]];
  });
  page('news', '/vote', 'option=yes');
  page('news', '/comments', 'comment=Hello&name=x');
  page('issuer', '/signin', 'member=ada');
  page('shop', '/basket', 'item=x&change=1');
  page('idp', '/signin', `email=ada%40idp.example&password=${secret}&next=`);
  page('idp', '/signup', `name=A&email=not-an-address&password=${secret}`);
  page('idp', '/verify-email', 'do=verify&code=AAAA-0000');
  page('idp', '/account', 'do=nosuch');

  for (const path of ['/fedcm/assertion', '/fedcm/disconnect']) {
    endpoint(`idp ${path}`, function* () {
      const good = 'client_id=kiln-lane&account_id=x&account_hint=x&params=%7B%22nonce%22%3A%22n%22%7D';
      const headers = { 'Sec-Fetch-Dest': 'webidentity', Origin: stack.origin('shop'), 'Sec-Fetch-Site': 'cross-site', Cookie: ada.jar.header(stack.host('idp')) };
      for (const [what, more, body] of bodies(good)) yield [what, 'idp', path, { method: 'POST', body, headers: { ...headers, ...more } }];
      for (const method of ['GET', 'PUT', 'DELETE']) yield ['wrong method', 'idp', path, { method, headers }, [405]];
      if (path === '/fedcm/assertion') {
        for (const [what, params] of [['params that are not JSON', '{'], ['params that are no object', '[1]'], ['a nonce that is a number', '{"nonce":1}'], ['a nonce twice', '{"nonce":"a","nonce":"b"}'], ['params nested 40 deep', `{"nonce":${'['.repeat(40)}${']'.repeat(40)}}`], ['a nonce of 5,000 bytes', `{"nonce":"${'n'.repeat(5000)}"}`]]) {
          yield [what, 'idp', path, { method: 'POST', headers: { ...headers, 'Content-Type': formType }, body: new URLSearchParams({ client_id: 'kiln-lane', account_id: 'x', params }).toString() }];
        }
      }
    });
  }

  test('shop: the token intake', async () => {
    const before = await state();
    const path = '/signin/fedcm';
    const jar = ada.jar.header(stack.host('shop'));
    for (const [what, type, body] of [
      ['text/plain', 'text/plain', '{"token":"x"}'],
      ['no content type', undefined, '{"token":"x"}'],
      ['truncated JSON', 'application/json', '{"token":"x"'],
      ['what follows the object', 'application/json', '{"token":"x"} {}'],
      ['a member twice', 'application/json', '{"token":"x","token":"y"}'],
      ['an array', 'application/json', '["x"]'],
      ['a token that is a number', 'application/json', '{"token":1}'],
      ['a token that is null', 'application/json', '{"token":null}'],
      ['no token', 'application/json', '{}'],
      ['an empty token', 'application/json', '{"token":""}'],
      ['UTF-8 that is none', 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ['depth 10,000', 'application/json', '['.repeat(10_000)],
      ['200 KB', 'application/json', JSON.stringify({ token: 'x'.repeat(200_000) })],
      ['random bytes', 'application/json', randomBytes(500)],
      ['two parts', 'application/json', JSON.stringify({ token: 'a.b' })],
      ['four parts', 'application/json', JSON.stringify({ token: 'a.b.c.d' })],
      ['an unsigned token', 'application/json', JSON.stringify({ token: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.` })],
      ['a password as token', 'application/json', JSON.stringify({ token: secret })],
    ]) {
      await refused(what, 'shop', path, { method: 'POST', body, headers: { Cookie: jar, Origin: stack.origin('shop'), 'Sec-Fetch-Site': 'same-origin', ...(type ? { 'Content-Type': type } : {}) } });
    }
    assert.deepEqual(await state(), before);
  });

  endpoint('shop: paths that change something, called by another site or without saying who calls', function* () {
    for (const path of ['/signin/nonce', '/signin/fedcm', '/signout']) {
      yield ['another site', 'shop', path, { method: 'POST', headers: { Origin: stack.origin('ads'), 'Sec-Fetch-Site': 'cross-site' } }, [403]];
      yield ['nobody', 'shop', path, { method: 'POST', headers: {} }, [403]];
      yield ['Origin twice', 'shop', path, { method: 'POST', headers: { Origin: [stack.origin('shop'), stack.origin('shop')] } }];
      for (const method of ['GET', 'PUT', 'DELETE']) yield ['wrong method', 'shop', path, { method, headers: { Origin: stack.origin('shop'), 'Sec-Fetch-Site': 'same-origin' } }, [405]];
    }
  });
});

describe('documents', () => {
  for (const [site, path] of [
    ['issuer', '/.well-known/private-state-token/key-commitment'], ['issuer', '/.well-known/redemption-record-keys'],
    ['idp', '/.well-known/web-identity'], ['idp', '/fedcm/config.json'], ['idp', '/.well-known/openid-configuration'], ['idp', '/jwks.json'],
  ]) {
    test(`${site} ${path} is read with GET and HEAD alone`, async () => {
      for (const method of ['GET', 'HEAD']) assert.equal((await stack.fetch(site, path, { method })).status, 200, method);
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await refused('wrong method', site, path, { method, body: 'x' }, [405]);
        assert.match(answer.headers.allow, /GET/);
      }
    });
  }
  endpoint('idp: accounts and client metadata', function* () {
    const cookie = ada.jar.header(stack.host('idp'));
    yield ['no Sec-Fetch-Dest', 'idp', '/fedcm/accounts', { method: 'GET', headers: { Cookie: cookie } }, [403]];
    yield ['POST', 'idp', '/fedcm/accounts', { method: 'POST', headers: { Cookie: cookie, 'Sec-Fetch-Dest': 'webidentity' } }, [405]];
    yield ['no client', 'idp', '/fedcm/client-metadata', { method: 'GET', headers: { 'Sec-Fetch-Dest': 'webidentity' } }];
    yield ['two clients', 'idp', '/fedcm/client-metadata?client_id=a&client_id=b', { method: 'GET', headers: { 'Sec-Fetch-Dest': 'webidentity' } }];
    yield ['an unknown client', 'idp', '/fedcm/client-metadata?client_id=nosuch', { method: 'GET', headers: { 'Sec-Fetch-Dest': 'webidentity' } }];
  });
});

describe('redemption records', () => {
  for (const [site, path, method, body] of [['news', '/vote', 'POST', 'option=yes'], ['news', '/comments', 'POST', 'comment=x']]) {
    endpoint(`${site} ${path}`, function* () {
      const issuer = stack.origin('issuer');
      for (const [what, record] of [
        ['no record', undefined], ['empty', ''], ['not a list', '((('], ['no parameter', `"${issuer}"`], ['a token for a string', `${issuer};redemption-record=abc`],
        ['an empty record', `"${issuer}";redemption-record=""`], ['no JWS', `"${issuer}";redemption-record="abc"`], ['three empty parts', `"${issuer}";redemption-record=".."`],
        ['unsigned', `"${issuer}";redemption-record="${Buffer.from('{"alg":"none","typ":"pst-rr+jwt"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}."`],
        ['an unknown issuer', '"https://issuer.example";redemption-record="a.b.c"'], ['30 KB', `"${issuer}";redemption-record="${'a'.repeat(30_000)}"`],
        ['bytes that are no ASCII', Buffer.from([0x22, 0xe9, 0x22]).toString('latin1')],
      ]) {
        yield [what, site, path, { method, body, headers: { 'Content-Type': formType, Accept: 'application/json', Origin: stack.origin(site), 'Sec-Fetch-Site': 'same-origin', ...(record === undefined ? {} : { 'Sec-Redemption-Record': record }) } }];
      }
    });
  }
});

test('a host that is no site, and a path that is no page, are said plainly', async () => {
  const answer = await stack.fetch('nosuch', '/');
  assert.equal(answer.status, 404);
  assert.match(answer.text, /nosuch\.localhost/);
  for (const site of ['issuer', 'news', 'ads', 'idp', 'shop', 'home']) await refused('unknown path', site, '/no/such/page', { method: 'GET' }, [404]);
});

test('after all this the demo still answers, printed no secret, and did not panic', async () => {
  assert.equal((await stack.fetch('home')).status, 200);
  assert.ok(stack.program.running);
  const printed = stack.program.output;
  assert.ok(!printed.includes(secret));
  assert.doesNotMatch(printed, /panic|goroutine \d|runtime error/);
});
