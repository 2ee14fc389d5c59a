// The keeper's storage where browsers close it, refuse it once, or store no key
// that cannot be read out. The database is a stand-in with one store of values.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dir = mkdtempSync(path.join(tmpdir(), 'bonafides-db-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
await build({ entryPoints: [path.resolve(import.meta.dirname, '../src/keeper/db.ts')], bundle: true, format: 'esm', outfile: path.join(dir, 'db.mjs'), logLevel: 'error' });

/** A browser's IndexedDB: next is what happens to the next opening, refuses what a
 * put may throw. */
class Browser {
  opens = 0;
  values = new Map();
  next = null;
  connections = [];

  open() {
    const request = {};
    this.opens++;
    const happens = this.next;
    this.next = null;
    setImmediate(() => {
      if (happens === 'error') {
        request.error = new DOMException('internal error', 'UnknownError');
        request.onerror();
      } else if (happens === 'blocked') {
        request.onblocked();
      } else {
        request.result = this.connection();
        request.onsuccess();
      }
    });
    return request;
  }

  connection() {
    const c = { closed: false, lost: false, close() { c.closed = true; }, transaction: () => this.transaction(c) };
    this.connections.push(c);
    return c;
  }

  transaction(c) {
    if (c.closed) throw new DOMException('The database connection is closing.', 'InvalidStateError');
    const queue = [];
    const ask = (f) => {
      const r = {};
      queue.push(() => { r.result = f(); r.onsuccess?.(); });
      return r;
    };
    const store = {
      get: (k) => ask(() => this.values.get(k)),
      put: (v, k) => {
        this.refuses?.(v);
        return ask(() => { this.values.set(k, v); });
      },
    };
    const tx = { error: null, objectStore: () => store };
    const abort = (name, message = '') => {
      tx.error = new DOMException(message, name);
      tx.onabort();
    };
    setImmediate(() => {
      if (c.lost) return abort('UnknownError', 'Connection to Indexed Database server lost. Refresh the page to try again');
      try {
        while (queue.length > 0) queue.shift()();
      } catch {
        return abort('AbortError');
      }
      tx.oncomplete();
    });
    return tx;
  }
}

async function keeper() {
  const browser = new Browser();
  const db = await import(`${pathToFileURL(path.join(dir, 'db.mjs'))}?${Math.random()}`);
  db.use(browser);
  const read = () => db.run(['keys'], 'readonly', (tx) => {
    const r = tx.objectStore('keys').get('k');
    return () => r.result ?? 'nothing';
  });
  return { browser, db, read };
}

test('one connection does for all', async () => {
  const { browser, read } = await keeper();
  assert.deepEqual(await Promise.all([read(), read(), read()]), ['nothing', 'nothing', 'nothing']);
  await read();
  assert.equal(browser.opens, 1);
});

for (const [what, closes] of [
  ['without a word', (c) => { c.closed = true; }],
  ['with its event', (c) => { c.closed = true; c.onclose(); }],
  ['for another window\'s newer form', (c) => c.onversionchange()],
]) {
  test(`a database that was closed ${what} is opened anew, once`, async () => {
    const { browser, read } = await keeper();
    await read();
    closes(browser.connections[0]);
    assert.deepEqual(await Promise.all([read(), read()]), ['nothing', 'nothing']);
    assert.equal(browser.opens, 2);
    browser.connections[0].onclose(); // late
    await read();
    assert.equal(browser.opens, 2);
  });
}

test('work that a lost connection cut off is not done twice, and the next has a new one', async () => {
  const { browser, db, read } = await keeper();
  await read();
  browser.connections[0].lost = true;
  let times = 0;
  await assert.rejects(db.run(['keys'], 'readwrite', () => { times++; return () => 0; }), { name: 'UnknownError' });
  assert.equal(times, 1);
  assert.equal(await read(), 'nothing');
  assert.equal(browser.opens, 2);
});

for (const [how, name] of [['error', 'UnknownError'], ['blocked', 'AbortError']]) {
  test(`an opening that ended with ${how} is tried again with the next question`, async () => {
    const { browser, read } = await keeper();
    browser.next = how;
    await assert.rejects(read(), { name });
    assert.equal(await read(), 'nothing');
  });
}

test('where no connection lives long enough the question ends', async () => {
  const { browser, read } = await keeper();
  browser.transaction = () => { throw new DOMException('', 'InvalidStateError'); };
  await assert.rejects(read(), { name: 'InvalidStateError' });
  assert.equal(browser.opens, 2);
});

test('sites keep their names in a browser that stores no key which cannot be read out', async () => {
  const { browser, db } = await keeper();
  browser.refuses = (v) => { if (v instanceof CryptoKey) throw new DOMException('The object can not be cloned.', 'DataCloneError'); };
  const a = await db.siteKey('a.example');
  assert.match(a, /^[0-9a-f]{32}$/);
  assert.equal(await db.siteKey('a.example'), a);
  assert.notEqual(await db.siteKey('b.example'), a);
  assert.notEqual(await (await keeper()).db.siteKey('a.example'), a);
});
