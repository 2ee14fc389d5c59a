// Pages of the tests' own under the strictest policy that the scripts work with:
// no inline script, no eval, no markup from scripts (Trusted Types), connections
// to the named origins alone. What a page does stands in a file, page.mjs.
import http from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './stack.mjs';

/** The policy, with the origins that the page connects to. */
export const policy = ({ connect }) => [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", `connect-src 'self' ${connect.join(' ')}`,
  'img-src data:', "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

// Runs before everything else: what the policy stops is written down.
const watch = `
  window.stopped = [];
  addEventListener('securitypolicyviolation', (e) => window.stopped.push(\`\${e.effectiveDirective} \${e.blockedURI} \${e.sample} \${e.sourceFile}:\${e.lineNumber}\`));
`;

export class StrictSite {
  /** What was fetched: {path, bytes} as sent. */
  sent = [];

  /**
   * @param {{policy: string, files: object, tags: string}} options files: the
   *   page's own by path, {type, body}; tags: the script tags of the page.
   */
  static async start(options) {
    const self = new StrictSite();
    self.options = options;
    self.server = http.createServer((request, response) => {
      const { pathname } = new URL(request.url, 'http://x');
      const [type, body] = self.#answer(pathname);
      self.sent.push({ path: pathname, bytes: body.length });
      response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': self.options.policy, 'Cache-Control': 'no-store' });
      response.end(body);
    });
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.port = self.server.address().port;
    return self;
  }

  #answer(pathname) {
    if (pathname.startsWith('/bonafides/')) {
      const name = path.basename(pathname);
      return [name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', readFileSync(path.join(root, 'wasm/dist', name))];
    }
    if (pathname === '/watch.js') return ['text/javascript', watch];
    const own = this.options.files?.[pathname];
    if (own) return [own.type ?? 'text/javascript', own.body];
    return ['text/html; charset=utf-8', `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,"><script src="/watch.js"></script>${this.options.tags}<body><button id="go">Go</button>`];
  }

  origin(name) {
    return `http://${name}.localhost:${this.port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}
