// HTTP by hand, to the demo's listener. Node does not resolve *.localhost, so
// every request goes to 127.0.0.1 and names its site in the Host header.
import http from 'node:http';
import { patience } from './patience.mjs';

/**
 * Sends one request and reads the whole answer.
 * @param {{port: number, host: string, path?: string, method?: string, headers?: object, body?: Buffer|string, timeout?: number, address?: string}} r
 *   address: 127.0.0.1 unless told; ::1 is another network to a server that counts by address.
 * @returns {Promise<{status: number, headers: object, body: Buffer, text: string}>}
 */
export function request({ port, host, path = '/', method = 'GET', headers = {}, body, timeout = patience, agent, address = '127.0.0.1' }) {
  // Node leaves the length of a DELETE's body out; what follows on the connection would then be read as the next request.
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const req = http.request({ host: address, port, path, method, agent, headers: { Host: host, ...length, ...headers }, timeout }, (res) => {
      const chunks = [];
      res.on('data', (c) => chunks.push(c));
      res.on('end', () => {
        const all = Buffer.concat(chunks);
        resolve({ status: res.statusCode, headers: res.headers, body: all, text: all.toString('utf8') });
      });
      res.on('error', reject);
    });
    req.on('timeout', () => req.destroy(new Error(`${method} ${host}${path}: no answer within ${timeout} ms`)));
    req.on('error', reject);
    req.end(body);
  });
}

/** Cookies of one pretended browser, kept apart by host name. */
export class Jar {
  #cookies = new Map();

  take(host, answer) {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair, ...attributes] = line.split(';').map((s) => s.trim());
      const cut = pair.indexOf('=');
      const key = `${host} ${pair.slice(0, cut)}`;
      const gone = attributes.some((a) => /^max-age=(0|-\d+)$/i.test(a));
      if (gone) this.#cookies.delete(key);
      else this.#cookies.set(key, pair.slice(cut + 1));
    }
    return answer;
  }

  header(host) {
    return [...this.#cookies].filter(([key]) => key.startsWith(`${host} `)).map(([key, value]) => `${key.slice(host.length + 1)}=${value}`).join('; ');
  }

  has(host, name) {
    return this.#cookies.has(`${host} ${name}`);
  }
}
