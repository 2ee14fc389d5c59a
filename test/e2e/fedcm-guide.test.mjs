// Every JavaScript sample of the developer guide of FedCM, taken from a copy of
// its text and run as it stands there, on the polyfill and natively. The table
// fills what the guide leaves open: scheme, host, client id, path, nonce and the
// account, and what stands as a comment or "***". The copy lost the ends of
// lines, so each comment gets its own back. Nothing else of a sample is changed.
//
// The guide's other samples are no JavaScript: files and answers of a provider,
// HTTP headers, and a frame's attribute.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { answer, click } from './lib/polyfill.mjs';
import { NativePerson, Providers, SignInSites, WindowPerson, claims, foreignProvider } from './lib/providers.mjs';
import { closeOthers, opened } from './lib/windows.mjs';

const guide = readFileSync(path.join(import.meta.dirname, 'testdata/fedcm-developer-guide.md'), 'utf8');

/** Lines that are code and call the browser, and the one call that stands within a sentence. */
const samples = [
  ...guide.split('\n').filter((l) => /^(const|return|try|if \(|function|\/\/|navigator\.|IdentityCredential|IdentityProvider)/.test(l) && /[;)}]$/.test(l) && /navigator\.\w+\.|IdentityCredential/.test(l)),
  ...[...guide.matchAll(/Call (IdentityProvider\.close\(\))/g)].map((m) => m[1]),
];

const nonce = 'n-0123456789abcdef';
const secrets = (o) => [['https://accounts.idp.example/config.json', o.one], ["'********'", "'rp'"], ["'******'", `'${nonce}'`]];
const manifest = (o, id, to = 'rp') => [['https://idp.example/manifest.json', o.one], [`"${id}"`, `"${to}"`]];

// In the order in which they are run; `begins` finds the sample.
const table = [
  { begins: "if ('IdentityCredential' in window)", fill: () => [['// If the feature is available, take action', 'return "action";']], then: (got) => assert.equal(got, 'action') },
  { begins: 'navigator.login.setStatus("logged-out")', at: 'provider', then: (got) => assert.equal(got, null), natively: 'logged-out' },
  { begins: 'navigator.login.setStatus("logged-in")', at: 'provider', then: (got) => assert.equal(got, null) },
  { begins: "const credential = await navigator.credentials.get({ identity: { context: 'signup'", fill: secrets, choose: 'Ada Brandt', title: /^Sign up to/, answers: 'token', then: signed },
  { begins: 'const credential = await navigator.credentials.get({ identity: { providers', fill: secrets, choose: 'Ada Brandt', title: /^Sign in to/, answers: 'token', then: signed },
  { begins: 'return await', with: 'loginHint', given: `const nonce = '${nonce}';`, fill: (o) => [...manifest(o, '123'), ['demo1@example.com', 'grace@home.example']], choose: 'Grace Moreau', accounts: ['Grace Moreau'], returns: true, then: (got) => signed(got.token) },
  { begins: 'return await', with: 'domainHint', given: `const nonce = '${nonce}';`, fill: (o) => manifest(o, 'abc'), choose: 'Ada Brandt', accounts: ['Ada Brandt'], returns: true, then: (got) => signed(got.token) },
  {
    begins: 'try {', fill: (o) => [...manifest(o, '1234'), ['const url = e.url;', 'const url = e.url; return { code, url };']], choose: 'Ada Brandt', refused: true,
    then: (got, o) => assert.deepEqual(got, { code: 'nonce_missing', url: `${new URL(o.one).origin}/error?code=nonce_missing` }),
  },
  {
    begins: 'const cred = await', fill: (o) => [['https://idp.example/fedcm.json', o.one], ['"1234"', '"no-nonce"'], ['// this is the default', '// this is the default\n'], ['was performed. ', 'was performed.\n']],
    choose: 'Ada Brandt', answers: 'isAutoSelected', then: (got) => assert.equal(got, false),
  },
  { begins: 'function signout()', fill: () => [], calls: 'signout()', leads: '/signout' },
  {
    begins: '// Disconnect an IdP account', fill: (o) => [['RP domain. ', 'RP domain.\n'], ['"https://idp.com/config.json"', `"${o.one}"`], ['"rp123"', '"rp"'], ['accountHint: "account456"', 'accountHint: "grace@home.example"']],
    choose: 'Grace Moreau', disconnects: true, then: (got) => assert.equal(got, null),
  },
  { begins: 'IdentityProvider.close()', closes: true },
];

function signed(token) {
  assert.equal(claims(token).nonce, nonce);
}

const sampleOf = (row) => samples.findIndex((s) => s.startsWith(row.begins) && (!row.with || s.includes(row.with)));

