// The gate in workerd, in front of a real origin, with real providers and issuers
// on loopback addresses: the Worker as it is shipped, with the clock of the machine.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {echo, nowSeconds, pair, raw, serve} from './gate.mjs';
import {devWith, exampleVars} from './lib.mjs';

describe('the gate', () => {
  const ends = [];
  const first = pair('first'), second = pair('second'), recordKey = pair('record');
  let keys = [first.jwk], delay = 0, status = 200;
  let origin, provider, issuer, elsewhere, worker, one;

  before(async () => {
    const add = (f) => ends.push(f);
    elsewhere = await serve(add, echo);
    origin = await serve(add, (q, a) => {
      if (q.url.startsWith('/redirect/')) {
        a.writeHead(302, {Location: decodeURIComponent(q.url.slice('/redirect/'.length))}).end();
      } else if (q.url === '/cookies') {
        a.writeHead(404, {'Set-Cookie': ['a=1; Path=/', 'b=2'], 'Connection': 'X-Inner', 'X-Inner': 'secret', 'Content-Type': 'text/plain'}).end('no such page');
      } else echo(q, a);
    });
    provider = await serve(add, (q, a) => setTimeout(() => {
      a.writeHead(status, {'Content-Type': 'application/json', 'Cache-Control': 'max-age=3600'}).end(JSON.stringify({keys}));
    }, delay));
    issuer = await serve(add, (q, a) => {
      a.writeHead(q.url === '/.well-known/redemption-record-keys' ? 200 : 404, {'Content-Type': 'application/jwk-set+json'}).end(JSON.stringify({keys: [recordKey.jwk]}));
    });
    const settings = (path, more) => JSON.stringify({
      origin: origin.url, cors: ['https://shop.example'],
      idTokens: {issuer: 'https://idp.example', clientId: 'gate', jwksUri: provider.url + path, cookie: '__Host-session', nonceCookie: '__Host-nonce'},
      records: {issuers: [issuer.url], allowedFrames: ['https://ads.example'], embedders: ['https://news.example']}, ...more,
    });
    one = {settings};
    worker = await devWith({vars: {...exampleVars(), GATE: settings('/one'), GATE_SECRET: 'open sesame'}});
  });
  after(async () => {
    await worker?.stop();
    ends.forEach((f) => f());
  });

  const idToken = (claims = {}, by = first) => by.jws({typ: 'JWT'}, {
    iss: 'https://idp.example', aud: 'gate', sub: 'ada', nonce: 'n-1', iat: nowSeconds(), exp: nowSeconds() + 600, ...claims,
  });
  const record = (claims = {}) => {
    const hour = nowSeconds() - nowSeconds() % 3600;
    const text = recordKey.jws({typ: 'pst-rr+jwt'}, {iss: issuer.url, iat: hour, exp: hour + 24 * 3600, key: 7, origin: 'https://news.example', via: 'native', ...claims});
    return `"${issuer.url}";redemption-record="${text}"`;
  };
  const signedIn = (more = {}, token = idToken()) => ({Authorization: `Bearer ${token}`, Cookie: '__Host-nonce=n-1', ...more});
  const refused = async (path, headers, code, statusWanted, method = 'GET') => {
    const before = origin.seen.length + elsewhere.seen.length;
    const a = await raw(worker.url, path, {method, headers});
    assert.deepEqual([a.json().code, a.status], [code, statusWanted], a.text);
    assert.equal(a.headers['content-type'], 'application/problem+json');
    assert.match(a.json().detail, /\.$/);
    assert.equal(origin.seen.length + elsewhere.seen.length, before, 'the origin saw a refused request');
    return a;
  };

  test('admits by token and by cookie, and tells the origin who came', async () => {
    const claims = {sub: 'ada:1 %', email: 'ada@example.com\r\nGate-Admin: é', email_verified: true, name: 'Ada ☃'};
    for (const headers of [signedIn({}, idToken(claims)), {Cookie: `theme=dark; __Host-session=${idToken(claims)}; __Host-nonce=n-1; lang=en`}]) {
      const a = await raw(worker.url, '/gate/some/page?a=1&b=%2F..%2f', {headers: {...headers, 'X-Mine': 'kept'}});
      assert.equal(a.status, 200, a.text);
      assert.equal(a.headers['x-origin'], 'yes');
      const {url, headers: h} = a.json();
      assert.equal(url, '/some/page?a=1&b=%2F..%2f');
      assert.deepEqual(h['gate-admitted'], ['id-token']);
      assert.deepEqual(h['gate-issuer'], [encodeURIComponent('https://idp.example')]);
      assert.equal(decodeURIComponent(h['gate-subject'][0]), claims.sub);
      assert.equal(decodeURIComponent(h['gate-email'][0]), claims.email);
      assert.equal(JSON.parse(Buffer.from(h['gate-claims'][0], 'base64url')).name, claims.name);
      assert.deepEqual([h['gate-secret'], h['x-mine']], [['open sesame'], ['kept']]);
      assert.equal(h.authorization, undefined);
      assert.equal(h.cookie?.[0], headers.Authorization ? undefined : 'theme=dark; lang=en');
    }
  });

  test('a cookie counts under the name that the browser knew it by', async () => {
    // Browsers keep cookies of these names for any host of the domain: they do not begin with __Host-.
    for (const blank of ['\u2000', '\u00a0', '\ufeff', '\u3000']) {
      const Cookie = Buffer.from(`${blank}__Host-session=${idToken()}; ${blank}__Host-nonce=n-1`).toString('latin1');
      await refused('/gate/', {Cookie}, 'credential_missing', 401);
    }
  });

  test('an email that nobody verified is not named', async () => {
    const a = await raw(worker.url, '/gate/', {headers: signedIn({}, idToken({email: 'boss@example.com', email_verified: false}))});
    assert.equal(a.json().headers['gate-email'], undefined);
  });

  test('what a visitor says about himself does not reach the origin', async () => {
    const a = await raw(worker.url, '/gate/', {headers: signedIn({
      'Gate-Email': 'boss@example.com', 'gate_email': 'boss@example.com', 'GATE-Admin': 'yes', 'Gate-Secret': 'x', 'Gate-Record-Site': 'x',
      'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Host': 'evil.example', Forwarded: 'for=6.6.6.6', 'X-Real-IP': '6.6.6.6',
      'Sec-Redemption-Record': record(), 'Private-State-Token': 'AAAA', 'Proxy-Authorization': 'Basic x', TE: 'trailers',
      'Content-Type': 'text/plain',
    }), method: 'POST', body: 'hello'});
    const {headers: h, method, body} = a.json();
    assert.deepEqual([method, body], ['POST', 'hello']);
    assert.deepEqual(Object.keys(h).filter((n) => /^gate[-_]/.test(n)).sort(), ['gate-admitted', 'gate-claims', 'gate-expires', 'gate-issuer', 'gate-secret', 'gate-subject']);
    for (const name of ['forwarded', 'x-real-ip', 'sec-redemption-record', 'private-state-token', 'proxy-authorization', 'te']) assert.equal(h[name], undefined, name);
    assert.equal(h['x-forwarded-host'][0], new URL(worker.url).host);
    assert.ok(!JSON.stringify(h).includes('6.6.6.6') && !JSON.stringify(h).includes('evil.example'));
  });

  test('a bearer token stays at the gate however its scheme is written, and is judged', async () => {
    for (const blank of ['\t', ' \t ', '  ']) {
      for (const scheme of ['Bearer', 'bEARER']) {
        const a = await raw(worker.url, '/gate/', {headers: {Authorization: `${scheme}${blank}${idToken()}`, Cookie: '__Host-nonce=n-1'}});
        assert.equal(a.status, 200, a.text);
        assert.equal(a.json().headers.authorization, undefined, JSON.stringify(scheme + blank));
        await refused('/gate/', {Authorization: `${scheme}${blank}x`, Cookie: `__Host-session=${idToken()}; __Host-nonce=n-1`}, 'token_malformed', 401);
      }
    }
    const a = await raw(worker.url, '/gate/', {headers: {Authorization: ['Basic YTpi', 'Bearer x'], Cookie: `__Host-session=${idToken()}; __Host-nonce=n-1`}});
    assert.equal(a.status, 200, a.text);
    assert.ok(!JSON.stringify(a.json().headers.authorization ?? '').includes('Bearer'));
  });

  test('another scheme of Authorization is the origin\'s own', async () => {
    const a = await raw(worker.url, '/gate/', {headers: {Authorization: 'Basic YTpi', Cookie: `__Host-session=${idToken()}; __Host-nonce=n-1`}});
    assert.deepEqual(a.json().headers.authorization, ['Basic YTpi']);
  });

  test('admits a redemption record of the site that sends it', async () => {
    for (const headers of [
      {'Sec-Redemption-Record': record(), Origin: 'https://news.example'},
      {'Private-State-Redemption-Record': record(), Referer: 'https://news.example/article'},
      {'Sec-Redemption-Record': record(), Origin: 'https://ads.example'},
      {'Sec-Redemption-Record': `"https://other.example";redemption-record="x", ${record()}`, Origin: 'https://news.example'},
    ]) {
      const a = await raw(worker.url, '/gate/ad', {headers});
      assert.equal(a.status, 200, a.text);
      const {headers: h} = a.json();
      assert.deepEqual([h['gate-admitted'], h['gate-issuer'], h['gate-record-site'], h['gate-record-key'], h['gate-record-via']],
        [['record'], [issuer.url], ['https://news.example'], ['7'], ['native']]);
      assert.equal(h['sec-redemption-record'] ?? h['private-state-redemption-record'], undefined);
    }
    const from = {Origin: 'https://news.example'};
    await refused('/gate/ad', {'Sec-Redemption-Record': record(), Origin: 'https://evil.example'}, 'origin_mismatch', 403);
    await refused('/gate/ad', {'Sec-Redemption-Record': record()}, 'origin_unknown', 403);
    await refused('/gate/ad', {'Sec-Redemption-Record': record({exp: nowSeconds() - nowSeconds() % 3600, iat: nowSeconds() - nowSeconds() % 3600 - 7200}), ...from}, 'record_expired', 403);
    await refused('/gate/ad', {'Sec-Redemption-Record': record().replace(issuer.url, 'https://other.example'), ...from}, 'issuer_unknown', 403);
    await refused('/gate/ad', {'Sec-Redemption-Record': record().replace(/....";?$/, 'AAAA"'), ...from}, 'signature_invalid', 403);
    await refused('/gate/ad', {'Sec-Redemption-Record': 'nonsense', ...from}, 'header_invalid', 403);
  });

  test('refuses who has nothing, or something bad, whatever else there is', async () => {
    assert.equal((await refused('/gate/', {}, 'credential_missing', 401)).headers['www-authenticate'], 'Bearer');
    assert.equal((await refused('/gate/', signedIn({}, 'x.y.z'), 'base64url', 401)).headers['www-authenticate'], 'Bearer error="invalid_token"');
    await refused('/gate/', {Authorization: `Bearer ${idToken()}`}, 'nonce_cookie_missing', 401);
    await refused('/gate/', signedIn({Cookie: '__Host-nonce=n-2'}), 'nonce_mismatch', 401);
    await refused('/gate/', signedIn({Cookie: '__Host-nonce=n-1; __Host-nonce=n-2'}), 'cookie_duplicate', 401);
    await refused('/gate/', {Cookie: `__Host-session=${idToken()}; __Host-session=${idToken()}; __Host-nonce=n-1`}, 'cookie_duplicate', 401);
    await refused('/gate/', signedIn({}, idToken({aud: 'another'})), 'aud_mismatch', 401);
    await refused('/gate/', signedIn({}, idToken({exp: nowSeconds() - 600})), 'expired', 401);
    await refused('/gate/', signedIn({'Sec-Redemption-Record': record(), Origin: 'https://news.example', Cookie: `__Host-session=${idToken()}; __Host-nonce=n-1`}, 'bad'), 'token_malformed', 401);
    await refused('/gate/', {Cookie: '__Host-session=bad; __Host-nonce=n-1', 'Sec-Redemption-Record': record(), Origin: 'https://news.example'}, 'token_malformed', 401);
  });

  test('leads to the configured origin alone', async () => {
    const host = new URL(elsewhere.url).host;
    const before = elsewhere.seen.length;
    for (const [path, reaches] of [
      [`/gate//${host}/x`, `//${host}/x`], [`/gate/@${host}/`, `/@${host}/`], [`/gate/http://${host}/`, `/http://${host}/`],
      ['/gate/a/../b', '/b'], ['/gate/%2e%2e/%2e%2e/b', null], ['/gate/a%2fb', '/a%2fb'], [`/gate/\\\\${host}/`, `///${host}/`],
    ]) {
      const a = await raw(worker.url, path, {headers: signedIn()});
      if (reaches === null) assert.equal(a.status, 404, path); // the path is not below /gate/ at all
      else assert.equal(a.json().url, reaches, path);
    }
    for (const path of ['/gate', '/gatex', '/GATE/', '/x/gate/']) assert.equal((await raw(worker.url, path, {headers: signedIn()})).status, 404, path);
    assert.equal(elsewhere.seen.length, before);
  });

  test('follows no redirect, and keeps those within the origin behind the gate', async () => {
    for (const [location, want] of [
      [`${elsewhere.url}/away`, `${elsewhere.url}/away`], ['/login?x=1#y', `${worker.url}/gate/login?x=1#y`],
      [`${origin.url}/inside`, `${worker.url}/gate/inside`], ['next', `${worker.url}/gate/redirect/next`], ['//evil.example/', '//evil.example/'],
    ]) {
      const before = elsewhere.seen.length;
      const a = await raw(worker.url, `/gate/redirect/${encodeURIComponent(location)}`, {headers: signedIn()});
      assert.deepEqual([a.status, a.headers.location], [302, want]);
      assert.equal(elsewhere.seen.length, before);
    }
  });

  test('passes the origin\'s answer on', async () => {
    const a = await raw(worker.url, '/gate/cookies', {headers: signedIn()});
    assert.deepEqual([a.status, a.text, a.headers['set-cookie'], a.headers['x-inner']], [404, 'no such page', ['a=1; Path=/gate/', 'b=2'], undefined]);
    const head = await raw(worker.url, '/gate/', {method: 'HEAD', headers: signedIn()});
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  test('passes no WebSocket', async () => {
    await refused('/gate/', signedIn({Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13'}), 'upgrade_refused', 400);
  });

  test('pages of listed origins may call it, others may not', async () => {
    const ask = {Origin: 'https://shop.example', 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization'};
    const flight = await raw(worker.url, '/gate/', {method: 'OPTIONS', headers: ask});
    assert.deepEqual([flight.status, flight.headers['access-control-allow-origin'], flight.headers['access-control-allow-credentials']], [204, 'https://shop.example', 'true']);
    assert.match(flight.headers['access-control-allow-headers'], /Authorization/);
    const a = await raw(worker.url, '/gate/', {headers: signedIn({Origin: 'https://shop.example'})});
    assert.deepEqual([a.status, a.headers['access-control-allow-origin'], a.headers.vary], [200, 'https://shop.example', 'Cookie, Authorization, Sec-Redemption-Record, Private-State-Redemption-Record, Origin']);
    const no = await refused('/gate/', {...ask, Origin: 'https://evil.example'}, 'credential_missing', 401, 'OPTIONS');
    assert.equal(no.headers['access-control-allow-origin'], undefined);
  });

  test('a new key works at once, and unknown ones cause one fetch', async () => {
    await raw(worker.url, '/gate/', {headers: signedIn()});
    keys = [first.jwk, second.jwk];
    const before = provider.seen.length;
    assert.equal((await raw(worker.url, '/gate/', {headers: signedIn({}, idToken({}, second))})).status, 200);
    assert.equal(provider.seen.length, before + 1);
    const unknown = pair('unknown');
    await Promise.all(Array.from({length: 20}, () => refused('/gate/', signedIn({}, idToken({}, unknown)), 'key_unknown', 401)));
    assert.equal(provider.seen.length, before + 1); // within the cooldown
    assert.equal(provider.seen.at(-1).headers['cache-control'], 'no-cache');
  });
});
