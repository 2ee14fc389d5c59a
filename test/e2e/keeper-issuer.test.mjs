// An issuer that would know whom it gave the token that it redeems, and what the
// keeper asks of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { askOnce, byHand, sitesBefore, spentBefore } from './lib/keeper.mjs';
import { Sites, closed, inClick } from './lib/polyfill.mjs';
import { patience } from './lib/patience.mjs';
import { Stack } from './lib/stack.mjs';
import { Tap } from './lib/tap.mjs';

const commitment = '/.well-known/private-state-token/key-commitment';
const redeem = '/.well-known/private-state-token/polyfill/redeem';
const document_ = '/bonafides-commitments.json';
const bare = { flags: ['--disable-blink-features=PrivateStateTokens'] };

/** A browser whose every request is seen, with its tokens, and what came of a redemption. */
async function visitor(stack, sites, answer) {
  const tap = await Tap.start({ answer });
  const browser = await launch('chromium', { flags: [...tap.flags, ...bare.flags] });
  const page = await browser.open(stack.url('issuer'));
  await page.follow('[data-do="signin-ada"]');
  const got = await act(page, 'get-tokens');
  assert.equal(got.state, 'done', got.text);
  await closed();
  return { tap, browser, page, stop: async () => { await browser.close(); await tap.stop(); } };
}

describe('an issuer that marks its visitors', () => {
  let stack, sites;
  before(async () => {
    stack = await Stack.start();
    sites = await Sites.start(stack);
    sites.pages.paper = { '/': sites.page(undefined, byHand) };
  });
  after(async () => {
    await sites?.stop();
    await stack?.stop();
  });

  for (const [name, lie] of [
    ['a key id for every visitor, to be cached for ever', (n) => {
      const [protocol, c] = Object.entries(JSON.parse(stack.commitments)[stack.origin('issuer')])[0];
      const [[, key]] = Object.entries(c.keys);
      return { status: 200, headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'max-age=31536000, immutable' }, body: JSON.stringify({ [protocol]: { ...c, keys: { [n]: key } } }) };
    }],
    ['an ETag for every visitor', (n) => ({
      status: 200, body: JSON.stringify(JSON.parse(stack.commitments)[stack.origin('issuer')]),
      headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*', ETag: `"visitor-${n}"`, 'Cache-Control': 'no-cache' },
    })],
  ]) {
    test(`${name}: the keeper never asks for it, and sends the issuer nothing before the redemption`, { timeout: 4 * patience }, async () => {
      const issuer = stack.host('issuer');
      const keeper = stack.origin('keeper');
      const documents = [];
      for (const n of [101, 102]) {
        const v = await visitor(stack, sites, (e) => (e.host === issuer && e.path === commitment ? lie(n) : undefined));
        try {
          await v.page.goto(`${sites.origin('paper')}/`);
          const before = v.tap.exchanges.length;
          const answer = await inClick(v.page, askOnce, keeper, { op: 'redeem', issuer: stack.origin('issuer'), path: '/redeem', refresh: false });
          assert.equal(answer.ok, true, JSON.stringify(answer));
          const asked = v.tap.exchanges.filter((e) => e.host === issuer && (e.path === commitment || e.headers.origin === keeper || (e.headers.referer ?? '').startsWith(keeper)));
          assert.deepEqual([...new Set(asked.map((e) => e.path))], [redeem], JSON.stringify(asked.map((e) => `${e.method} ${e.path}`)));
          const post = asked.find((e) => e.method === 'POST');
          for (const h of ['cookie', 'authorization', 'referer', 'if-none-match', 'if-modified-since']) assert.equal(post.headers[h], undefined, h);
          const read = v.tap.exchanges.slice(before).find((e) => e.path === document_);
          for (const h of ['if-none-match', 'if-modified-since', 'cookie']) assert.equal(read.headers[h], undefined, h);
          await v.page.goto(stack.url('keeper', '/keeper'));
          documents.push(await v.page.eval(async (path) => (await fetch(path, { cache: 'no-store' })).text(), document_));
        } finally {
          await v.stop();
        }
      }
      assert.equal(documents[0], documents[1]);
      assert.ok(documents[0].includes(stack.origin('issuer')));
    });
  }
});

