// The limits that browsers put on the native API (Chromium 156), kept in the same
// transactions as the tokens, so that calls made at the same time cannot pass
// them together.

import { run } from "./db.js";
import type { SiteUse, StoredToken } from "./db.js";

export const maxTokens = 500; // of one issuer
const maxIssuers = 2; // of one site
const maxRedemptions = 2; // of one issuer on one site within the window
const window48h = 48 * 60 * 60 * 1000;

type Verdict = "ok" | "too_many_issuers" | "too_many_redemptions" | "no_tokens";

function useOf(v: SiteUse | undefined, now: number): SiteUse {
  const use = v ?? { issuers: [], redeemed: {} };
  for (const [issuer, times] of Object.entries(use.redeemed)) {
    use.redeemed[issuer] = times.filter((t) => t > now - window48h);
  }
  return use;
}

/** join counts the issuer among the site's two. */
function join(use: SiteUse, issuer: string): boolean {
  if (use.issuers.includes(issuer)) return true;
  if (use.issuers.length >= maxIssuers) return false;
  use.issuers.push(issuer);
  return true;
}

/** associate gives the issuer one of the site's places. */
export function associate(site: string, issuer: string): Promise<Verdict> {
  return run<Verdict>(["sites"], "readwrite", (tx) => {
    const store = tx.objectStore("sites");
    let verdict: Verdict = "ok";
    const r = store.get(site);
    r.onsuccess = () => {
      const use = useOf(r.result as SiteUse | undefined, Date.now());
      if (join(use, issuer)) store.put(use, site);
      else verdict = "too_many_issuers";
    };
    return () => verdict;
  });
}

/**
 * takeToken checks the limits, takes one token whose key is still committed and
 * deletes it, all in one transaction. Tokens of keys that are gone are deleted:
 * nobody can redeem them.
 */
export function takeToken(site: string, issuer: string, live: Set<number>): Promise<{ verdict: Verdict; token: StoredToken | null }> {
  return run(["sites", "tokens"], "readwrite", (tx) => {
    const sites = tx.objectStore("sites");
    let verdict: Verdict = "ok";
    let token: StoredToken | null = null;
    const r = sites.get(site);
    r.onsuccess = () => {
      const now = Date.now();
      const use = useOf(r.result as SiteUse | undefined, now);
      const times = (use.redeemed[issuer] ??= []);
      if (!join(use, issuer)) {
        verdict = "too_many_issuers";
        return;
      }
      if (times.length >= maxRedemptions) {
        verdict = "too_many_redemptions";
        return;
      }
      verdict = "no_tokens";
      const cursor = tx.objectStore("tokens").index("issuer").openCursor(IDBKeyRange.only(issuer));
      cursor.onsuccess = () => {
        const c = cursor.result;
        if (!c) return;
        const t = c.value as StoredToken;
        c.delete();
        if (!live.has(t.keyId)) {
          c.continue();
          return;
        }
        token = t;
        verdict = "ok";
        times.push(now);
        sites.put(use, site);
      };
    };
    return () => ({ verdict, token });
  });
}
