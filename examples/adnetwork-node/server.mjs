// An ad network's server in Node: one advertisement for visitors whom an issuer
// vouches for, another for everybody else.
//
//   ISSUER=https://issuer.example PORT=8092 node server.mjs
import {createServer} from 'node:http';
import {createRemoteJWKSet} from 'jose';
import {checkRecord, Refused} from './record.mjs';

const issuer = process.env.ISSUER ?? 'http://issuer.localhost:8090';
const keys = createRemoteJWKSet(new URL(process.env.KEYS ?? `${issuer}/.well-known/redemption-record-keys`));

const server = createServer(async (req, res) => {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Access-Control-Allow-Origin', '*'); // the answer is for whoever asks
  try {
    const {origin} = await checkRecord(req.headers, {issuer, keys});
    res.end(`An advertisement for people. (${issuer} vouched for a visitor of ${origin}.)\n`);
  } catch (e) {
    if (!(e instanceof Refused)) console.error(e);
    res.end(`A plain advertisement. (${e instanceof Refused ? e.message : "The issuer's keys could not be had."})\n`);
  }
});

server.listen(Number(process.env.PORT ?? 8092), 'localhost', () => {
  console.log(`advertisements at http://localhost:${server.address().port}/ad, for people vouched for by ${issuer}`);
});
