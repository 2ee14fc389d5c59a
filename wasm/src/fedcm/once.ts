// The FedCM surface comes into a page once, whatever brings it: the module, the
// classic script, or both.

import { presence, present } from "../place.js";
import { readConfig } from "./config.js";
import type { FedCMConfig } from "./config.js";
import { install as installSurface, reserve as reserveHere } from "./install.js";
import { signInPath as pathHere } from "./path.js";
import type { Path, SignInPath } from "./path.js";

const name = "fedcm";

/** What the copy of this script that came first shows the others. */
interface Installed {
  signInPath: typeof pathHere;
  reserve: typeof reserveHere;
}

/** install puts the FedCM surface into this page, once. */
export function install(config: FedCMConfig = {}): void {
  installSettled(readConfig(config));
}

export function installSettled(config: FedCMConfig): void {
  if (present(name)) return;
  installSurface(config, presence(name, { signInPath: pathHere, reserve: reserveHere } satisfies Installed));
}

/** reserve opens the provider's window inside a gesture (install.ts). */
export function reserve(): () => void {
  return (present<Installed>(name)?.reserve ?? reserveHere)();
}

/** signInPath tells which way the last sign-in took, or the next one takes, and why. */
export function signInPath(): SignInPath {
  return (present<Installed>(name)?.signInPath ?? pathHere)();
}

export function path(): Path {
  return signInPath().path;
}
