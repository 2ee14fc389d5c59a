// How a function of the browser is wrapped: name, length, own members and "native
// code" stay its own, and whoever calls it wrongly gets its own error.

type Any = (...args: never[]) => unknown;

/**
 * wrap gives a function that does what around does. around has the call as it was
 * made, and asIs does what the browser would have done with it.
 */
export function wrap<F extends Any>(target: F, around: (self: unknown, args: unknown[], asIs: () => unknown) => unknown): F {
  return new Proxy(target, {
    apply: (_, self, args: unknown[]) => around(self, args, () => Reflect.apply(target, self, args)),
  });
}

/** text is what Web IDL makes of a value where it wants a string. */
export function text(v: unknown): string {
  return typeof v === "string" ? v : `${v as string}`; // String() would take a symbol
}
