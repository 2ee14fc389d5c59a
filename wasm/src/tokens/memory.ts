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

function drop(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // storage is off
  }
}

function set(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is off or full: the record lives as long as this page, and not below
    // the one before it.
    drop(key);
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
  if (json !== null) drop(recordKey(issuer));
  return null;
}

/** A "no tokens" ages, since tokens come from other sites: so long, in seconds, it
 * keeps this site from asking again, longer after each further no. */
const silence = (times: number) => (times < 2 ? 600 : times < 3 ? 3600 : 21600);
/** So long it stands even where the person presses something: the same act. */
const settled = 60;

/** The last no of the keeper, and how many came before a yes. */
function lastNo(issuer: string): { at: number; times: number } | null {
  const [said, at, times] = (get(tokensKey(issuer)) ?? "").split(" ").map(Number);
  return said === 0 && at! > 0 && times! > 0 ? { at: at!, times: times! } : null;
}

const seconds = () => Math.floor(Date.now() / 1000);

/** What the keeper said last: true, false, or null where it was never asked or its
 * no is too old for this call. A press asks anew sooner than a page's own load. */
export function tokensOf(issuer: string): boolean | null {
  if (get(tokensKey(issuer)) === "1") return true;
  const no = lastNo(issuer);
  if (!no) return null;
  const age = seconds() - no.at;
  if (age < 0) return null; // the clock was set back
  const pressed = navigator.userActivation?.isActive ?? false;
  return age < (pressed ? settled : silence(no.times)) ? false : null;
}

export function rememberTokens(issuer: string, some: boolean): void {
  if (some) return set(tokensKey(issuer), "1");
  const before = lastNo(issuer);
  const at = seconds();
  const same = before !== null && at - before.at < settled && at >= before.at;
  set(tokensKey(issuer), `0 ${at} ${(before?.times ?? 0) + (same ? 0 : 1)}`);
}
