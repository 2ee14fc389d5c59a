// The keeper's page. It speaks to the page that opened it, or runs one errand and
// goes back, or, opened by a person, says what it holds.

import { compile, lazyGuest } from "../load.js";
import { fragmentErrand, pathCommitment, unpack } from "../tokens/protocol.js";
import type { Errand } from "../tokens/protocol.js";
import { answer, insecureOnIssuer } from "./answer.js";
import { consent } from "./consent.js";
import { putPending, takePending, use } from "./db.js";
import type * as Errands from "./errand.js";
import type * as Home from "./home.js";
import { sweep } from "./limits.js";
import { atWork, show } from "./page.js";
import { serve } from "./serve.js";
import { bounded } from "../wait.js";

const run = lazyGuest(() => compile(new URL(__TOKEN_WASM__, import.meta.url)));

/** An issuer's key commitment, and not a start page: many hosts answer that, with
 * 200, for every address that they do not have. */
const commitment = /^\s*\{[^]*"(PrivateState|Trust)Token/;

/** A keeper at an issuer's origin would let that issuer read its tokens back. */
async function onIssuer(): Promise<boolean> {
  if (insecureOnIssuer()) return false;
  try {
    const r = await bounded(fetch(pathCommitment, { credentials: "omit", cache: "no-store" }), null, 10_000);
    return r.ok && commitment.test(await bounded(r.text(), null, 10_000));
  } catch {
    return false;
  }
}

/** In a frame the store is another one, unless the browser really shares it
 * (Storage Access API with all: true). */
async function shared(): Promise<boolean> {
  const all = document.requestStorageAccess as ((types: object) => Promise<{ indexedDB?: IDBFactory } | undefined>) | undefined;
  if (location.search !== "?frame" || parent !== top || !all) return false;
  // A page that no server heads says itself that nobody may frame it.
  if (document.querySelector('meta[name="bonafides-frames"]')) return false;
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

/** What few windows need is a script of its own. */
const also = <T>(name: string): Promise<T> => import(new URL(name, import.meta.url).href);

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
  void sweep().catch(() => {}); // a store that does not open says so when it is needed
  if (framed) {
    serve(parent, run);
    return;
  }
  const e = location.hash.startsWith(fragmentErrand) ? unpack<Errand>(location.hash.slice(fragmentErrand.length)) : null;
  history.replaceState(null, "", location.pathname);
  if (opener) serve(opener as Window, run);
  else if (e) {
    await (await also<typeof Errands>(__KEEPER_ERRAND__)).errand(e, {
      show, atWork, consent, putPending, takePending,
      reply: (q, origin, within) => bounded(answer(q, { origin, framed: false, run }), null, within),
    });
  } else await (await also<typeof Home>(__KEEPER_HOME__)).home();
}

if (globalThis.document) void main(); // a build tool that looks at the exports has none
