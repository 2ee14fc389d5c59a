// JSON of what a page gave us, on pages whose libraries changed arrays.

/** json is JSON.stringify where arrays are arrays, though an old library gave
 * Array.prototype a toJSON that makes text of them. */
export function json(v: unknown): string | undefined {
  return JSON.stringify(v, function (this: Record<string, unknown>, name: string, made: unknown) {
    const given = this[name];
    return Array.isArray(given) ? Object.setPrototypeOf([...given], null) as unknown : made;
  });
}
