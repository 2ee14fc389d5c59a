// The script that a relying party puts on a page. As a classic script it installs
// itself; as a module it offers install().

import { install as installSurface, reserve } from "./install.js";
import type { FedCMConfig } from "./install.js";
import { signInPath } from "./path.js";
import type { Path } from "./path.js";

export { reserve, signInPath };

let installed = false;

/** install puts the FedCM surface into this page, once. */
export function install(config: FedCMConfig = {}): void {
  if (installed) return;
  installed = true;
  installSurface(config);
}

/** path tells which way the last sign-in took, or the next one takes. */
export function path(): Path {
  return signInPath().path;
}

const script = globalThis.document?.currentScript as HTMLScriptElement | null;
if (script) {
  const redirect = script.dataset.redirect;
  install({ redirect: redirect ? () => redirect : null });
  const kit = ((window as { bonafides?: object }).bonafides ??= {});
  Object.defineProperty(kit, "path", { get: path, configurable: true });
  Object.defineProperty(kit, "signInPath", { value: signInPath, configurable: true });
  Object.defineProperty(kit, "reserve", { value: reserve, configurable: true });
}
