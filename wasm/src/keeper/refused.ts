// The window after "no tokens": there are none, or the budget is used up and the
// person is asked. The page must not tell one from the other, for other sites used
// the budget up. So it hears the same words at once in both cases, and in both the
// window stays until the person presses or this time is over.

import type { Question } from "../tokens/protocol.js";
import { siteKey } from "./db.js";
import { allow } from "./limits.js";
import { askPerson, say } from "./page.js";

/** How long it stays, in ms. */
const stay = 30_000;
/** How long the last words stand, in ms. */
const farewell = 2500;

export class Refused {
  readonly #page: string;
  #shown: AbortController | null = null;

  constructor(page: string) {
    this.#page = page;
  }

  /** The page has gone, and the window stays for the person. */
  get stays(): boolean {
    return this.#shown !== null;
  }

  /** over takes the words away: the page asks on. */
  over(): void {
    this.#shown?.abort();
    this.#shown = null;
  }

  /** show says why; site where the budget is what is used up. */
  async show(q: Question, site?: string): Promise<void> {
    const shown = (this.#shown = new AbortController());
    const page = new URL(this.#page).host;
    const issuer = "issuer" in q ? new URL(q.issuer).host : "";
    const yes = await askPerson(site === undefined ? {
      state: "none", waits: stay, yes: "", no: "Close", signal: shown.signal,
      text: `${page} asks whether you are a person, and no token of ${issuer} is here to answer.`,
      more: `${page} was told nothing else. Get tokens at ${issuer}.`,
    } : {
      state: "over", waits: stay, yes: "Answer this one too", no: "Not now", signal: shown.signal,
      text: `${page} asks whether you are a person. You have answered so many sites that the keeper leaves this one to you.`,
      more: `${page} was told that you have no tokens.`,
    });
    if (this.#shown !== shown) return;
    if (yes && site !== undefined) {
      await allow(await siteKey(site), { over: true });
      say("again", `Go back to ${page} and try once more.`);
      await new Promise((r) => setTimeout(r, farewell));
      if (this.#shown !== shown) return;
    }
    close();
  }
}
