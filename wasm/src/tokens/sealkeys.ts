// Where a page that goes to the keeper itself keeps the key for the answer: in the
// site's IndexedDB, which can hold a key that no script can read out.

import type { SealKey } from "./seal.js";

/** How long an errand may take, in ms. Older keys are forgotten. */
export const errandLasts = 10 * 60_000;

interface Kept {
  key: SealKey;
  /** Unix milliseconds. */
  until: number;
}

function store<T>(work: (s: IDBObjectStore, done: (v: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const r = indexedDB.open("bonafides-return", 1);
    r.onupgradeneeded = () => r.result.createObjectStore("keys");
    r.onerror = () => reject(r.error);
    r.onblocked = () => reject(new DOMException("blocked", "AbortError"));
    r.onsuccess = () => {
      const tx = r.result.transaction("keys", "readwrite");
      let value: T;
      tx.oncomplete = () => {
        r.result.close();
        resolve(value);
      };
      tx.onabort = () => reject(tx.error);
      work(tx.objectStore("keys"), (v) => { value = v; });
    };
  });
}

export function putSealKey(channel: string, key: SealKey): Promise<void> {
  return store((s) => {
    const now = Date.now();
    const c = s.openCursor();
    c.onsuccess = () => {
      if (!c.result) {
        s.put({ key, until: now + errandLasts } satisfies Kept, channel);
        return;
      }
      if ((c.result.value as Kept).until < now) c.result.delete();
      c.result.continue();
    };
  });
}

/** getSealKey gives the key of an errand; drop forgets it, with the last answer. */
export function getSealKey(channel: string): Promise<SealKey | null> {
  return store((s, done) => {
    const r = s.get(channel);
    r.onsuccess = () => {
      const kept = r.result as Kept | undefined;
      done(kept && kept.until >= Date.now() ? kept.key : null);
    };
  });
}

export function dropSealKey(channel: string): Promise<void> {
  return store((s) => { s.delete(channel); });
}
