// What the site says once, as attributes of the script tag or to install(): read in
// one place, so that a fault is told there and not in a call a minute later.

import { isSecure, parse } from "./origin.js";

export interface Config {
  /** The keeper's origin. Never an issuer's. */
  keeper: string;
  /** Where the keeper's page is on that origin: "/keeper" if left out. */
  keeperPath?: string;
}

/** A Config that was judged. */
export type Settled = Required<Config>;

export const defaultKeeperPath = "/keeper";

/** onlyKnown takes an object with no members but these. */
export function onlyKnown(v: unknown, names: string[], example: string): Record<string, unknown> {
  if (v === null || typeof v !== "object") throw new TypeError(`install() takes an object, such as ${example}.`);
  const other = Object.keys(v).filter((name) => !names.includes(name));
  if (other.length > 0) throw new TypeError(`install() knows no option ${other.join(", ")}, only ${names.join(" and ")}.`);
  return v as Record<string, unknown>;
}

/** secureOrigin is the origin of a URL that is an origin and no more, or null. */
function secureOrigin(text: string, base?: string): string | null {
  const u = parse(text, base);
  return u && u.href === u.origin + "/" && isSecure(u) ? u.origin : null;
}

function settle(keeper: unknown, path: unknown, names: { keeper: string; path: string }, base?: string): Settled {
  const text = typeof keeper === "string" || keeper instanceof URL ? String(keeper) : "";
  const origin = text === "" ? null : secureOrigin(text, base);
  if (origin === null) {
    throw new TypeError(`${names.keeper} is ${text === "" ? "missing" : "no origin"}. Give the keeper's https origin alone; a path goes into ${names.path}.`);
  }
  if (path === undefined) return { keeper: origin, keeperPath: defaultKeeperPath };
  // Two slashes, or a backslash, would begin another host.
  if (typeof path !== "string" || !/^\/(?![\/\\])[^?#\\\s]*$/.test(path)) {
    throw new TypeError(`${names.path} is no path. Give one such as "${defaultKeeperPath}".`);
  }
  return { keeper: origin, keeperPath: new URL(path, origin).pathname };
}

/** readConfig judges what install() was given; a TypeError names the option. */
export function readConfig(v: unknown): Settled {
  const o = onlyKnown(v, ["keeper", "keeperPath"], '{keeper: "https://keeper.example"}');
  return settle(o.keeper, o.keeperPath, { keeper: "keeper", path: "keeperPath" });
}

/** fromScript judges data-keeper and data-keeper-path; without data-keeper the
 * script's own origin is the keeper. Attributes of other tools are none of ours. */
export function fromScript(script: HTMLScriptElement): Settled {
  const { keeper, keeperPath, ...others } = script.dataset;
  const other = Object.keys(others).find((name) => name.startsWith("keeper"));
  if (other) throw new TypeError(`The script tag knows data-keeper and data-keeper-path, no dataset.${other}.`);
  const from = script.src || document.baseURI;
  return settle(keeper ?? new URL(from).origin, keeperPath, { keeper: "data-keeper", path: "data-keeper-path" }, from);
}
