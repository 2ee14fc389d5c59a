// A keeper as files, on a host that sends no header but a file's type, and knows
// no type for WebAssembly.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { launch } from './lib/browser.mjs';
import { Sites, closed, inClick, manifest } from './lib/polyfill.mjs';
import { Stack, root, temporaryFolder } from './lib/stack.mjs';

const types = { '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript', '.json': 'application/json' };

/** What the cheapest host does with a folder. */
class Host {
  received = [];

  static async start(dir) {
    const self = new this();
    self.server = http.createServer(async (request, response) => {
      const { pathname, search } = new URL(request.url, 'http://x');
      self.received.push(pathname);
      const send = async (status, name) => {
        const body = await readFile(path.join(dir, name));
        const type = types[path.extname(name)];
        response.writeHead(status, type ? { 'Content-Type': type } : {});
        response.end(body);
      };
      try {
        await send(200, pathname.endsWith('/') ? `${pathname}index.html` : pathname);
      } catch (error) {
        if (error.code === 'EISDIR') {
          response.writeHead(301, { Location: `${pathname}/${search}` });
          response.end();
          return;
        }
        await send(404, '404.html');
      }
    });
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.origin = `http://static.localhost:${self.server.address().port}`;
    return self;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}

/** Sites whose tag, served by themselves, names the static keeper. */
class StaticSites extends Sites {
  get tag() {
    const name = manifest.flows.tokens.classic[0];
    return `<script src="/bonafides/${name}" integrity="${manifest.hashes[name].integrity}" data-keeper="${this.keeper}"></script>`;
  }
}

/** Gets tokens for the static keeper, on a page of the issuer, whose own tag names another. */
const getTokens = async (keeper, issuer) => {
  const keeperWindow = window.open(`${keeper}/keeper`);
  await new Promise((resolve) => {
    addEventListener('message', (e) => { if (e.source === keeperWindow && e.data?.type === 'ready') resolve(); });
  });
  const { port1, port2 } = new MessageChannel();
  const welcome = new Promise((resolve) => { port1.onmessage = resolve; });
  keeperWindow.postMessage({ bonafides: 1, type: 'hello' }, keeper, [port2]);
  await welcome;
  const ask = (question) => new Promise((resolve) => {
    port1.onmessage = (m) => resolve(m.data);
    port1.postMessage({ id: 1, ...question });
  });
  const begun = await ask({ op: 'begin', issuer });
  if (!begun.ok) return begun;
  const answer = await fetch('/.well-known/private-state-token/polyfill/issue', {
    method: 'POST', headers: { 'Private-State-Token': begun.request, 'Private-State-Token-Crypto-Version': 'PrivateStateTokenV1VOPRF' },
  });
  const got = await ask({ op: 'finish', handle: begun.handle, response: answer.headers.get('Private-State-Token') ?? '' });
  keeperWindow.close();
  return got;
};

const redeem = async (issuer) => {
  const r = await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } });
  return { status: r.status, url: r.url, record: await document.hasRedemptionRecord(issuer) };
};

/** The keeper's files for the demo's issuer, behind such a host. */
async function keeperOf(stack, folder, name, ...flags) {
  const list = path.join(folder.dir, 'issuers.txt');
  await writeFile(list, `# the demo's\n${stack.origin('issuer')}\n`);
  const dir = path.join(folder.dir, name);
  await promisify(execFile)('go', ['run', './cmd/bonafides', 'keeper', 'files', '-issuers', list, '-out', dir, ...flags], { cwd: root });
  return Host.start(dir);
}

const kinds = [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]];

describe('a keeper as files, on a host that sends no headers', () => {
  let stack, folder, keeper;
  before(async () => {
    stack = await Stack.start();
    folder = await temporaryFolder('keeper');
    keeper = await keeperOf(stack, folder, 'public');
  });
  after(async () => {
    await keeper?.stop();
    await folder?.remove();
    await stack?.stop();
  });

  for (const [kind, options] of kinds) {
    test(`${kind}: tokens are kept and one is redeemed; no other script runs, and in a frame nothing can be pressed`, { timeout: 20 * 60_000 }, async () => {
      const sites = await StaticSites.start(stack);
      sites.keeper = keeper.origin;
      const browser = await launch(kind, options);
      try {
        const page = await browser.open(stack.url('issuer'));
        await page.follow('[data-do="signin-ada"]');
        keeper.received.length = 0;
        const got = await inClick(page, getTokens, keeper.origin, stack.origin('issuer'));
        assert.deepEqual(got, { id: 1, ok: true, count: 30 });
        assert.ok(keeper.received.includes('/bonafides-commitments.json'), keeper.received.join(' '));
        await page.goto(`${sites.origin('paper')}/`);
        assert.deepEqual(await inClick(page, redeem, stack.origin('issuer')), { status: 200, url: `${stack.origin('issuer')}/redeem`, record: true });
        await closed();

        // The page's own policy holds, and its style is let in.
        await page.goto(`${keeper.origin}/keeper`);
        await page.wait(() => document.querySelector('#state')?.dataset.state === 'home');
        const seen = await page.eval(() => {
          let refused = '';
          try {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.head.append(script);
          } catch (e) {
            refused = e.name;
          }
          return { refused, ran: window.ran === true, border: getComputedStyle(document.documentElement).borderTopWidth };
        });
        assert.equal(seen.ran, false);
        assert.equal(seen.border, '6px', 'the style sheet was refused');

        // In frames of both kinds: it says so, has nothing to press, and tells that there is nothing to have.
        sites.pages.paper = { '/framing': `<!doctype html><title>Framing</title><script>
          window.told = [];
          addEventListener('message', (e) => window.told.push([e.origin, e.data.type]));
        </script><iframe src="${keeper.origin}/keeper/"></iframe><iframe src="${keeper.origin}/keeper/?frame"></iframe>` };
        await page.goto(`${sites.origin('paper')}/framing`);
        await page.wait(() => window.told.length === 2);
        assert.deepEqual(await page.eval(() => window.told), [[keeper.origin, 'none'], [keeper.origin, 'none']]);
        const frame = await page.frame(keeper.origin);
        assert.deepEqual(await frame.eval(() => [document.querySelector('#state').dataset.state, document.querySelectorAll('button, a, input').length]), ['framed', 0]);
      } finally {
        await browser.close();
        await sites.stop();
      }
    });
  }
});

test('Chromium with third-party cookies allowed: files answer in a frame where that was asked for, and nowhere else', { timeout: 20 * 60_000 }, async () => {
  const stack = await Stack.start();
  const folder = await temporaryFolder('keeper');
  const sites = await StaticSites.start(stack);
  const browser = await launch('chromium', { flags: kinds[0][1].flags, preferences: { profile: { cookie_controls_mode: 0 } } });
  const hosts = [];
  try {
    const told = [];
    for (const flags of [[], ['-frames']]) {
      const keeper = await keeperOf(stack, folder, `public${flags}`, ...flags);
      hosts.push(keeper);
      sites.keeper = keeper.origin;
      sites.pages.paper = { '/framing': `<!doctype html><title>Framing</title><script>
        window.told = null;
        addEventListener('message', (e) => { window.told = e.data.type; });
      </script><iframe src="${keeper.origin}/keeper/?frame"></iframe>` };
      const page = await browser.open(`${sites.origin('paper')}/framing`);
      await page.wait(() => window.told !== null);
      told.push(await page.eval(() => window.told));
    }
    assert.deepEqual(told, ['none', 'ready']);
  } finally {
    await browser.close();
    for (const h of hosts) await h.stop();
    await sites.stop();
    await folder.remove();
    await stack.stop();
  }
});
