// Guests are compiled when they are first needed, in browsers from the file beside
// the script that needs them.

import { Guest, GuestTrap } from "./guest.js";

/**
 * Runs one call in the instance as it is at that moment, and once more in a new one
 * where it traps: calls keep no state, and engines have been seen to trap in code
 * that they run well the next time.
 */
export type RunInGuest = <T>(call: (guest: Guest) => T) => Promise<T>;

/**
 * lazyGuest compiles the module for the first call and makes an instance, and
 * another when that has trapped. unavailable names what keeps it from doing so.
 */
export function lazyGuest(compiled: () => Promise<WebAssembly.Module>, unavailable = (cause: unknown) => cause): RunInGuest {
  let module: Promise<WebAssembly.Module> | null = null;
  let guest: Guest | null = null;
  const alive = (ready: WebAssembly.Module): Guest => {
    try {
      return guest && !guest.dead ? guest : (guest = Guest.start(ready));
    } catch (cause) {
      throw unavailable(cause);
    }
  };
  return async (call) => {
    module ??= compiled().catch((cause) => {
      module = null; // the next call tries again
      throw unavailable(cause);
    });
    const ready = await module;
    const first = alive(ready); // with nothing awaited between this and the call
    try {
      return call(first);
    } catch (err) {
      if (!(err instanceof GuestTrap)) throw err;
      console.warn(err.message, err.cause);
      return call(alive(ready));
    }
  };
}

export async function compile(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  if (typeof WebAssembly.compileStreaming === "function") {
    try {
      return await WebAssembly.compileStreaming(response.clone());
    } catch {
      // Some engines refuse streaming under a strict policy, or the server sent
      // another content type: compile from bytes.
    }
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
