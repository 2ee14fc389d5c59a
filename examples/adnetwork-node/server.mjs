// An ad network's server in Node: one advertisement for visitors whom an issuer
// vouches for, another for everybody else.
//
//   ISSUER=https://issuer.example PUBLISHERS=https://news.example PORT=8092 node server.mjs
import {createServer} from 'node:http';
import {createRemoteJWKSet} from 'jose';
import {checkRecord, Refused} from './record.mjs';

const issuer = process.env.ISSUER ?? 'http://issuer.localhost:8090';
// The sites whose pages send records, with commas between. There is no word for
// "all": whoever may send a record from a page may also read the answer.
const publishers = new Set((process.env.PUBLISHERS ?? 'http://news.localhost:8091').split(','));
// Browsers find *.localhost on this machine by themselves, Node only where the
// system does.
const reached = issuer.replace(/^http:\/\/[^/:]+\.localhost\b/, 'http://localhost');
const keys = createRemoteJWKSet(new URL(process.env.KEYS ?? `${reached}/.well-known/redemption-record-keys`));

const server = createServer(async (req, res) => {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Vary', 'Origin');
  const known = publishers.has(req.headers.origin);
  if (known) res.setHeader('Access-Control-Allow-Origin', req.headers.origin);
  if (req.method === 'OPTIONS') {
    // A browser without Private State Tokens asks whether a page may send the
    // polyfill's header.
    if (known) {
      res.setHeader('Access-Control-Allow-Methods', 'GET');
      res.setHeader('Access-Control-Allow-Headers', 'Private-State-Redemption-Record');
      res.setHeader('Access-Control-Max-Age', '600');
    }
    res.writeHead(known ? 204 : 403).end();
    return;
  }
  try {
    const {origin} = await checkRecord(req.headers, {issuer, keys});
    res.end(`An advertisement for people. (${issuer} vouched for a visitor of ${origin}.)\n`);
  } catch (e) {
    if (!(e instanceof Refused)) console.error(e);
    res.end(`A plain advertisement. (${e instanceof Refused ? e.message : "The issuer's keys could not be had."})\n`);
  }
});

server.listen(Number(process.env.PORT ?? 8092), 'localhost', () => {
  console.log(`advertisements at http://localhost:${server.address().port}/ad on ${[...publishers]}, for people vouched for by ${issuer}`);
});
