// Guests are fetched when they are first needed, beside the script that needs them.

import { Guest, GuestTrap } from "./guest.js";

/** lazyGuest makes one instance and, after a trap, another. */
export function lazyGuest(url: URL): () => Promise<Guest> {
  let module: Promise<WebAssembly.Module> | null = null;
  let guest: Guest | null = null;
  return async () => {
    if (guest && !guest.dead) return guest;
    module ??= compile(url).catch((err) => {
      module = null; // the next call tries again
      throw err;
    });
    return (guest = Guest.start(await module));
  };
}

async function compile(url: URL): Promise<WebAssembly.Module> {
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

export { GuestTrap };
