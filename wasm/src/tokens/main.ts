// The script that a publisher puts on a page. As a classic script it installs
// itself, configured by its tag; as a module it offers install().

import { fromScript } from "../config.js";
import type { Config } from "../config.js";
import { recordFromEmbedder } from "./frames.js";
import { install as installSurface } from "./install.js";
import { comeBack } from "./link.js";

let installed = false;

/** install puts the token surface into this page, once. */
export function install(config: Config): void {
  if (installed || comeBack(config.keeper)) return;
  installed = true;
  installSurface(config);
}

export { recordFromEmbedder };

const config = fromScript(document.currentScript as HTMLScriptElement | null);
if (config) {
  install(config);
  Object.assign(window, { bonafides: { ...(window as { bonafides?: object }).bonafides, recordFromEmbedder } });
}
