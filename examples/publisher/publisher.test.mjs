// The publisher's page as it stands, with its two origins filled in, against the
// example issuer in real Chromium. Its ad network reads the record with jose.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:http';
import {createServer as listener} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {createLocalJWKSet, jwtVerify} from 'jose';
import {Chromium} from '../../test/e2e/lib/chromium.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const page = readFileSync(join(here, 'index.html'), 'utf8');
const work = mkdtempSync(join(tmpdir(), 'bonafides-publisher-'));
const closers = [() => rmSync(work, {recursive: true, force: true})];
after(async () => { for (const close of closers.reverse()) await close(); });

const freePort = () => new Promise((resolve, reject) => {
  const s = listener().once('error', reject).listen(0, '127.0.0.1', () => {
    const {port} = s.address();
    s.close(() => resolve(port));
  });
});

// serve answers on a loopback port until the test ends.
const serve = (answer) => new Promise((resolve) => {
  const s = createServer(answer).listen(0, '127.0.0.1', () => {
    closers.push(() => new Promise((done) => { s.close(done); s.closeAllConnections(); }));
    resolve(s.address().port);
  });
});

let issuer, port, publisher, browser, commitments;
const seen = []; // what the ad network's server received

before(async () => {
  const binary = join(work, 'issuer');
  const built = spawnSync('go', ['build', '-o', binary, './examples/issuer'], {cwd: root, encoding: 'utf8'});
  assert.equal(built.status, 0, built.stderr);
  port = await freePort();
  issuer = `http://issuer.localhost:${port}`;
  const child = spawn(binary, ['-addr', `127.0.0.1:${port}`, '-origin', issuer, '-data', join(work, 'data')], {stdio: ['ignore', 'pipe', 'inherit']});
  closers.push(() => new Promise((done) => { child.once('exit', done); child.kill('SIGINT'); }));
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.endsWith("'\n")) break;
  }
  // The flag that the issuer prints is the one to start the browser with.
  [, commitments] = said.match(/--additional-private-state-token-key-commitments='(.*)'/);

  const ads = await serve(async (req, res) => {
    seen.push(req.headers);
    const record = await vouchedFor(req.headers, publisher).catch((e) => e);
    res.writeHead(200, {'Content-Type': 'text/plain', 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store'});
    res.end(record instanceof Error ? 'A plain advertisement.' : 'An advertisement for people.');
  });
  // This browser keeps the tokens itself, so the page goes without the keeper's script.
  const filled = page
    .replace(/<script src=[^>]*><\/script>/, '')
    .replace('content="https://issuer.example"', `content="${issuer}"`)
    .replace('content="https://ads.example/ad"', `content="http://ads.localhost:${ads}/ad"`);
  const pages = await serve((req, res) => {
    res.writeHead(req.url === '/' ? 200 : 204, {'Content-Type': 'text/html'});
    res.end(req.url === '/' ? filled : undefined);
  });
  publisher = `http://news.localhost:${pages}`;
  browser = await Chromium.launch({commitments});
  closers.push(() => browser.close());
});

// vouchedFor verifies the record that came with a request.
async function vouchedFor(headers, origin) {
  const [, from, record] = headers['sec-redemption-record'].match(/^"([^"]+)";redemption-record="([^"]+)"$/);
  assert.equal(from, issuer);
  const keys = await (await fetch(`http://127.0.0.1:${port}/.well-known/redemption-record-keys`)).json();
  const {payload} = await jwtVerify(record, createLocalJWKSet(keys), {issuer, typ: 'pst-rr+jwt', algorithms: ['EdDSA']});
  assert.equal(payload.origin, origin);
  return payload;
}

const ad = (p) => p.wait(() => 'settled' in document.querySelector('[data-out="ad"]').dataset)
  .then(() => p.eval(() => document.querySelector('[data-out="ad"]').textContent));

test('a browser without tokens gets the plain advertisement', async () => {
  const p = await browser.open(`${publisher}/`);
  assert.equal(await ad(p), 'A plain advertisement.');
  assert.equal(seen.at(-1)['sec-redemption-record'], undefined);
  assert.deepEqual(p.problems.filter((x) => !x.includes('favicon')), []);
  await p.close();
});

test('tokens are earned with work at the issuer', async () => {
  const p = await browser.open(`${issuer}/`);
  await p.click('[data-do="get-tokens"]');
  await p.wait(() => ['done', 'refused', 'error'].includes(document.querySelector('[data-out="tokens"]').dataset.state), {timeout: 60_000});
  assert.equal(await p.eval(() => document.querySelector('[data-out="tokens"]').textContent), 'Your browser now has 10 more tokens of this site.');
  const done = await p.tokenOperation('Issuance');
  assert.deepEqual([done.status, done.issuedTokenCount], ['Ok', 10]);
  await p.close();
});

test('then the publisher redeems one, and the ad network verifies its record', async () => {
  const p = await browser.open(`${publisher}/`);
  assert.equal(await ad(p), 'An advertisement for people.');
  const done = await p.tokenOperation('Redemption');
  assert.deepEqual([done.status, done.issuerOrigin], ['Ok', issuer]);
  const payload = await vouchedFor(seen.at(-1), publisher);
  assert.deepEqual(Object.keys(payload), ['iss', 'iat', 'exp', 'key', 'origin', 'via']);
  assert.equal(payload.via, 'native');
  assert.equal(payload.iat % 3600, 0);
  await p.close();
});

test('a second visit uses the record that is there and spends nothing', async () => {
  const before = seen.at(-1)['sec-redemption-record'];
  const p = await browser.open(`${publisher}/`);
  assert.equal(await ad(p), 'An advertisement for people.');
  assert.equal(seen.at(-1)['sec-redemption-record'], before);
  // Chromium reports sending a record as a Redemption too, but without an issuer.
  assert.deepEqual(p.tokenOperations.filter((o) => o.issuerOrigin), []);
  await p.close();
});
