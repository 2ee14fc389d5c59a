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
  blob: Uint8Array;
  /** Unix milliseconds. */
  until: number;
}

/** What one site did, under a keyed hash of its origin: limits without a list of
 * sites. */
export interface SiteUse {
  issuers: string[];
  /** Redemptions by issuer, Unix milliseconds, younger than the window. */
  redeemed: Record<string, number[]>;
}

let opened: Promise<IDBDatabase> | null = null;
let factory: IDBFactory = globalThis.indexedDB; // undefined where a build tool looks at this script

/** use another window's storage: that which a frame was granted. */
export function use(f: IDBFactory): void {
  factory = f;
}

export function open(): Promise<IDBDatabase> {
  return (opened ??= new Promise((resolve, reject) => {
    const r = factory.open(name, 1);
    r.onupgradeneeded = () => {
      const db = r.result;
      db.createObjectStore("tokens", { autoIncrement: true }).createIndex("issuer", "issuer");
      db.createObjectStore("pending");
      db.createObjectStore("sites");
      db.createObjectStore("keys");
    };
    r.onsuccess = () => {
      // Another window wants a newer form: let it.
      r.result.onversionchange = () => {
        r.result.close();
        opened = null;
      };
      resolve(r.result);
    };
    r.onerror = () => reject(r.error);
    r.onblocked = () => reject(new DOMException("blocked by another window", "AbortError"));
  }));
}

/**
 * run is one transaction: work may queue requests in their callbacks and returns
 * how to read its result once all is written.
 */
export async function run<T>(stores: string[], mode: IDBTransactionMode, work: (tx: IDBTransaction) => () => T): Promise<T> {
  const db = await open();
  return new Promise((resolve, reject) => {
    const tx = db.transaction(stores, mode, { durability: "strict" });
    const result = work(tx);
    tx.oncomplete = () => resolve(result());
    tx.onabort = () => reject(tx.error ?? new DOMException("aborted", "AbortError"));
    tx.onerror = () => {}; // becomes an abort
  });
}

/** siteKey names a site in the store of limits: HMAC under a key that cannot be
 * read out, so that the store is no list of sites. */
export async function siteKey(origin: string): Promise<string> {
  const read = await run<CryptoKey | undefined>(["keys"], "readonly", (tx) => {
    const r = tx.objectStore("keys").get("sites");
    return () => r.result as CryptoKey | undefined;
  });
  const key = read ?? await newSiteKey();
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(origin));
  return Array.from(new Uint8Array(mac, 0, 16), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function newSiteKey(): Promise<CryptoKey> {
  const fresh = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  // Two windows may be here at once: the first one's key stays.
  return run(["keys"], "readwrite", (tx) => {
    const store = tx.objectStore("keys");
    let kept = fresh as CryptoKey;
    const r = store.get("sites");
    r.onsuccess = () => {
      if (r.result) kept = r.result as CryptoKey;
      else store.put(fresh, "sites");
    };
    return () => kept;
  });
}

export async function addTokens(tokens: StoredToken[]): Promise<void> {
  await run(["tokens"], "readwrite", (tx) => {
    const store = tx.objectStore("tokens");
    for (const t of tokens) store.add(t);
    return () => undefined;
  });
}

export function countTokens(issuer: string): Promise<number> {
  return run(["tokens"], "readonly", (tx) => {
    const r = tx.objectStore("tokens").index("issuer").count(issuer);
    return () => r.result;
  });
}

export async function putPending(handle: string, p: PendingIssuance): Promise<void> {
  await run(["pending"], "readwrite", (tx) => {
    const store = tx.objectStore("pending");
    store.put(p, handle);
    // What nobody finished is forgotten.
    const r = store.openCursor();
    r.onsuccess = () => {
      const c = r.result;
      if (!c) return;
      if ((c.value as PendingIssuance).until < Date.now()) c.delete();
      c.continue();
    };
    return () => undefined;
  });
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
