// An XMLHttpRequest that carries tokens is opened anew, ended and sent twice as one
// that carries none: what browsers do is told by a stand-in with their states.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dir = mkdtempSync(path.join(tmpdir(), 'bonafides-xhr-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
await build({
  stdin: { contents: 'export * from "./tokens/xhr.js"; export { place } from "./place.js"; export { withoutTokens } from "./tokens/params.js"', resolveDir: path.resolve(import.meta.dirname, '../src'), loader: 'ts' },
  bundle: true, format: 'esm', outfile: path.join(dir, 'xhr.mjs'), logLevel: 'error',
});

const invalid = () => { throw new DOMException('no', 'InvalidStateError'); };

/** The browser's own, as far as nothing is sent. */
class XHR extends EventTarget {
  static OPENED = 1;
  static UNSENT = 0;
  static DONE = 4;
  #state = 0;
  #sent = false;
  timeout = 0;
  responseType = '';
  sends = 0;
  get readyState() { return this.#state; }
  get status() { return 0; }
  get responseText() { return ''; }
  get response() { return ''; }
  open() {
    this.#state = 1;
    this.#sent = false;
    this.dispatchEvent(new Event('readystatechange'));
  }
  setRequestHeader() { if (this.#state !== 1 || this.#sent) invalid(); }
  send() {
    if (this.#state !== 1 || this.#sent) invalid();
    this.#sent = true;
    this.sends++;
  }
  abort() {}
}

Object.assign(globalThis, {
  XMLHttpRequest: XHR, isSecureContext: true, document: { baseURI: 'https://news.example/' }, Document: class {},
  ProgressEvent: class extends Event {},
});
const { place, withoutTokens, xhrParts } = await import(pathToFileURL(path.join(dir, 'xhr.mjs')));

/** What the kit was asked for, each to be answered by the test. */
const asked = [];
let known = false;
const kit = {
  NativeRequest: class { constructor(url, init) { Object.assign(this, { url, ...init }); } },
  ours: () => !known,
  knows: () => known,
  perform: (params, request) => new Promise((resolve, reject) => { asked.push({ params, request, resolve, reject }); }),
};
assert.equal(place(xhrParts(kit)), null);

const token = { version: 1, operation: 'token-redemption' };
const settle = async () => { for (let i = 0; i < 5; i++) await new Promise((r) => setImmediate(r)); };
const name = (f) => { try { f(); } catch (e) { return e.name; } return 'went'; };

function begin() {
  asked.length = 0;
  known = false;
  const x = new XMLHttpRequest();
  x.events = [];
  for (const type of ['readystatechange', 'loadstart', 'load', 'error', 'abort', 'timeout', 'loadend']) x.addEventListener(type, () => x.events.push(`${type} ${x.readyState}`));
  x.go = () => {
    x.open('POST', 'https://issuer.example/redeem');
    x.setPrivateToken(token);
    x.send();
  };
  return x;
}

test('opened anew while it is on its way, the first request ends without a word and the second is answered', async () => {
  const x = begin();
  x.go();
  x.events.length = 0;
  x.go();
  await settle();
  assert.equal(asked[0].request.signal.aborted, true);
  asked[0].reject(new DOMException('', 'AbortError'));
  await settle();
  assert.deepEqual(x.events, ['readystatechange 1', 'loadstart 1']);
  asked[1].resolve(new Response('second'));
  await settle();
  assert.deepEqual(x.events.slice(2), ['readystatechange 4', 'load 4', 'loadend 4']);
  assert.equal(x.responseText, 'second');
});

test('an answer that comes after it was opened anew is nobody\'s', async () => {
  const x = begin();
  x.go();
  x.open('GET', 'https://issuer.example/other');
  asked[0].resolve(new Response('first'));
  await settle();
  assert.equal(x.readyState, 1);
  assert.equal(x.responseText, '');
  assert.equal(name(() => x.send()), 'went');
  assert.equal(x.sends, 1);
});

test('abort ends it at once, and it can be opened in the event', async () => {
  const x = begin();
  x.go();
  x.events.length = 0;
  x.abort();
  assert.deepEqual(x.events, ['readystatechange 4', 'abort 4', 'loadend 4']);
  assert.equal(x.readyState, 0);
  asked[0].reject(new DOMException('', 'AbortError'));
  await settle();
  assert.equal(x.events.length, 3);
  x.abort();
  assert.equal(x.events.length, 3);

  const y = begin();
  y.go();
  y.addEventListener('abort', () => y.go(), { once: true });
  y.abort();
  assert.equal(y.readyState, 1);
  assert.equal(y.events.filter((e) => e.startsWith('loadend')).length, 0, 'the first request ended twice');
  asked[1].resolve(new Response('again'));
  await settle();
  assert.equal(y.responseText, 'again');
});

test('sent twice it throws and spends one token', async () => {
  const x = begin();
  x.go();
  assert.equal(name(() => x.send()), 'InvalidStateError');
  assert.equal(name(() => x.setRequestHeader('X-One', '1')), 'InvalidStateError');
  assert.equal(name(() => x.setPrivateToken(token)), 'InvalidStateError');
  assert.equal(asked.length, 1);
  asked[0].resolve(new Response(''));
  await settle();
  assert.equal(name(() => x.send()), 'InvalidStateError');
  assert.equal(asked.length, 1);
});

test('ended while it is asked who knows the issuer, it is not sent', async () => {
  const x = begin();
  let say;
  kit.ours = () => false;
  kit.knows = () => new Promise((r) => { say = r; });
  try {
    x.go();
    x.abort();
    say(true);
    await settle();
    assert.equal(x.sends, 0);
    assert.equal(x.events.filter((e) => e.startsWith('abort')).length, 1);
    x.go();
    x.open('GET', 'https://issuer.example/other');
    say(true);
    await settle();
    assert.equal(x.sends, 0);
    x.go();
    say(true);
    await settle();
    assert.equal(x.sends, 1);
  } finally {
    kit.ours = () => true;
  }
});

test('its time and a failure end it once, with the response of its kind', async () => {
  const x = begin();
  x.responseType = 'json';
  x.timeout = 5;
  x.go();
  await new Promise((r) => { x.addEventListener('loadend', r); });
  asked[0].reject(new Error());
  await settle();
  assert.deepEqual(x.events.slice(-3), ['readystatechange 4', 'timeout 4', 'loadend 4']);
  assert.equal(x.response, null);

  const y = begin();
  y.go();
  asked[0].reject(new Error());
  await settle();
  assert.deepEqual(y.events.slice(-3), ['readystatechange 4', 'error 4', 'loadend 4']);
  assert.equal(y.response, '');
});

test('ended in its first event it asks nobody', async () => {
  const x = begin();
  x.addEventListener('loadstart', () => x.abort(), { once: true });
  x.go();
  await settle();
  assert.equal(asked.length, 0);
  assert.equal(x.readyState, 0);
});

test('a tool that changes an init without its token changes what is sent', () => {
  const init = { method: 'POST', privateToken: token };
  const got = withoutTokens(init);
  got.method = 'PUT';
  got.credentials = 'include';
  Object.defineProperty(got, 'mode', { value: 'cors', configurable: true, enumerable: true });
  delete got.credentials;
  assert.deepEqual({ ...got }, { method: 'PUT', mode: 'cors' });
  assert.deepEqual(init, { method: 'PUT', mode: 'cors', privateToken: token });
  assert.throws(() => { withoutTokens(Object.freeze({ privateToken: token })).method = 'PUT'; }, TypeError);
});

test('an init without its token is copied whole by tools that copy', () => {
  class Init { #m = 'PUT'; get method() { return this.#m; } }
  const init = Object.assign(new Init(), { body: 'b', headers: { a: '1' }, privateToken: token });
  const got = withoutTokens(init);
  assert.deepEqual({ ...got }, { body: 'b', headers: { a: '1' } });
  assert.deepEqual(Object.assign({}, got), { body: 'b', headers: { a: '1' } });
  assert.deepEqual(['method' in got, 'privateToken' in got, 'body' in got, got.method, got.privateToken], [true, false, true, 'PUT', undefined]);
  assert.deepEqual(Object.keys(withoutTokens(Object.freeze({ method: 'PUT', trustToken: token }))), ['method']);
  assert.equal(new Request('https://a.example/', { ...withoutTokens({ method: 'PUT', privateToken: token }) }).method, 'PUT');
});
