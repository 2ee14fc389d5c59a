// The hot path's module: one instance in an isolate, made when it is first
// needed, since nothing may ask for randomness before the first request. Calls
// are synchronous, so that no two requests meet in one. After a trap, or once its
// memory has grown large, the next call makes another.

import { edge } from "../../wasm/src/abi.gen.js";
import { Guest } from "../../wasm/src/guest.js";
import module from "./modules.gen.js";

let guest: Guest | null = null;

export function hot(): Guest {
  if (!guest || guest.dead) guest = Guest.start(module);
  return guest;
}

/** Refuses by a name of internal/exchange, so that both servers have the same words. */
export function refuse(name: string): never {
  edge.refusal(hot(), name);
  throw new Error(`internal/exchange has no refusal ${name}`);
}
