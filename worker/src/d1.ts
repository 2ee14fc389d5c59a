// The store in D1: one database, the simple option.

import { sql, type OriginCount, type Spend, type Store } from "./store.js";

export class D1Store implements Store {
  #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  async #rows<T>(query: string, ...values: SqlValue[]): Promise<T[]> {
    return (await this.#db.prepare(query).bind(...values).run<T>()).results;
  }

  async spend(keyId: number, nonce: Uint8Array, at: number, expires: number): Promise<Spend> {
    const made = await this.#rows(sql.spend, keyId, nonce, at, expires);
    if (made.length === 1) return { first: true };
    const [before] = await this.#rows<{ at: number }>(sql.spentAt, keyId, nonce);
    return { first: false, at: before?.at ?? 0 }; // it was spent all the same
  }

  async use(id: Uint8Array, expires: number): Promise<boolean> {
    return (await this.#rows(sql.use, id, expires)).length === 1;
  }

  async count(origin: string, day: number): Promise<void> {
    await this.#rows(sql.count, day, origin);
  }

  counts(since: number): Promise<OriginCount[]> {
    return this.#rows<OriginCount>(sql.counts, since);
  }
}
