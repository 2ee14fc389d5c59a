// The cases of the web-platform-tests pages about Private State Tokens, for the
// native surface and the polyfill's alike.

// Each case runs in the page with fetch's or XMLHttpRequest's way of giving the
// parameters, and answers the name of what was thrown or "accepted".
export const withFetch = (parameters) => {
  try {
    new Request(location.origin, { privateToken: parameters });
    return 'accepted';
  } catch (e) {
    return e.name;
  }
};
export const withXHR = (parameters) => {
  const xhr = new XMLHttpRequest();
  xhr.open('GET', location.origin);
  try {
    xhr.setPrivateToken(parameters);
    return 'accepted';
  } catch (e) {
    return e.name;
  }
};

const send = (...issuers) => ({ version: 1, operation: 'send-redemption-record', issuers });

export const validation = [
  { name: 'the parameters are an object', parameters: 3, native: 'TypeError' },
  { name: 'version is required', parameters: { operation: 'token-request' }, native: 'TypeError' },
  { name: 'version is a number', parameters: { version: 'one', operation: 'token-request' }, native: 'TypeError' },
  { name: 'version is 1', parameters: { version: 2, operation: 'token-request' }, native: 'TypeError' },
  { name: 'operation is required', parameters: { version: 1 }, native: 'TypeError' },
  { name: 'operation is one of three words', parameters: { version: 1, operation: 'invalid' }, native: 'TypeError' },
  { name: 'refreshPolicy is one of two words', parameters: { version: 1, operation: 'token-redemption', refreshPolicy: 'sometimes' }, native: 'TypeError' },
  { name: 'refreshPolicy none is accepted', parameters: { version: 1, operation: 'token-redemption', refreshPolicy: 'none' }, native: 'accepted' },
  { name: 'refreshPolicy refresh is accepted', parameters: { version: 1, operation: 'token-redemption', refreshPolicy: 'refresh' }, native: 'accepted' },
  { name: 'sending needs issuers', parameters: { version: 1, operation: 'send-redemption-record' }, native: 'TypeError' },
  { name: 'sending needs at least one issuer', parameters: send(), native: 'TypeError' },
  { name: 'issuers are strings', parameters: send(3), native: 'TypeError' },
  { name: 'issuers are URLs', parameters: send('not a valid URL'), native: 'TypeError' },
  { name: 'issuers are secure', parameters: send('http://not-secure.example'), native: 'TypeError' },
  { name: 'one insecure issuer among secure ones is refused', parameters: send('https://secure.example', 'http://not-secure.example'), native: 'TypeError' },
  { name: 'localhost is secure enough', parameters: send('http://localhost'), native: 'accepted' },
  { name: 'a subdomain of localhost is secure enough', parameters: send('http://issuer.localhost:8080'), native: 'accepted' },
  { name: 'token-request alone is accepted', parameters: { version: 1, operation: 'token-request' }, native: 'accepted' },
  { name: 'unknown members are ignored', parameters: { version: 1, operation: 'token-request', type: 'anything', signRequestData: 'include' }, native: 'accepted' },
];

/** What only XMLHttpRequest's way has: when it may be called. */
export const validationXHR = [
  {
    name: 'setPrivateToken before open is refused', native: 'InvalidStateError',
    run: () => { try { new XMLHttpRequest().setPrivateToken({ version: 1, operation: 'token-request' }); return 'accepted'; } catch (e) { return e.name; } },
  },
  {
    name: 'setPrivateToken after send is refused', native: 'InvalidStateError',
    run: () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', location.origin);
      xhr.send();
      try { xhr.setPrivateToken({ version: 1, operation: 'token-request' }); return 'accepted'; } catch (e) { return e.name; } finally { xhr.abort(); }
    },
  },
];

/** has-trust-token-with-no-top-frame: a document whose frame is gone. */
export const hasWithoutFrame = async (name) => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const inner = frame.contentDocument;
  const { DOMException: Exception } = frame.contentWindow;
  frame.remove();
  try {
    return String(await inner[name]('https://issuer.example'));
  } catch (e) {
    return `${e instanceof Exception || e instanceof DOMException} ${e.name}`;
  }
};
