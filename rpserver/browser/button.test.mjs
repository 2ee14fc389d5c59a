// The markup: what a press does, and what the person reads when it fails.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bare, left, listeners, named, page, plain, press, provider, settle, status, world } from './standin.mjs';

test('the button works with a provider without FedCM, and again after Back', async () => {
  for (const fedcm of [true, false]) {
    world({ providers: [plain, bare], fedcm });
    page.went = [];
    const pressed = press({ bonafides: 'signin', provider: 'bare', next: '/orders' });
    await settle();
    assert.deepEqual([left(), status.dataset.state], [[['signin/start', 'bare', '/orders']], 'working']);
    listeners.pageshow({ persisted: true });
    const { attributes, events } = await pressed;
    assert.deepEqual([attributes, events, status.dataset.state], [{}, [], 'idle']);
  }
});

test('a button signs in once however often it is pressed, then the page reloads', async () => {
  const w = world();
  page.reloads = 0;
  const { events, busy, attributes } = await press({ bonafides: 'signin', context: 'use' });
  assert.equal(w.asked.length, 1);
  assert.equal(w.asked[0].identity.context, 'use');
  assert.deepEqual(busy, { disabled: 'true', state: 'working' });
  assert.deepEqual([events[0].type, events[0].detail.new, page.reloads, status.dataset.state], ['bonafides:signin', true, 1, 'done']);
  assert.deepEqual(attributes, {});
});

test('the page may do something else than reload', async () => {
  world();
  Object.assign(page, { reloads: 0, went: [] });
  await press({ bonafides: 'signin' }, ['bonafides:signin']);
  assert.equal(page.reloads, 0);
  await press({ bonafides: 'signout', next: '/bye' });
  assert.deepEqual([page.reloads, page.went], [0, ['/bye']]);
});

test('a button whose page was left and is shown again by Back works again, and claims no fault', async () => {
  world({ get: () => new Promise(() => {}) });
  const pressed = press({ bonafides: 'signin' });
  await settle();
  listeners.pageshow({ persisted: false });
  await settle();
  assert.equal(status.dataset.state, 'working');
  listeners.pageshow({ persisted: true });
  const { attributes, events } = await pressed;
  assert.deepEqual([attributes, events, status.dataset.state, status.textContent], [{}, [], 'idle', '']);
  world();
  const again = await press({ bonafides: 'signin' });
  assert.equal(again.events[0].type, 'bonafides:signin');
});

test('a button tells what went wrong and can be pressed again', async () => {
  world({ get: () => { throw named('NetworkError'); } });
  page.reloads = 0;
  const { events, attributes } = await press({ bonafides: 'signin' });
  assert.deepEqual([events[0].type, events[0].detail.code, page.reloads], ['bonafides:error', 'provider_no_answer', 0]);
  assert.equal(status.dataset.state, 'error');
  assert.match(status.textContent, /Try again/);
  assert.deepEqual(attributes, {});
});
