// The way without an opener: the keeper's window comes back to the site's return
// page, which hands the answer over on a BroadcastChannel and goes where it is
// told. The page's side of it.

import { channelPrefix, fragmentErrand, pack } from "./protocol.js";
import type { Answer, Question, Returned } from "./protocol.js";
import { newSealKey, open, purposeOf } from "./seal.js";
import type { SealKey } from "./seal.js";

interface Errands {
  id: number;
  question: Question;
}

export class WayBack {
  readonly #keeper: string;
  readonly #key: SealKey;
  readonly #name = channelPrefix + crypto.randomUUID();
  readonly #channel = new BroadcastChannel(this.#name);
  readonly #answered: (id: number, answer: Answer) => void;
  #queue: Errands[] = [];
  #proof = "";
  /** The window is at the return page and waits for what is next. */
  #here = false;
  /** When the window was heard of last, in ms. */
  heard = Date.now();

  private constructor(keeper: string, key: SealKey, answered: (id: number, answer: Answer) => void) {
    this.#keeper = keeper;
    this.#key = key;
    this.#answered = answered;
    this.#channel.onmessage = (e: MessageEvent<Returned>) => void this.#hear(e.data);
  }

  /** keeper is the address of the keeper's page. */
  static async open(keeper: string, answered: (id: number, answer: Answer) => void): Promise<WayBack> {
    return new WayBack(keeper, await newSealKey(), answered);
  }

  /** put adds a question; the window goes with it if it waits. */
  put(id: number, question: Question): void {
    this.#queue.push({ id, question });
    if (this.#here) this.#next();
  }

  /** first is where the window goes to begin with. */
  get first(): string {
    return this.#url();
  }

  #url(): string {
    const { id, question } = this.#queue[0]!;
    return this.#keeper + fragmentErrand + pack({
      v: 2, origin: location.origin, channel: this.#name, id, key: this.#key.public, question, ...(this.#proof && { proof: this.#proof }),
    });
  }

  async #hear(r: Returned | null): Promise<void> {
    const id = this.#queue[0]?.id;
    if (r?.channel !== this.#name || typeof r.proof !== "string") return;
    this.heard = Date.now();
    this.#channel.postMessage({ here: true });
    // Only what is under way is gone on with: another page may have sent the
    // keeper here with an errand of its own.
    if (id === undefined || r.id !== id) return;
    if (r.sealed !== undefined) {
      const answer = await open(this.#key, purposeOf(location.origin, this.#name, id), r.sealed);
      if (!answer || this.#queue[0]?.id !== id) return;
      this.#queue.shift();
      this.#answered(id, answer);
    }
    this.#proof = r.proof;
    this.#here = true;
    this.#next();
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    this.#here = false;
    this.heard = Date.now();
    this.#channel.postMessage({ go: this.#url() });
  }

  close(): void {
    this.#channel.postMessage({ close: true });
    this.#channel.close();
  }
}
