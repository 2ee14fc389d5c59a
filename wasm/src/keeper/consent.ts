// A page that brings a person here without an opener (an errand) needed no press
// for it, so one visit could walk through any number of sites. The first errand of
// a site therefore waits for a press in this window; it holds for 48 hours.

import { allow, standing } from "./limits.js";
import { askPerson } from "./page.js";
import { siteOf } from "./suffixes.js";
import { siteKey } from "./db.js";

/** How long the question waits for a press, in ms. A page that waits for the answer waits longer. */
const waits = 60_000;

/**
 * consent says whether an errand of this origin may be answered: "yes" where the
 * person pressed now or within 48 hours, else the code that the page hears. Call
 * it once it is known that a page of the origin asks, and never in a frame.
 */
export async function consent(origin: string, op: string): Promise<"yes" | "dismissed" | "no_gesture"> {
  const name = await siteOf(origin);
  const site = await siteKey(name);
  const { pressed, over } = await standing(site);
  if (pressed) return "yes";
  const gets = op === "begin" || op === "finish";
  const answer = await askPerson({
    state: "ask", waits, no: "Not now",
    text: gets ? `${name} wants to give you tokens that say you are a person.` : `${name} asks whether you are a person.`,
    more: gets ? "They are kept here, and other sites may ask for one." :
      `One of your tokens answers that, and no more. For 48 hours ${name} need not ask again.${over ? " You have answered many sites today." : ""}`,
    yes: gets ? "Take them" : "Answer",
  });
  if (answer === null) return "no_gesture";
  if (!answer) return "dismissed";
  await allow(site, { errands: true, over: over && !gets });
  return "yes";
}
