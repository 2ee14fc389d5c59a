// The limits that browsers put on the native API (Chromium 156), by site, and a
// budget over all sites together, kept in the same transactions as the tokens, so
// that calls made at the same time cannot pass them together.

import { forgetPending, run } from "./db.js";
import type { SiteUse, Spent, StoredToken, Visit } from "./db.js";

export const maxTokens = 500; // of one issuer
const maxIssuers = 2; // of one site
const maxRedemptions = 2; // of one issuer on one site within the window
const hour = 60 * 60 * 1000;
const window48h = 48 * hour;
const maxVisits = 200; // that the list of sites keeps, where there is one

type Verdict = "ok" | "too_many_issuers" | "too_many_redemptions" | "no_tokens";

/** Redemptions that this keeper makes by itself, of all sites together. */
export interface Budget {
  hour: number;
  day: number;
}

/** budget is what the keeper's page says, or the strict one. */
export function budget(): Budget {
  const said = document.querySelector('meta[name="bonafides-budget"]')?.getAttribute("content") ?? "";
  const m = /^([0-9]{1,6}) ([0-9]{1,6})$/.exec(said);
  return m ? { hour: Number(m[1]), day: Number(m[2]) } : { hour: 6, day: 20 };
}

/** within says whether a time is that near; a clock that was wrong and was put
 * right must not make a limit last for years. */
const within = (t: number, ms: number, now: number) => Math.abs(now - t) < ms;

function useOf(v: SiteUse | undefined, now: number): SiteUse {
  const use = v ?? { issuers: {}, redeemed: {}, pressed: 0, over: 0, until: 0 };
  for (const [issuer, t] of Object.entries(use.issuers)) {
    if (!within(t, window48h, now)) delete use.issuers[issuer];
  }
  for (const [issuer, times] of Object.entries(use.redeemed)) {
    use.redeemed[issuer] = times.filter((t) => within(t, window48h, now));
  }
  return use;
}

/** join counts the issuer among the site's two. */
function join(use: SiteUse, issuer: string, now: number): boolean {
  if (!(issuer in use.issuers) && Object.keys(use.issuers).length >= maxIssuers) return false;
  use.issuers[issuer] = now;
  return true;
}

/** keep writes what a site did, for 48 hours from now. */
function keep(store: IDBObjectStore, use: SiteUse, site: string, now: number): void {
  use.until = now + window48h;
  store.put(use, site);
}

function exhausted(spent: Spent[], now: number): boolean {
  const times = spent.flatMap((s) => s.times);
  const most = budget();
  return times.filter((t) => within(t, hour, now)).length >= most.hour || times.filter((t) => within(t, 24 * hour, now)).length >= most.day;
}

const may = (use: SiteUse, now: number) => within(use.over, hour, now);

/** sweep forgets the sites whose 48 hours are over, and what nobody finished. */
export async function sweep(): Promise<void> {
  await forgetPending();
  await run(["sites"], "readwrite", (tx) => {
    const now = Date.now();
    // Times far ahead are of a clock that was wrong.
    for (const range of [IDBKeyRange.upperBound(now), IDBKeyRange.lowerBound(now + 2 * window48h)]) {
      const r = tx.objectStore("sites").index("until").openCursor(range);
      r.onsuccess = () => {
        r.result?.delete();
        r.result?.continue();
      };
    }
    return () => undefined;
  });
}

/** change runs work on what is kept of a site, in one transaction; what it
 * returns true for is written. */
function change(site: string, work: (use: SiteUse, spent: Spent[], now: number) => boolean, mode: IDBTransactionMode = "readwrite"): Promise<void> {
  return run(["sites", "spent"], mode, (tx) => {
    const sites = tx.objectStore("sites");
    const all = tx.objectStore("spent").getAll();
    const r = sites.get(site);
    r.onsuccess = () => {
      const now = Date.now();
      const use = useOf(r.result as SiteUse | undefined, now);
      if (work(use, all.result as Spent[], now)) keep(sites, use, site, now);
    };
    return () => undefined;
  });
}

/** associate gives the issuer one of the site's places. */
export async function associate(site: string, issuer: string): Promise<Verdict> {
  let verdict: Verdict = "ok";
  await change(site, (use, _, now) => {
    if (join(use, issuer, now)) return true;
    verdict = "too_many_issuers";
    return false;
  });
  return verdict;
}

