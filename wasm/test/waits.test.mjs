// Every wait of the page scripts, and what can happen to it: each ends with its
// outcome, with the caller's signal, or with a bound, and says why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { config, ended, ends, issuer, keeper, redemption, settle, until, world } from './standin.mjs';

const marked = '<meta name="bonafides-return" content="2">';
const over = (name) => new DOMException('said so', name);

/** The same, with the keeper's port open and the question asked. */
async function asked(w) {
  const r = await redemption(w);
  await greeted(r);
  return r;
}

async function greeted(r) {
  r.questions = [];
  r.window.says({ bonafides: 1, type: 'ready' });
  await settle();
  r.port = r.window.port;
  r.port.onmessage = (m) => r.questions.push(m.data);
  r.port.postMessage({ welcome: true });
  await settle();
}

const signals = [
  ['an abort', async (w, r) => r.end.abort(), /^AbortError/],
  ['the caller\'s time', async (w, r) => r.end.abort(over('TimeoutError')), /^TimeoutError: said so/],
  ['a reason of the caller\'s own', async (w, r) => r.end.abort(new RangeError('mine')), /^RangeError: mine/],
];
const leaves = ['the page\'s end', async (w) => w.emit('pagehide', { persisted: true }), /^NotAllowedError/];

const table = {
  'the window that does not say that it is there': [redemption, [
    ...signals, leaves,
    ['nothing', async (w) => w.tick(30_500), /^OperationError: The keeper/],
    ['its closing', async (w, r) => { r.window.closed = true; await w.tick(1500); }, /^NotAllowedError: .*return\.html/],
    ['a stranger\'s words', async (w, r) => { r.window.says({ bonafides: 1, type: 'ready' }, 'https://evil.example'); await w.tick(30_500); }, /^OperationError/],
    ['words that are none', async (w, r) => { for (const d of [null, 7, 'ready', {}, { bonafides: 1 }, { bonafides: 1, type: 'x' }]) r.window.says(d); await w.tick(30_500); }, /^OperationError/],
  ]],
  'the keeper\'s first word': [async (w) => { const r = await redemption(w); r.window.says({ bonafides: 1, type: 'ready' }); await settle(); return r; }, [
    ...signals, leaves,
    ['nothing', async (w) => w.tick(30_500), /^OperationError/],
    ['a refusal', async (w, r) => r.window.port.postMessage({ refused: 'unsupported' }), /^NotSupportedError/],
    ['words that are none', async (w, r) => { for (const d of [null, 7, {}, { welcome: 'yes' }, { refused: 1 }]) r.window.port.postMessage(d); await w.tick(30_500); }, /^OperationError/],
  ]],
  'an answer': [asked, [
    ...signals, leaves,
    ['nothing', async (w) => w.tick(60_500), /^OperationError: .*in time/],
    ['the window\'s closing', async (w, r) => { r.window.closed = true; await w.tick(500); }, /^NotAllowedError: The window/],
    ['the window being loaded anew', async (w, r) => r.window.says({ bonafides: 1, type: 'ready' }), /^OperationError: .*anew/],
    ['an answer to something else', async (w, r) => { r.port.postMessage({ id: 999, ok: true }); await w.tick(60_500); }, /^OperationError/],
    ['answers that are none', async (w, r) => { for (const d of [null, 7, 'x', {}, { id: '1', ok: true }]) r.port.postMessage(d); await w.tick(60_500); }, /^OperationError/],
    ['an answer without its members', async (w, r) => r.port.postMessage({ id: r.questions[0].id, ok: true }), /^OperationError: .*lacks/],
    ['a refusal with a code nobody knows', async (w, r) => r.port.postMessage({ id: r.questions[0].id, ok: false, code: 'x' }), /^OperationError/],
    ['the answer', async (w, r) => r.port.postMessage({ id: r.questions[0].id, ok: true, status: 201, record: 'r', expires: 4e9 }), /^resolved 201/],
  ]],
  'the window that comes back': [redemption, [
    ...signals, leaves,
    ['nothing, the window reading as closed', async (w, r) => { r.window.closed = true; await w.tick(121_000); }, /^OperationError/],
    ['an answer that is sealed to nobody', async (w, r) => { await returned(w, r, { sealed: 'AAAA' }); await w.tick(121_000); }, /^OperationError/],
    ['an answer in the clear', async (w, r) => { await returned(w, r, { answer: { ok: true, record: 'r', expires: 4e9 } }); await w.tick(121_000); }, /^OperationError/],
    ['the answer', async (w, r) => returned(w, r, {}, { ok: true, status: 200, record: 'r', expires: 4e9 }), /^resolved 200/],
  ], { returnPage: marked }],
  'a press': [redemption, [
    ...signals,
    ['nothing', async (w) => w.tick(60_500), /^NotAllowedError: Nobody pressed/],
    ['a no', async (w) => w.events[0].detail.dismiss(), /^NotAllowedError: The person/],
    ['a press after which nothing opens, on a site without the return page', async (w) => { w.active(true); w.events[0].detail.proceed(); }, /^NotAllowedError: .*return\.html/],
  ], { blocked: true, active: false }],
};

