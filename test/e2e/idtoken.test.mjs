// verifyIdToken in Chromium, Firefox and WebKitGTK, in both forms, on a page with
// the strict policy: the whole corpus of protocol/oidc, with the verdict and the
// code of the native verifier.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { manifest } from './lib/polyfill.mjs';
import { root } from './lib/stack.mjs';
import { policy, StrictSite } from './lib/strict.mjs';

const corpus = readFileSync(path.join(root, 'protocol/oidc/testdata/idtoken-attacks.json'));
const all = JSON.parse(corpus);
const files = {
  '/corpus.json': { type: 'application/json', body: corpus },
  '/corpus.mjs': { body: readFileSync(path.join(root, 'wasm/test/corpus.mjs')) },
};
const run = `
  import { deviations } from './corpus.mjs';
  window.check = async () => deviations(verifyIdToken, await (await fetch('/corpus.json')).json());
  window.cold = async () => {
    const all = await (await fetch('/corpus.json')).json();
    const { config, keys, token } = all.cases.find((c) => c.name === 'ES256');
    const t0 = performance.now();
    const claims = await verifyIdToken(token, { ...config, jwks: all.keySets[keys], now: new Date(all.now * 1000) });
    return { ms: performance.now() - t0, sub: claims.sub };
  };
  window.ready = true;
`;

const forms = {
  esm: { tags: '<script type="module" src="/esm.mjs"></script>', file: '/esm.mjs', before: (name) => `import { verifyIdToken } from '/bonafides/${name}';` },
  classic: {
    tags: `<script src="/bonafides/${manifest.flows.idtoken.classic[0]}" integrity="${manifest.hashes[manifest.flows.idtoken.classic[0]].integrity}"></script><script type="module" src="/classic.mjs"></script>`,
    file: '/classic.mjs', before: () => 'const { verifyIdToken } = window.bonafides;',
  },
};

for (const name of ['chromium', 'firefox', 'webkit']) {
  describe(name, () => {
    let browser;
    before(async () => { browser = await launch(name); });
    after(() => browser?.close());

    for (const [form, { tags, file, before: begin }] of Object.entries(forms)) {
      test(`${name}, ${form}: the corpus has no deviation, and the policy stops nothing`, { timeout: 20 * 60_000 }, async (t) => {
        const site = await StrictSite.start({
          policy: policy({ connect: ["'self'"] }), tags, files: { ...files, [file]: { body: begin(manifest.flows.idtoken[form][0]) + run } },
        });
        let page;
        try {
          page = await browser.open(site.origin('rp'));
          await page.wait(() => window.ready === true);
          assert.ok(!site.sent.some((s) => s.path.endsWith('.wasm')), 'the module is loaded before it is needed');
          const { ms, sub } = await page.eval(() => window.cold());
          assert.equal(sub, all.cases.find((c) => c.name === 'ES256').sub);
          const { accepted, wrong } = await page.eval(() => window.check());
          t.diagnostic(`${await browser.version()}: ${all.cases.length} cases, ${accepted} accepted, ${wrong.length} deviations; first token after ${ms.toFixed(1)} ms`);
          assert.deepEqual(wrong, []);
          assert.equal(accepted, all.cases.filter((c) => c.expect === 'ok').length);
          assert.deepEqual(await page.eval(() => window.stopped), []);
          assert.deepEqual(page.problems ?? [], []);
          // The flow fetched what the manifest lists for it, once, and nothing else.
          const fetched = site.sent.filter((s) => s.path.startsWith('/bonafides/')).map((s) => path.basename(s.path));
          assert.deepEqual(fetched.sort(), [...manifest.flows.idtoken[form]].sort());
        } finally {
          await page?.close();
          await site.stop();
        }
      });
    }
  });
}
