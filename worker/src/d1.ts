// The store in D1: one database, the simple option.

import { grace, judge, notFirst, sql, type KeyChange, type KnownKey, type OriginCount, type Purged, type Spend, type Store, type TokenKey } from "./store.js";

// One statement deletes no more than this, so that D1 ends it in time; the next run
// goes on.
const rowsAtATime = 5000;
const statements = 20;

export class D1Store implements Store {
  #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  async #rows<T>(query: string, ...values: SqlValue[]): Promise<T[]> {
    return (await this.#db.prepare(query).bind(...values).run<T>()).results;
  }

  known(): Promise<KnownKey[]> {
    return this.#rows<KnownKey>(sql.known);
  }

  async admit(keys: TokenKey[]): Promise<KeyChange | null> {
    const change = judge(await this.known(), keys);
    if (change || keys.length === 0) return change;
    await this.#db.batch(keys.flatMap((k) => [
      this.#db.prepare(sql.admit).bind(k.id, Uint8Array.fromHex(k.public), k.expires),
      this.#db.prepare(sql.table(k.id)).bind(),
    ]));
    // Another version of the Worker may have been first.
    return judge(await this.known(), keys);
  }

  async spend(keyId: number, nonce: Uint8Array, row: Uint8Array): Promise<Spend> {
    let failure: unknown = null;
    try {
      if ((await this.#rows(sql.spend(keyId), row, nonce)).length === 1) return "first";
    } catch (err) {
      failure = err; // the table of a forgotten key is gone
    }
    return notFirst((await this.#rows<KnownKey>(sql.one, keyId))[0], keyId, failure);
  }

  async purge(ring: number[], before: number): Promise<Purged> {
    await this.#meetOldKeys();
    const expired = (await this.#rows<{ id: number }>(sql.expired, before)).map((k) => k.id);
    const keys = expired.filter((id) => !ring.includes(id));
    // The tombstone first: whatever ends this run, no token is a first time again.
    for (const id of keys) await this.#rows(sql.bury, id);
    let more = false;
    for (const { id } of await this.#rows<{ id: number }>(sql.buried)) {
      await this.#rows(sql.drop(id));
      const old = await this.#delete("DELETE FROM spent WHERE (key_id, nonce) IN (SELECT key_id, nonce FROM spent WHERE key_id = ? LIMIT ?)", id);
      if (old.more) more = true;
      else await this.#rows(sql.gone, id);
    }
    const used = await this.#delete("DELETE FROM used WHERE id IN (SELECT id FROM used WHERE expires < ? LIMIT ?)", Math.floor(Date.now() / 1000) - grace);
    return { keys, used: used.deleted, more: more || used.more };
  }

  /** Keys that left the ring before keys were admitted: their rows tell when they expire. */
  async #meetOldKeys(): Promise<void> {
    for (let after = -1; ;) {
      const [next] = await this.#rows<{ id: number | null }>("SELECT min(key_id) AS id FROM spent WHERE key_id > ?", after);
      if (next?.id == null) return;
      after = next.id;
      if ((await this.#rows(sql.one, after)).length > 0) continue;
      await this.#rows("INSERT INTO token_keys (id, expires) SELECT key_id, max(expires) FROM spent WHERE key_id = ? GROUP BY key_id ON CONFLICT DO NOTHING", after);
    }
  }

  async #delete(statement: string, value: number): Promise<{ deleted: number; more: boolean }> {
    let deleted = 0;
    for (let i = 0; i < statements; i++) {
      const { meta } = await this.#db.prepare(statement).bind(value, rowsAtATime).run();
      deleted += meta.changes;
      if (meta.changes < rowsAtATime) return { deleted, more: false };
    }
    return { deleted, more: true };
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
