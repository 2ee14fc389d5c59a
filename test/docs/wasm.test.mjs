// wasm/README.md, block by block: the check of an ID token as a program of its own
// beside the package, and the policy over a page with all three scripts in Firefox.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {join} from 'node:path';
import {after, before} from 'node:test';
import {promisify} from 'node:util';
import {exportJWK, generateKeyPair, SignJWT} from 'jose';
import {launch} from '../e2e/lib/browser.mjs';
import {manifest} from '../e2e/lib/polyfill.mjs';
import {root, temporaryFolder} from '../e2e/lib/stack.mjs';
import {StrictSite} from '../e2e/lib/strict.mjs';
import {cover} from './blocks.mjs';

let work, idp, issuer, jwks, privateKey;

before(async () => {
  work = await temporaryFolder('readme');
  mkdirSync(join(work.dir, 'node_modules'));
  symlinkSync(join(root, 'wasm/dist'), join(work.dir, 'node_modules/bonafides'));
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  jwks = {keys: [{...await exportJWK(pair.publicKey), kid: 'one', alg: 'ES256', use: 'sig'}]};
  idp = http.createServer((request, answer) => {
    answer.writeHead(200, {'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*'});
    answer.end(JSON.stringify(jwks));
  });
  await new Promise((resolve) => { idp.listen(0, '127.0.0.1', resolve); });
  issuer = `http://localhost:${idp.address().port}`;
});
after(async () => {
  idp?.closeAllConnections();
  idp?.close();
  await work?.remove();
});

const now = () => Math.floor(Date.now() / 1000);
const sign = (claims) => new SignJWT({iss: issuer, aud: 'shop', sub: 'ada', nonce: 'n', iat: now(), exp: now() + 600, ...claims})
  .setProtectedHeader({alg: 'ES256', kid: 'one', typ: 'JWT'}).sign(privateKey);

cover('wasm/README.md', [
  [/^import \{ verifyIdToken \}/, async (t, text) => {
    const said = async (claims) => {
      const given = `const token = ${JSON.stringify(await sign(claims))}, nonce = "n";\n`;
      writeFileSync(join(work.dir, 'check.mjs'), given + text.replaceAll('https://idp.example', issuer));
      return (await promisify(execFile)(process.execPath, ['check.mjs'], {cwd: work.dir})).stdout.trim();
    };
    assert.equal(await said({}), 'ada');
    const [, code, message] = /\/\/ "([a-z_]+)", "([^"]+)"/.exec(text);
    assert.equal(await said({iat: now() - 7200, exp: now() - 3600}), `${code} ${message}`);
  }],
  // Jest and jsdom are large: the long run of the bundlers takes the block from the document and tests in it.
  [/^\/\/ environment\.cjs/, (t, text) => {
    assert.match(readFileSync(join(root, 'test/bundlers/long/jest.test.mjs'), 'utf8'), /wasm\/README\.md/);
    assert.ok(text.includes('jest-environment-jsdom'));
  }],
  [/^Content-Security-Policy: /, async (t, text) => {
    const tag = (flow) => `<script src="/bonafides/${manifest.flows[flow].classic[0]}"${flow === 'tokens' ? ' data-keeper="http://keeper.localhost"' : ''}></script>`;
    const body = `import { verifyIdToken } from "/bonafides/${manifest.flows.idtoken.esm[0]}";
      const jwks = await (await fetch(${JSON.stringify(issuer)})).json();
      const { sub } = await verifyIdToken(${JSON.stringify(await sign({}))}, { issuer: ${JSON.stringify(issuer)}, clientId: "shop", nonce: "n", jwks });
      document.title = sub;`;
    const site = await StrictSite.start({
      // "and what it needs for itself": this one has an icon.
      policy: `${text.trim().replace('Content-Security-Policy: ', '').replace('https://issuer.example', issuer).replace(' https://idp.example', '')}; img-src data:`,
      tags: `${tag('tokens')}${tag('fedcm')}<script type="module" src="/page.mjs"></script>`,
      files: {'/page.mjs': {body}},
    });
    const browser = await launch('firefox');
    try {
      const page = await browser.open(site.origin('page'));
      await page.wait(() => document.title === 'ada');
      const seen = await page.eval(async (o) => ({
        token: await document.hasPrivateToken(o), tokens: window.bonafides.tokenPath(o).path, fedcm: window.bonafides.signInPath().path, stopped: window.stopped,
      }), issuer);
      assert.deepEqual(seen, {token: true, tokens: 'keeper', fedcm: 'popup', stopped: []});
      // What the page has nothing to do with is stopped, so the policy is one.
      await page.eval(() => fetch('http://elsewhere.localhost:1/').catch(() => {}));
      await page.wait(() => window.stopped.length === 1);
    } finally {
      await browser.close();
      await site.stop();
    }
  }],
]);
