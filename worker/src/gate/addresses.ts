// Addresses in the headers of an answer. The origin stands at the root of its own
// host, its visitors see it below /gate/ of another: what points into the origin
// is written anew, and what points elsewhere stays. Bodies are not touched.

/** Where an answer came from, and where its visitor sees it. */
export interface Place {
  /** The address at the origin; relative addresses are relative to it. */
  base: string;
  origin: string;
  /** The gate's own origin, and the path below which the origin stands. */
  gate: string;
  prefix: string;
  /** Whether the origin was told the prefix: what stands below it is then right. */
  told: boolean;
}

/** An address as the visitor needs it. */
export function address(text: string, p: Place): string {
  if (!URL.canParse(text, p.base)) return text;
  const to = new URL(text, p.base);
  if (to.protocol !== "https:" && to.protocol !== "http:") return text;
  const below = to.pathname.startsWith(`${p.prefix}/`);
  const rest = to.pathname + to.search + to.hash;
  // An origin that builds its addresses from X-Forwarded-Host names the gate's, and
  // means the gate's own pages only if it knows the prefix.
  if (to.origin === p.gate) return below || p.told ? text : `${p.gate}${p.prefix}${rest}`;
  if (to.origin !== p.origin) return text;
  return p.told && below ? `${p.gate}${rest}` : `${p.gate}${p.prefix}${rest}`;
}

/** HTML's shared declarative refresh steps: "5; url='/next'". */
function refresh(value: string, p: Place): string {
  const m = /^(\s*[\d.]+\s*[;,\s]\s*(?:url\s*=\s*)?)(["']?)(.*)$/is.exec(value);
  if (!m || m[3] === "") return value;
  const [, before, quote, rest] = m as unknown as [string, string, string, string];
  const end = quote === "" ? rest.length : rest.indexOf(quote);
  return before + quote + address((end < 0 ? rest : rest.slice(0, end)).trim(), p) + quote;
}

const quoted = /"((?:[^"\\]|\\.)*)"/g;

/** RFC 8288: <address>; rel="..."; anchor="address", and several of them. Texts in other quotes stay. */
const link = (value: string, p: Place) =>
  value.replace(/<([^>]*)>|(\banchor\s*=\s*)"([^"\\]*)"|"(?:[^"\\]|\\.)*"/gi, (all, target: string | undefined, before: string | undefined, anchor: string | undefined) =>
    target !== undefined ? `<${address(target.trim(), p)}>` : before !== undefined ? `${before}"${address(anchor!, p)}"` : all);

/** RFC 8941 dictionaries and lists whose strings are addresses. */
const strings = (value: string, p: Place) => value.replace(quoted, (_, text: string) => `"${address(text, p)}"`);

/** A path below which something is allowed or sent back. */
const path = (value: string, p: Place) => (!value.startsWith("/") || (p.told && `${value}/`.startsWith(`${p.prefix}/`)) ? value : p.prefix + value);

const plain = (value: string, p: Place) => (value.trim() === "" ? value : address(value.trim(), p));

const bearing: Record<string, (value: string, p: Place) => string> = {
  "location": plain, "content-location": plain, "sourcemap": plain, "x-sourcemap": plain,
  "refresh": refresh, "link": link, "reporting-endpoints": strings, "speculation-rules": strings, "service-worker-allowed": path,
};

/** RFC 6265 section 5.1.3. */
const matches = (host: string, domain: string) => host === domain || (host.endsWith(`.${domain}`) && /[a-z]/.test(host));

/**
 * A cookie of the origin for the place where its visitor is. Path goes below the
 * prefix. A Domain that the origin's host is in and the gate's is not would make the
 * browser drop the cookie, so it becomes one of the gate's host alone. A __Host-
 * cookie has no other path than "/", and keeps it.
 */
function setCookie(value: string, p: Place): string {
  const [pair = "", ...attributes] = value.split(";");
  const hostOnly = /^\s*__Host-/i.test(pair);
  const kept = attributes.flatMap((attribute) => {
    const at = attribute.indexOf("=");
    const name = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const said = at < 0 ? "" : attribute.slice(at + 1).trim();
    if (name === "path" && !hostOnly && said.startsWith("/")) return [` Path=${path(said, p)}`];
    if (name === "domain") {
      const domain = said.toLowerCase().replace(/^\./, "");
      if (matches(new URL(p.origin).hostname, domain) && !matches(new URL(p.gate).hostname, domain)) return [];
    }
    return [attribute];
  });
  return [pair, ...kept].join(";");
}

/** Writes an answer's addresses anew. */
export function readdress(headers: Headers, p: Place): void {
  for (const [name, write] of Object.entries(bearing)) {
    const value = headers.get(name);
    if (value !== null) headers.set(name, write(value, p));
  }
  const cookies = headers.getSetCookie();
  headers.delete("Set-Cookie");
  for (const cookie of cookies) headers.append("Set-Cookie", setCookie(cookie, p));
  // It names other ports and hosts for the host that says it, which is the gate's.
  headers.delete("Alt-Svc");
}
