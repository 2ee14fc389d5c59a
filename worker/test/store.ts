// Both stores behind HTTP, for the tests that every store has to pass. A POST to
// /STORE/NAME/METHOD calls a method of the store: "durable" or "d1". Each NAME is
// an empty store at first.
import rows from "../migrations/0002_rows.sql";
import { D1Store } from "../src/d1.js";
import { DurableStore, SpentTokens as Tokens } from "../src/durable.js";
import type { Env } from "../src/env.js";

/** The objects of one store: every one is told the store's name before it is used. */
const named = (objects: DurableObjectNamespace<SpentTokens>, name: string): DurableObjectNamespace<SpentTokens> => ({
  getByName: (object) => {
    const stub = objects.getByName(`${name} ${object}`);
    return new Proxy(stub, {
      get: (_, method) => async (...values: never[]) => {
        await stub.named(name);
        return (stub as unknown as Record<string | symbol, (...v: never[]) => unknown>)[method]!(...values);
      },
    });
  },
});

/** The object, with what only tests need. */
export class SpentTokens extends Tokens {
  #objects: DurableObjectNamespace<SpentTokens>;
  #left = Infinity; // how many more statements it runs before it crashes

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#objects = (env as Env).SPENT as unknown as DurableObjectNamespace<SpentTokens>;
    this.storage = crashing(ctx, () => this.#left-- <= 0);
  }

  /** Keeps the name of its store, for the objects that it calls. */
  named(name: string): void {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS named (name TEXT NOT NULL PRIMARY KEY) STRICT");
    this.ctx.storage.sql.exec("INSERT INTO named (name) VALUES (?) ON CONFLICT DO NOTHING", name);
  }

  protected override other(object: string): Stub<SpentTokens> {
    const [row] = this.ctx.storage.sql.exec<{ name: string }>("SELECT name FROM named").toArray();
    return named(this.#objects, row!.name).getByName(object);
  }

  crashAfter(statements: number): void {
    this.#left = statements;
  }

  /** Spends a token, or forgets all, as the first version did. */
  old(keyId: number, nonce: Uint8Array, expires: number): void {
    for (const q of oldSpend(keyId, expires)) this.ctx.storage.sql.exec(q, ...(q.startsWith("INSERT") ? [nonce] : []));
  }

  oldForgotten(): void {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS forgotten (at INTEGER NOT NULL) STRICT; INSERT INTO forgotten (at) VALUES (1)");
  }

  async ring(at: number): Promise<void> {
    await this.ctx.storage.setAlarm(at);
  }
}

const trigger = readTrigger(rows);

/** The trigger that keeps the first version out, so that it can be put back. */
function readTrigger(schema: string): string {
  return /CREATE TRIGGER[^]*?END/.exec(schema)![0];
}

const oldSpend = (keyId: number, expires: number) => [
  "DROP TRIGGER IF EXISTS spent_has_moved",
  `INSERT INTO spent (key_id, nonce, at, expires) VALUES (${keyId}, ?, 1, ${expires})`,
  trigger,
];

/** An object's storage whose statements stop the object where a test said so: as a crash does, nothing after it happens. */
function crashing(ctx: DurableObjectState, now: () => boolean): DurableObjectState["storage"] {
  const bound = <T extends object>(target: T, name: string | symbol) => {
    const value = Reflect.get(target, name);
    return typeof value === "function" ? value.bind(target) : value;
  };
  const sql = new Proxy(ctx.storage.sql, {
    get: (target, name) => name !== "exec" ? bound(target, name) : (query: string, ...values: SqlValue[]) => {
      if (now()) {
        (ctx as unknown as { abort(why: string): void }).abort("a crash");
        throw new Error("a crash");
      }
      return target.exec(query, ...values);
    },
  });
  return new Proxy(ctx.storage, { get: (target, name) => (name === "sql" ? sql : bound(target, name)) });
}

const bytes = (text: string) => Uint8Array.fromBase64(text);

async function d1(db: D1Database, name: string): Promise<D1Store> {
  // One database has all names, one after the other.
  await db.prepare("CREATE TABLE IF NOT EXISTS test (name TEXT NOT NULL)").bind().run();
  const { results } = await db.prepare("SELECT name FROM test WHERE name = ?").bind(name).run();
  if (results.length === 0) {
    const { results: keys } = await db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'spent_[0-9]*'").bind().run<{ name: string }>();
    for (const table of keys) await db.prepare(`DROP TABLE ${table.name}`).bind().run();
    for (const table of ["test", "spent", "used", "redemptions", "token_keys"]) await db.prepare(`DELETE FROM ${table}`).bind().run();
    await db.prepare("INSERT INTO test (name) VALUES (?)").bind(name).run();
  }
  return new D1Store(db);
}

const durable = (objects: Env["SPENT"] & {}, name: string) =>
  new DurableStore(named(objects as unknown as DurableObjectNamespace<SpentTokens>, name) as unknown as Env["SPENT"] & {});

const object = (env: Env, name: string, of: string) =>
  named(env.SPENT as unknown as DurableObjectNamespace<SpentTokens>, name).getByName(of);

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, kind, name, method] = new URL(request.url).pathname.split("/");
    if (kind === "healthz") return new Response("ok");
    const store = kind === "d1" ? await d1(env.DB!, name!) : durable(env.SPENT!, name!);
    const [a, b, c, d] = (await request.json()) as [never, never, never, never];
    try {
      switch (method) {
        case "open": return Response.json(null);
        case "admit": return Response.json(await store.admit(a));
        // As the first version left a store. In a Durable Object "name" is one of its objects.
        case "old": {
          if (kind === "durable") await object(env, name!, c).old(a, bytes(b), d);
          else for (const q of oldSpend(a, d)) await env.DB!.prepare(q).bind(...(q.startsWith("INSERT") ? [bytes(b)] : [])).run();
          return Response.json(null);
        }
        case "oldForgotten": return Response.json((await object(env, name!, a).oldForgotten()) ?? null);
        case "ring": return Response.json((await object(env, name!, a).ring(b)) ?? null);
        case "crash": return Response.json((await object(env, name!, a).crashAfter(b)) ?? null);
        case "purge": return Response.json(await store.purge(a, b));
        case "spend": return Response.json(await store.spend(a, bytes(b), bytes(c)));
        case "use": return Response.json(await store.use(bytes(a), b));
        case "count": return Response.json((await store.count(a, b)) ?? null);
        case "counts": return Response.json(await store.counts(a));
      }
      return new Response("no such method", { status: 404 });
    } catch (err) {
      return new Response(String(err), { status: 500 });
    }
  },
};
