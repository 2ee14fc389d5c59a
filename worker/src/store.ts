// What an issuer has to remember exactly once. Both stores decide by the primary
// key of one INSERT; neither is Workers KV, which is eventually consistent and
// would let a token be spent once in every city.

/** A token key, without its secret. */
export interface TokenKey {
  id: number;
  /** SHA-256 of the public key's bytes, in hex. */
  public: string;
  expires: number; // Unix seconds, rounded up
}

/** A key as a store has it: what it was first admitted with. */
export interface KnownKey {
  id: number;
  public: string; // empty where the store was not told
  expires: number | null; // null where the store was not told
  forgotten: number;
}

/** What a key id must never come to, as package issuer names it. */
export interface KeyChange {
  id: number;
  change: "another key" | "a later expiry" | "a forgotten key";
}

/** What became of a token: its first time, a replay, or nobody knows any more and it is refused. */
export type Spend = "first" | "spent" | "forgotten";

export interface Purged {
  keys: number[]; // the keys that were forgotten
  used: number; // challenges
  more: boolean; // whether there was more than one run deletes
}

export interface Store {
  /** Makes keys known for good, all of them or, if one is not what it was, none. */
  admit(keys: TokenKey[]): Promise<KeyChange | null>;
  /** The keys that were ever admitted. */
  known(): Promise<KnownKey[]>;
  /**
   * Spends a token of a key that was admitted. Exactly one call for each key and
   * nonce is the first. A rejected Promise means that the store cannot tell: the
   * token is then not redeemed. row is what is kept of the two.
   */
  spend(keyId: number, nonce: Uint8Array, row: Uint8Array): Promise<Spend>;
  /** Forgets the keys that are not in the ring and expired before a time (Unix seconds). */
  purge(ring: number[], before: number): Promise<Purged>;
  /** Uses a challenge: true for exactly one call for each id. */
  use(id: Uint8Array, expires: number): Promise<boolean>;
  /** Counts a redemption of an origin on a day (days since 1970, UTC). Losing one is harmless. */
  count(origin: string, day: number): Promise<void>;
}

/** A row of counts. */
export interface OriginCount {
  origin: string;
  day: number;
  count: number;
}

/** How long a store remembers after a key or a challenge has expired, in seconds, so that clocks that differ open no gap. */
export const grace = 3600;

/** A key id as it stands in the name of a table: digits and nothing else. */
function digits(keyId: number): string {
  if (!Number.isInteger(keyId) || keyId < 0 || keyId >= 2 ** 32) throw new Error("a key id is a whole number below 2^32");
  return String(keyId);
}

// The statements, the same on D1 and in a Durable Object.
export const sql = {
  known: "SELECT id, lower(hex(public)) AS public, expires, forgotten FROM token_keys ORDER BY id",
  one: "SELECT id, lower(hex(public)) AS public, expires, forgotten FROM token_keys WHERE id = ?",
  // What a key was first admitted with stays.
  admit: "INSERT INTO token_keys (id, public, expires) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET public = ?2, expires = max(?3, ifnull(expires, 0)) WHERE public IS NULL AND NOT forgotten",
  table: (keyId: number) => `CREATE TABLE IF NOT EXISTS spent_${digits(keyId)} (row BLOB NOT NULL PRIMARY KEY CHECK (length(row) = 16)) STRICT, WITHOUT ROWID`,
  // The tombstone, and what was spent before rows were kept, are a part of the one
  // statement: whoever forgets the key meanwhile comes before it or after it.
  spend: (keyId: number) => `INSERT INTO spent_${digits(keyId)} (row) SELECT ?1
    WHERE EXISTS (SELECT 1 FROM token_keys WHERE id = ${digits(keyId)} AND NOT forgotten)
    AND NOT EXISTS (SELECT 1 FROM spent WHERE key_id = ${digits(keyId)} AND nonce = ?2)
    ON CONFLICT DO NOTHING RETURNING 1 AS first`,
  expired: "SELECT id FROM token_keys WHERE NOT forgotten AND expires < ? ORDER BY id",
  bury: "INSERT INTO token_keys (id, forgotten) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET forgotten = max(forgotten, 1)",
  buried: "SELECT id FROM token_keys WHERE forgotten = 1 ORDER BY id",
  drop: (keyId: number) => `DROP TABLE IF EXISTS spent_${digits(keyId)}`,
  gone: "UPDATE token_keys SET forgotten = 2 WHERE id = ?",
  use: "INSERT INTO used (id, expires) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING expires",
  count: "INSERT INTO redemptions (day, origin, count) VALUES (?, ?, 1) ON CONFLICT (day, origin) DO UPDATE SET count = count + 1",
  counts: "SELECT origin, day, count FROM redemptions WHERE day >= ? ORDER BY day DESC, count DESC, origin LIMIT 1000",
};

/** Tells whether keys may go on under the ids that are known: what became of the first that may not. */
export function judge(known: KnownKey[], keys: TokenKey[]): KeyChange | null {
  for (const k of keys) {
    const had = known.find((h) => h.id === k.id);
    if (!had) continue;
    if (had.forgotten) return { id: k.id, change: "a forgotten key" };
    // Known by rows of the first version alone, which stay until it is forgotten.
    if (had.expires === null || had.public === "") continue;
    if (had.public !== k.public) return { id: k.id, change: "another key" };
    if (k.expires > had.expires) return { id: k.id, change: "a later expiry" };
  }
  return null;
}

/** What to make of a spend that was not a first time, or failed. */
export function notFirst(known: KnownKey | undefined, keyId: number, failure: unknown): Spend {
  if (known?.forgotten) return "forgotten";
  if (failure !== null) throw failure;
  if (!known) throw new Error(`token key ${keyId} was never admitted`);
  return "spent";
}

const limit = 10_000;

/** Ends in an error what a store does not answer in ten seconds. */
export async function within<T>(p: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer within 10 seconds")), limit);
  });
  try {
    return await Promise.race([p, late]);
  } finally {
    clearTimeout(timer);
  }
}
