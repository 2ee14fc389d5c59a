// docs/polyfill.md, block by block: the commands are run, and the publisher's page is
// put together from the document's own pieces and visited in Firefox, against the
// keeper that the document starts.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {join} from 'node:path';
import {after, before} from 'node:test';
import {build} from 'esbuild';
import {launch} from '../e2e/lib/browser.mjs';
import {patience} from '../e2e/lib/patience.mjs';
import {freePort, Program, root, temporaryFolder} from '../e2e/lib/stack.mjs';
import {blocks, cover} from './blocks.mjs';

const document = 'docs/polyfill.md';
const pieces = blocks(document);
const piece = (pattern) => pieces.find(({text}) => pattern.test(text)).text;

let work, ports, origins, site, browser, page;
const programs = [];

/** Runs lines of a shell where the programs were built. */
const sh = (text) => execFileSync('bash', ['-euc', text], {cwd: work.dir, encoding: 'utf8', env: {...process.env, PATH: `${work.dir}:${process.env.PATH}`}});

/** The document's names, replaced by those of this run. */
const here = (text) => text.replaceAll('https://ads.example', origins.ads).replaceAll('https://issuer.example', origins.issuer)
  .replaceAll('https://news.example', origins.news).replaceAll('https://keeper.example', origins.keeper);

async function listening(port) {
  for (const until = Date.now() + patience; ;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch (e) {
      if (Date.now() > until) throw e;
      await new Promise((r) => setTimeout(r, 50));
    }
  }
}

async function run(port, name, ...args) {
  programs.push(new Program(join(work.dir, name), args, {cwd: work.dir}));
  await listening(port);
}

