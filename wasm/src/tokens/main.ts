// The script that a publisher puts on a page. As a classic script it installs
// itself, configured by its tag; as a module it offers install().

import { fromScript } from "../config.js";
import type { Config } from "../config.js";
import { recordFromEmbedder } from "./frames.js";
import type { Kit, Path } from "./kit.js";
import { install as installSurface } from "./install.js";
import { comeBack } from "./link.js";
import { arrive } from "./redirect.js";

let kit: Kit | null = null;

/** install puts the token surface into this page, once. */
export function install(config: Config): void {
  if (kit || arrive(config, window.fetch.bind(window)) || comeBack(config.keeper)) return;
  kit = installSurface(config);
}

/** tokenPath says who does the work for an issuer on this page, as far as is
 * known; the event bonafides:path on the document tells of a change. */
export function tokenPath(issuer: string): Path {
  return kit?.path(new URL(issuer, document.baseURI).origin) ?? { path: "native", why: "The polyfill is not installed." };
}

export { recordFromEmbedder };

const config = fromScript(globalThis.document?.currentScript as HTMLScriptElement | null);
if (config) {
  install(config);
  Object.assign(((window as { bonafides?: object }).bonafides ??= {}), { recordFromEmbedder, tokenPath });
}
