// What passes through the gate and what does not, in workerd: request headers on
// their way to a real CGI origin, answers on their way back.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createPrivateKey} from 'node:crypto';
import {chmodSync, mkdirSync, mkdtempSync, writeFileSync} from 'node:fs';
import {request as httpRequest} from 'node:http';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {echo, nowSeconds, pair, raw, serve} from './gate.mjs';
import {devWith, work} from './lib.mjs';

const ends = [];
const key = pair('k');
let worker, provider;

before(async () => {
  provider = await serve((f) => ends.push(f), (q, a) => a.writeHead(200, {'Cache-Control': 'max-age=3600'}).end(JSON.stringify({keys: [key.jwk]})));
  worker = await devWith({vars: {}, main: 'worker/test/gate-entry.ts'});
});
after(async () => {
  await worker?.stop();
  for (const f of ends) await f();
});

const token = () => key.jws({typ: 'JWT'}, {iss: 'https://idp.example', aud: 'gate', sub: 'ada', email: 'ada@example.com', email_verified: true, iat: nowSeconds(), exp: nowSeconds() + 600});

/** A request through the gate by somebody who is signed in with a cookie. */
const through = (origin, path, {headers = {}, settings = {}, ...more} = {}) => raw(worker.url, `/gate${path}`, {
  ...more,
  headers: {
    'Test-Now': String(nowSeconds()), 'Test-Keys': Buffer.alloc(32, 7).toString('base64'),
    'Test-Gate': JSON.stringify({origin, idTokens: {issuer: 'https://idp.example', clientId: 'gate', jwksUri: `${provider.url}/jwks`, cookie: '__Host-session', insecureNoNonce: true}, ...settings}),
    Cookie: `__Host-session=${token()}`, ...headers,
  },
});