test('the guide has twelve JavaScript samples, and each has its row', () => {
  assert.equal(samples.length, 12, samples.join('\n---\n'));
  assert.deepEqual(table.map(sampleOf).sort((a, b) => a - b), samples.map((_, i) => i));
});

for (const { kind, browser: name, options = {}, native = false } of [
  { kind: 'Firefox', browser: 'firefox' },
  { kind: 'WebKitGTK', browser: 'webkit' },
  { kind: 'Chromium with FedCM off', browser: 'chromium', options: { flags: ['--disable-features=FedCm'] } },
  { kind: 'Chromium, native', browser: 'chromium', native: true },
]) {
  describe(kind, () => {
    let sites, providers, foreign, browser, page, person, o;
    before(async () => {
      sites = await SignInSites.start();
      providers = await Providers.start({ origins: [sites.origin('rp')] });
      foreign = foreignProvider(sites, 'foreign', [sites.origin('rp')]);
      o = { one: providers.config('one') };
      browser = await launch(name, options);
      page = await browser.open();
      await providers.signIn(page, 'one', 'ada', 'grace');
      person = native ? await NativePerson.watch(page) : new WindowPerson(page);
    });
    after(async () => {
      await browser?.close();
      await providers?.stop();
      await sites?.stop();
    });
    afterEach(() => closeOthers(page));

    for (const row of table) {
      test(`${kind}: ${row.begins.slice(0, 60)} ${row.with ?? ''}`, { timeout: 20 * 60_000 }, async () => {
        let code = samples[sampleOf(row)];
        for (const [from, to] of row.fill?.(o) ?? []) {
          assert.ok(code.includes(from), `the sample has no ${from}:\n${code}`);
          code = code.replace(from, to);
        }
        if (row.closes) return closes(code);
        // A provider's page: its own natively, where the status is the browser's to
        // keep; one with the polyfill in it elsewhere.
        await page.goto(row.at === 'provider' ? (native ? providers.origin('one') : `${sites.origin('foreign')}/`) : `${sites.origin('rp')}/`);
        person.fedcm?.skip();
        // So that the browser asks each time.
        if (native) await page.eval(() => navigator.credentials.preventSilentAccess());
        const { given = '', answers, calls } = row;
        let source = `${given}\n${code}`;
        if (answers) source += `\nreturn ${answers};`;
        if (row.returns) source = `return window.tell((async () => { ${source} })());`; // a credential is told in plain values
        if (calls) source += `\n${calls};`;
        if (row.disconnects) { // the sample does not wait itself
          source = `const real = IdentityCredential.disconnect; let last;
            IdentityCredential.disconnect = (...a) => (last = real.apply(IdentityCredential, a));
            try { ${source}\nawait last; } finally { IdentityCredential.disconnect = real; }`;
        }
        await click(page, source);
        if (row.leads) {
          await sites.asked('rp', row.leads);
          return;
        }
        if (row.choose && !(native && row.disconnects)) {
          const question = await person.asked(providers.origin('one'));
          if (row.title) assert.match(question.title, row.title);
          if (row.accounts) assert.deepEqual(question.accounts, row.accounts);
          if (native || !row.refused) await question.choose(row.choose); // the window says no before it asks
          if (native && row.refused) await person.fedcm.press((await person.asked()).dialog, 'ErrorGotIt');
        }
        row.then(await answer(page), o);
        if (native && row.natively === 'logged-out') {
          await page.goto(`${sites.origin('rp')}/`);
          const got = await page.eval((configURL) => window.tell(navigator.credentials.get({ identity: { providers: [{ configURL, clientId: 'no-nonce' }] } })), o.one);
          assert.equal(got.name, 'NetworkError', 'nobody is signed in, as far as the browser knows');
        }
      });
    }

    /** In the provider's window: natively the one in which a person signs in, elsewhere the polyfill's. */
    async function closes(code) {
      await page.goto(`${sites.origin('rp')}/`);
      person.fedcm?.skip();
      await click(page, (configURL, hint) => window.tell(navigator.credentials.get({
        identity: { mode: 'active', providers: [{ configURL, clientId: 'no-nonce', loginHint: hint }] },
      })), native ? o.one : foreign, native ? 'nobody@corp.example' : undefined);
      const w = await opened(page, (u) => u.startsWith(native ? `${providers.origin('one')}/signin` : `${sites.origin('foreign')}/window`));
      await w.wait(() => document.readyState === 'complete' && typeof IdentityProvider === 'function');
      await w.eval(new Function(`setTimeout(() => { ${code}; });`)).catch(() => {}); // it closes
      if (native) return; // the browser looks at the accounts again, and asks; the window is gone
      assert.equal((await answer(page)).name, 'NetworkError');
    }
  });
}
