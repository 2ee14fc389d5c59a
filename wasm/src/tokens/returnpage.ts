// Whether this site serves the return page. Without it there is no way back to
// this site, and none is offered.

import { pathReturn } from "./protocol.js";
import { bounded } from "../wait.js";

/** What the page must say of itself; the rest of it may differ by release. */
const marker = '<meta name="bonafides-return" content="2">';
/** How long an answer is believed, in ms. A site that has just got the page is not
 * told for hours that it has none. */
const lastsYes = 24 * 3600_000, lastsNo = 600_000;
const patience = 3000;
const key = "bonafides:return";

let asking: Promise<boolean> | null = null;

function kept(): boolean | null {
  try {
    const [yes, until] = (localStorage.getItem(key) ?? "").split(" ");
    return until !== undefined && Number(until) > Date.now() ? yes === "1" : null;
  } catch {
    return null;
  }
}

/**
 * hasReturnPage asks the site, at the first need and then not for a while: a page
 * that uses no tokens sends nothing.
 */
export function hasReturnPage(nativeFetch: typeof fetch): Promise<boolean> {
  const known = kept();
  if (known !== null) return Promise.resolve(known);
  return (asking ??= ask(nativeFetch).finally(() => { asking = null; }));
}

async function ask(nativeFetch: typeof fetch): Promise<boolean> {
  const end = new AbortController();
  try {
    const look = async () => {
      const r = await nativeFetch(pathReturn, { credentials: "same-origin", redirect: "error", cache: "no-cache", signal: end.signal });
      const text = await r.text();
      return r.ok && text.includes(marker) && mayRun(r.headers.get("Content-Security-Policy"), text);
    };
    const yes = await bounded(look(), null, patience, () => new DOMException("", "TimeoutError"));
    try {
      localStorage.setItem(key, `${yes ? 1 : 0} ${Date.now() + (yes ? lastsYes : lastsNo)}`);
    } catch {
      // full, or off: asked again at the next need
    }
    return yes;
  } catch {
    end.abort();
    return false; // no answer: asked again at the next need
  }
}

/** A site's own policy must let the page's script run. */
function mayRun(policy: string | null, text: string): boolean {
  if (policy === null || !/(script|default)-src/.test(policy)) return true;
  const hash = /script-src '(sha256-[^']+)'/.exec(text)?.[1];
  return (hash !== undefined && policy.includes(hash)) || (policy.includes("'unsafe-inline'") && !/'(nonce|sha\d+)-/.test(policy));
}
