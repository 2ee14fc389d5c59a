// Guests are compiled when they are first needed, in browsers from the file beside
// the script that needs them.

import { Guest } from "./guest.js";

/**
 * Gives the instance as it is now. Ask right before the call: while something
 * else is awaited, another call's trap may end an instance.
 */
export type GuestSource = () => Promise<Guest>;

/** lazyGuest makes one instance and, after a trap, another. */
export function lazyGuest(compiled: () => Promise<WebAssembly.Module>): GuestSource {
  let module: Promise<WebAssembly.Module> | null = null;
  let guest: Guest | null = null;
  return async () => {
    if (guest && !guest.dead) return guest;
    module ??= compiled().catch((err) => {
      module = null; // the next call tries again
      throw err;
    });
    const ready = await module;
    // Another call may have been faster.
    return guest && !guest.dead ? guest : (guest = Guest.start(ready));
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
