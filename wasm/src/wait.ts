// Every wait ends: with its outcome, with the caller's signal, or with its bound.

/** reasonOf is what an aborted signal rejects with, also in browsers that know no
 * reasons. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException("The operation was aborted.", "AbortError");
}

export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/**
 * bounded settles as p does, or rejects with the signal's reason, or after ms with
 * what late makes. p is not stopped: whoever waits is let go.
 */
export function bounded<T>(p: Promise<T>, signal: AbortSignal | null | undefined, ms?: number, late?: () => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      p.catch(() => {});
      return reject(reasonOf(signal));
    }
    const over = () => reject(reasonOf(signal!));
    const timer = ms === undefined ? 0 : setTimeout(() => reject(late?.()), ms);
    signal?.addEventListener("abort", over, { once: true });
    p.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
    });
  });
}
