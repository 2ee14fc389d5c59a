// The hot path's module: one instance in an isolate, made when it is first
// needed, since nothing may ask for randomness before the first request. Calls
// are synchronous, so that no two requests meet in one. After a trap the next call
// makes another.

import { Guest, GuestTrap } from "../../wasm/src/guest.js";
import module from "./modules.gen.js";

let guest: Guest | null = null;

export function hot(): Guest {
  if (!guest || guest.dead) guest = Guest.start(module);
  return guest;
}

export { GuestTrap };
