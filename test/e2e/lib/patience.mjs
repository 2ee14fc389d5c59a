/**
 * How long, in ms, a test waits for what must come. It is there against what
 * hangs: how busy the machine is must not decide a verdict.
 */
export const patience = 180_000;
