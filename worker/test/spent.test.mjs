// Exactly once: many replays at the same time, and a runtime that is stopped hard
// in the middle. Both stores, in workerd.
//
// BONAFIDES_REDEMPTIONS is the number of tokens in the second test; make long sets
// it to 10,000.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {getTokens, keysOf, names, redeem, redemption} from './client.mjs';
import {bundle, dev, exampleVars, withD1, work, workerd} from './lib.mjs';

const many = Number(process.env.BONAFIDES_REDEMPTIONS ?? 400);
const vars = {...exampleVars(), ISSUER_POLICY: 'insecure_open', ISSUER_CPU_MS: '1000', ISSUER_COUNT: 'off'};

const out = bundle();
const envFile = join(work, 'vars');
writeFileSync(envFile, Object.entries(vars).map(([n, v]) => `${n}="${v}"\n`).join(''));

// How each store is started, on state that outlives it.
const stores = {
  'Durable Object': () => {
    const state = join(work, `durable-${Math.random()}`);
    return () => workerd(out, vars, state);
  },
  D1: () => {
    const args = withD1(join(work, `d1-${Math.random()}`));
    return () => dev(...args, '--env-file', envFile);
  },
};

async function tokensOf(url, count) {
  const keys = await keysOf(url);
  const tokens = [];
  while (tokens.length < count) tokens.push(...await getTokens(url, keys, Math.min(60, count - tokens.length)));
  return tokens.map((one) => redemption(one));
}

/** Runs f over all of list, so many at a time. */
async function parallel(list, at, f) {
  let next = 0;
  await Promise.all(Array.from({length: at}, async () => {
    while (next < list.length) await f(list[next++]);
  }));
}

/** What became of a redemption: the status, with its record; 0 where no answer came. */
async function outcome(url, value) {
  try {
    const r = await redeem(url, value);
    const body = await r.text();
    return {status: r.status, record: r.headers.get(names.native.token), body};
  } catch {
    return {status: 0, record: null, body: ''};
  }
}

for (const [name, store] of Object.entries(stores)) {
  describe(name, () => {
    test(`${name}: of 1,000 replays of one token at the same time exactly one gets a record`, async (t) => {
      const start = store();
      const server = await start();
      t.after(() => server.stop());
      const [value] = await tokensOf(server.url, 1);
      const answers = await Promise.all(Array.from({length: 1000}, () => outcome(server.url, value)));
      const count = (status) => answers.filter((a) => a.status === status).length;
      assert.deepEqual({200: count(200), 409: count(409)}, {200: 1, 409: 999}, JSON.stringify(answers.find((a) => ![200, 409].includes(a.status))));
      assert.equal(answers.filter((a) => a.record).length, 1);
      for (const a of answers) if (a.status === 409) assert.equal(JSON.parse(a.body).code, 'already_spent');
    });

    test(`${name}: workerd stopped hard in the middle of ${many} redemptions spends none twice`, async (t) => {
      const start = store();
      let server = await start();
      t.after(() => server.stop());
      const values = await tokensOf(server.url, many);
      const records = new Map(values.map((v) => [v, 0]));
      const open = new Set(values); // without an answer that says spent
      const stops = Math.max(3, Math.round(many / 1000));
      let unanswered = 0;
      for (let round = 1; round <= stops; round++) {
        // Every round redeems all that is open, and stops workerd after its share.
        const until = round * many / (stops + 1);
        let stopped = null;
        await parallel([...open], 16, async (v) => {
          if (stopped) return;
          const {status, record, body} = await outcome(server.url, v);
          if (record) records.set(v, records.get(v) + 1);
          if (status === 200 || status === 409) open.delete(v);
          else if (status === 0) unanswered++;
          else assert.fail(`${status} ${body}`);
          if (many - open.size >= until) stopped ??= server.kill();
        });
        assert.ok(stopped, 'the runtime was not stopped in the middle');
        await stopped;
        server = await start();
      }
      // Whatever had an answer is spent, and what had none is spent at most once.
      await parallel(values, 16, async (v) => {
        const {status, record, body} = await outcome(server.url, v);
        if (!open.has(v)) assert.equal(status, 409, body);
        assert.ok(status === 200 || status === 409, `${status} ${body}`);
        if (record) records.set(v, records.get(v) + 1);
      });
      await parallel(values, 16, async (v) => assert.equal((await outcome(server.url, v)).status, 409));
      const twice = [...records.values()].filter((n) => n > 1).length;
      assert.equal(twice, 0);
      const once = [...records.values()].filter((n) => n === 1).length;
      console.log(`result: ${name}: ${many} tokens, ${stops} hard stops, ${once} records, ${unanswered} requests without an answer, none spent twice`);
    });
  });
}
