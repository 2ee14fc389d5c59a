// Our own code in WebAssembly: the argument is the file that ../guest became.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
import { serve } from './contender.mjs';

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
function instance(n) {
  const wasi = new WASI({ version: 'preview1' });
  const i = new WebAssembly.Instance(module, wasi.getImportObject());
  wasi.initialize(i);
  if (i.exports.start(n) !== 1) throw new Error('the guest could not make its messages');
  return i.exports;
}
const works = (f) => () => { if (f() === 0) throw new Error('the guest refused'); };
const ops = {};
for (const n of [1, 10, 100]) {
  const e = instance(n);
  ops[`begin${n}`] = { items: n, run: works(e.begin) };
  ops[`issue${n}`] = { items: n, run: works(e.issue) };
  ops[`finish${n}`] = { items: n, run: works(e.finish) };
  if (n === 1) ops.redeem1 = { items: 1, run: works(e.redeem) };
}
await serve(ops);
