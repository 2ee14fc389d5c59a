// The store in Durable Objects: one object is one SQLite database in one place
// that handles one call at a time.
//
// Spent tokens of a key are spread over objects by the first bits of the nonce,
// so that no object has all the work; a token's object follows from the token
// alone. The number of objects must never change while a token lives: it would be
// looked up in another object than the one that knows it. What is known of the keys
// themselves is in an object of its own, "keys".

import { DurableObject } from "cloudflare:workers";
import first from "../migrations/0001_spent.sql";
import second from "../migrations/0002_rows.sql";
import type { Env } from "./env.js";
import { settings } from "./settings.js";
import { grace, judge, notFirst, sql, type KeyChange, type KnownKey, type OriginCount, type Purged, type Spend, type Store, type TokenKey } from "./store.js";

const shards = [..."0123456789abcdef"];
const shard = (b: Uint8Array) => (b[0]! >> 4).toString(16);
const keysObject = "keys";
const spentObject = (keyId: number, of: string) => `spent ${keyId} ${of}`;
const day = 24 * 3600;

export class SpentTokens extends DurableObject {
  #env: Env;
  protected storage: DurableObjectState["storage"];
  #armed = false; // whether the alarm is known to be set
  #rang = false;
  #met = new Set<number>(); // keys whose row is known to stand here

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#env = env as Env;
    this.storage = ctx.storage;
    this.storage.sql.exec(first + second);
  }

  #rows<T>(query: string, ...values: SqlValue[]): T[] {
    return this.storage.sql.exec<T>(query, ...values).toArray();
  }

  /** Another object of the same issuer. */
  protected other(name: string): Stub<SpentTokens> {
    return this.#env.SPENT!.getByName(name);
  }

  // The object "keys":

  known(): KnownKey[] {
    return this.#rows<KnownKey>(sql.known);
  }

  async admit(keys: TokenKey[]): Promise<KeyChange | null> {
    const change = judge(this.known(), keys);
    if (change) return change;
    this.storage.transactionSync(() => {
      for (const k of keys) this.#rows(sql.admit, k.id, Uint8Array.fromHex(k.public), k.expires);
    });
    await this.#arm();
    return null;
  }

  /** Forgets keys; in each of their objects, too. The tombstone is first, and whatever ends this run another one goes on. */
  async purge(ring: number[], before: number): Promise<Purged> {
    const keys = this.#rows<{ id: number }>(sql.expired, before).map((k) => k.id).filter((id) => !ring.includes(id));
    for (const id of keys) this.#rows(sql.bury, id);
    for (const { id } of this.#rows<{ id: number }>(sql.buried)) {
      await Promise.all(shards.map((s) => this.other(spentObject(id, s)).forget(id)));
      this.#rows(sql.gone, id);
    }
    return { keys, used: 0, more: false };
  }

  /** Sets the tombstone of a key that was admitted nowhere, or expired before a time. */
  async bury(keyId: number, before: number): Promise<boolean> {
    const [known] = this.#rows<KnownKey>(sql.one, keyId);
    if (known && !known.forgotten && known.expires !== null && known.expires >= before) return false;
    this.#rows(sql.bury, keyId);
    await this.#arm();
    return true;
  }

  // The objects of spent tokens:

  async spend(keyId: number, nonce: Uint8Array, row: Uint8Array): Promise<Spend> {
    if (!this.#met.has(keyId)) await this.#meet(keyId);
    let failure: unknown = null;
    try {
      if (this.#rows(sql.spend(keyId), row, nonce).length === 1) return "first";
    } catch (err) {
      failure = err; // the table of a forgotten key is gone
    }
    return notFirst(this.#rows<KnownKey>(sql.one, keyId)[0], keyId, failure);
  }

  /** Takes a key over from the object of the keys, once: alive or forgotten. */
  async #meet(keyId: number): Promise<void> {
    if (this.#rows(sql.one, keyId).length > 0) {
      this.#met.add(keyId);
      return;
    }
    const known = (await this.other(keysObject).known()).find((k) => k.id === keyId);
    if (!known) throw new Error(`token key ${keyId} was never admitted`);
    this.storage.transactionSync(() => {
      // Meanwhile it may have been forgotten here: that stays.
      this.#rows("INSERT INTO token_keys (id, forgotten) VALUES (?, ?) ON CONFLICT DO NOTHING", keyId, known.forgotten || this.#hadForgotten() ? 2 : 0);
      if (this.#rows<KnownKey>(sql.one, keyId)[0]!.forgotten === 0) this.#rows(sql.table(keyId));
    });
    this.#met.add(keyId);
  }

  /** Whether an earlier version, which had one key an object, has forgotten it. */
  #hadForgotten(): boolean {
    if (this.#rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'forgotten'").length === 0) return false;
    return this.#rows("SELECT at FROM forgotten").length > 0;
  }

  /** Drops what was spent with a key: tombstone and tables in one transaction. */
  forget(keyId: number): void {
    this.storage.transactionSync(() => {
      this.#rows(sql.bury, keyId);
      this.#rows(sql.drop(keyId));
      this.#rows("DELETE FROM spent WHERE key_id = ?", keyId);
      this.#rows(sql.gone, keyId);
    });
  }

  // The others:

  async use(id: Uint8Array, expires: number): Promise<boolean> {
    const first = this.#rows(sql.use, id, expires).length === 1;
    await this.#arm();
    return first;
  }

  count(origin: string, day: number): void {
    this.#rows(sql.count, day, origin);
  }

  counts(since: number): OriginCount[] {
    return this.#rows<OriginCount>(sql.counts, since);
  }

  /** Sees to it that the alarm rings when the first thing here may be forgotten; then it looks again. */
  async #arm(): Promise<void> {
    if (this.#armed) return;
    if ((await this.storage.getAlarm()) === null) {
      const [due] = this.#rows<{ at: number | null }>(`SELECT min(at) AS at FROM (
        SELECT min(expires) AS at FROM token_keys WHERE NOT forgotten
        UNION ALL SELECT min(expires) FROM used
        UNION ALL SELECT max(expires) FROM spent
        UNION ALL SELECT 0 FROM token_keys WHERE forgotten = 1)`);
      if (due?.at == null) return;
      // What is due and cannot go yet is looked at again in a day.
      const now = Math.floor(Date.now() / 1000), at = due.at + grace;
      await this.storage.setAlarm((at > now ? at + 1 : this.#rang ? now + day : now) * 1000);
    }
    this.#armed = true;
  }

  async alarm(): Promise<void> {
    const before = Math.floor(Date.now() / 1000) - grace;
    this.#armed = false;
    this.#rang = true;
    this.#rows("DELETE FROM used WHERE expires < ?", before);
    const ring = this.#hasKeys() ? await this.#ring() : null;
    if (ring) {
      await this.purge(ring, before);
      // What an earlier version spent with keys that nobody admitted.
      for (const old of this.#rows<{ id: number; expires: number }>("SELECT key_id AS id, max(expires) AS expires FROM spent GROUP BY key_id")) {
        if (old.expires < before && !ring.includes(old.id) && (await this.other(keysObject).bury(old.id, before))) this.forget(old.id);
      }
    }
    await this.#arm();
  }

  /** Whether there is anything here that a key's end would let go. */
  #hasKeys(): boolean {
    return this.#rows("SELECT 1 FROM token_keys WHERE forgotten = 1 OR (NOT forgotten AND expires IS NOT NULL) UNION ALL SELECT 1 FROM spent LIMIT 1").length > 0;
  }

  /** The ids of the keys that the issuer has now, or null where that cannot be told: then nothing is forgotten. */
  async #ring(): Promise<number[] | null> {
    try {
      return (await settings(this.#env)).tokenKeys.map((k) => k.id);
    } catch {
      return null;
    }
  }
}

/** The same promises over the objects of a namespace. */
export class DurableStore implements Store {
  #objects: DurableObjectNamespace<SpentTokens>;

  constructor(objects: DurableObjectNamespace<SpentTokens>) {
    this.#objects = objects;
  }

  admit(keys: TokenKey[]): Promise<KeyChange | null> {
    return this.#objects.getByName(keysObject).admit(keys);
  }

  known(): Promise<KnownKey[]> {
    return this.#objects.getByName(keysObject).known();
  }

  spend(keyId: number, nonce: Uint8Array, row: Uint8Array): Promise<Spend> {
    return this.#objects.getByName(spentObject(keyId, shard(nonce))).spend(keyId, nonce, row);
  }

  purge(ring: number[], before: number): Promise<Purged> {
    return this.#objects.getByName(keysObject).purge(ring, before);
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
