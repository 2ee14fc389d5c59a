// What this site remembers, in its own localStorage: its redemption records, and
// what the keeper said last about each issuer. Nothing here is a token.

const recordKey = (issuer: string) => `bonafides:record:${issuer}`;
const tokensKey = (issuer: string) => `bonafides:tokens:${issuer}`;

interface Stored {
  record: string;
  /** Unix seconds. */
  expires: number;
}

function get(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is off for this site
  }
}

function set(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is off or full: the record lives as long as this page.
  }
}

/** Records of this page, for sites whose storage is off. */
const held = new Map<string, Stored>();

export function keepRecord(issuer: string, record: string, expires: number): void {
  held.set(issuer, { record, expires });
  set(recordKey(issuer), JSON.stringify({ record, expires }));
}

/** lend makes a record of the embedding page usable in this document, and
 * stores it nowhere. */
export function lend(issuer: string, record: string, expires: number): void {
  held.set(issuer, { record, expires });
}

/** expiryOf is when the record that recordOf gives ends, in Unix seconds. */
export function expiryOf(issuer: string): number {
  const json = get(recordKey(issuer));
  const kept = held.get(issuer)?.expires ?? 0;
  try {
    return json === null ? kept : Number((JSON.parse(json) as Stored).expires) || kept;
  } catch {
    return kept;
  }
}

/** The live record of an issuer, or null. An expired one is forgotten. */
export function recordOf(issuer: string): string | null {
  let s = held.get(issuer);
  const json = get(recordKey(issuer));
  if (json !== null) {
    try {
      const v = JSON.parse(json) as Stored;
      if (typeof v.record === "string" && typeof v.expires === "number") s = v;
    } catch {
      // not ours, or damaged: as if absent
    }
  }
  if (s && s.expires > Date.now() / 1000) return s.record;
  held.delete(issuer);
  if (json !== null) {
    try {
      localStorage.removeItem(recordKey(issuer));
    } catch {
      // storage is off
    }
  }
  return null;
}

/** What the keeper said last: true, false, or null where it was never asked. */
export function tokensOf(issuer: string): boolean | null {
  const v = get(tokensKey(issuer));
  return v === null ? null : v === "1";
}

export function rememberTokens(issuer: string, some: boolean): void {
  set(tokensKey(issuer), some ? "1" : "0");
}