for (const [wait, [begin, cells, options]] of Object.entries(table)) {
  for (const [what, happens, want] of cells) {
    test(`waiting for ${wait} ends with ${what}`, async (t) => {
      const w = await world(t, options);
      const r = await begin(w);
      assert.equal(await ends(r.call), 'pending');
      await happens(w, r);
      assert.match(await ended(r.call), want);
    });
  }
}

/** The keeper's window, back at the site's return page. */
async function returned(w, r, with_, answer) {
  const errand = w.page.unpack(r.window.went[0].split(w.page.fragmentErrand)[1]);
  const { channel, id, key, origin } = errand;
  const sealed = answer && await (await w.page.sealer(key, w.page.purposeOf(origin, channel, id)))(answer);
  const c = new BroadcastChannel(channel);
  let heard = false;
  c.onmessage = (m) => { heard ||= m.data.here === true; };
  c.postMessage({ channel, id, proof: 'p', ...with_, ...(sealed && { sealed }) });
  await until(() => heard);
  w.closing.push(c);
}

test('an errand that gets no answer goes back after 45 seconds, and the page hears that the keeper could not', async (t) => {
  const w = await world(t, { returnPage: marked });
  const r = await redemption(w);
  const errand = w.page.unpack(r.window.went[0].split(w.page.fragmentErrand)[1]);
  const went = [];
  let asks = false;
  globalThis.location = { origin: keeper, replace: (url) => went.push(url) };
  const end = w.page.errand({ ...errand, proof: 'of that page' }, {
    show() {}, atWork() {}, consent: async () => 'yes', putPending: async () => {}, takePending: async () => ({}),
    reply: (question, origin, within) => {
      asks = true;
      return w.page.bounded(new Promise(() => {}), null, within);
    },
  });
  await until(() => asks);
  await w.tick(44_000);
  assert.deepEqual(went, []);
  await w.tick(1_500);
  await end;
  const [where, back] = went[0].split('#');
  assert.equal(where, `${errand.origin}/.well-known/private-state-token/return.html`);
  const { sealed } = w.page.unpack(back.slice(back.indexOf('=') + 1));
  globalThis.location = w.globals.location;
  await returned(w, r, { sealed });
  assert.match(await ended(r.call), /^OperationError/);
});

for (const [who, greets, closes] of [['nobody greets', false, true], ['a page has greeted', true, undefined]]) {
  test(`a keeper's window that ${who} ${closes ? 'closes by itself' : 'stays'}`, async (t) => {
    const w = await world(t);
    const opener = { closed: false, postMessage() {} };
    w.page.serve(opener, async () => {});
    if (greets) {
      const { port1, port2 } = new MessageChannel();
      w.closing.push(port1);
      w.emit('message', { source: opener, origin: 'https://news.example', data: { bonafides: 1, type: 'hello' }, ports: [port2] });
    }
    await w.tick(29_000);
    assert.equal(w.closedItself, undefined);
    await w.tick(60_000);
    assert.equal(w.closedItself, closes);
  });
}

test('a web view that gives back the page\'s own window opens none, and the page stays where it is', async (t) => {
  const w = await world(t);
  globalThis.open = () => globalThis.window;
  await redemption(w);
  assert.equal(w.events[0]?.type, 'bonafides:ask');
  assert.equal(w.left, undefined);
});

test('a return page that was found is one also where nothing can be stored', async (t) => {
  const w = await world(t, { returnPage: marked });
  globalThis.localStorage.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  assert.equal(await w.page.hasReturnPage((...a) => globalThis.fetch(...a)), true);
});

