// The keeper's page. It speaks to the page that opened it, or runs one errand and
// goes back, or, opened by a person, says what it is.

import { compile, lazyGuest } from "../load.js";
import { fragmentErrand, fragmentReturn, pack, pathCommitment, unpack } from "../tokens/protocol.js";
import type { Errand, Question, Returned } from "../tokens/protocol.js";
import { answer, insecureOnIssuer } from "./answer.js";
import { putPending, takePending, use } from "./db.js";
import { show } from "./page.js";

const run = lazyGuest(() => compile(new URL(__TOKEN_WASM__, import.meta.url)));

/** A keeper at an issuer's origin would let that issuer read its tokens back. An
 * origin without commitments answers 404, or 204, which no console shows. */
async function onIssuer(): Promise<boolean> {
  if (insecureOnIssuer()) return false;
  try {
    const { ok, status } = await fetch(pathCommitment, { credentials: "omit", cache: "no-store" });
    return ok && status !== 204;
  } catch {
    return false;
  }
}

async function serve(opener: Window): Promise<void> {
  let port: MessagePort | null = null;
  addEventListener("message", (e: MessageEvent) => {
    if (e.source !== opener || port || e.data?.bonafides !== 1 || e.data.type !== "hello") return;
    const p = e.ports[0];
    if (!p || e.origin === "null") return;
    port = p;
    const page = e.origin; // the redeeming origin of everything on this port
    show("working", page);
    p.onmessage = async (m: MessageEvent<{ id: number; close?: boolean } & Question>) => {
      if (m.data?.close) {
        close();
        return;
      }
      const { id, ...question } = m.data;
      p.postMessage({ id, ...(await answer(question as Question, page, run)) });
    };
  });
  opener.postMessage({ bonafides: 1, type: "ready" }, "*");
}

async function errand(e: Errand): Promise<void> {
  let ret: URL;
  try {
    ret = new URL(e.ret);
  } catch {
    show("lost");
    return;
  }
  if (e.v !== 1 || !/^https?:$/.test(ret.protocol) || ret.origin === location.origin) {
    show("lost");
    return;
  }
  show("working", ret.origin);
  // Any page may send a person here with another site's ret, to spend that site's
  // share of tokens. So ret is asked first: only a page script there that waits
  // for this errand comes back with the proof.
  const asked = typeof e.proof === "string" && (await takePending(e.proof, ret.origin)) !== null;
  const proof = crypto.randomUUID();
  await putPending(proof, { issuer: "", page: ret.origin, blob: new Uint8Array(), until: Date.now() + 60_000 });
  const back: Returned = { channel: e.channel, id: e.id, proof };
  // The answer goes to ret alone, so its origin is the redeeming origin.
  if (asked) back.answer = await answer(e.question, ret.origin, run);
  location.replace(ret.href.split("#")[0] + fragmentReturn + pack(back));
}

/** In a frame the store is another one, unless the browser really shares it
 * (Storage Access API with all: true). */
async function shared(): Promise<boolean> {
  const all = document.requestStorageAccess as ((types: object) => Promise<{ indexedDB?: IDBFactory } | undefined>) | undefined;
  if (location.search !== "?frame" || parent !== top || !all) return false;
  try {
    // Some browsers leave it pending, for a prompt that nobody sees here.
    const handle = await Promise.race([all.call(document, { all: true }), new Promise<undefined>((r) => setTimeout(r, 1000))]);
    if (!handle?.indexedDB) return false;
    use(handle.indexedDB);
    return true;
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  const framed = top !== self;
  if (framed && !(await shared())) {
    show("framed");
    // Nothing is told but that there is nothing to have.
    parent.postMessage({ bonafides: 1, type: "none" }, "*");
    return;
  }
  if (await onIssuer()) {
    show("issuer");
    return;
  }
  if (framed) {
    await serve(parent);
    return;
  }
  const e = location.hash.startsWith(fragmentErrand) ? unpack<Errand>(location.hash.slice(fragmentErrand.length)) : null;
  history.replaceState(null, "", location.pathname);
  if (opener) await serve(opener as Window);
  else if (e) await errand(e);
  else show("home");
}

if (globalThis.document) void main(); // a build tool that looks at the exports has none
