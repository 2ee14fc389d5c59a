// The JavaScript side of package contender: the same lines on standard input and
// output, CPU time by process.cpuUsage (V8's compiler and collector threads are
// in it).
import { createInterface } from 'node:readline';

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};

/** ops: {name: {items, run(i), prepare?(n)}}; run may return a promise. */
export async function serve(ops) {
  const runs = {};
  console.log('ops', ...Object.keys(ops));
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, text] = line.split(' ');
    const op = ops[name];
    if (!op) throw new Error(`not an operation: ${line}`);
    const wanted = Number(text) * 1e6;
    for (;;) {
      const n = runs[name] ??= 1;
      await op.prepare?.(n);
      const start = cpu();
      for (let i = 0; i < n; i++) {
        const r = op.run(i);
        if (r instanceof Promise) await r;
      }
      const took = cpu() - start;
      if (took >= wanted * 3 / 4 || n >= 1 << 22) {
        console.log(name, (took / n / op.items).toFixed(1), 0);
        break;
      }
      runs[name] = Math.floor(Math.min(10 * n, Math.max(n + 1, n * wanted / Math.max(took, 1))));
    }
  }
}
