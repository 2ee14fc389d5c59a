// oidc-provider on a port of its own. The first argument says which clients it has, and
// whether they must push their requests. It says its issuer on standard output and ends
// with its standard input.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const { clients, pushed } = JSON.parse(process.argv[2]);
const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key of this run'] },
    claims: { profile: ['name'], email: ['email', 'email_verified'] },
    // Only what was asked for goes into the ID token; the rest is at userinfo.
    conformIdTokenClaims: true,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: 'Ada Lovelace', email: 'ada@example.test', email_verified: true }),
    }),
    features: {
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: pushed },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true },
    },
    ttl: { AccessToken: 20, IdToken: 300, RefreshToken: 3600, AuthorizationCode: 60, Session: 3600, Interaction: 600, Grant: 3600 },
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: true,
    // Its own refuses addresses of this machine.
    fetch: (url, options) => globalThis.fetch(url, { method: options.method, headers: options.headers, body: options.body }),
  });
  for (const what of ['server_error', 'backchannel.error', 'revocation.error', 'grant.error']) {
    provider.on(what, (...args) => console.error(what, ...args.filter((a) => a instanceof Error).map((e) => e.error_description ?? e.stack)));
  }
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.on('end', () => process.exit(0)).resume();
