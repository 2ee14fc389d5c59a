// The script that a relying party puts on a page. As a classic script it installs
// itself; as a module it offers install().

import { install as installSurface, reserve, state } from "./install.js";

export { reserve };
import type { FedCMConfig, Path } from "./install.js";

let installed = false;

/** install puts the FedCM surface into this page, once. */
export function install(config: FedCMConfig = {}): void {
  if (installed) return;
  installed = true;
  installSurface(config);
}

/** path tells which way the last sign-in of this page took. */
export function path(): Path | null {
  return state.path;
}

const script = globalThis.document?.currentScript as HTMLScriptElement | null;
if (script) {
  const redirect = script.dataset.redirect;
  install({ redirect: redirect ? () => redirect : null });
  const kit = ((window as { bonafides?: object }).bonafides ??= {});
  Object.defineProperty(kit, "path", { get: path, configurable: true });
  Object.defineProperty(kit, "reserve", { value: reserve, configurable: true });
}
