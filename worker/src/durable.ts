// The store in Durable Objects: one object is one SQLite database in one place
// that handles one call at a time.
//
// Spent tokens of a key are spread over objects by the first bits of the nonce,
// so that no object has all the work; a token's object follows from the token
// alone. The number of objects must never change while a token lives: it would be
// looked up in another object than the one that knows it.

import { DurableObject } from "cloudflare:workers";
import schema from "../migrations/0001_spent.sql";
import { sql, type OriginCount, type Spend, type Store } from "./store.js";

const shard = (b: Uint8Array) => (b[0]! >> 4).toString(16); // 16 of them

/** How long an object still remembers after the key has expired, in seconds. */
const grace = 3600;

export class SpentTokens extends DurableObject {
  #armed = false; // whether the alarm is known to be set

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#prepare();
  }

  #prepare(): void {
    this.ctx.storage.sql.exec(schema);
    // A row once everything was forgotten: from then on nothing is a first time.
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS forgotten (at INTEGER NOT NULL) STRICT");
  }

  #rows<T>(query: string, ...values: SqlValue[]): T[] {
    return this.ctx.storage.sql.exec<T>(query, ...values).toArray();
  }

  async spend(keyId: number, nonce: Uint8Array, at: number, expires: number): Promise<Spend> {
    if (this.#rows("SELECT at FROM forgotten").length > 0) {
      throw new Error("what was spent with this key was forgotten when it expired: a key that lives longer needs a new id");
    }
    await this.#wakeAt(expires + grace);
    if (this.#rows(sql.spend, keyId, nonce, at, expires).length === 1) return { first: true };
    const [before] = this.#rows<{ at: number }>(sql.spentAt, keyId, nonce);
    return { first: false, at: before?.at ?? 0 };
  }

  async use(id: Uint8Array, expires: number): Promise<boolean> {
    await this.#wakeAt(expires + grace);
    return this.#rows(sql.use, id, expires).length === 1;
  }

  count(origin: string, day: number): void {
    this.#rows(sql.count, day, origin);
  }

  counts(since: number): OriginCount[] {
    return this.#rows<OriginCount>(sql.counts, since);
  }

  /** Sees to it that the alarm rings. It rings at the time of who asked first, and then looks again. */
  async #wakeAt(seconds: number): Promise<void> {
    if (this.#armed) return;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(seconds * 1000);
    this.#armed = true;
  }

  /** Forgets challenges one by one, and the tokens of a key once all of them have expired. */
  async alarm(): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    this.#armed = false;
    this.#rows("DELETE FROM used WHERE expires < ?", now - grace);
    const [last] = this.#rows<{ spent: number | null; used: number | null }>(
      "SELECT (SELECT max(expires) FROM spent) AS spent, (SELECT max(expires) FROM used) AS used",
    );
    const until = Math.max(last?.spent ?? 0, last?.used ?? 0) + grace;
    if (until > now) {
      await this.#wakeAt(until);
    } else if (last?.spent != null) {
      await this.ctx.storage.deleteAll();
      this.#prepare();
      this.#rows("INSERT INTO forgotten (at) VALUES (?)", now);
    }
  }
}

/** The same promises over the objects of a namespace. */
export class DurableStore implements Store {
  #objects: DurableObjectNamespace<SpentTokens>;

  constructor(objects: DurableObjectNamespace<SpentTokens>) {
    this.#objects = objects;
  }

  spend(keyId: number, nonce: Uint8Array, at: number, expires: number): Promise<Spend> {
    return this.#objects.getByName(`spent ${keyId} ${shard(nonce)}`).spend(keyId, nonce, at, expires);
  }

  use(id: Uint8Array, expires: number): Promise<boolean> {
    return this.#objects.getByName(`used ${shard(id)}`).use(id, expires);
  }

  count(origin: string, day: number): Promise<void> {
    return this.#objects.getByName("counts").count(origin, day);
  }

  counts(since: number): Promise<OriginCount[]> {
    return this.#objects.getByName("counts").counts(since);
  }
}
