// How often a person is asked: a "Not now" silences for a growing time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ends, redemption, world } from './standin.mjs';

test('a no silences for a growing time, an answer ends it, and what was not answered three times is a no', async (t) => {
  const w = await world(t);
  const quiet = new w.page.Quiet('k');
  const hour = 3600_000;
  for (const hours of [2, 24, 7 * 24, 28 * 24, 28 * 24]) {
    assert.equal(quiet.now, false);
    quiet.no();
    t.mock.timers.tick(hours * hour - 1);
    assert.equal(quiet.now, true, `${hours} hours`);
    t.mock.timers.tick(1);
  }
  quiet.yes();
  quiet.no();
  t.mock.timers.tick(2 * hour);
  for (let i = 0; i < 3; i++) quiet.asks();
  assert.equal(quiet.now, false);
  quiet.asks();
  assert.equal(quiet.now, true);
  assert.equal(new w.page.Quiet('k').now, true, 'another page of the site');
});

test('after a "Not now" a page load asks nothing, and a press on the page asks', async (t) => {
  const w = await world(t, { blocked: true, active: false });
  const first = await redemption(w);
  w.events[0].detail.dismiss();
  assert.match(await ends(first.call), /^NotAllowedError: The person did not/);
  const second = await redemption(w);
  assert.match(await ends(second.call), /^NotAllowedError: .*not asked again/);
  w.active(true);
  const third = await redemption(w);
  assert.equal(await ends(third.call), 'pending');
  third.end.abort();
});

test('a site that draws its own button is asked to in spite of a "Not now"', async (t) => {
  const w = await world(t, { blocked: true, active: false });
  w.onask = (e) => e.preventDefault();
  const first = await redemption(w);
  w.events[0].detail.dismiss();
  await ends(first.call);
  const second = await redemption(w);
  assert.equal(await ends(second.call), 'pending');
  second.end.abort();
});
