// How many tokens may be signed in one request. Cloudflare ends a request that
// uses more CPU time than its plan allows: 10 ms on the free plan, and on a paid
// one whatever [limits] cpu_ms says.

/**
 * CPU milliseconds of a whole request for so many tokens, in workerd:
 * `node worker/bench.mjs` prints them, docs/design/0003 has the run. A batch
 * between two rows is not offered.
 */
const measured: [tokens: number, ms: number][] = [
  [1, 2.4], [5, 5.1], [10, 7.9], [20, 13.1], [30, 18.2], [60, 34.6],
];

/** Somebody else's machine may be slower than ours was by this much. */
const margin = 1.2;

/** The largest batch that fits into so many milliseconds, at least 1. */
export function batchFor(cpuMs: number): number {
  return measured.findLast(([, ms]) => ms * margin <= cpuMs)?.[0] ?? 1;
}
