// A server behind the gate, in Node: it answers requests of the gate alone, and
// greets whoever the gate admitted.
//
//   GATE=https://gate.example ORIGIN=https://app.example PORT=8097 node server.mjs
import {createServer} from 'node:http';
import {createRemoteJWKSet} from 'jose';
import {checkAssertion, Refused} from './assertion.mjs';

const gate = process.env.GATE ?? 'http://localhost:8787';
const port = Number(process.env.PORT ?? 8097);
const origin = process.env.ORIGIN ?? `http://localhost:${port}`;
const keys = createRemoteJWKSet(new URL('/.well-known/gate-keys', gate));

const server = createServer(async (req, res) => {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  try {
    const {admitted, issuer, sub, site} = await checkAssertion(req, {gate, origin, keys});
    res.end(admitted === 'id-token' ? `You are ${sub} at ${issuer}.\n` : `${issuer} vouches for a visitor of ${site}.\n`);
  } catch (e) {
    if (!(e instanceof Refused)) console.error(e);
    res.statusCode = e instanceof Refused ? 403 : 503;
    res.end(e instanceof Refused ? `${e.code}: ${e.message}\n` : "The gate's keys could not be had.\n");
  }
});

server.listen(port, 'localhost', () => {
  console.log(`http://localhost:${server.address().port} answers what comes through ${gate}`);
});
