// What tests of the gate share: origins and providers on loopback addresses, signed
// tokens, and requests that arrive as they are written.
import {generateKeyPairSync, sign} from 'node:crypto';
import {createServer, request as httpRequest} from 'node:http';

/** A server that answers by handle and counts; http://127.0.0.1:PORT. */
export async function serve(t, handle) {
  const seen = [];
  const server = createServer((q, a) => {
    seen.push(q);
    handle(q, a);
  });
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  t(() => { server.closeAllConnections(); server.close(); });
  return {url: `http://127.0.0.1:${server.address().port}`, seen};
}

/** An origin that answers with what it was asked. */
export const echo = (q, a) => {
  let body = '';
  q.on('data', (d) => { body += d; });
  q.on('end', () => {
    a.writeHead(200, {'Content-Type': 'application/json', 'X-Origin': 'yes'});
    a.end(JSON.stringify({method: q.method, url: q.url, headers: q.headersDistinct, body}));
  });
};

/** A request whose header fields and path arrive as they are written here. */
export function raw(url, path, {method = 'GET', headers = {}, body} = {}) {
  const {hostname, port} = new URL(url);
  return new Promise((resolve, reject) => {
    const q = httpRequest({hostname, port, path, method, headers}, (a) => {
      let text = '';
      a.setEncoding('utf8');
      a.on('data', (d) => { text += d; });
      a.on('end', () => resolve({status: a.statusCode, headers: a.headers, text, json: () => JSON.parse(text)}));
    });
    q.on('error', reject);
    q.end(body);
  });
}

const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
export const pair = (kid) => {
  const {privateKey, publicKey} = generateKeyPairSync('ed25519');
  const jws = (header, claims) => {
    const input = `${b64({alg: 'EdDSA', kid, ...header})}.${b64(claims)}`;
    return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
  };
  return {jwk: {...publicKey.export({format: 'jwk'}), kid, alg: 'EdDSA', use: 'sig'}, jws};
};
export const nowSeconds = () => Math.floor(Date.now() / 1000);
