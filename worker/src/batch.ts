// How many tokens may be signed in one request. Cloudflare ends a request that
// uses more CPU time than its plan allows: 10 ms on the free plan, and on a paid
// one whatever [limits] cpu_ms says.

/**
 * CPU milliseconds for a batch of so many tokens, in workerd, the whole request:
 * worker/bench.mjs measures them on the machine of docs/design/0003. Between two
 * rows the next larger one counts.
 */
const measured: [tokens: number, ms: number][] = [
  [1, 2.0], [5, 4.0], [10, 6.5], [20, 12], [30, 17], [60, 33],
];

/** Somebody else's machine may be slower than ours by this much. */
const margin = 1.4;

/** The largest batch that fits into so many milliseconds, at least 1. */
export function batchFor(cpuMs: number): number {
  return measured.findLast(([, ms]) => ms * margin <= cpuMs)?.[0] ?? 1;
}
