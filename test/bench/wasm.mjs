// Times both parties of an issuance in Node: our core as WebAssembly, built by Go
// and by TinyGo, beside @noble/curves, in one process, in turns, CPU time.
//
//   node --no-warnings wasm.mjs [rounds]
//
// TINYGO names the TinyGo binary (default ../../.tools/tinygo/tinygo), WASMOPT
// binaryen's wasm-opt, which TinyGo calls.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { WASI } from 'node:wasi';
import { p384_oprf } from '@noble/curves/nist.js';

process.chdir(import.meta.dirname);
const rounds = Number(process.argv[2] ?? 5);
const dir = mkdtempSync(join(tmpdir(), 'bench'));
const peers = {};

async function load(name, file) {
  const wasi = new WASI({ version: 'preview1' });
  const { instance } = await WebAssembly.instantiate(readFileSync(file), wasi.getImportObject());
  wasi.initialize(instance);
  const e = instance.exports;
  const ok = (code, what) => { if (code !== 0) throw new Error(`${name}: ${what} answered ${code}`); };
  peers[name] = {
    prepare: (n) => ok(e.prepare(n), 'prepare'),
    begin: (n) => ok(e.begin(n), 'begin'),
    evaluate: (n) => ok(e.evaluate(n), 'evaluate'),
    finish: () => ok(e.finish(), 'finish'),
  };
}

const go = join(dir, 'go.wasm');
execFileSync('go', ['build', '-buildmode=c-shared', '-o', go, './wasm'], { env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' } });
await load('Go', go);
const tinygo = resolve(process.env.TINYGO ?? '../../.tools/tinygo/tinygo');
if (existsSync(tinygo)) {
  const env = { ...process.env, WASMOPT: process.env.WASMOPT ?? resolve('../../node_modules/.bin/wasm-opt') };
  for (const opt of ['z', '2']) {
    const out = join(dir, `tinygo-${opt}.wasm`);
    execFileSync(tinygo, ['build', '-target=wasip1', '-buildmode=c-shared', `-opt=${opt}`, '-no-debug', '-panic=trap', '-scheduler=none', '-o', out, './wasm'], { env });
    await load(`TinyGo -opt=${opt}`, out);
  }
} else {
  console.error(`TinyGo is left out: no ${tinygo}`);
}
rmSync(dir, { recursive: true });

{
  const { voprf } = p384_oprf;
  const { secretKey, publicKey } = voprf.generateKeyPair();
  let inputs, blinded, evaluated;
  peers['@noble/curves'] = {
    prepare(n) { this.begin(n); this.evaluate(n); this.finish(n); },
    begin(n) {
      inputs = Array.from({ length: n }, () => crypto.getRandomValues(new Uint8Array(64)));
      blinded = inputs.map((input) => voprf.blind(input));
    },
    evaluate() { evaluated = voprf.blindEvaluateBatch(secretKey, publicKey, blinded.map((b) => b.blinded)); },
    finish() {
      voprf.finalizeBatch(inputs.map((input, i) => ({ input, blind: blinded[i].blind, blinded: blinded[i].blinded, evaluated: evaluated.evaluated[i] })), publicKey, evaluated.proof);
    },
  };
}

const best = {};
for (const n of [1, 10, 100]) {
  for (let r = 0; r < rounds; r++) {
    for (const [name, peer] of Object.entries(peers)) {
      peer.prepare(n);
      for (const op of ['begin', 'evaluate', 'finish']) {
        const repeat = Math.max(1, Math.round(20 / n));
        const t = process.cpuUsage();
        for (let i = 0; i < repeat; i++) peer[op](n);
        const u = process.cpuUsage(t);
        const ms = (u.user + u.system) / 1000 / repeat;
        const key = `${op}-${n}`;
        best[key] ??= {};
        best[key][name] = Math.min(best[key][name] ?? Infinity, ms);
        if (op === 'begin') { peer.prepare(n); } // the answer belongs to the last request
      }
    }
  }
}
const names = Object.keys(peers);
console.log(`| ms, CPU time, best of ${rounds} | ${names.join(' | ')} | noble / best of ours |`);
console.log(`|---|${'---:|'.repeat(names.length + 1)}`);
for (const [key, t] of Object.entries(best)) {
  const ours = Math.min(...names.filter((n) => !n.startsWith('@')).map((n) => t[n]));
  console.log(`| ${key} | ${names.map((n) => t[n].toFixed(2)).join(' | ')} | ${(t['@noble/curves'] / ours).toFixed(1)} |`);
}
