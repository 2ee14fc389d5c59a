// What is put into a page is put there whole or not at all. Password managers,
// privacy extensions and other scripts lock or freeze what they guard, and the
// same script may be on a page twice.

export interface Part {
  target: object;
  name: PropertyKey;
  value: unknown;
  /** For people; "Window.fetch" and the like if left out. */
  said?: string;
  /** Where the page had none, as methods of prototypes are. */
  enumerable?: boolean;
  /** value is {get, set}, for a property that the page did not have. */
  accessor?: boolean;
}

/** place defines all parts, or none; the answer is what was in the way, or null. */
export function place(parts: Part[]): string | null {
  const undo: (() => void)[] = [];
  for (const { target, name, value, said, enumerable = false, accessor } of parts) {
    try {
      const was = Object.getOwnPropertyDescriptor(target, name);
      // A property that may be written but not defined anew keeps its place.
      if (accessor) Object.defineProperty(target, name, { ...(value as object), configurable: true, enumerable });
      else Object.defineProperty(target, name, was && !was.configurable ? { value }
        : { value, writable: true, configurable: true, enumerable: was ? was.enumerable! : enumerable });
      undo.push(() => (was ? Object.defineProperty(target, name, was) : delete (target as Record<PropertyKey, unknown>)[name]));
      if (accessor || (target as Record<PropertyKey, unknown>)[name] === value) continue;
    } catch {
      // locked, frozen, or guarded by a proxy
    }
    for (const back of undo.reverse()) back(); // what could be defined just now can be again
    return `${said ?? `${(target as Record<symbol, unknown>)[Symbol.toStringTag]}.${String(name)}`} is locked by another script or an extension.`;
  }
  return null;
}

const mark = (name: string) => Symbol.for(`bonafides:${name}`);

/** What another copy of the script left on this page, of this or another version. */
export function present<T>(name: string): T | undefined {
  return (window as unknown as Record<symbol, T | undefined>)[mark(name)];
}

/** The part by which another copy knows this one. */
export function presence(name: string, value: unknown): Part {
  return { target: window, name: mark(name), value };
}