before(async () => {
  work = await temporaryFolder('document');
  execFileSync('go', ['build', '-o', work.dir, './cmd/bonafides', './examples/issuer', './examples/adnetwork-go'], {cwd: root});
  ports = {issuer: await freePort(), keeper: await freePort(), ads: await freePort(), news: await freePort()};
  origins = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `http://${name}.localhost:${port}`]));
  await run(ports.issuer, 'issuer', '-addr', `127.0.0.1:${ports.issuer}`, '-origin', origins.issuer, '-keeper', origins.keeper, '-data', join(work.dir, 'issuer-data'));
  await run(ports.ads, 'adnetwork-go', '-addr', `127.0.0.1:${ports.ads}`, '-issuer', origins.issuer, '-publishers', `${origins.news},${origins.news.replace('news', 'gazette')}`);
  writeFileSync(join(work.dir, 'issuers.txt'), here(piece(/^# issuers whose tokens/)));
  // The publisher's site: the tag, the page, and the file that is its own.
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>News</title>${here(piece(/^<script src=/))}<style>${piece(/--bonafides-accent/)}</style>
<button id="prove" hidden>Prove it</button>${here(piece(/id="ad"/))}`;
  site = http.createServer((request, answer) => {
    if (request.url === '/favicon.ico') return answer.writeHead(204).end();
    answer.writeHead(200, {'Content-Type': 'text/html; charset=utf-8'});
    answer.end(request.url === '/own' ? html.replace('<script type="module">', `<script>${piece(/bonafides:ask/)}</script><script type="module">`) : html);
  }).listen(ports.news, '127.0.0.1');
  browser = await launch('firefox');
  page = await browser.open();
});
after(async () => {
  await browser?.close();
  for (const p of programs) await p.stop();
  site?.closeAllConnections();
  site?.close();
  await work?.remove();
});

const ad = () => page.eval(() => document.getElementById('ad').textContent);

cover(document, [
  [/^<script src=/, (t, text) => assert.equal(sh('bonafides keeper tag https://keeper.example'), `${text}\n`)],
  [/^import \{ install \}/, async (t, text) => {
    // A bundler takes the package as it is built.
    const manifest = JSON.parse(readFileSync(join(root, 'wasm/dist/package.json'), 'utf8'));
    const made = await build({
      stdin: {contents: text, resolveDir: root}, bundle: true, write: false, format: 'esm',
      alias: {'bonafides/tokens': join(root, 'wasm/dist', manifest.exports['./tokens'].import)},
    });
    assert.match(made.outputFiles[0].text, /https:\/\/keeper\.example/);
  }],
  // The page that is visited below, when the keeper runs, has it as it stands here.
  [/id="ad"/, async (t, text) => assert.ok((await (await fetch(`http://127.0.0.1:${ports.news}/`)).text()).includes(here(text)))],
  [/keeper return/, (t, text) => {
    sh(text);
    assert.equal(readFileSync(join(work.dir, 'return.html'), 'utf8'), readFileSync(join(root, 'wasm/returnpage/return.html'), 'utf8'));
  }],
  [/record\.CORS/, (t, text) => {
    const file = join(work.dir, 'snippet.go');
    writeFileSync(file, `package main

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/rpserver/record"
)

func main() {
	var handler http.Handler = http.NotFoundHandler()
	var err error
	${text}
	_, _ = handler, err
}
`);
    const at = join(root, 'test/docs/snippet/main.go');
    const overlay = join(work.dir, 'overlay.json');
    writeFileSync(overlay, JSON.stringify({Replace: {[at]: file}}));
    execFileSync('go', ['build', '-o', join(work.dir, 'snippet'), '-overlay', overlay, at], {cwd: root, stdio: ['ignore', 'inherit', 'inherit']});
    execFileSync(join(work.dir, 'snippet'));
  }],
  [/token try -polyfill/, (t, text) => assert.match(sh(here(text)), /\nok\n$/)],
  [/^# issuers whose tokens/, () => assert.match(readFileSync(join(work.dir, 'issuers.txt'), 'utf8'), /^http/m)],
  [/keeper serve/, async (t, text) => {
    const words = text.trim().replace('127.0.0.1:8095', `127.0.0.1:${ports.keeper}`).match(/"[^"]*"|\S+/g).map((w) => w.replaceAll('"', ''));
    await run(ports.keeper, ...words);
    // The issuer's page gets tokens, into this keeper.
    await page.goto(`${origins.issuer}/`);
    await page.click('[data-do="get-tokens"]');
    await pressAsked(() => /\d+ more tokens/.test(document.querySelector('[data-out="tokens"]').textContent));
    // The publisher's page has its advertisement at once, and a better one after a press.
    await page.goto(`${origins.news}/`);
    assert.equal(await ad(), 'An advertisement for everybody.');
    await pressAsked(() => document.getElementById('ad').textContent.startsWith('An advertisement for people.'));
  }],
  [/keeper files/, (t, text) => {
    sh(text);
    for (const file of ['keeper/index.html', '_headers', 'bonafides-commitments.json']) {
      assert.ok(existsSync(join(work.dir, 'keeper', file)), `${file} is missing`);
    }
    assert.ok(readFileSync(join(work.dir, 'keeper/bonafides-commitments.json'), 'utf8').includes(origins.issuer));
  }],
  [/keeper mirror/, (t, text) => assert.equal(sh(text), '', 'nothing changed, so nothing is said')],
  [/bonafides:ask/, async () => {
    // Another site, which has no record yet and asks by a button of its own.
    await page.goto(`${origins.news.replace('news', 'gazette')}/own`);
    await page.wait(() => !document.querySelector('#prove').hidden);
    assert.equal(await page.eval(() => document.querySelector('bonafides-ask')), null);
    await page.click('#prove');
    await page.wait(() => document.getElementById('ad').textContent.startsWith('An advertisement for people.'));
  }],
  [/--bonafides-accent/, (t, text) => {
    const source = readFileSync(join(root, 'wasm/src/press.ts'), 'utf8');
    for (const [name] of text.matchAll(/--bonafides-[a-z-]+/g)) assert.ok(source.includes(name), `${name} does nothing`);
  }],
]);

/** Presses the button that the kit shows, if it does, and waits for what comes of it. */
async function pressAsked(done) {
  for (const until = Date.now() + patience; ;) {
    if (await page.eval(done)) return;
    const asked = await page.eval(() => {
      if (!document.querySelector('bonafides-ask') || document.querySelector('#relay')) return false;
      const relay = Object.assign(document.createElement('button'), {id: 'relay', textContent: 'Relay'});
      relay.onclick = () => { document.querySelector('bonafides-ask').shadowRoot.querySelector('button').click(); relay.remove(); };
      document.body.append(relay);
      return true;
    });
    if (asked) await page.click('#relay');
    if (Date.now() > until) throw new Error(`nothing came of it: ${await page.eval(() => document.body.innerText)}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}
