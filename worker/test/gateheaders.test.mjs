// Which headers of a visitor go on to the application behind the gate, by name.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';

const built = await build({ entryPoints: [path.resolve(import.meta.dirname, '../src/gate/headers.ts')], bundle: true, write: false, format: 'esm' });
const { mayKeep, passes } = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString('base64')}`);

// What modules, gateways and access managers tell the application behind them.
const identities = [
  'OIDC-CLAIM-sub', 'OIDC-CLAIM-preferred-username', 'OIDC-access-token', 'OAUTH2-CLAIM-sub', 'AJP-REMOTE-USER', 'AJP-OIDC-CLAIM-sub', 'Shib-Session-ID',
  'Shib-Identity-Provider', 'X-Shib-Attributes', 'Mellon-NameID', 'X-SAML-Subject', 'X-SSO-User', 'SM-USER', 'SM-UNIVERSALID', 'iv-user', 'iv-groups', 'OAM-REMOTE-USER',
  'X-Consumer-Username', 'X-Consumer-Custom-ID', 'X-Credential-Identifier', 'X-Anonymous-Consumer', 'X-JWT-Assertion', 'X-ID-Token', 'X-Userinfo',
  'X-Preferred-Username', 'X-SPIFFE-ID', 'X-Scope-OrgID', 'Impersonate-User', 'Impersonate-Group', 'X-Authn-User',
  'X-Forwarded-User', 'X-Forwarded-Email', 'X-Auth-Request-User', 'Remote-User', 'X-Remote-User', 'X-WEBAUTH-USER', 'X-authentik-username',
];

test('nobody tells the application who they are, by any proxy\'s name for it', () => {
  for (const name of identities) {
    assert.equal(passes(name.toLowerCase(), []), false, name);
    assert.equal(passes(name.toLowerCase().replaceAll('-', '_'), []), false, `${name} with underscores`);
    assert.equal(mayKeep(name), true, name);
    assert.equal(passes(name.toLowerCase(), [name.toLowerCase()]), true, `${name}, kept by the settings`);
  }
});

test('what browsers and applications send of their own goes on', () => {
  for (const name of ['accept', 'accept-language', 'content-type', 'cookie', 'if-none-match', 'origin', 'range', 'referer', 'sec-fetch-site', 'user-agent',
    'x-requested-with', 'x-csrf-token', 'x-xsrf-token', 'x-api-key', 'x-access-token', 'x-request-id', 'traceparent', 'baggage', 'idempotency-key', 'hx-request',
    'x-inertia', 'x-livewire', 'turbo-frame', 'next-action', 'rsc', 'x-csrftoken', 'dav', 'depth', 'destination', 'oc-checksum', 'grpc-timeout', 'save-data', 'priority', 'ohttp', 'smart-lock', 'ivory']) {
    assert.equal(passes(name, []), true, name);
  }
});