export interface Standing {
  /** A person pressed for an errand of this site within 48 hours. */
  pressed: boolean;
  /** The budget is used up, and nobody pressed for more. */
  over: boolean;
  /** Issuers that the site dealt with within 48 hours. */
  issuers: string[];
}

export async function standing(site: string): Promise<Standing> {
  let standing!: Standing;
  await change(site, (use, spent, now) => {
    standing = {
      pressed: within(use.pressed, window48h, now), over: exhausted(spent, now) && !may(use, now), issuers: Object.keys(use.issuers),
    };
    return false;
  }, "readonly"); // nobody waits for a look
  return standing;
}

/** allow keeps a press: for the site's errands, or for one redemption over the
 * budget within an hour, or for both. */
export function allow(site: string, { errands = false, over = false }): Promise<void> {
  return change(site, (use, _, now) => {
    if (errands) use.pressed = now;
    if (over) use.over = now;
    return true;
  });
}

export interface Taken {
  verdict: Verdict;
  token: StoredToken | null;
  /** When, for giveBack. */
  at: number;
  /** no_tokens, because the budget is used up. */
  over: boolean;
}

/**
 * takeToken checks the limits, takes one token whose key is still committed and
 * deletes it, all in one transaction. Tokens of keys that are gone are deleted:
 * nobody can redeem them. known asks for an issuer that the site dealt with before.
 *
 * Over the budget the verdict is that of somebody without tokens: a site could
 * read from another one what other sites asked.
 */
export function takeToken(site: string, issuer: string, live: Set<number>, known: boolean): Promise<Taken> {
  return run(["sites", "tokens", "spent"], "readwrite", (tx) => {
    const sites = tx.objectStore("sites");
    const spent = tx.objectStore("spent");
    const taken: Taken = { verdict: "no_tokens", token: null, at: Date.now(), over: false };
    const now = taken.at;
    const all = spent.getAll();
    const r = sites.get(site);
    r.onsuccess = () => {
      const use = useOf(r.result as SiteUse | undefined, now);
      if (known && !(issuer in use.issuers)) return;
      if (!join(use, issuer, now)) {
        taken.verdict = "too_many_issuers";
        return;
      }
      // To ask is to deal, whatever the answer is: otherwise a site could ask for one
      // issuer after the other and learn of all that there is none of their tokens.
      keep(sites, use, site, now);
      const times = (use.redeemed[issuer] ??= []);
      if (times.length >= maxRedemptions) {
        taken.verdict = "too_many_redemptions";
        return;
      }
      const over = exhausted(all.result as Spent[], now);
      if (over && !may(use, now)) {
        taken.over = true;
        return;
      }
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
        taken.token = t;
        taken.verdict = "ok";
        times.push(now);
        if (over) use.over = 0;
        keep(sites, use, site, now);
        const s = (all.result as Spent[]).find((s) => s.issuer === issuer) ?? { issuer, total: 0, times: [] };
        spent.put({ issuer, total: s.total + 1, times: [...s.times.filter((t) => within(t, 24 * hour, now)), now] });
      };
    };
    return () => taken;
  });
}

/** giveBack takes a redemption out of the counts again. */
export function giveBack(site: string, issuer: string, at: number): Promise<void> {
  const without = (times: number[] = []) => {
    const i = times.indexOf(at);
    return times.filter((_, n) => n !== i);
  };
  return run(["sites", "spent"], "readwrite", (tx) => {
    const sites = tx.objectStore("sites");
    const spent = tx.objectStore("spent");
    const r = sites.get(site);
    r.onsuccess = () => {
      const use = r.result as SiteUse | undefined;
      if (use) sites.put({ ...use, redeemed: { ...use.redeemed, [issuer]: without(use.redeemed[issuer]) } }, site);
    };
    const s = spent.get(issuer);
    s.onsuccess = () => {
      const v = s.result as Spent | undefined;
      if (v) spent.put({ issuer, total: v.total - 1, times: without(v.times) });
    };
    return () => undefined;
  });
}

/** note writes a redemption into the list of sites, where the person wants one. */
export function note(visit: Visit): Promise<void> {
  return run(["settings", "visits"], "readwrite", (tx) => {
    const r = tx.objectStore("settings").get("names");
    r.onsuccess = () => {
      if (r.result !== true) return;
      const visits = tx.objectStore("visits");
      visits.add(visit);
      const keys = visits.getAllKeys();
      keys.onsuccess = () => {
        for (const k of keys.result.slice(0, -maxVisits)) visits.delete(k);
      };
    };
    return () => undefined;
  });
}