test('after the window was loaded anew, the next question is answered', async (t) => {
  const w = await world(t);
  const first = await asked(w);
  const second = await redemption(w);
  first.window.says({ bonafides: 1, type: 'ready' });
  assert.match(await ends(first.call), /^OperationError/);
  assert.match(await ends(second.call), /^OperationError/);
  const third = await redemption(w);
  third.window = first.window;
  await greeted(third);
  third.port.postMessage({ id: third.questions.at(-1).id, ok: true, status: 200, record: 'r', expires: 4e9 });
  assert.match(await ends(third.call), /^resolved 200/);
});

test('a call that was aborted before opens no window, and a page without an origin neither', async (t) => {
  const w = await world(t);
  const link = new w.page.Link(config);
  assert.match(await ends(link.hold({ issuer, operation: 'token-redemption', signal: AbortSignal.abort(over('TimeoutError')) })), /^TimeoutError/);
  globalThis.self.origin = 'null';
  assert.match(await ends(link.hold({ issuer, operation: 'token-redemption' })), /^NotSupportedError: .*origin/);
  assert.equal(w.opened.length, 0);
});

test('a page that hears the question and throws changes nothing', async (t) => {
  const w = await world(t, { blocked: true, active: false });
  w.onask = () => { throw new Error('theirs'); };
  const r = await redemption(w);
  await w.tick(60_500);
  assert.match(await ends(r.call), /^NotAllowedError/);
});

test('windows close with the page, and with the caller\'s abort a little later', async (t) => {
  const w = await world(t);
  const first = await redemption(w);
  first.end.abort();
  assert.match(await ends(first.call), /^AbortError/);
  assert.equal(first.window.closed, false);
  await w.tick(1750);
  assert.equal(first.window.closed, true);
  const second = await redemption(w);
  assert.notEqual(second.window, first.window);
  w.emit('pagehide', { persisted: true });
  assert.equal(second.window.closed, true);
});

for (const [what, fetch, want] of [
  ['there', async () => new Response(`<html>${marked}`), true],
  ['missing', async () => new Response('', { status: 404 }), false],
  ['another page', async () => new Response('<title>Welcome'), false],
  ['shut by the site\'s own policy', async () => new Response(marked, { headers: { 'Content-Security-Policy': "script-src 'self'" } }), false],
  ['unreachable', async () => { throw new TypeError('failed'); }, false],
  ['silent', () => new Promise(() => {}), false],
  ['endless', async () => ({ ok: true, text: () => new Promise(() => {}), headers: new Headers() }), false],
]) {
  test(`a return page that is ${what} is known within its bound`, async (t) => {
    const w = await world(t, { fetch });
    const known = w.page.hasReturnPage((...a) => globalThis.fetch(...a));
    await w.tick(3250);
    assert.equal(await ends(known), `resolved ${want}`);
  });
}

test('the keeper answers a page without an origin at once, and closes when its opener is gone', async (t) => {
  const w = await world(t, { origin: keeper });
  const heard = [];
  const opener = { closed: false, postMessage: (m) => heard.push(m) };
  w.page.serve(opener, () => Promise.reject(new Error('no module')));
  assert.deepEqual(heard, [{ bonafides: 1, type: 'ready' }]);
  const { port1, port2 } = new MessageChannel();
  const said = [];
  port1.onmessage = (m) => said.push(m.data);
  w.emit('message', { source: opener, origin: 'null', data: { bonafides: 1, type: 'hello' }, ports: [port2] });
  await settle();
  assert.deepEqual(said, [{ refused: 'unsupported' }]);
  port1.close();
  opener.closed = true;
  await w.tick(1250);
  assert.equal(w.closedItself, true);
});

test('questions that are none do not stop the keeper', async (t) => {
  const w = await world(t, { origin: keeper });
  const opener = { closed: false, postMessage() {} };
  w.page.serve(opener, () => Promise.reject(new Error('no module')));
  const { port1, port2 } = new MessageChannel();
  const said = [];
  port1.onmessage = (m) => said.push(m.data);
  w.emit('message', { source: opener, origin: 'https://news.example', data: { bonafides: 1, type: 'hello' }, ports: [port2] });
  for (const q of [null, 7, 'x', {}, { id: '1' }, { id: 1 }, { id: 2, op: 'steal' }]) port1.postMessage(q);
  await settle();
  assert.deepEqual(said.map((m) => m.code ?? Object.keys(m)[0]), ['welcome', 'bad_request', 'bad_request']);
  port1.close();
});
