// The examples, built, started together with their origins filled in, and stopped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { patience } from './patience.mjs';
import { freePort, Program, root, Stack, temporaryFolder } from './stack.mjs';

const page = readFileSync(path.join(root, 'examples/publisher/index.html'), 'utf8');
const folder = path.join(root, 'examples');

/** Waits until a program listens. */
async function listening(program, port) {
  const deadline = Date.now() + patience;
  for (;;) {
    const up = await new Promise((r) => { http.get({ host: 'localhost', port, path: '/' }, (a) => { a.resume(); r(true); }).on('error', () => r(false)); });
    if (up) return;
    if (!program.running || Date.now() > deadline) throw new Error(`it does not listen:\n${program.output}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** Everything that runs, from building it to stopping it. */
export class Examples {
  programs = [];

  static async start() {
    const self = new Examples();
    self.work = await temporaryFolder('examples');
    const names = ['issuer', 'keeper', 'adnetwork-go', 'relyingparty'];
    const built = spawnSync('go', ['build', '-o', self.work.dir, ...names.map((n) => `./examples/${n}`)], { cwd: root, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const ports = {};
    for (const name of [...names, 'adnetwork-node']) ports[name] = await freePort();
    // The publishers' servers keep their ports from here on; what they serve is filled in below.
    const filled = {};
    self.servers = [];
    for (const name of ['news', 'gazette']) {
      const server = http.createServer((_, answer) => {
        answer.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
        answer.end(filled[name]);
      });
      await new Promise((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', resolve); });
      ports[name] = server.address().port;
      self.servers.push(server);
    }
    self.origins = {
      issuer: `http://issuer.localhost:${ports.issuer}`, keeper: `http://keeper.localhost:${ports.keeper}`,
      // The weekly is another site with the newspaper's page.
      news: `http://news.localhost:${ports.news}`, weekly: `http://weekly.localhost:${ports.news}`, gazette: `http://gazette.localhost:${ports.gazette}`,
      site: `http://site.localhost:${ports.relyingparty}`,
    };
    const { issuer, keeper, news, weekly, gazette, site } = self.origins;
    // The newspaper has the ad network in Go, the gazette the one in Node.
    self.ads = { news: `http://ads.localhost:${ports['adnetwork-go']}`, gazette: `http://banners.localhost:${ports['adnetwork-node']}` };
    const file = (name) => path.join(self.work.dir, name);
    const run = async (name, program, args, env = {}) => {
      const p = new Program(program, args, { cwd: self.work.dir, env: { ...process.env, ...env } });
      self.programs.push(p);
      await listening(p, ports[name]);
    };
    const at = (name) => `127.0.0.1:${ports[name]}`;
    await run('issuer', file('issuer'), ['-addr', at('issuer'), '-origin', issuer, '-keeper', keeper, '-data', file('issuer-data')]);
    await run('keeper', file('keeper'), ['-addr', at('keeper'), '-origin', keeper, '-issuers', issuer]);
    await run('adnetwork-go', file('adnetwork-go'), ['-addr', at('adnetwork-go'), '-issuer', issuer, '-publishers', `${news},${weekly}`]);
    await run('adnetwork-node', process.execPath, [path.join(folder, 'adnetwork-node/server.mjs')], { ISSUER: issuer, PUBLISHERS: gazette, PORT: String(ports['adnetwork-node']) });
    self.stack = await Stack.start({ args: ['-client', `mysite=${site}`] });
    await run('relyingparty', file('relyingparty'), ['-addr', at('relyingparty'), '-origin', site, '-issuer', self.stack.origin('idp'), '-client', 'mysite', '-db', file('rp.db')]);
    for (const name of ['news', 'gazette']) {
      filled[name] = page.replaceAll('https://issuer.example', issuer).replace('https://ads.example/ad', `${self.ads[name]}/ad`).replaceAll('https://keeper.example', keeper);
    }
    return self;
  }

  async stop() {
    for (const p of this.programs) await p.stop();
    for (const s of this.servers ?? []) {
      s.closeAllConnections();
      await new Promise((r) => { s.close(r); });
    }
    await this.stack?.stop();
    await this.work?.remove();
  }
}
