// The token flow against the Worker in workerd, in the place of the native issuer:
// Chromium that knows its keys does it natively, Firefox and WebKitGTK by the
// polyfill. Tokens are issued for a proof of work, redeemed on another site, and
// the record is judged by the operator's command with the keys that the Worker
// publishes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { solve } from '../../worker/test/client.mjs';
import { dev } from '../../worker/test/lib.mjs';
import { launch } from './lib/browser.mjs';
import { patience } from './lib/patience.mjs';
import { closed, inClick, Sites } from './lib/polyfill.mjs';
import { freePort, Program, root, temporaryFolder } from './lib/stack.mjs';

const run = promisify(execFile);

let keeper, sites, worker, issuer, folder, bonafides;
before(async () => {
  const port = await freePort();
  sites = await Sites.start({ origin: () => `http://keeper.localhost:${port}` });
  folder = await temporaryFolder('worker');
  bonafides = path.join(folder.dir, 'bonafides');
  await run('go', ['build', '-o', bonafides, './cmd/bonafides'], { cwd: root });
  worker = await dev('--env-file', path.join(root, '.dev.vars.example'), '--var', `ISSUER_ALLOWED_ORIGINS:${sites.origin('library')}`);
  issuer = `http://edge.localhost:${new URL(worker.url).port}`;
  const list = path.join(folder.dir, 'issuers.txt');
  await writeFile(list, `${issuer}\n`);
  keeper = new Program(bonafides, ['keeper', 'serve', '-issuers', list, '-addr', `127.0.0.1:${port}`]);
  for (const until = Date.now() + patience; !(await fetch(`http://127.0.0.1:${port}/bonafides-commitments.json`).then((r) => r.text(), () => '')).includes(issuer);) {
    assert.ok(keeper.running && Date.now() < until, `the keeper does not know the Worker: ${keeper.output}`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
});
after(async () => {
  await keeper?.stop();
  await worker?.stop();
  await folder?.remove();
  await sites?.stop();
});

/** What the Worker publishes; Node does not resolve *.localhost. */
const published = async (where) => (await fetch(worker.url + where)).text();

/** The operator's command on a record header: its exit code and what it says. */
async function verify(header, origin) {
  const keys = path.join(folder.dir, 'keys.json');
  await writeFile(keys, await published('/.well-known/redemption-record-keys'));
  return run(bonafides, ['record', 'verify', '-issuer', issuer, '-jwks', keys, '-origin', origin, header])
    .then(({ stdout }) => ({ code: 0, said: stdout }), (e) => ({ code: e.code, said: e.stdout + e.stderr }));
}

const engines = [
  { name: 'Chromium that knows the issuer', kind: 'chromium', native: true },
  { name: 'Firefox', kind: 'firefox' },
  { name: 'WebKitGTK', kind: 'webkit' },
];

for (const { name, kind, native } of engines) {
  describe(name, () => {
    let browser, page;
    before(async () => {
      const commitments = native && JSON.stringify({ [issuer]: JSON.parse(await published('/.well-known/private-state-token/key-commitment')) });
      browser = await launch(kind, native ? { commitments } : {});
      page = await browser.open();
    });
    after(() => browser?.close());

    test(`${name}: the Worker issues tokens for a proof of work`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(sites.origin('library'));
      const proof = solve(JSON.parse(await published('/issue/challenge')));
      const issue = (words) => inClick(page, async (o, p) => {
        const answer = await fetch(`${o}/issue`, { method: 'POST', credentials: 'include', headers: { 'Issuance-Proof': p }, privateToken: { version: 1, operation: 'token-request' } });
        return { status: answer.status, has: await document.hasPrivateToken(o), path: window.bonafides.tokenPath(o).path };
      }, issuer, words);
      assert.deepEqual(await issue(proof), { status: 200, has: true, path: native ? 'native' : 'keeper' });
      await closed();
      if (native) {
        const { tokens } = await page.cdp.send('Storage.getTrustTokens');
        assert.ok(tokens.find((t) => t.issuerOrigin.replace(/\/$/, '') === issuer)?.count > 0, JSON.stringify(tokens));
      }
    });

    test(`${name}: a token is redeemed on another site, and the record is good`, { timeout: 20 * 60_000 }, async () => {
      await page.goto(sites.origin('weekly'));
      const got = await inClick(page, async (o, echo) => {
        const spent = await fetch(`${o}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } });
        const sent = await fetch(echo, { privateToken: { version: 1, operation: 'send-redemption-record', issuers: [o] } });
        const { headers } = await sent.json();
        return { status: spent.status, has: await document.hasRedemptionRecord(o), native: headers['sec-redemption-record'], polyfill: headers['private-state-redemption-record'] };
      }, issuer, `${sites.origin('ads')}/echo`);
      await closed();
      assert.equal(got.has, true, JSON.stringify(got));
      const header = native ? got.native : got.polyfill;
      assert.match(header ?? '', /redemption-record="ey/, JSON.stringify(got));
      assert.equal((native ? got.polyfill : got.native) ?? null, null); // WebKit's driver has no undefined
      const good = await verify(header, sites.origin('weekly'));
      assert.equal(good.code, 0, good.said);
      assert.match(good.said, /^ok/);
      const elsewhere = await verify(header, sites.origin('morning'));
      assert.equal(elsewhere.code, 1, elsewhere.said);
      const at = header.lastIndexOf('.') + 6;
      const bent = await verify(header.slice(0, at) + (header[at] === 'A' ? 'B' : 'A') + header.slice(at + 1), sites.origin('weekly'));
      assert.equal(bent.code, 1, bent.said);
    });
  });
}
