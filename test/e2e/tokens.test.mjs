// Private State Tokens from issuance to the ad network's answer, in a real
// browser that has them natively. Where a test names a page of the web platform
// tests, it does what that page does.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act } from './lib/browser.mjs';
import { everything, problem } from './lib/native.mjs';
import { adShown, getTokens, headers, held, redeem, signIn } from './lib/tokens.mjs';

describe('the walk', () => {
  let all, stack, browser, page;
  before(async () => {
    all = await everything();
    ({ stack, browser } = all);
    page = await browser.open();
  });
  after(() => all?.stop());

  test('trust-token-api-e2e, native: the issuer grants 30 tokens and the browser says 30', async () => {
    await page.goto(stack.url('issuer'));
    await signIn(page, 'ada');
    const { shown, operation } = await getTokens(page);
    assert.deepEqual([operation.status, operation.issuedTokenCount], ['Ok', 30]);
    assert.equal(shown.state, 'done', shown.text);
    assert.match(shown.text, /30/);
    assert.equal(await held(page, stack.origin('issuer')), 30);
  });

  test('trust-token-xhr, native: XMLHttpRequest issues too', async () => {
    const { shown, operation } = await getTokens(page, 'get-tokens-xhr');
    assert.equal(operation.status, 'Ok');
    assert.ok(operation.issuedTokenCount > 0);
    assert.equal(shown.state, 'done', shown.text);
    assert.equal(await held(page, stack.origin('issuer')), 30 + operation.issuedTokenCount);
    const sent = all.tap.carrying(headers.token);
    assert.equal(sent.length, 2);
    assert.notEqual(sent[0].headers[headers.token], sent[1].headers[headers.token], 'the same blinded points were sent twice');
  });

  test('before a redemption news has no record: the ad is plain, a vote and a letter are refused with a reason', async () => {
    await page.goto(stack.url('news'));
    assert.equal(await adShown(page, stack.origin('ads')), 'plain');
    const asked = await act(page, 'has-token');
    assert.equal(asked.state, 'done');
    assert.match(asked.text, /Yes/);
    assert.deepEqual(await page.eval(async (i) => [await document.hasPrivateToken(i), await document.hasRedemptionRecord(i)], stack.origin('issuer')), [true, false]);
    const vote = await act(page, 'vote');
    assert.equal(vote.state, 'refused');
    assert.match(vote.text, /record/i);
    await page.eval(() => { document.querySelector('[name=comment]').value = 'Without a record.'; });
    const letter = await act(page, 'comment');
    assert.equal(letter.state, 'refused', letter.text);
    assert.ok(!(await page.eval(() => document.querySelector('[data-part="/letters"]').textContent)).includes('Without a record.'));
  });

  test('trust-token-fetch, native: news redeems one token, and the browser keeps a record', async () => {
    const before = await held(page, stack.origin('issuer'));
    const { shown, operation } = await redeem(page);
    assert.equal(shown.state, 'done', shown.text);
    assert.equal(operation.status, 'Ok');
    assert.equal(await held(page, stack.origin('issuer')), before - 1);
    assert.equal(await page.eval((i) => document.hasRedemptionRecord(i), stack.origin('issuer')), true);
  });

  test('a second redemption with refreshPolicy none is refused by the browser, and no request leaves', async () => {
    const before = all.tap.carrying(headers.token).length;
    const { shown } = await redeem(page);
    assert.notEqual(shown.state, 'done');
    assert.equal(all.tap.carrying(headers.token).length, before);
  });

  test('trust-token-api-e2e-iframe, native: the ad frame sends the record, and the ad network answers differently', async () => {
    await page.goto(stack.url('news'));
    assert.equal(await adShown(page, stack.origin('ads'), 'vouched'), 'vouched');
    const sent = all.tap.carrying(headers.record).filter((e) => e.host === stack.host('ads') && e.headers['sec-fetch-dest'] === 'iframe');
    assert.match(sent.at(-1).headers[headers.record], /redemption-record=/);
  });

  test('fetch sends the record to the ad network, whose server verified it: the same request with one character changed gets the plain ad', async () => {
    const shown = await act(page, 'send-record');
    assert.equal(shown.state, 'done', shown.text);
    assert.equal(shown.ad, 'vouched');
    const sent = all.tap.carrying(headers.record).filter((e) => e.host === stack.host('ads') && e.headers['sec-fetch-dest'] === 'empty').at(-1);
    const again = (record) => stack.fetch('ads', sent.path, { headers: { Accept: 'application/json', Origin: stack.origin('news'), ...(record === undefined ? {} : { 'Sec-Redemption-Record': record }) } });
    const good = sent.headers[headers.record];
    assert.equal(JSON.parse((await again(good)).text).ad, 'vouched');
    const dot = good.lastIndexOf('.') + 5;
    const changed = good.slice(0, dot) + (good[dot] === 'A' ? 'B' : 'A') + good.slice(dot + 1);
    for (const [what, record] of [['changed', changed], ['empty', ''], ['absent', undefined]]) {
      const answer = JSON.parse((await again(record)).text);
      assert.equal(answer.ad, 'plain', what);
      assert.ok(answer.reason.length > 10, `${what}: ${answer.reason}`);
    }
    const elsewhere = await stack.fetch('ads', sent.path, { headers: { Accept: 'application/json', Referer: `${stack.origin('shop')}/`, 'Sec-Redemption-Record': good } });
    assert.deepEqual([JSON.parse(elsewhere.text).ad, JSON.parse(elsewhere.text).code], ['plain', 'origin_mismatch'], 'a record of news was taken from another site');
    const nowhere = await stack.fetch('ads', sent.path, { headers: { Accept: 'application/json', 'Sec-Redemption-Record': good } });
    assert.deepEqual([JSON.parse(nowhere.text).ad, JSON.parse(nowhere.text).code], ['plain', 'origin_unknown']);
  });

  test('with the record a letter is printed and a vote counts, once', async () => {
    await page.eval(() => { document.querySelector('[name=comment]').value = 'A letter by a person.'; });
    assert.equal((await act(page, 'comment')).state, 'done');
    assert.match(await page.eval(() => document.querySelector('[data-part="/letters"]').textContent), /A letter by a person\./);
    assert.equal((await act(page, 'vote')).state, 'done');
    const again = await act(page, 'vote');
    assert.equal(again.state, 'refused', again.text);
  });

  test('the attack buttons show the refusal and its reason: tampered record, replayed token', async () => {
    const tampered = await act(page, 'tamper-record');
    assert.equal(tampered.state, 'refused', tampered.text);
    assert.match(tampered.text, /signature/i);
    await page.goto(stack.url('issuer'));
    const replayed = await act(page, 'replay-token');
    assert.equal(replayed.state, 'refused', replayed.text);
    assert.match(replayed.text, /already spent|spent/i);
  });

  test('the redeem request that the issuer received carries no cookie', async () => {
    const sent = all.tap.carrying(headers.token).filter((e) => e.path === '/redeem');
    assert.ok(sent.length > 0);
    for (const e of sent) assert.equal(e.headers.cookie, undefined);
  });

  test('a redeemed token replayed by hand is refused as spent, at both paths, and no record comes back', async () => {
    const sent = all.tap.carrying(headers.token).find((e) => e.path === '/redeem' && e.status === 200);
    for (const path of ['/redeem', '/.well-known/trust-token']) {
      const answer = await stack.fetch('issuer', path, { method: 'POST', headers: { 'Sec-Private-State-Token': sent.headers[headers.token], 'Sec-Private-State-Token-Crypto-Version': sent.headers[headers.version] } });
      assert.equal(answer.status, 409, answer.text);
      assert.equal(problem(answer).code, 'already_spent');
      assert.match(problem(answer).detail, /spent/);
      assert.equal(answer.headers[headers.token], undefined);
    }
  });

  test('trust-token-api-rate-limiting, native: the third redemption on one site is refused by the browser', async () => {
    await page.goto(stack.url('news'));
    assert.equal((await redeem(page, 'redeem-refresh')).shown.state, 'done');
    const before = all.tap.carrying(headers.token).length;
    const third = await redeem(page, 'redeem-refresh');
    assert.notEqual(third.shown.state, 'done', third.shown.text);
    assert.equal(all.tap.carrying(headers.token).length, before, 'a third redemption left the browser');
  });

  test('nothing of this printed an error in the console but what the refusals cause', () => {
    const unexpected = page.problems.filter((p) => !/status of 4\d\d|ERR_TRUST_TOKEN_OPERATION_FAILED/.test(p));
    assert.deepEqual(unexpected, []);
  });
});

describe('policy', () => {
  let all;
  before(async () => { all = await everything(); });
  after(() => all?.stop());

  test('signed out, no token is granted: the browser says 0 and the page says why', async () => {
    const page = await all.browser.open(all.stack.url('issuer'));
    const { shown, operation } = await getTokens(page);
    assert.equal(operation.issuedTokenCount ?? 0, 0);
    assert.notEqual(shown.state, 'done', shown.text);
    await page.close();
  });

  test('Grace, whose account is young, gets 7 of the 30 that her browser asks for', async () => {
    const page = await all.browser.open(all.stack.url('issuer'));
    await signIn(page, 'grace');
    const { shown, operation } = await getTokens(page);
    assert.deepEqual([operation.status, operation.issuedTokenCount], ['Ok', 7]);
    assert.equal(await held(page, all.stack.origin('issuer')), 7);
    assert.match(shown.text, /\b7\b/);
    const request = Buffer.from(all.tap.carrying(headers.token).at(-1).headers[headers.token], 'base64');
    assert.equal(request.readUInt16BE(0), 30, 'the browser asked for 30');
    await page.close();
  });
});
