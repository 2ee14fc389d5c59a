// Runs a WebAssembly program of GOOS=wasip1 in Node:  node wasip1.mjs PROGRAM [ARGUMENT ...]
// It sees the whole file system, as a native test does.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [program, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: 'preview1',
  args: [program, ...args],
  env: { PWD: process.cwd(), HOME: process.env.HOME ?? '/', TMPDIR: process.env.TMPDIR ?? '/tmp' },
  preopens: { '/': '/' },
  returnOnExit: true,
});
const module = new WebAssembly.Module(readFileSync(program));
process.exit(wasi.start(new WebAssembly.Instance(module, wasi.getImportObject())));
