// Cases of the web-platform-tests pages about FedCM that end without anybody
// being asked, for the native surface and the polyfill's alike. Each runs in the
// page, where g = {one, two, clientId} has the configURLs of two providers. Both
// surfaces give the same answer.

const provider = '{ configURL: g.one, clientId: g.clientId, params: { nonce: "n-0123456789abcdef" } }';
const get = (members, providers = `[${provider}]`, rest = '') => `navigator.credentials.get({ identity: { providers: ${providers}, ${members} }, ${rest} })`;

export const immediate = [
  { page: 'fedcm-basic', name: 'no providers', run: 'navigator.credentials.get({ identity: {} })', answer: 'TypeError' },
  { page: 'fedcm-basic', name: 'an empty list of providers', run: get('', '[]'), answer: 'TypeError' },
  { page: 'fedcm-basic', name: 'no configURL', run: get('', '[{ clientId: "x" }]'), answer: 'TypeError' },
  { page: 'fedcm-basic', name: 'no clientId', run: get('', '[{ configURL: g.one }]'), answer: 'TypeError' },
  { page: 'fedcm-basic', name: 'a configURL that is not secure', run: get('', '[{ configURL: "http://idp.example/c.json", clientId: "x" }]'), answer: 'NetworkError' },
  { page: 'fedcm-basic', name: 'a configURL that is none', run: get('', '[{ configURL: "http://", clientId: "x" }]'), answer: 'InvalidStateError' },
  { page: 'fedcm-basic', name: 'identity is no object', run: 'navigator.credentials.get({ identity: 3 })', answer: 'TypeError' },
  { page: 'fedcm-abort', name: 'a signal that was aborted before', run: get('', undefined, 'signal: AbortSignal.abort()'), answer: 'AbortError' },
  { page: 'fedcm-abort', name: 'a signal that is none', run: get('', undefined, 'signal: {}'), answer: 'TypeError' },
  { page: 'fedcm-abort-silent-mediation-not-permitted', name: 'silent, with nobody signed in', run: get('', undefined, 'mediation: "silent", signal: new AbortController().signal'), answer: 'NetworkError' },
  { page: 'fedcm-context', name: 'an unknown context', run: get('context: "invalid"'), answer: 'TypeError' },
  { page: 'fedcm-button-mode-basics', name: 'the old mode "button"', run: get('mode: "button"'), answer: 'TypeError' },
  { page: 'fedcm-button-mode-basics', name: 'the old mode "widget"', run: get('mode: "widget"'), answer: 'TypeError' },
  { page: 'fedcm-multi-idp-basic', name: 'one provider twice', run: get('', `[${provider}, ${provider}]`), answer: 'NetworkError' },
  { page: 'fedcm-multi-idp-basic', name: 'active mode takes one provider', run: get('mode: "active"', `[${provider}, ${provider.replace('g.one', 'g.two')}]`), answer: 'InvalidStateError' },
  { page: 'fedcm-too-many-idps', name: 'eleven providers', run: get('', 'Array.from({ length: 11 }, (_, i) => ({ configURL: `https://idp${i}.localhost/c.json`, clientId: "x" }))'), answer: 'TypeError' },
  { page: 'fedcm-multi-idp-mediation-silent', name: 'silent, with two providers', run: get('', `[${provider}, ${provider.replace('g.one', 'g.two')}]`, 'mediation: "silent"'), answer: 'NetworkError' },
  { page: 'mediation', name: 'an unknown mediation', run: get('', undefined, 'mediation: "loud"'), answer: 'TypeError' },
  { page: 'mediation', name: 'conditional', run: get('', undefined, 'mediation: "conditional"'), answer: 'NotSupportedError' },
  { page: 'fedcm-params', name: 'params that is no JSON', run: '(() => { const params = {}; params.self = params; return navigator.credentials.get({ identity: { providers: [{ configURL: g.one, clientId: g.clientId, params }] } }); })()', answer: 'TypeError' },
  { page: 'fedcm-store', name: 'a credential cannot be made by create', run: 'navigator.credentials.create({ identity: {} })', answer: 'NotSupportedError' },
  { page: 'fedcm-disconnect-errors', name: 'no accountHint', run: 'IdentityCredential.disconnect({ configURL: g.one, clientId: g.clientId })', answer: 'TypeError' },
  { page: 'fedcm-disconnect-errors', name: 'no configURL', run: 'IdentityCredential.disconnect({ clientId: g.clientId, accountHint: "a" })', answer: 'TypeError' },
  { page: 'fedcm-disconnect-errors', name: 'a configURL that is none', run: 'IdentityCredential.disconnect({ configURL: "http://", clientId: g.clientId, accountHint: "a" })', answer: 'InvalidStateError' },
  { page: 'resolve', name: 'resolve outside a continuation', run: 'IdentityProvider.resolve("token")', answer: 'NotAllowedError' },
  { page: 'fedcm-userinfo', name: 'getUserInfo in the top frame', run: 'IdentityProvider.getUserInfo({ configURL: g.one, clientId: g.clientId })', answer: 'InvalidStateError' },
  { page: 'fedcm-userinfo', name: 'getUserInfo without a configURL', run: 'IdentityProvider.getUserInfo({ clientId: g.clientId })', answer: 'TypeError' },
  { page: 'cross-origin-status', name: 'setStatus resolves on any origin', run: 'navigator.login.setStatus("logged-in")', answer: 'undefined' },
  { page: 'cross-origin-status', name: 'setStatus of an unknown status', run: 'navigator.login.setStatus("perhaps")', answer: 'TypeError' },
  { page: 'close', name: 'close outside a window does nothing', run: '(async () => IdentityProvider.close())()', answer: 'undefined' },
  { page: 'fedcm-basic', name: 'a credential cannot be made by a page', run: '(async () => new IdentityCredential())()', answer: 'TypeError' },
  { page: 'fedcm-error-attribute', name: 'an error can be made by a page', run: '(async () => { const e = new IdentityCredentialError("m", { error: "e", url: "https://idp.example/" }); return [e.name, e.message, e.error, e.url, e instanceof DOMException].join(); })()', answer: 'IdentityCredentialError,m,e,https://idp.example/,true' },
];
