// What a person sees who opens the keeper: whose it is, what it holds, what was
// spent, and how all of it is deleted. No site is named unless the person wants it.

import { run } from "./db.js";
import type { Spent, StoredToken, Visit } from "./db.js";
import { budget } from "./limits.js";
import { say } from "./page.js";
import { deadAtFirst } from "./press.js";

const day = 24 * 60 * 60 * 1000;

interface Holding {
  tokens: Map<string, number>;
  spent: Spent[];
  visits: Visit[];
  names: boolean;
}

function holding(): Promise<Holding> {
  return run(["tokens", "spent", "visits", "settings"], "readonly", (tx) => {
    const tokens = new Map<string, number>();
    const cursor = tx.objectStore("tokens").index("issuer").openKeyCursor();
    cursor.onsuccess = () => {
      const c = cursor.result;
      if (!c) return;
      const issuer = c.key as StoredToken["issuer"];
      tokens.set(issuer, (tokens.get(issuer) ?? 0) + 1);
      c.continue();
    };
    const spent = tx.objectStore("spent").getAll();
    const visits = tx.objectStore("visits").getAll();
    const names = tx.objectStore("settings").get("names");
    return () => ({ tokens, spent: spent.result as Spent[], visits: visits.result as Visit[], names: names.result === true });
  });
}

/** forget deletes what is kept of an issuer, or everything. */
function forget(issuer?: string): Promise<void> {
  const stores = issuer === undefined ? ["tokens", "pending", "sites", "keys", "spent", "visits", "settings"] : ["tokens", "pending", "spent", "visits"];
  return run(stores, "readwrite", (tx) => {
    for (const name of stores) {
      const store = tx.objectStore(name);
      if (issuer === undefined) {
        store.clear();
        continue;
      }
      const r = store.openCursor();
      r.onsuccess = () => {
        const c = r.result;
        if (!c) return;
        if ((c.value as { issuer: string }).issuer !== issuer) {
          c.continue();
          return;
        }
        // What the budget counts stays counted.
        if (name === "spent") c.update({ ...(c.value as Spent), total: 0 });
        else c.delete();
        c.continue();
      };
    }
    return () => undefined;
  });
}

/** anew starts the budget's count again. */
function anew(): Promise<void> {
  return run(["spent"], "readwrite", (tx) => {
    const store = tx.objectStore("spent");
    const r = store.getAll();
    r.onsuccess = () => {
      for (const s of r.result as Spent[]) store.put({ ...s, times: [] });
    };
    return () => undefined;
  });
}

function keepNames(on: boolean): Promise<void> {
  return run(["settings", "visits"], "readwrite", (tx) => {
    tx.objectStore("settings").put(on, "names");
    if (!on) tx.objectStore("visits").clear();
    return () => undefined;
  });
}

function element(name: string, text = "", ...children: Node[]): HTMLElement {
  const e = document.createElement(name);
  e.textContent = text;
  e.append(...children);
  return e;
}

const host = (issuer: string) => new URL(issuer).host;
const number = (n: number) => (n === 1 ? "1 token" : `${n} tokens`);

/** twice is a button that asks once more before it acts. */
function twice(label: string, sure: string, act: () => Promise<void>): HTMLElement {
  const first = deadAtFirst(label, () => {
    const second = deadAtFirst(sure, () => void act().then(home), "no");
    first.replaceWith(second);
    second.focus();
  }, "no");
  return first;
}

/** home draws the page, and draws it anew after each change. */
export async function home(): Promise<void> {
  const out = say("home", `Your browser keeps here, at ${location.host}, the tokens that say you are a person. Other sites may ask for one; they learn nothing else.`);
  if (!out || top !== self) return;
  let held: Holding;
  try {
    held = await holding();
  } catch {
    out.textContent += " This browser lets it keep nothing: its storage is off or full.";
    return;
  }
  const box = element("div");
  box.id = "more";
  const list = (items: HTMLElement[], none: string) => (items.length > 0 ? element("ul", "", ...items) : element("p", none));

  box.append(element("h2", "Held"), list([...held.tokens].map(([issuer, n]) => element("li", "", element("span", `${number(n)} of ${host(issuer)}`),
    twice("Delete", `Delete ${number(n)} of ${host(issuer)}?`, () => forget(issuer)))), "No tokens yet. Issuers give them out."));

  const times = held.spent.flatMap((s) => s.times);
  const since = (ms: number) => times.filter((t) => Math.abs(Date.now() - t) < ms).length;
  const most = budget();
  const [ofHour, ofDay] = [since(day / 24), since(day)];
  box.append(element("h2", "Spent"), list(held.spent.filter((s) => s.total > 0).map((s) => element("li", `${number(s.total)} of ${host(s.issuer)}`)), "None yet."),
    element("p", `Without asking you: ${ofHour} of ${most.hour} tokens in the last hour, ${ofDay} of ${most.day} in the last day. Beyond that the keeper asks first.`));
  if (ofHour >= most.hour || ofDay >= most.day) box.append(deadAtFirst("Count from zero again", () => void anew().then(home), "no"));

  box.append(element("h2", "Sites"), element("p", held.names ? "The sites that asked, the last ones first:" : "No list of the sites that asked is kept."));
  if (held.names) {
    box.append(list(held.visits.reverse().map((v) => element("li", `${v.site}, ${new Date(v.at).toLocaleString("en")}, ${host(v.issuer)}`)), "None since you wanted this list."));
  }
  box.append(deadAtFirst(held.names ? "Keep no list, and delete this one" : "Keep a list from now on", () => void keepNames(!held.names).then(home), "no"));

  box.append(element("h2", "How long"), element("p", "Tokens stay until they are spent or their issuer ends them. Safari deletes them when you have used it for seven days without coming here; other browsers when you clear a site's data."),
    twice("Delete everything", "Delete everything that is kept here?", () => forget()));
  document.getElementById("more")?.remove();
  out.after(box);
}
