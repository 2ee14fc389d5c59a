// The key sets of providers and issuers. Go decides (jws.KeySetState): when a set
// is fetched, for how long it counts, when a token is refused for want of it. Here
// is the fetching, and where the state is kept: in this isolate, and for others of
// the same place in the Cache API.

import { edge } from "../../../wasm/src/abi.gen.js";
import { mostKeySet } from "../../../wasm/src/wire.gen.js";
import { hot } from "../hot.js";
import { failed } from "../call.js";
import { Problem } from "../problem.js";

const fetchSeconds = 10; // jws.KeySetRules.Timeout
const pollMs = 40;

const states = new Map<string, Uint8Array>();
const none = new Uint8Array();

/** What the gate needs of the platform; tests set the clock. */
export interface Platform {
  now(): number; // Unix milliseconds
  ctx: ExecutionContext;
}

type Event = "wanted" | "missing" | "fetched" | "failed";
interface Answer { body: Uint8Array; cacheControl: string; age: string }
const noAnswer: Answer = { body: none, cacheControl: "", age: "" };

/** Asks Go, and keeps nothing. */
function ask(p: Platform, event: Event, state: Uint8Array | undefined, answer = noAnswer) {
  const now = p.now();
  return edge.keySetNext(hot(), state ?? none, event, answer.body, answer.cacheControl, answer.age, Math.floor(now / 1000), Math.floor(now) % 1000);
}

/**
 * The key set at this URL; with "missing" after a token named a key that it lacks.
 * Throws the Problem keys_unavailable where there is none.
 */
export async function keySet(url: string, event: "wanted" | "missing", p: Platform): Promise<Uint8Array> {
  for (;;) {
    let step = ask(p, event, states.get(url));
    if (step.action === "fetch" || step.action === "refuse") {
      // Another isolate may know more. While we look, another request of this one
      // may have begun a fetch, so this one's own state is asked first once more.
      const shared = await stored(url);
      step = ask(p, event, states.get(url));
      if (shared && (step.action === "fetch" || step.action === "refuse")) step = ask(p, event, shared);
    }
    switch (step.action) {
      case "use":
        states.set(url, step.next);
        return step.jwks;
      case "refuse":
        throw new Problem(503, step.code, sentence(step.message), { "Retry-After": "5" });
      case "fetch": {
        states.set(url, step.next); // from now on others wait
        const work = refresh(url, step.noCache, p);
        p.ctx.waitUntil(work); // it is for others, too: it goes on when this client leaves
        await work;
        break;
      }
      default: // wait; another request's Promise must not be awaited here
        await new Promise((r) => setTimeout(r, pollMs));
    }
    event = "wanted"; // what was missing has been looked for
  }
}

/** Fetches the set; what came of it is in the state. */
async function refresh(url: string, noCache: boolean, p: Platform): Promise<void> {
  const told = share(url);
  let step;
  try {
    const answer = await get(url, noCache);
    step = ask(p, "fetched", states.get(url), answer);
  } catch (err) {
    failed("fetching a key set", err);
    step = ask(p, "failed", states.get(url));
  }
  states.set(url, step.next);
  await told;
  await share(url);
}

async function get(url: string, noCache: boolean): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/jwk-set+json, application/json" };
  if (noCache) headers["Cache-Control"] = "no-cache";
  const answer = await fetch(url, {
    headers, redirect: "manual", // the answer of one host must not come from another
    cache: "no-store", signal: AbortSignal.timeout(fetchSeconds * 1000),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`${new URL(url).host} answered with status ${answer.status}`);
  }
  return { body: await bounded(answer), cacheControl: answer.headers.get("Cache-Control") ?? "", age: answer.headers.get("Age") ?? "" };
}

async function bounded(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = (answer.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (let r = await reader?.read(); r && !r.done; r = await reader!.read()) {
    length += r.value.length;
    if (length > mostKeySet) {
      await reader!.cancel();
      throw new Error("the key set is longer than 256 KiB");
    }
    parts.push(r.value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// A cache of our own: nothing that is fetched or answered gets into it, so that
// nobody else chooses keys. Without one (a workers.dev address has none) every
// isolate fetches for itself.
const cacheName = "bonafides-keysets";
const cacheKey = (url: string) => `https://keysets.invalid/v1/${encodeURIComponent(url)}`;

async function stored(url: string): Promise<Uint8Array | null> {
  try {
    const found = await (await caches.open(cacheName)).match(cacheKey(url));
    return found ? new Uint8Array(await found.arrayBuffer()) : null;
  } catch (err) {
    failed("reading the cache of key sets", err);
    return null;
  }
}

async function share(url: string): Promise<void> {
  try {
    // How long a set counts stands in the state.
    await (await caches.open(cacheName)).put(cacheKey(url), new Response(states.get(url) as BodyInit, { headers: { "Cache-Control": "max-age=86400" } }));
  } catch (err) {
    failed("writing the cache of key sets", err);
  }
}

const sentence = (s: string) => `${s.charAt(0).toUpperCase()}${s.slice(1)}.`;
