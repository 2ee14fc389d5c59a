// Both stores behind HTTP, for the tests that every store has to pass. A POST to
// /STORE/NAME/METHOD calls a method of the store: "durable" or "d1". Each NAME is
// an empty store at first.
import { D1Store } from "../src/d1.js";
import { DurableStore } from "../src/durable.js";
import type { Env } from "../src/env.js";

export { SpentTokens } from "../src/durable.js";

const bytes = (text: string) => Uint8Array.fromBase64(text);

async function d1(db: D1Database, name: string): Promise<D1Store> {
  // One database has all names, one after the other.
  await db.prepare("CREATE TABLE IF NOT EXISTS test (name TEXT NOT NULL)").bind().run();
  const { results } = await db.prepare("SELECT name FROM test WHERE name = ?").bind(name).run();
  if (results.length === 0) {
    for (const table of ["test", "spent", "used", "redemptions"]) await db.prepare(`DELETE FROM ${table}`).bind().run();
    await db.prepare("INSERT INTO test (name) VALUES (?)").bind(name).run();
  }
  return new D1Store(db);
}

const durable = (objects: Env["SPENT"] & {}, name: string) =>
  new DurableStore({ getByName: (object) => objects.getByName(`${name} ${object}`) });

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, kind, name, method] = new URL(request.url).pathname.split("/");
    if (kind === "healthz") return new Response("ok");
    const store = kind === "d1" ? await d1(env.DB!, name!) : durable(env.SPENT!, name!);
    const [a, b, c, d] = (await request.json()) as [never, never, never, never];
    try {
      switch (method) {
        case "open": return Response.json(null);
        case "spend": return Response.json(await store.spend(a, bytes(b), c, d));
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
