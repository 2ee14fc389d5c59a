// The token surface comes into a page once, whatever brings it: the module, the
// classic script, or both.

import { readConfig } from "../config.js";
import type { Config, Settled } from "../config.js";
import { presence, present } from "../place.js";
import type { Path } from "./kit.js";
import { install as installSurface } from "./install.js";
import { arrive } from "./redirect.js";

/** What the copy of this script that came first shows the others. */
interface Installed {
  config: Settled;
  path(issuer: string): Path;
}

const name = "tokens";
let why = "The polyfill is not installed.";

/** install puts the token surface into this page, once. */
export function install(config: Config): void {
  installSettled(readConfig(config));
}

export function installSettled(config: Settled): void {
  const before = present<Installed>(name);
  if (before) {
    if (before.config.keeper === config.keeper && before.config.keeperPath === config.keeperPath) return;
    throw new TypeError(`keeper is ${before.config.keeper}${before.config.keeperPath} on this page already.`);
  }
  let missing: unknown;
  try {
    arrive(window.fetch.bind(window));
    missing = installSurface(config, (kit) => presence(name, { config, path: (issuer) => kit.path(issuer) } satisfies Installed));
  } catch (err) {
    missing = String(err); // a page without fetch, or with one that is none
  }
  if (typeof missing === "string") why = `The polyfill is not installed: ${missing}`;
}

/** refused keeps why the tag could not be used, for tokenPath. */
export function refused(err: Error): void {
  why = `The polyfill is not installed: ${err.message}`;
}

/** tokenPath says who does the work for an issuer on this page, as far as is
 * known; the event bonafides:path on the document tells of a change. */
export function tokenPath(issuer: string): Path {
  return present<Installed>(name)?.path(new URL(issuer, document.baseURI).origin) ?? { path: "native", why };
}