/** lighttpd with a CGI script that prints its environment. */
async function lighttpd() {
  const dir = mkdtempSync(join(work, 'cgi-'));
  mkdirSync(join(dir, 'www'));
  writeFileSync(join(dir, 'www', 'env.cgi'), `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec env\n`);
  chmodSync(join(dir, 'www', 'env.cgi'), 0o755);
  const port = await new Promise((resolve) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const {port: free} = s.address();
      s.close(() => resolve(free));
    });
  });
  writeFileSync(join(dir, 'lighttpd.conf'), `server.document-root = "${dir}/www"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${dir}/error.log"
server.max-request-field-size = 65536
server.modules = ("mod_cgi")
cgi.assign = (".cgi" => "")
`);
  // Debian has it where PATH may not lead.
  const child = spawn('lighttpd', ['-D', '-f', join(dir, 'lighttpd.conf')], {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin`}});
  let said = '', gone = false;
  for (const s of [child.stdout, child.stderr]) s.on('data', (d) => { said += d; });
  const ended = new Promise((resolve) => {
    child.once('error', (e) => { said += e; gone = true; resolve(); });
    child.once('exit', () => { gone = true; resolve(); });
  });
  ends.push(() => { child.kill(); return ended; });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (gone) throw new Error(`lighttpd does not run: ${said}`);
    const up = await new Promise((resolve) => httpRequest(url, (a) => { a.resume(); resolve(true); }).on('error', () => resolve(false)).end());
    if (up) return url;
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** The variables that a CGI script printed. */
const variables = (text) => Object.fromEntries(text.split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));

// RFC 9110 section 5.6.2
const tokenCharacters = [...'!#$%&\'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const ofTheGate = ['Gate-Admitted', 'Gate-Issuer', 'Gate-Subject', 'Gate-Email', 'Gate-Claims', 'Gate-Expires', 'Gate-Record-Site', 'Gate-Record-Via', 'Gate-Record-Key', 'Gate-Record-Id', 'Gate-Secret', 'Gate-Assertion', 'Gate-Admin'];
const ofProxies = [
  'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Prefix', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP', 'CF-IPCountry',
  'X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Method-Override', 'X-Remote-User', 'Remote-User', 'Remote-Addr', 'X-Auth-User', 'X-Auth-Request-Email', 'X-WebAuth-User', 'X-SSL-Client-S-DN', 'X-Client-Cert',
];
const whole = ['Forwarded', 'Proxy'];

const cgi = (name) => `HTTP_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

describe('a CGI origin', () => {
  let origin;
  before(async () => { origin = await lighttpd(); });

  const forged = (character) => Object.fromEntries([...ofTheGate, ...ofProxies].flatMap((name) => [
    [name.replaceAll('-', character), 'forged'], [name.replace('-', character), 'forged'],
    [name.toLowerCase().replaceAll('-', character), 'forged'],
    [character + name, 'forged'], [name + character, 'forged'],
  ]).concat(whole.map((name) => [name, 'forged'])));

  test('without the gate in front takes most spellings for one header', async () => {
    let taken = 0;
    for (const c of tokenCharacters.filter((x) => !/[0-9A-Za-z]/.test(x))) {
      const a = await raw(origin, '/env.cgi', {headers: {[`Gate${c}Subject`]: 'forged'}});
      if (a.status === 200 && variables(a.text).HTTP_GATE_SUBJECT === 'forged') taken++;
    }
    assert.ok(taken >= 10, `${taken} characters reach HTTP_GATE_SUBJECT`); // else the next test shows nothing
  });

  test('is told who came by the gate alone, whatever token characters a visitor writes into names', async () => {
    for (const c of tokenCharacters) {
      const sent = forged(c);
      const a = await through(origin, '/env.cgi', {headers: {...sent, 'X-Mine': 'kept'}});
      assert.equal(a.status, 200, `${c}: ${a.text}`);
      const env = variables(a.text);
      assert.deepEqual([env.HTTP_GATE_ADMITTED, env.HTTP_GATE_SUBJECT, env.HTTP_GATE_EMAIL, env.HTTP_X_MINE], ['id-token', 'ada', 'ada%40example.com', 'kept'], c);
      const reached = Object.keys(env).filter((n) => env[n].includes('forged'));
      const wrong = [...ofTheGate, ...ofProxies, ...whole].map(cgi).concat('REMOTE_USER', 'REMOTE_ADDR', 'AUTH_TYPE').filter((n) => reached.includes(n));
      assert.deepEqual(wrong, [], c);
      // Letters and digits in the place of a hyphen make another name, and reach another variable.
      if (!/[0-9A-Za-z]/.test(c)) assert.deepEqual(reached, [], c);
    }
  });

  test('gets a header that the settings keep, in one spelling', async () => {
    const headers = {'X-Auth-Token': 'of the application', 'X_Auth_Token': 'forged', 'X.Auth-Token': 'forged', 'X-Auth-User': 'forged'};
    const without = variables((await through(origin, '/env.cgi', {headers})).text);
    assert.equal(without.HTTP_X_AUTH_TOKEN, undefined);
    const kept = variables((await through(origin, '/env.cgi', {headers, settings: {keepHeaders: ['X-Auth-Token']}})).text);
    assert.deepEqual([kept.HTTP_X_AUTH_TOKEN, kept.HTTP_X_AUTH_USER], ['of the application', undefined]);
  });
});

describe('an answer', () => {
  let origin;
  before(async () => {
    origin = await serve((f) => ends.push(f), (q, a) => {
      const [path, query] = q.url.split('?');
      if (!path.endsWith('/say')) return echo(q, a);
      a.writeHead(200, JSON.parse(decodeURIComponent(query))).end('said');
    });
  });
  const say = async (headers, more) => (await through(origin.url, `/a/say?${encodeURIComponent(JSON.stringify(headers))}`, more)).headers;

  test('to somebody who was admitted is kept by no cache that others share', async () => {
    for (const [said, want] of [
      [undefined, 'private'], ['public', 'private'], ['public, max-age=600', 'private, max-age=600'], ['Public, S-MaxAge=600, max-age=60', 'private, max-age=60'],
      ['no-store', 'private, no-store'], ['private="Set-Cookie, X-A", max-age=5', 'private, max-age=5'], ['max-age=5, immutable, proxy-revalidate', 'private, max-age=5, immutable'],
    ]) {
      const h = await say({...(said && {'Cache-Control': said}), 'CDN-Cache-Control': 'public', 'Cloudflare-CDN-Cache-Control': 'max-age=9', 'Surrogate-Control': 'max-age=9'});
      assert.equal(h['cache-control'], want, said);
      for (const name of ['cdn-cache-control', 'cloudflare-cdn-cache-control', 'surrogate-control']) assert.equal(h[name], undefined, name);
      assert.equal(h.vary, 'Cookie, Authorization');
    }
    assert.equal((await say({Vary: 'Accept-Encoding, cookie'})).vary, 'Accept-Encoding, cookie, Authorization');
    assert.equal((await say({Vary: '*'})).vary, '*');
  });

  test('names addresses where the visitor finds them', async () => {
    const here = `${worker.url}/gate`, at = origin.url;
    for (const [name, said, want] of [
      ['Location', '/login?a=1#b', `${here}/login?a=1#b`], ['Location', 'next', `${here}/a/next`], ['Location', `${at}/x`, `${here}/x`], ['Location', 'https://elsewhere.example/x', 'https://elsewhere.example/x'],
      ['Location', `${worker.url}/login`, `${here}/login`], ['Location', `${here}/login`, `${here}/login`], ['Location', `blob:${at}/x`, `blob:${at}/x`],
      ['Content-Location', '/doc.en', `${here}/doc.en`], ['SourceMap', '/app.js.map', `${here}/app.js.map`], ['Service-Worker-Allowed', '/', '/gate/'],
      ['Refresh', '5', '5'], ['Refresh', '5; url=/next', `5; url=${here}/next`], ['Refresh', '0;URL=\'/a b\'', `0;URL='${here}/a%20b'`], ['Refresh', '1, next', `1, ${here}/a/next`],
      ['Link', '</style.css>; rel=preload; as=style, <https://cdn.example/x.js>; rel="</not>"', `<${here}/style.css>; rel=preload; as=style, <https://cdn.example/x.js>; rel="</not>"`],
      ['Link', '<?page=2>; rel="next"; anchor="/list"', `<${here}/a/say?page=2>; rel="next"; anchor="${here}/list"`],
      ['Reporting-Endpoints', 'main="/report", away="https://reports.example/x"', `main="${here}/report", away="https://reports.example/x"`],
      ['Speculation-Rules', '"/rules.json"', `"${here}/rules.json"`],
      ['Alt-Svc', 'h3=":8443"', undefined],
    ]) assert.equal((await say({[name]: said}))[name.toLowerCase()], want, `${name}: ${said}`);
  });

  test('sets cookies that come back to the application alone', async () => {
    for (const [said, want] of [
      ['a=1', 'a=1'], ['a=1; Path=/', 'a=1; Path=/gate/'], ['a=1; HttpOnly; path=/app; Secure', 'a=1; HttpOnly; Path=/gate/app; Secure'], ['a=1; Path=', 'a=1; Path='],
      ['a=1; Domain=127.0.0.1; Path=/app', 'a=1; Domain=127.0.0.1; Path=/gate/app'], // the gate of this test has the same host
      ['__Host-a=1; Secure; Path=/', '__Host-a=1; Secure; Path=/'], ['a=b=c; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Path=/x', 'a=b=c; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Path=/gate/x'],
    ]) assert.deepEqual((await say({'Set-Cookie': [said, 'other=1']}))['set-cookie'], [want, 'other=1'], said);
    // At another host of the gate's the browser would drop a cookie of the origin's domain.
    for (const [host, domain, want] of [
      ['gate.example', '127.0.0.1', 'a=1'], ['gate.example', '.127.0.0.1', 'a=1'], ['gate.example', 'elsewhere.example', 'a=1; Domain=elsewhere.example'],
    ]) assert.deepEqual((await say({'Set-Cookie': `a=1; Domain=${domain}`}, {headers: {Host: host}}))['set-cookie'], [want], `${host} ${domain}`);
  });

  test('of an origin that knows the prefix is left as it is', async () => {
    const told = {settings: {forwardPrefix: true}};
    assert.deepEqual((await through(origin.url, '/', told)).json().headers['x-forwarded-prefix'], ['/gate']);
    assert.equal((await through(origin.url, '/', {headers: {'X-Forwarded-Prefix': '/evil'}})).json().headers['x-forwarded-prefix'], undefined);
    for (const [name, said, want] of [
      ['Location', '/gate/login', `${worker.url}/gate/login`], ['Location', '/login', `${worker.url}/gate/login`], ['Location', `${worker.url}/outside`, `${worker.url}/outside`], ['Service-Worker-Allowed', '/gate', '/gate'],
    ]) assert.equal((await say({[name]: said}, told))[name.toLowerCase()], want, said);
    assert.deepEqual((await say({'Set-Cookie': ['a=1; Path=/gate', 'b=1; Path=/gate/x', 'c=1; Path=/gated']}, told))['set-cookie'], ['a=1; Path=/gate', 'b=1; Path=/gate/x', 'c=1; Path=/gate/gated']);
    assert.equal((await say({Location: '/gate/login'})).location, `${worker.url}/gate/gate/login`);
  });

  test('to a GET that has a body is a reason, and no failure of the origin', async () => {
    const before = origin.seen.length;
    for (const method of ['GET', 'HEAD']) {
      const a = await through(origin.url, '/', {method, headers: {'Content-Length': '5'}, body: 'hello'});
      assert.equal(a.status, 400, `${method} ${a.text}`);
      if (method === 'GET') assert.equal(a.json().code, 'body_unexpected');
    }
    assert.equal(origin.seen.length, before);
    for (const headers of [{'Content-Length': '0'}, {'Transfer-Encoding': 'chunked'}]) assert.equal((await through(origin.url, '/', {headers})).status, 200, JSON.stringify(headers));
  });
});

describe('the keys of assertions', () => {
  const word = (n) => Buffer.alloc(32, n).toString('base64');
  const path = (at, keys, keysPath) => raw(worker.url, at, {headers: {
    'Test-Now': String(nowSeconds()), ...(keys !== undefined && {'Test-Keys': encodeURIComponent(keys)}), // a ring has lines
    'Test-Gate': JSON.stringify({origin: 'https://app.example', records: {issuers: ['https://issuer.example']}, ...(keysPath && {keysPath})}),
  }});
  const published = async (keys) => JSON.parse((await path('/.well-known/gate-keys', keys)).text).keys;

  const ring = (kind, ...keys) => `bonafides-keyring=1 kind=${kind}${keys.map(([state, text], i) => `\nid=${i + 1} state=${state}${state === 'retired' ? ' expires=2999-01-01T00:00:00Z' : ''} key=${text}`).join('')}`;
  /** The public half of a word, as a ring keeps it of a retired key. */
  const point = (n) => {
    const {x, y} = createPrivateKey({format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420', 'hex'), Buffer.alloc(32, n)])}).export({format: 'jwk'});
    return Buffer.concat([x, y].map((c) => Buffer.from(c, 'base64url'))).toString('base64');
  };

  test('of a ring are published whatever they are for, and the current one signs', async () => {
    const all = await published(ring('gate', ['next', `seed:${word(8)}`], ['retired', `public:${point(9)}`], ['current', `seed:${word(7)}`]));
    const [seven, eight] = await published(`${word(7)} ${word(8)}`);
    assert.deepEqual(all.map((k) => k.kid), [seven.kid, eight.kid, (await published(word(9)))[0].kid]);
    assert.deepEqual(all[0], seven);
    assert.deepEqual([all[2].alg, all[2].use, all[2].d], ['ES256', 'sig', undefined]);
  });

  test('are published, the one that signs first, without what is private', async () => {
    const two = await published(`${word(7)} ${word(8)}`);
    assert.deepEqual(two.map((k) => Object.keys(k).sort()), Array(2).fill(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']));
    assert.deepEqual([two[0].alg, two[0].crv], ['ES256', 'P-256']);
    // After the change of places the other one signs, and both are still known.
    assert.deepEqual((await published(`${word(8)}  ${word(7)}`)).map((k) => k.kid), [two[1].kid, two[0].kid]);
    const a = await path('/.well-known/gate-keys', word(7));
    assert.deepEqual([a.headers['content-type'], a.headers['cache-control'], a.headers['access-control-allow-origin']], ['application/jwk-set+json', 'public, max-age=300', '*']);
    assert.equal((await path('/.well-known/app-gate', word(7), '/.well-known/app-gate')).status, 200);
    assert.equal((await path('/.well-known/gate-keys', undefined)).json().detail.includes('GATE_KEYS'), true);
  });

  test('that cannot be read admit nobody, and the reason shows nothing of them', async () => {
    const q = 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551'; // the order of P-256
    for (const [keys, says] of [
      ['x', 'gate key 1 is not'], [word(7).slice(1), 'gate key 1 is not'], [Buffer.alloc(31, 7).toString('base64'), 'gate key 1 is not'], [`${word(7)}=`, 'gate key 1 is not'],
      ['# none', 'no gate keys are given'], [word(0), 'it holds something that is not a private key of P-256'], [Buffer.from(q, 'hex').toString('base64'), 'it holds something that is not a private key of P-256'],
      [`${word(7)} ${word(7)}`, 'gate key 2 is the same as key 1'], [[1, 2, 3, 4, 5, 6, 7].map(word).join(' '), 'there are more than 6 gate keys'],
      [ring('token', ['current', `seed:${word(7)}`]), 'line 2: '], [ring('gate', ['next', `seed:${word(7)}`]), 'no key is current'],
      [ring('gate', ['current', `seed:${word(7)}`], ['retired', `seed:${word(8)}`]), 'line 3: a retired gate key is public:'],
      [ring('gate', ['current', `seed:${word(7)}`], ['retired', `public:${Buffer.alloc(64, 1).toString('base64')}`]), 'it holds something that is not a public key of P-256'],
      [ring('gate', ['current', `seed:${word(7)}`], ['retired', `public:${point(7)}`]), 'it holds a key twice'],
      [ring('gate', ['current', `seed:${word(7)}`], ...[1, 2, 3, 4, 5, 6].map((n) => ['next', `seed:${word(n)}`])), 'it holds more than 6 keys'],
    ]) {
      for (const at of ['/gate/', '/.well-known/gate-keys']) {
        const a = await path(at, keys);
        assert.deepEqual([a.status, a.json().code], [503, 'gate_config'], keys);
        assert.ok(a.json().detail.startsWith(`The secret GATE_KEYS cannot be read: ${says}`), a.text);
        if (keys.length > 10) assert.ok(!a.text.includes(keys.split(' ')[0]));
      }
    }
  });
});
