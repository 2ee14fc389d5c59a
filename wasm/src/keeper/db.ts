// The keeper's storage: IndexedDB of its own origin. A token is taken and deleted
// in one transaction, since no lock reaches every window of the keeper.

const name = "bonafides-keeper";

export interface StoredToken {
  issuer: string;
  keyId: number;
  bytes: Uint8Array;
}

export interface PendingIssuance {
  issuer: string;
  /** Origin of the page that began it, the only one that may finish it. */
  page: string;
  /** Whose bound it counts in. */
  site: string;
  blob: Uint8Array;
  /** Unix milliseconds. */
  until: number;
}

/** What one site did within 48 hours, under a keyed hash of its registrable
 * domain: limits without a list of sites. */
export interface SiteUse {
  /** When each issuer was last dealt with here, Unix milliseconds. */
  issuers: Record<string, number>;
  /** Redemptions by issuer, Unix milliseconds. */
  redeemed: Record<string, number[]>;
  /** When a person last pressed for an errand of this site. */
  pressed: number;
  /** When a person last pressed for one redemption over the budget; it is used up by it. */
  over: number;
  /** When all of it is forgotten. */
  until: number;
}

/** What was spent of one issuer, on all sites together. */
export interface Spent {
  issuer: string;
  total: number;
  /** Of the last day, Unix milliseconds: what the budget counts. */
  times: number[];
}

/** One line of the list that a person may switch on. */
export interface Visit {
  issuer: string;
  site: string;
  /** Unix milliseconds. */
  at: number;
}

/** How many issuances of one site may be under way, and how long, in ms; the oldest goes. */
const mostPending = 16;
export const pendingFor = 10 * 60 * 1000;

let opened: Promise<IDBDatabase> | null = null;
let factory: IDBFactory = globalThis.indexedDB; // undefined where a build tool looks at this script

/** use another window's storage: that which a frame was granted. */
export function use(f: IDBFactory): void {
  factory = f;
}

export function open(): Promise<IDBDatabase> {
  if (opened) return opened;
  const mine: Promise<IDBDatabase> = new Promise((resolve, reject) => {
    const r = factory.open(name, 2);
    r.onupgradeneeded = (e) => {
      const db = r.result;
      if (e.oldVersion < 1) {
        db.createObjectStore("tokens", { autoIncrement: true }).createIndex("issuer", "issuer");
        db.createObjectStore("pending");
        db.createObjectStore("keys");
      } else {
        db.deleteObjectStore("sites"); // it was kept by origin, and for ever
      }
      db.createObjectStore("sites").createIndex("until", "until");
      db.createObjectStore("spent", { keyPath: "issuer" });
      db.createObjectStore("visits", { autoIncrement: true });
      db.createObjectStore("settings");
    };
    r.onsuccess = () => {
      // Another window wants a newer form: let it.
      r.result.onversionchange = () => {
        r.result.close();
        forget(mine);
      };
      r.result.onclose = () => forget(mine);
      resolve(r.result);
    };
    r.onerror = () => reject(r.error);
    r.onblocked = () => reject(new DOMException("blocked by another window", "AbortError"));
  });
  opened = mine;
  mine.catch(() => forget(mine)); // the next question tries again
  return mine;
}

/** Browsers close databases by themselves: a tab that slept, data that was cleared,
 * a storage process that ended. What is closed is forgotten and opened anew. */
function forget(closed: Promise<IDBDatabase>): void {
  if (opened === closed) opened = null;
}

async function begin(stores: string[], mode: IDBTransactionMode): Promise<[IDBTransaction, Promise<IDBDatabase>]> {
  for (let again = false; ; again = true) {
    const from = open();
    const db = await from;
    try {
      return [db.transaction(stores, mode, { durability: "strict" }), from];
    } catch (err) {
      forget(from); // nothing was begun, so nothing is done twice
      if (again || (err as Error).name !== "InvalidStateError") throw err;
    }
  }
}

/**
 * run is one transaction: work may queue requests in their callbacks and returns
 * how to read its result once all is written.
 */
