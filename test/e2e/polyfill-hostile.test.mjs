// Pages that try to get more out of the keeper than it owes them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, launch } from './lib/browser.mjs';
import { byHand, spentBefore, stored } from './lib/keeper.mjs';
import { Sites, closed, inClick, manifest, returnPath } from './lib/polyfill.mjs';
import { Stack } from './lib/stack.mjs';

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

    test(`${kind}: a page cannot name another site as its own, and ten redemptions at once are two`, { timeout: 20 * 60_000 }, async () => {
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

    test(`${kind}: questions that are none are refused, and the keeper goes on`, { timeout: 20 * 60_000 }, async () => {
      await at('other');
      const got = await inClick(page, async (keeper, issuer) => {
        const k = await window.talk(keeper);
        const long = 'x'.repeat(100_000);
        const codes = [];
        for (const q of [
          {}, { op: 'steal' }, { op: 'begin' }, { op: 'begin', issuer: 7 }, { op: 'begin', issuer: 'javascript:alert(1)' }, { op: 'begin', issuer: `${issuer}/path` },
          { op: 'begin', issuer: keeper }, { op: 'begin', issuer: 'http://insecure.example' }, { op: 'begin', issuer: long }, { op: 'finish' }, { op: 'finish', handle: 'nosuch', response: '' },
          { op: 'finish', handle: long, response: '' }, { op: 'redeem', issuer }, { op: 'redeem', issuer, path: long }, { op: 'redeem', issuer, path: 7 }, { op: 'has', issuer: null }, { op: '__proto__' }, { op: ['redeem'], issuer },
        ]) codes.push((await k.ask(q)).code);
        const has = await k.ask({ op: 'has', issuer });
        const noPath = await k.ask({ op: 'redeem', issuer, path: 'http://[' });
        k.w.close();
        return { codes, has: has.tokens, noPath: noPath.code };
      }, stack.origin('keeper'), stack.origin('issuer'));
      assert.deepEqual([...new Set(got.codes)], ['bad_request'], JSON.stringify(got));
      assert.deepEqual([got.has, got.noPath], [true, 'unavailable']);
    });

    test(`${kind}: an issuance is finished once, with an answer that holds, and by the site that began it`, { timeout: 20 * 60_000 }, async () => {
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
      // However many a site begins, it has a bounded number of them.
      const many = await inClick(page, async (keeper, issuer) => {
        const k = await window.talk(keeper);
        const begun = [];
        for (let i = 0; i < 20; i++) begun.push((await k.ask({ op: 'begin', issuer })).handle);
        const ended = [];
        for (const handle of begun) ended.push((await k.ask({ op: 'finish', handle, response: '' })).ok);
        k.w.close();
        return ended;
      }, stack.origin('keeper'), stack.origin('issuer'));
      assert.deepEqual([many.filter((ok) => ok).length, many[0], many[19]], [16, false, true]);
    });

    test(`${kind}: of a page that asks without end few questions are under way, and the others are refused at once`, { timeout: 20 * 60_000 }, async () => {
      await at('evil');
      const codes = await inClick(page, async (keeper, issuer) => {
        window.k = await window.talk(keeper);
        const all = await Promise.all(Array.from({ length: 5000 }, () => window.k.ask({ op: 'has', issuer })));
        return all.reduce((n, a) => ({ ...n, [a.code ?? 'ok']: (n[a.code ?? 'ok'] ?? 0) + 1 }), {});
      }, stack.origin('keeper'), stack.origin('issuer'));
      assert.ok(codes.ok >= 32 && codes.unavailable > 1000, JSON.stringify(codes));
      await page.eval(() => window.k.w.close());
    });

    test(`${kind}: a second hello and a hello from another window are not answered`, { timeout: 20 * 60_000 }, async () => {
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

    test(`${kind}: the keeper does not run in a frame`, { timeout: 20 * 60_000 }, async () => {
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

    test(`${kind}: no errand in another site's name brings its record, whatever the site redirects to`, { timeout: 20 * 60_000 }, async () => {
      // What a site may have: pages that redirect to wherever their query says.
      sites.redirects.morning = { '/out': (u) => u.searchParams.get('u'), '/login': (u) => u.searchParams.get('next') };
      const open = `${sites.origin('morning')}/out?u=${encodeURIComponent(`${sites.origin('evil')}/collect`)}`;
      const next = `${sites.origin('morning')}/login?next=${encodeURIComponent(`${sites.origin('evil')}/collect`)}`;
      // The thief takes what is in the address, and goes on where that is a proof.
      sites.pages.evil['/collect'] = `<!doctype html><script>
        const [, packed] = location.hash.split('bonafides-return=');
        const r = packed && JSON.parse(atob(packed.replace(/-/g, '+').replace(/_/g, '/')));
        fetch('/got/' + (!r ? 'nothing' : r.answer || r.sealed ? 'answer' : 'proof')).then(() => {
          if (!r || r.answer || r.sealed) return;
          const errand = { ...JSON.parse(window.name), proof: r.proof };
          location.replace('${stack.origin('keeper')}/keeper#errand=' + btoa(JSON.stringify(errand)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, ''));
        });
      </script>`;
      const question = { op: 'redeem', issuer: stack.origin('issuer'), path: '/redeem', refresh: true };
      const common = { channel: 'bonafides-guessed', id: 1, question };
      const morning = sites.origin('morning');
      const key = await (async () => {
        const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
        return Buffer.from(await crypto.subtle.exportKey('raw', publicKey)).toString('base64url');
      })();
      const counted = async () => (await stack.fetch('issuer', '/redemptions')).text;
      const before = await counted();
      for (const [errand, ends] of [
        [{ v: 1, ret: open, ...common }, '/keeper'],
        [{ v: 1, ret: next, ...common }, '/keeper'],
        [{ v: 2, origin: open, key, ...common }, '/keeper'],
        [{ v: 2, origin: `${morning}/`, key, ...common }, '/keeper'],
        [{ v: 2, origin: morning, ret: open, key, ...common }, returnPath],
        [{ v: 2, origin: morning, key: 'AAAA', ...common }, '/keeper'],
      ]) {
        await at('evil');
        await page.eval((keeper, json) => {
          window.name = json;
          location.href = `${keeper}/keeper#errand=${btoa(json).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
        }, stack.origin('keeper'), JSON.stringify(errand));
        await page.wait((where) => location.pathname === where && document.querySelector('#state')?.textContent.match(/damaged|gone|nothing to do|asks whether/) !== null, ends);
      }
      await new Promise((r) => setTimeout(r, 1000));
      assert.deepEqual(sites.received.filter((r) => r.site === 'evil' && r.path.startsWith('/got/')).map((r) => r.path), []);
      assert.equal(await counted(), before);
      assert.doesNotMatch(before, /morning/);
    });

    test(`${kind}: a link that looks like a way back does nothing on a page that began nothing`, { timeout: 20 * 60_000 }, async () => {
      const packed = btoa(JSON.stringify({ channel: 'bonafides-made-up', id: 1, proof: 'x', answer: { ok: true, record: 'x', expires: 4e9 } })).replace(/=+$/, '');
      await page.goto(`${sites.origin('third')}/#bonafides-return=${packed}`);
      assert.deepEqual(await page.eval((i) => [typeof window.bonafides, bonafides.tokenPath(i).path, location.hash.slice(0, 18), typeof document.hasPrivateToken], stack.origin('issuer')),
        ['object', 'keeper', '#bonafides-return=', 'function']);
      await page.goto(`${sites.origin('third')}${returnPath}#bonafides-return=${packed}`);
      await page.wait(() => /asked is gone/.test(document.querySelector('#state')?.textContent));
      await page.goto(`${sites.origin('third')}/`);
      assert.equal(await page.eval((i) => document.hasRedemptionRecord(i), stack.origin('issuer')), false);
    });

    test(`${kind}: a frame that pretends to be the keeper hears nothing`, { timeout: 20 * 60_000 }, async () => {
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

    test(`${kind}: a frame gets the records that its attribute names, at its own origin, from embedders that it names`, { timeout: 20 * 60_000 }, async () => {
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

    test(`${kind}: a keeper on an issuer's own origin does not start`, { timeout: 20 * 60_000 }, async () => {
      sites.pages.both = {
        '/keeper': `<!doctype html><p id="state"></p><script type="module" src="/bonafides/${manifest.flows.tokens.esm[1]}"></script>`,
        '/.well-known/private-state-token/key-commitment': '{"PrivateStateTokenV1VOPRF": {}}',
      };
      await page.goto(`${sites.origin('both')}/keeper`);
      await page.wait(() => document.querySelector('#state').dataset.state !== undefined);
      assert.equal(await page.eval(() => document.querySelector('#state').dataset.state), 'issuer');
    });

    test(`${kind}: an issuer that the keeper does not know takes no place of a site, and 500 tokens are kept, the newest`, { timeout: 20 * 60_000 }, async () => {
      await at('third');
      const codes = await inClick(page, async (keeper, issuers) => {
        const k = await window.talk(keeper);
        const out = [];
        for (const issuer of issuers) out.push((await k.ask({ op: 'begin', issuer })).code ?? 'ok');
        k.w.close();
        return out;
      }, stack.origin('keeper'), ['https://second.example', 'https://third.example', 'https://fourth.example', stack.origin('issuer')]);
      assert.deepEqual(codes, ['no_keys', 'no_keys', 'no_keys', 'ok']);

      // The oldest make room for new ones, and nobody hears that there was none: how
      // many there are says what was spent elsewhere.
      await page.goto(stack.url('issuer'));
      const granted = await inClick(page, async () => {
        for (let i = 0; i < 18; i++) await fetch('/issue', { method: 'POST', privateToken: { version: 1, operation: 'token-request' } });
        return 'all';
      });
      assert.equal(granted, 'all');
      await closed();
      await page.goto(stack.url('keeper', '/keeper'));
      const { keys } = await stored(page, 'tokens');
      assert.equal(keys.length, 500);
      assert.ok(Math.max(...keys.map(Number)) - Math.min(...keys.map(Number)) < 520, 'it is not the oldest that went');
    });

    if (kind !== 'webkit') {
      test(`${kind}: tabs that race for tokens get one each`, { timeout: 20 * 60_000 }, async () => {
        const racing = [];
        await spentBefore(page, stack, 60 * 60 * 1000); // the budget is for another test
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
