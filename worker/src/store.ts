// What an issuer has to remember exactly once. Both stores decide by the primary
// key of one INSERT; neither is Workers KV, which is eventually consistent and
// would let a token be spent once in every city.

export type Spend = { first: true } | { first: false; at: number };

export interface Store {
  /**
   * Spends a token. Exactly one call for each key and nonce is the first; every
   * other one learns when that was (Unix seconds). A rejected Promise means that
   * the store cannot tell: the token is then not redeemed. expires is when the key
   * expires and the store may forget the token.
   */
  spend(keyId: number, nonce: Uint8Array, at: number, expires: number): Promise<Spend>;
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

// The statements, the same on D1 and in a Durable Object.
export const sql = {
  spend: "INSERT INTO spent (key_id, nonce, at, expires) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING at",
  spentAt: "SELECT at FROM spent WHERE key_id = ? AND nonce = ?",
  use: "INSERT INTO used (id, expires) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING expires",
  count: "INSERT INTO redemptions (day, origin, count) VALUES (?, ?, 1) ON CONFLICT (day, origin) DO UPDATE SET count = count + 1",
  counts: "SELECT origin, day, count FROM redemptions WHERE day >= ? ORDER BY day DESC, count DESC, origin LIMIT 1000",
};

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
