// One errand of a page that this window cannot speak to: it is answered at the one
// return page of the errand's origin, sealed to the errand's key. It is a script of
// its own, which only such a window loads; what it shares with the keeper is handed
// to it.

import { isSecureOrigin } from "../origin.js";
import { fragmentReturn, pack, pathReturn } from "../tokens/protocol.js";
import type { Answer, Errand, Question, Returned } from "../tokens/protocol.js";
import { purposeOf, sealer } from "../tokens/seal.js";
import type { consent } from "./consent.js";
import type { putPending, takePending } from "./db.js";
import type { atWork, show } from "./page.js";

/** What the keeper's own script does. */
export interface Keeper {
  show: typeof show;
  atWork: typeof atWork;
  consent: typeof consent;
  putPending: typeof putPending;
  takePending: typeof takePending;
  /** The answer to a question of this origin, within so many ms. */
  reply(q: Question, origin: string, within: number): Promise<Answer>;
}

/** How long a proof is good, and how long an answer may take, in ms: a person whose
 * tab is here has to get back. */
const proofLasts = 60_000, answersIn = 45_000;

/** originOf is the errand's origin, or null where it is none that may ask. */
function originOf(e: Errand): string | null {
  return isSecureOrigin(e.origin) && e.origin !== location.origin ? e.origin : null;
}

function wellFormed(e: Errand): boolean {
  return e.v === 2 && Number.isInteger(e.id) && typeof e.question === "object" &&
    [e.channel, e.key].every((s) => typeof s === "string" && s.length <= 100);
}

export async function errand(e: Errand, keeper: Keeper): Promise<void> {
  const { show, takePending, putPending } = keeper;
  const origin = originOf(e);
  if (origin === null || !wellFormed(e)) {
    show("lost");
    return;
  }
  let seal;
  try {
    seal = await sealer(e.key, purposeOf(origin, e.channel, e.id));
  } catch {
    show("lost"); // the key is none
    return;
  }
  show("working", origin);
  // Any page may send a person here in another site's name, to spend that site's
  // share of tokens. So the site is asked first: only a page there that waits for
  // this errand comes back with the proof, and the proof holds for its key alone.
  const asker = `${origin} ${e.key}`;
  const asked = typeof e.proof === "string" && (await takePending(e.proof, asker)) !== null;
  const proof = crypto.randomUUID();
  await putPending(proof, { issuer: "", page: asker, site: asker, blob: new Uint8Array(), until: Date.now() + proofLasts });
  const back: Returned = { channel: e.channel, id: e.id, proof };
  // The answer goes to that origin alone, so it is the redeeming origin.
  if (asked) back.sealed = await seal(await pressed(e.question, origin, keeper));
  location.replace(origin + pathReturn + fragmentReturn + pack(back));
}

/** pressed answers an errand's question, once the person has pressed for its site. */
async function pressed(q: Question, origin: string, keeper: Keeper): Promise<Answer> {
  try {
    const code = await keeper.consent(origin, q?.op);
    if (code !== "yes") return { ok: false, code };
  } catch {
    return { ok: false, code: "unavailable" };
  }
  keeper.atWork(q.op, origin);
  return keeper.reply(q, origin, answersIn).catch(() => ({ ok: false, code: "unavailable" }));
}
