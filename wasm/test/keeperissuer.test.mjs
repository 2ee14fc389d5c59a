// An issuer whose refusal never ends holds the keeper up no longer than one that
// says why at once.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dir = mkdtempSync(path.join(tmpdir(), 'bonafides-keeperissuer-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
await build({ entryPoints: [path.resolve(import.meta.dirname, '../src/keeper/issuer.ts')], bundle: true, format: 'esm', outfile: path.join(dir, 'issuer.mjs'), logLevel: 'error' });
const { redeem } = await import(pathToFileURL(path.join(dir, 'issuer.mjs')));

let answer;
const server = createServer((req, res) => answer(req, res));
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
after(() => { server.close(); server.closeAllConnections(); });
const issuer = `http://127.0.0.1:${server.address().port}`;
const refusal = () => redeem(async () => ({ request: new Uint8Array(3) }), issuer, new Uint8Array(165), 'https://news.example', '?captcha=1').then(() => 'taken', (e) => `${e.code}: ${e.message}`);

test('a refusal that never ends is read at its beginning, and its connection is given up', { timeout: 60_000 }, async () => {
  let gone;
  const given = new Promise((r) => { gone = r; });
  answer = (req, res) => {
    assert.equal(req.url, '/.well-known/private-state-token/polyfill/redeem?captcha=1');
    res.writeHead(400, { 'Content-Type': 'text/plain' });
    res.write('The captcha was wrong. ');
    const more = () => { while (!res.destroyed && res.write('x'.repeat(1000))); };
    res.on('drain', more).on('close', gone);
    more();
  };
  assert.match(await refusal(), /^bad_response: .* answered 400 without a redemption record: The captcha was wrong\. x+$/);
  await given;
});

for (const [what, type, body, said] of [
  ['in words', 'text/plain', 'Come back tomorrow.', ': Come back tomorrow.'],
  ['as a problem', 'application/problem+json', '{"title":"Bad Request","detail":"Come back."}', ': Come back.'],
  ['as JSON of its own', 'application/json', '{"message":"No\\u2028luck"}', ': No luck'],
  ['as a page', 'text/html', '<h1>No</h1>', '.'],
  ['as JSON that is none', 'application/json', '{"message":', '.'],
  ['without a word', 'text/plain', '', '.'],
]) {
  test(`a refusal ${what} is passed on as far as it can be read`, async () => {
    answer = (_, res) => { res.writeHead(403, { 'Content-Type': type }).end(body); };
    assert.equal(await refusal(), `bad_response: ${issuer} answered 403 without a redemption record${said}`);
  });
}
