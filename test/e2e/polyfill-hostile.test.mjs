// Pages that try to get more out of the keeper than it owes them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { Sites, closed, inClick, manifest } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

// In a page: the keeper's protocol by hand, as docs/polyfill-protocol.md has it.
const byHand = `<script>
window.talk = (keeper, ready = () => {}) => new Promise((resolve, reject) => {
  const w = open(keeper + '/keeper', '', 'popup,width=400,height=300');
  if (!w) { reject(new Error('no window')); return; }
  const timer = setTimeout(() => reject(new Error('the keeper said nothing')), 15000);
  addEventListener('message', (e) => {
    if (e.source !== w || e.data?.type !== 'ready') return;
    clearTimeout(timer);
    ready(w);
    const channel = new MessageChannel();
    let n = 0;
    const waiting = new Map();
    channel.port1.onmessage = (m) => { waiting.get(m.data.id)?.(m.data); };
    w.postMessage({ bonafides: 1, type: 'hello' }, keeper, [channel.port2]);
    resolve({ w, ask: (q) => new Promise((r) => { const id = ++n; waiting.set(id, r); channel.port1.postMessage({ ...q, id }); }) });
  });
});
window.originOf = (record) => JSON.parse(atob(record.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).origin;
</script>`;

for (const [kind, options] of [['chromium', { flags: ['--disable-blink-features=PrivateStateTokens'] }], ['firefox', {}], ['webkit', {}]]) {
  describe(kind, () => {
    let stack, sites, browser, page;
    const at = (name) => page.goto(`${sites.origin(name)}/`);
    before(async () => {
      stack = await Stack.start();
      sites = await Sites.start(stack);
      for (const name of ['evil', 'other', 'third']) sites.pages[name] = { '/': sites.page(undefined, byHand) };
      browser = await launch(kind, options);
      page = await browser.open(stack.url('issuer'));
      await page.follow('[data-do="signin-ada"]');
      assert.equal((await act(page, 'get-tokens')).state, 'done');
      await closed();
    });
    after(async () => {
      await browser?.close();
      await sites?.stop();
      await stack?.stop();
    });

    test(`${kind}: a page cannot name another site as its own, and ten redemptions at once are two`, { timeout: 60_000 }, async () => {
      await at('evil');
      const got = await inClick(page, async (keeper, issuer, news) => {
        const k = await window.talk(keeper);
        const answers = await Promise.all(Array.from({ length: 10 }, () => k.ask({ op: 'redeem', issuer, path: '/redeem', refresh: true, origin: news, page: news })));
        k.w.close();
        return answers.map((a) => (a.ok ? window.originOf(a.record) : a.code));
      }, stack.origin('keeper'), stack.origin('issuer'), stack.origin('news'));
      assert.deepEqual(got.filter((x) => x.startsWith('http')), [sites.origin('evil'), sites.origin('evil')], String(got));
      assert.deepEqual([...new Set(got.filter((x) => !x.startsWith('http')))], ['too_many_redemptions']);
    });

    test(`${kind}: questions that are none are refused, and the keeper goes on`, { timeout: 60_000 }, async () => {
      await at('other');
      const got = await inClick(page, async (keeper, issuer) => {
        const k = await window.talk(keeper);
        const long = 'x'.repeat(100_000);
        const codes = [];
        for (const q of [
          {}, { op: 'steal' }, { op: 'begin' }, { op: 'begin', issuer: 7 }, { op: 'begin', issuer: 'javascript:alert(1)' }, { op: 'begin', issuer: `${issuer}/path` },
          { op: 'begin', issuer: keeper }, { op: 'begin', issuer: 'http://insecure.example' }, { op: 'begin', issuer: long }, { op: 'finish' }, { op: 'finish', handle: 'nosuch', response: '' },
          { op: 'finish', handle: long, response: '' }, { op: 'redeem', issuer }, { op: 'redeem', issuer, path: long }, { op: 'has', issuer: null }, { op: '__proto__' }, { op: ['redeem'], issuer },
        ]) codes.push((await k.ask(q)).code);
        const has = await k.ask({ op: 'has', issuer });
        k.w.close();
        return { codes, has: has.tokens };
      }, stack.origin('keeper'), stack.origin('issuer'));
      assert.deepEqual([...new Set(got.codes)], ['bad_request'], JSON.stringify(got));
      assert.equal(got.has, true);
    });

    test(`${kind}: an issuance is finished once, with an answer that holds, and by the site that began it`, { timeout: 60_000 }, async () => {
      await at('other');
      const first = await inClick(page, async (keeper, issuer) => {
        const k = await window.talk(keeper);
        const a = await k.ask({ op: 'begin', issuer });
        const b = await k.ask({ op: 'begin', issuer });
        const forged = await k.ask({ op: 'finish', handle: a.handle, response: btoa('\u0000'.repeat(300)) });
        const again = await k.ask({ op: 'finish', handle: a.handle, response: '' });
        k.w.close();
        return { handle: b.handle, forged: forged.code, again: again.code };
      }, stack.origin('keeper'), stack.origin('issuer'));
      assert.deepEqual([first.forged, first.again], ['bad_response', 'bad_request']);
      await at('third');
      const second = await inClick(page, async (keeper, handle) => {
        const k = await window.talk(keeper);
        const a = await k.ask({ op: 'finish', handle, response: '' });
        k.w.close();
        return a.code;
      }, stack.origin('keeper'), first.handle);
      assert.equal(second, 'bad_request');
    });

    test(`${kind}: a second hello and a hello from another window are not answered`, { timeout: 60_000 }, async () => {
      await at('third');
      const got = await inClick(page, async (keeper, issuer) => {
        const answered = [];
        const intrude = (w, poster, name) => {
          const c = new MessageChannel();
          c.port1.onmessage = () => answered.push(name);
          poster.call(w, { bonafides: 1, type: 'hello' }, keeper, [c.port2]);
          c.port1.postMessage({ id: 1, op: 'has', issuer });
        };
        const frame = document.body.appendChild(document.createElement('iframe'));
        // A function of the frame's own realm: what it posts comes from the frame.
        const fromFrame = frame.contentWindow.Function('w', 'm', 'o', 't', 'w.postMessage(m, o, t)');
        const k = await window.talk(keeper, (w) => intrude(w, (...a) => fromFrame(w, ...a), 'frame'));
        intrude(k.w, k.w.postMessage, 'second');
        const good = await k.ask({ op: 'has', issuer });
        await new Promise((r) => setTimeout(r, 500));
        k.w.close();
        return { answered, good: good.ok };
      }, stack.origin('keeper'), stack.origin('issuer'));
      assert.deepEqual(got, { answered: [], good: true });
    });

    test(`${kind}: the keeper does not run in a frame`, { timeout: 60_000 }, async () => {
      await at('evil');
      const said = await page.eval(async (keeper) => {
        const heard = [];
        addEventListener('message', (e) => heard.push(e.data));
        const frame = document.createElement('iframe');
        frame.src = `${keeper}/keeper`;
        document.body.append(frame);
        await new Promise((r) => setTimeout(r, 1500));
        return heard;
      }, stack.origin('keeper'));
      assert.deepEqual(said, []);
    });

    test(`${kind}: nobody spends the tokens of another site by the way back`, { timeout: 60_000 }, async () => {
      await at('evil');
      const counted = async () => {
        const answer = await stack.fetch('issuer', '/redemptions');
        return answer.text;
      };
      const before = await counted();
      await inClick(page, async (keeper, issuer, ret) => {
        const errand = { v: 1, ret, channel: 'bonafides-guessed', id: 1, question: { op: 'redeem', issuer, path: '/redeem', refresh: true } };
        const link = document.createElement('a');
        link.target = '_blank';
        link.rel = 'noopener';
        link.href = `${keeper}/keeper#errand=${btoa(JSON.stringify(errand)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
        link.click();
      }, stack.origin('keeper'), stack.origin('issuer'), `${sites.origin('morning')}/`);
      await new Promise((r) => setTimeout(r, 2500));
      assert.ok(sites.received.some((r) => r.site === 'morning' && r.path === '/'), 'the keeper did not come back');
      assert.equal(await counted(), before);
      assert.doesNotMatch(before, /morning/);
      await page.front(); // the window that came back stays in front for a while
    });

    test(`${kind}: a frame that pretends to be the keeper hears nothing`, { timeout: 60_000 }, async () => {
      sites.pages.liar = { '/': `<!doctype html><script>
        window.heard = 0;
        addEventListener('message', () => { heard++; });
        setInterval(() => parent.postMessage({ bonafides: 1, type: 'ready' }, '*'), 5);
      </script>` };
      sites.pages.evening = { '/': sites.page(`<button id="go">Go</button><iframe src="${sites.origin('liar')}/"></iframe>`) };
      await at('evening');
      const status = await inClick(page, async (issuer) => (await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })).status, stack.origin('issuer'));
      assert.equal(status, 200);
      const frame = await page.frame(sites.origin('liar'));
      assert.equal(await frame.eval(() => window.heard), 0);
      await closed();
    });

    test(`${kind}: a frame gets the records that its attribute names, at its own origin, from embedders that it names`, { timeout: 60_000 }, async () => {
      const attribute = `privateToken='{"version":1,"operation":"send-redemption-record","issuers":["${stack.origin('issuer')}"]}'`;
      sites.pages.framed = { '/': sites.page(`<script>
        window.got = null;
        const embedders = new URL(location).searchParams.get('embedder');
        bonafides.recordFromEmbedder([embedders]).then((r) => { window.got = Object.keys(r); });
      </script>`) };
      const frames = {
        named: [attribute, `${sites.origin('framed')}/?embedder=${sites.origin('evening2')}`],
        without: ['', `${sites.origin('framed')}/?embedder=${sites.origin('evening2')}`],
        wrong: [attribute, `${sites.origin('framed')}/?embedder=${sites.origin('evil')}`],
      };
      for (const [name, [attr, src]] of Object.entries(frames)) {
        sites.pages.evening2 = { '/': sites.page(`<button id="go">Go</button><iframe ${attr} src="${src}"></iframe>`) };
        await at('evening2');
        if (!await page.eval((i) => document.hasRedemptionRecord(i), stack.origin('issuer'))) {
          await inClick(page, async (issuer) => (await fetch(`${issuer}/redeem`, { method: 'POST', privateToken: { version: 1, operation: 'token-redemption' } })).status, stack.origin('issuer'));
          await closed();
          await at('evening2');
        }
        const frame = await page.frame(sites.origin('framed'));
        await frame.wait(() => window.got !== null);
        assert.deepEqual(await frame.eval(() => window.got), name === 'named' ? [stack.origin('issuer')] : [], name);
      }
    });

    test(`${kind}: a keeper on an issuer's own origin does not start`, { timeout: 60_000 }, async () => {
      sites.pages.both = {
        '/keeper': `<!doctype html><p id="state"></p><script type="module" src="/bonafides/${manifest.flows.tokens.esm[1]}"></script>`,
        '/.well-known/private-state-token/key-commitment': '{}',
      };
      await page.goto(`${sites.origin('both')}/keeper`);
      await page.wait(() => document.querySelector('#state').dataset.state !== undefined);
      assert.equal(await page.eval(() => document.querySelector('#state').dataset.state), 'issuer');
    });

    test(`${kind}: a third issuer on one site is refused, and 500 tokens are enough`, { timeout: 90_000 }, async () => {
      await at('third');
      const codes = await inClick(page, async (keeper, issuers) => {
        const k = await window.talk(keeper);
        const out = [];
        for (const issuer of issuers) out.push((await k.ask({ op: 'has', issuer })).code ?? 'ok');
        k.w.close();
        return out;
      }, stack.origin('keeper'), [stack.origin('issuer'), 'https://second.example', 'https://third.example', stack.origin('issuer')]);
      assert.deepEqual(codes, ['ok', 'ok', 'too_many_issuers', 'ok']);

      await page.goto(stack.url('issuer'));
      const last = await inClick(page, async () => {
        for (let i = 0; i < 20; i++) {
          try {
            await fetch('/issue', { method: 'POST', privateToken: { version: 1, operation: 'token-request' } });
          } catch (e) {
            return { after: i, name: e.name, message: e.message };
          }
        }
        return { after: 20 };
      });
      assert.equal(last.name, 'OperationError', JSON.stringify(last));
      assert.match(last.message, /^Quota hit/);
      assert.ok(last.after >= 15 && last.after <= 16, String(last.after));
      await closed();
    });

    if (kind !== 'webkit') {
      test(`${kind}: tabs that race for tokens get one each`, { timeout: 60_000 }, async () => {
        const racing = [];
        for (const site of ['north', 'south', 'east']) {
          sites.pages[site] = { '/': sites.page(undefined, byHand) };
          const tab = await browser.open(`${sites.origin(site)}/`);
          racing.push([tab, await inClick(tab, async (keeper) => { window.k = await window.talk(keeper); }, stack.origin('keeper'))]);
        }
        // Every tab has its keeper; now all ask at once.
        const results = await Promise.all(racing.map(([tab]) => tab.eval(async (issuer) => {
          const one = () => window.k.ask({ op: 'redeem', issuer, path: '/redeem', refresh: true });
          const answers = await Promise.all([one(), one()]);
          window.k.w.close();
          return answers.map((a) => a.status ?? a.code);
        }, stack.origin('issuer'))));
        assert.deepEqual(results.flat(), [200, 200, 200, 200, 200, 200]);
        for (const [tab] of racing) await tab.close();
      });
    }
  });
}
