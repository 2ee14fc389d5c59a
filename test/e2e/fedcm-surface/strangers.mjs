// What needs nobody who is signed in: what is answered at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { others } from '../lib/windows.mjs';
import { immediate } from '../lib/wpt-fedcm.mjs';
import { fresh, g, page, sign, sites } from './setup.mjs';

/** With nobody signed in. */
export function strangers({ kind }) {
  for (const { page: wpt, name: what, run, answer: expected } of immediate) {
    test(`${wpt}, ${kind}: ${what}`, async () => {
      await fresh();
      const got = await page.eval(new Function('g', `return Promise.resolve().then(() => ${run}).then(String, (e) => e.name);`), g);
      assert.equal(got, expected);
      assert.deepEqual(await others(page), [], 'a window was opened');
    });
  }

  test(`fedcm-iframe, ${kind}: a frame of another site without leave is refused`, async () => {
    await fresh();
    await page.eval((src) => new Promise((done) => {
      const f = document.createElement('iframe');
      f.onload = () => done();
      f.src = src;
      document.body.append(f);
    }), `${sites.origin('other')}/`);
    const frame = await page.frame(sites.origin('other'));
    assert.equal((await frame.eval(sign, g)).name, 'NotAllowedError');
  });
}
