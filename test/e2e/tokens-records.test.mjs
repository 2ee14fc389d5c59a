// What a token and a record are worth, and for how long, in a real browser that has
// Private State Tokens natively: replays, votes with one record, expiry.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act } from './lib/browser.mjs';
import { atNews, everything, problem } from './lib/native.mjs';
import { patience } from './lib/patience.mjs';
import { headers, redeem } from './lib/tokens.mjs';

describe('replays', () => {
  let all, token;
  before(async () => {
    // The browser's redemption is held back, so that its token is unspent.
    all = await everything({
      answer: (exchange) => {
        if (exchange.path !== '/redeem' || exchange.headers[headers.token] === undefined || token) return undefined;
        token = { 'Sec-Private-State-Token': exchange.headers[headers.token], 'Sec-Private-State-Token-Crypto-Version': exchange.headers[headers.version] };
        return { status: 503, headers: { 'Access-Control-Allow-Origin': '*' } };
      },
    });
    const page = await atNews(all);
    await redeem(page);
    assert.ok(token, 'no redemption reached the proxy');
  });
  after(() => all?.stop());

  test('200 parallel redemptions of one token: exactly one record', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => all.stack.fetch('issuer', '/redeem', { method: 'POST', headers: token, timeout: 60_000 })));
    const records = answers.filter((a) => a.headers[headers.token] !== undefined);
    assert.equal(records.length, 1);
    assert.equal(records[0].status, 200);
    for (const answer of answers) {
      if (answer === records[0]) continue;
      assert.equal(answer.status, 409, answer.text);
      assert.equal(problem(answer).code, 'already_spent');
    }
  });

  test('the same token after a restart of the issuer is still spent', async () => {
    await all.stack.restart();
    const answer = await all.stack.fetch('issuer', '/redeem', { method: 'POST', headers: token });
    assert.equal(answer.status, 409, answer.text);
  });
});

for (const mode of ['shared', 'single']) {
  describe(`records that are ${mode}`, () => {
    let all, page, record;
    before(async () => {
      all = await everything({ args: ['-record', mode] });
      page = await atNews(all);
      assert.equal((await redeem(page)).shown.state, 'done');
    });
    after(() => all?.stop());

    test(`100 votes with one ${mode} record: one is counted`, async () => {
      const shown = await act(page, 'vote-100', { timeout: 20 * 60_000 });
      assert.equal(shown.state, 'refused', shown.text);
      assert.match(shown.text, /1 of 100 votes counted/);
      const votes = all.tap.exchanges.filter((e) => e.path === '/vote');
      assert.equal(votes.length, 100);
      record = votes[0].headers[headers.record];
      assert.match(record, /redemption-record=/);
      for (const v of votes) assert.equal(v.headers[headers.record], record, 'the votes carried different records');
      await page.goto(all.stack.url('news'));
      assert.equal(await page.eval(() => document.querySelector('[data-votes]').dataset.votes), '1');
    });

    const vote = (address) => all.stack.fetch('news', '/vote', {
      method: 'POST', address, body: 'option=no',
      headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded', Origin: all.stack.origin('news'), 'Sec-Fetch-Site': 'same-origin', 'Sec-Redemption-Record': record },
    });

    if (mode === 'shared') {
      test('from another network the shared record opens the poll again: it says that a person was here, not count me once', async () => {
        assert.equal((await vote('::1')).status, 200);
        assert.equal((await vote('::1')).status, 409);
      });
    } else {
      test('from another network the single record is known and refused', async () => {
        const answer = await vote('::1');
        assert.equal(answer.status, 409, answer.text);
        assert.equal(problem(answer).code, 'already_voted_record');
      });
    }
  });
}

describe('a record that has expired', () => {
  let all, page, lifetime = 3; // seconds
  before(async () => {
    all = await everything({ rewrite: (exchange, out) => { if (out[headers.lifetime] !== undefined) out[headers.lifetime] = String(lifetime); } });
    page = await atNews(all);
    assert.equal((await redeem(page)).shown.state, 'done');
  });
  after(() => all?.stop());

  test('is sent while it lives, and no longer afterwards', async () => {
    const { stack, tap } = all;
    const issuer = stack.origin('issuer');
    if ((await act(page, 'send-record')).ad !== 'vouched') {
      // A busy machine took longer than it lived; the next one lives longer.
      lifetime = 60;
      assert.equal((await redeem(page, 'redeem-refresh')).shown.state, 'done');
      assert.equal((await act(page, 'send-record')).ad, 'vouched');
    }
    const deadline = Date.now() + lifetime * 1000 + patience;
    while (await page.eval((i) => document.hasRedemptionRecord(i), issuer)) {
      assert.ok(Date.now() < deadline, `the record of ${lifetime} seconds lives on`);
      await new Promise((r) => setTimeout(r, 200));
    }
    assert.equal((await act(page, 'send-record')).ad, 'plain');
    const last = tap.exchanges.filter((e) => e.host === stack.host('ads') && e.headers['sec-fetch-dest'] === 'empty').at(-1);
    assert.equal(last.headers[headers.record] ?? '', '');
    assert.equal((await act(page, 'vote')).state, 'refused');
  });

  test('and the issuer had set its lifetime to what is left until the record expires', () => {
    const redemption = all.tap.exchanges.find((e) => e.responseHeaders[headers.lifetime] !== undefined);
    const record = redemption.responseHeaders[headers.token];
    const { iat, exp } = JSON.parse(Buffer.from(record.split('.')[1], 'base64url').toString());
    assert.equal(iat % 3600, 0, 'iat is not a full hour');
    assert.equal(exp - iat, 24 * 3600);
    const left = exp - Math.floor(Date.now() / 1000);
    assert.ok(Math.abs(Number(redemption.responseHeaders[headers.lifetime]) - left) < 60, `${redemption.responseHeaders[headers.lifetime]} s against ${left} s`);
  });
});