test('a token of a withdrawn key costs a site none of its two; every other refusal does, and the issuer says why', { timeout: 4 * patience }, async () => {
  const stack = await Stack.start();
  const sites = await Sites.start(stack);
  for (const s of ['paper', 'weekly']) sites.pages[s] = { '/': sites.page(undefined, byHand) };
  let refuses = false, withdrawn = false;
  const v = await visitor(stack, sites, (e) => {
    if (e.host === stack.host('issuer') && e.path === redeem && e.method === 'POST' && refuses) {
      return {
        status: 400, headers: { 'Content-Type': 'application/problem+json', 'Access-Control-Allow-Origin': '*' },
        body: JSON.stringify({ title: 'Bad Request', code: 'no', detail: 'This issuer has a bad\u2028day.' }),
      };
    }
    // Once after each refusal, so that there are tokens for the next one.
    if (e.path === document_ && withdrawn && posts() > seen) {
      seen = posts();
      return { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{"bonafides":1,"issuers":{}}' };
    }
    return undefined;
  });
  const posts = () => v.tap.exchanges.filter((e) => e.path === redeem && e.method === 'POST').length;
  let seen = 0;
  const ask = (site) => v.page.goto(`${sites.origin(site)}/`).then(() => inClick(v.page, askOnce, stack.origin('keeper'), { op: 'redeem', issuer: stack.origin('issuer'), path: '/redeem?captcha=wrong', refresh: true }));
  try {
    refuses = true;
    const codes = [];
    for (let i = 0; i < 3; i++) {
      const a = await ask('paper');
      codes.push(a.code);
      if (i === 0) assert.match(a.message, /answered 400 without a redemption record: This issuer has a bad day\.$/);
    }
    assert.deepEqual(codes, ['bad_response', 'bad_response', 'too_many_redemptions']);

    withdrawn = true;
    seen = posts();
    await spentBefore(v.page, stack, 60 * 60 * 1000);
    for (let i = 0; i < 3; i++) {
      const a = await ask('weekly');
      assert.equal(a.code, 'bad_response', JSON.stringify(a));
    }
    refuses = withdrawn = false;
    const good = await ask('weekly');
    assert.equal(good.ok, true, JSON.stringify(good));
  } finally {
    await v.stop();
    await sites.stop();
    await stack.stop();
  }
});

test('a site deals with two of the issuers that the keeper knows, whichever they are, and with no third within 48 hours', { timeout: 4 * patience }, async () => {
  const stack = await Stack.start();
  const sites = await Sites.start(stack);
  for (const s of ['paper', 'weekly']) sites.pages[s] = { '/': sites.page(undefined, byHand) };
  const issuer = stack.origin('issuer');
  const known = [issuer, 'https://one.example', 'https://two.example'];
  const keys = JSON.parse(stack.commitments)[issuer];
  const v = await visitor(stack, sites, (e) => (e.path === document_ ? {
    status: 200, headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ bonafides: 1, issuers: Object.fromEntries(known.map((origin) => [origin, keys])) }),
  } : undefined));
  const begin = async (site, list) => {
    const codes = [];
    for (const i of list) {
      await v.page.goto(`${sites.origin(site)}/`);
      const a = await inClick(v.page, askOnce, stack.origin('keeper'), { op: 'begin', issuer: i });
      codes.push(a.ok ? 'begun' : a.code);
    }
    return codes;
  };
  try {
    assert.deepEqual(await begin('paper', [known[1], known[2], issuer, known[1]]), ['begun', 'begun', 'too_many_issuers', 'begun']);
    assert.deepEqual(await begin('weekly', ['https://nobody.example', issuer, known[2], known[1]]), ['no_keys', 'begun', 'begun', 'too_many_issuers']);
    await sitesBefore(v.page, stack, 48 * 60 * 60 * 1000 + 1000);
    assert.deepEqual(await begin('paper', [issuer]), ['begun']);
  } finally {
    await v.stop();
    await sites.stop();
    await stack.stop();
  }
});