export async function run<T>(stores: string[], mode: IDBTransactionMode, work: (tx: IDBTransaction) => () => T): Promise<T> {
  const [tx, from] = await begin(stores, mode);
  return new Promise((resolve, reject) => {
    const result = work(tx);
    tx.oncomplete = () => resolve(result());
    tx.onabort = () => {
      // Of a database that is gone not every browser says more than this. Whether
      // the work was done nobody knows, so it is not done again.
      if (tx.error?.name === "UnknownError") forget(from);
      reject(tx.error ?? new DOMException("aborted", "AbortError"));
    };
    tx.onerror = () => {}; // becomes an abort
  });
}

/** The key of siteKey; its bytes in browsers that store no key which cannot be read out. */
type SiteKey = CryptoKey | Uint8Array<ArrayBuffer>;

/** siteKey names a site in the store of limits: HMAC under a key that cannot be
 * read out, so that the store is no list of sites. */
export async function siteKey(site: string): Promise<string> {
  const read = await run<SiteKey | undefined>(["keys"], "readonly", (tx) => {
    const r = tx.objectStore("keys").get("sites");
    return () => r.result as SiteKey | undefined;
  });
  const kept = read ?? await newSiteKey();
  const key = kept instanceof Uint8Array ? await crypto.subtle.importKey("raw", kept, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) : kept;
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(site));
  return Array.from(new Uint8Array(mac, 0, 16), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function newSiteKey(): Promise<SiteKey> {
  const fresh = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  // Two windows may be here at once: the first one's key stays.
  return run(["keys"], "readwrite", (tx) => {
    const store = tx.objectStore("keys");
    let kept: SiteKey = fresh;
    const r = store.get("sites");
    r.onsuccess = () => {
      if (r.result) kept = r.result as SiteKey;
      else {
        try {
          store.put(fresh, "sites");
        } catch {
          // Some private modes refuse to copy such a key into a database.
          store.put((kept = crypto.getRandomValues(new Uint8Array(32))), "sites");
        }
      }
    };
    return () => kept;
  });
}

/** addTokens keeps tokens of one issuer, the newest ones of more than most: how many
 * there were is no site's to know, so nobody hears that there is no room. */
export function addTokens(tokens: StoredToken[], most: number): Promise<void> {
  return run(["tokens"], "readwrite", (tx) => {
    const store = tx.objectStore("tokens");
    for (const t of tokens) store.add(t);
    const index = store.index("issuer");
    const issuer = tokens[0]?.issuer ?? "";
    const r = index.count(issuer);
    r.onsuccess = () => {
      let over = r.result - most;
      index.openCursor(issuer).onsuccess = (e) => { // from the oldest on
        if (over-- <= 0) return;
        const c = (e.target as IDBRequest<IDBCursor>).result;
        c.delete();
        c.continue();
      };
    };
    return () => undefined;
  });
}

export function countTokens(issuer: string): Promise<number> {
  return run(["tokens"], "readonly", (tx) => {
    const r = tx.objectStore("tokens").index("issuer").count(issuer);
    return () => r.result;
  });
}

/** forgetPending forgets what nobody finished, and of one site what is too much. */
export function forgetPending(site?: string, also?: (store: IDBObjectStore) => void): Promise<void> {
  return run(["pending"], "readwrite", (tx) => {
    const store = tx.objectStore("pending");
    also?.(store);
    const own: [number, IDBValidKey][] = [];
    const r = store.openCursor();
    r.onsuccess = () => {
      const c = r.result;
      if (!c) {
        own.sort(([a], [b]) => b - a);
        for (const [, key] of own.slice(mostPending)) store.delete(key);
        return;
      }
      const p = c.value as PendingIssuance;
      const left = p.until - Date.now();
      if (left < 0 || left > 2 * pendingFor) c.delete(); // far ahead: of a clock that was wrong
      else if (p.site === site) own.push([p.until, c.primaryKey]);
      c.continue();
    };
    return () => undefined;
  });
}

export function putPending(handle: string, p: PendingIssuance): Promise<void> {
  return forgetPending(p.site, (store) => store.put(p, handle));
}

/** takePending removes an issuance and returns it, once. */
export function takePending(handle: string, page: string): Promise<PendingIssuance | null> {
  return run(["pending"], "readwrite", (tx) => {
    const store = tx.objectStore("pending");
    let taken: PendingIssuance | null = null;
    const r = store.get(handle);
    r.onsuccess = () => {
      const p = r.result as PendingIssuance | undefined;
      if (!p || p.page !== page) return;
      store.delete(handle);
      if (p.until >= Date.now()) taken = p;
    };
    return () => taken;
  });
}
