// What the gate says of its own settings, in the Worker as it is shipped.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {raw} from './gate.mjs';
import {devWith, exampleVars, root} from './lib.mjs';

describe('the gate\'s configuration', () => {
  let worker;
  before(async () => {
    worker = await devWith({vars: exampleVars(), main: 'worker/test/gate-entry.ts'});
  });
  after(() => worker?.stop());
  const idTokens = {issuer: 'https://idp.example', clientId: 'gate', jwksUri: 'https://idp.example/jwks', insecureNoNonce: true};
  const app = 'https://app.example';

  test('names what is missing or wrong, and admits nobody until it is right', async () => {
    const detail = async (gate) => {
      const a = await raw(worker.url, '/gate/', {headers: {'Test-Now': '1800000000', ...(gate !== undefined && {'Test-Gate': typeof gate === 'string' ? gate : JSON.stringify(gate)})}});
      if (a.status !== 503) return `${a.status}`;
      return `${a.json().code} ${a.json().detail}`;
    };
    for (const [gate, says] of [
      [undefined, 'gate_off The gate is not configured: set the variable GATE'],
      ['{', 'gate_config The variable GATE is not JSON'],
      [[], 'gate_config GATE is not an object'],
      [{}, 'gate_config GATE.origin is not'],
      [{origin: app}, 'gate_config GATE admits nobody'],
      [{origin: `${app}/`, idTokens}, 'gate_config GATE.origin'], [{origin: 'http://app.example', idTokens}, 'gate_config GATE.origin'],
      [{origin: 'https://user@app.example', idTokens}, 'gate_config GATE.origin'],
      [{origin: app, idtokens: idTokens}, 'gate_config GATE.idtokens is not a setting'],
      [{origin: app, idTokens: {...idTokens, insecureNoNonce: false}}, 'gate_config GATE.idTokens needs either nonceCookie'],
      [{origin: app, idTokens: {...idTokens, nonceCookie: '__Host-n'}}, 'gate_config GATE.idTokens needs either nonceCookie'],
      [{origin: app, idTokens: {...idTokens, jwksUri: 'http://idp.example/jwks'}}, 'gate_config GATE.idTokens.jwksUri'],
      [{origin: app, idTokens: {...idTokens, issuer: undefined}}, 'gate_config GATE.idTokens: the option issuer is missing'],
      [{origin: app, idTokens: {...idTokens, clientId: 7}}, 'gate_config GATE.idTokens: the option clientId is not'],
      [{origin: app, idTokens: {...idTokens, nonce: 'n'}}, 'gate_config GATE.idTokens.nonce is not a setting'],
      [{origin: app, idTokens: {...idTokens, verifyOnly: true, match: {sub: ['ci']}}}, 'gate_config GATE.idTokens needs either nonceCookie'],
      [{origin: app, idTokens: {...idTokens, insecureNoNonce: false, verifyOnly: true}}, 'gate_config GATE.idTokens: VerifyOnly needs Match'],
      [{origin: app, idTokens: {...idTokens, insecureNoNonce: false, verifyOnly: 'yes'}}, 'gate_config GATE.idTokens needs either nonceCookie'],
      [{origin: app, idTokens: {...idTokens, insecureNoNonce: false, verifyOnly: true, match: {sub: ['ci']}}}, '401'],
      [{origin: app, idTokens: {...idTokens, skew: 301}}, 'gate_config GATE.idTokens: the option skew is not'],
      [{origin: app, idTokens: {...idTokens, tenants: ['a']}}, 'gate_config GATE.idTokens: Tenants need an Issuer that holds {tenantid}'],
      [{origin: app, idTokens: {...idTokens, issuer: 'https://idp.example/{tenantid}', tenants: ['a/b']}}, 'gate_config GATE.idTokens: Tenants holds what is no tenant id'],
      [{origin: app, idTokens: {...idTokens, authorizedParties: ['ios'], ignoreKeyHints: true, skew: 60, match: {hd: ['a.example']}, maxSize: 65536}}, '401'],
      [{origin: app, idTokens: {...idTokens, cookie: 'a b'}}, 'gate_config GATE.idTokens.cookie'],
      [{origin: app, records: {}}, 'gate_config GATE.records.issuers is empty'],
      [{origin: app, records: {issuers: ['https://issuer.example/']}}, 'gate_config GATE.records.issuers'],
      [{origin: app, records: {issuers: ['https://issuer.example'], embedders: ['https://news.example']}}, 'gate_config GATE.records.embedders'],
      [{origin: app, idTokens, cors: ['*']}, 'gate_config GATE.cors'], [{origin: app, idTokens, corsHeaders: ['a b']}, 'gate_config GATE.corsHeaders'],
      [{origin: app, idTokens: {...idTokens, cookie: 'session'}}, 'gate_config GATE.idTokens.cookie does not begin with __Host-'],
      [{origin: app, idTokens: {...idTokens, cookie: '__host-session'}}, 'gate_config GATE.idTokens.cookie does not begin with __Host-'],
      [{origin: app, idTokens: {...idTokens, insecureNoNonce: false, nonceCookie: 'nonce'}}, 'gate_config GATE.idTokens.nonceCookie does not begin with __Host-'],
      [{origin: app, idTokens: {...idTokens, cookie: 'session', insecureCookieNames: true}}, '401'], [{origin: app, idTokens: {...idTokens, cookie: '__Host-session'}}, '401'],
      [{origin: app, idTokens, keepHeaders: ['X-Auth-Token']}, '401'],
      ...['Gate-Subject', 'gate-x', 'X_Auth_Token', 'X.Y', 'X-Forwarded-For', 'Connection', 'Sec-Redemption-Record', 7, ''].map((name) => [{origin: app, idTokens, keepHeaders: [name]}, 'gate_config GATE.keepHeaders is not a list of header names']),
      [{origin: app, idTokens, forwardPrefix: 'yes'}, 'gate_config GATE.forwardPrefix is not true or false'],
      ...['gate-keys', '/gate/keys', '/.well-known/', '/.well-known/redemption-record-keys', '/.well-known/a/b', '/issue'].map((keysPath) => [{origin: app, idTokens, keysPath}, 'gate_config GATE.keysPath is not a path']),
      [{origin: app, idTokens, keysPath: '/.well-known/app-gate'}, '401'],
      [{origin: app, idTokens}, '401'], [{origin: app, records: {issuers: ['https://issuer.example']}}, '403'],
    ]) {
      const got = await detail(gate);
      assert.ok(got.startsWith(says), `${JSON.stringify(gate)}: ${got}; want ${says}`);
    }
  });

  test('may be a table of wrangler.toml, and needs no keys of an issuer', async (t) => {
    const block = /^# (\[vars\.GATE\]\n(?:# .*\n)*)/m.exec(readFileSync(join(root, 'wrangler.toml'), 'utf8'))[1].replace(/^# /gm, '');
    const {url, stop} = await devWith({vars: {}, more: block});
    t.after(stop);
    assert.equal((await raw(url, '/issue')).json().code, 'secret_missing');
    const a = await raw(url, '/gate/x');
    assert.deepEqual([a.status, a.json().code], [401, 'credential_missing']);
    assert.match(a.json().detail, /nor a redemption record/);
  });

  test('is off in the Worker as it comes', async (t) => {
    const {url, stop} = await devWith({vars: exampleVars()});
    t.after(stop);
    const a = await raw(url, '/gate/x');
    assert.deepEqual([a.status, a.json().code], [503, 'gate_off']);
  });
});
