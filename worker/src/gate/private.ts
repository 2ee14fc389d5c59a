// What an admitted visitor is shown is for that visitor: no cache that others
// share may keep it, whatever the origin says about a page that it believes public.

import { headerRecord, nativeRecord } from "../../../wasm/src/wire.gen.js";
import type { GateSettings } from "./settings.js";

/** Directives that let a shared cache keep an answer, or speak to it alone (RFC 9111 section 5.2.2). */
const shared = ["public", "private", "s-maxage", "proxy-revalidate"];

/** Headers that speak to shared caches in other words: RFC 9213, and what came before. */
const isTargeted = (name: string) =>
  (name.endsWith("cache-control") && name !== "cache-control") || name === "surrogate-control" || name === "x-accel-expires" || name === "edge-control";

/** Makes an answer one that only the visitor's own browser may keep, and for the credentials it came with. */
export function keepPrivate(headers: Headers, s: GateSettings): void {
  for (const name of [...headers.keys()]) {
    if (isTargeted(name)) headers.delete(name);
  }
  // Commas within quotes belong to a value: private="a, b".
  const directives = (headers.get("Cache-Control") ?? "").match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const rest = directives.map((d) => d.trim()).filter((d) => d !== "" && !shared.includes(d.split("=")[0]!.trim().toLowerCase()));
  headers.set("Cache-Control", ["private", ...rest].join(", "));
  vary(headers, ...(s.idTokens ? ["Cookie", "Authorization"] : []), ...(s.records ? [nativeRecord, headerRecord] : []));
}

function vary(headers: Headers, ...names: string[]): void {
  const said = (headers.get("Vary") ?? "").toLowerCase().split(",").map((n) => n.trim());
  if (said.includes("*")) return;
  for (const name of names) {
    if (!said.includes(name.toLowerCase())) headers.append("Vary", name);
  }
}
