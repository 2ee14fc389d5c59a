// The way to the keeper: one window for all exchanges of a gesture.
//
// It is opened blank and inside the page's own call, before anything is awaited:
// WebKit forgets a gesture at the first await. Its location is set when the first
// question is known.

import type { Settled as Config } from "../config.js";
import { openBlank } from "../blank.js";
import { ask } from "./ask.js";
import { noOrigin, tokenError } from "./errors.js";
import { tokensOf } from "./memory.js";
import type { Answer, Question } from "./protocol.js";
import { leave } from "./redirect.js";
import type { Job } from "./redirect.js";
import { hasReturnPage } from "./returnpage.js";
import { bounded, throwIfAborted } from "../wait.js";
import { KeeperWindow } from "./window.js";

/** How long a frame may take to say that it has the store, in ms. */
const frameWaits = 2000;

/** A place in the window, from before the first await to the last answer. */
export interface Held {
  exchange(question: Question): Promise<Answer>;
  release(): void;
}

/** What a call is about. */
export interface Want {
  issuer: string;
  operation: string;
  signal?: AbortSignal;
  /** What is left to do where the page itself has to go. */
  job?: Job;
}

export class Link {
  #config: Config;
  #fetch = window.fetch.bind(window); // the browser's own: this is made first
  #window: KeeperWindow | null = null;
  #trying: Promise<KeeperWindow | null> | null = null;

  constructor(config: Config) {
    this.#config = config;
  }

  #open(): KeeperWindow | null {
    if (this.#window && !this.#window.ended) return this.#window;
    const w = openBlank("width=440,height=420");
    if (!w) return null;
    return (this.#window = new KeeperWindow(w, this.#config, this.#fetch));
  }

  /**
   * hold opens the keeper now, if the browser lets it, and otherwise when the
   * person presses the button. Call it before anything is awaited.
   */
  hold(want: Want): Promise<Held> {
    const { signal } = want;
    try {
      throwIfAborted(signal);
      // A sandboxed frame has no origin that a keeper could count for.
      if (self.origin === "null") throw tokenError("unsupported", noOrigin);
    } catch (err) {
      return Promise.reject(err);
    }
    const w = this.#open();
    if (w) return Promise.resolve(this.#inTheOpen(w, want));
    // Nobody pressed anything, and the keeper said lately that it has none.
    if (want.operation === "token-redemption" && !active() && tokensOf(want.issuer) === false) return Promise.reject(tokenError("no_tokens"));
    return bounded(this.#later(want), signal);
  }

  async #later(want: Want): Promise<Held> {
    const frame = await this.#framed();
    throwIfAborted(want.signal);
    if (frame) return this.#inTheOpen(frame, want);
    return this.#press(want);
  }

  /**
   * In a frame "no tokens" is no answer yet: there the keeper says it of every
   * issuer that the site has not dealt with in its own window. Then it is asked there.
   */
  #inTheOpen(w: KeeperWindow, want: Want): Held {
    const { signal } = want;
    let now = held(w, signal);
    if (!w.framed) return now;
    let asked = false;
    return {
      exchange: async (q) => {
        const a = await now.exchange(q);
        if (a.code !== "no_tokens" || asked) return a;
        asked = true;
        now.release();
        if (this.#window === w) this.#window = null; // other calls may wait for it
        const opened = active() ? this.#open() : null;
        now = opened ? held(opened, signal) : await bounded(this.#press(want), signal);
        return now.exchange(q);
      },
      release: () => now.release(),
    };
  }

  #press(want: Want): Promise<Held> {
    const { signal, job } = want;
    // Where no press opens a window the page itself may have to go, and can only
    // where it can come back: that is known before the press.
    const back = job ? hasReturnPage(this.#fetch) : Promise.resolve(false);
    return ask({ ...want, proceed: (end) => {
      const p = this.#open();
      if (p) return held(p, signal);
      if (job && active()) {
        void back.then((yes) => (yes ? leave(this.#config, job) : Promise.reject(tokenError("no_return"))))
          .catch((err: unknown) => end(err instanceof DOMException && err.name === "NotAllowedError" ? err : tokenError("unsupported", "This site's storage is closed.")));
      }
      return null;
    } });
  }

  /**
   * Without a gesture there is one way: a frame, in browsers that share the
   * keeper's storage with it. null where there is none.
   */
  #framed(): Promise<KeeperWindow | null> {
    return (this.#trying ??= new Promise<KeeperWindow | null>((resolve) => {
      // Only Chromium gives a frame the store itself; nothing tells beforehand
      // whether this one will.
      if (!("userAgentData" in navigator) || !document.body) {
        resolve(null);
        return;
      }
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "Token keeper";
      frame.src = `${this.#config.keeper}${this.#config.keeperPath}?frame`;
      const done = (ready: boolean) => {
        clearTimeout(timer);
        removeEventListener("message", hear);
        if (ready) this.#window = new KeeperWindow(frame.contentWindow!, this.#config, this.#fetch, frame);
        else frame.remove();
        this.#trying = null;
        resolve(ready ? this.#window : null);
      };
      const hear = (e: MessageEvent) => {
        if (e.source !== frame.contentWindow || e.origin !== this.#config.keeper || e.data?.bonafides !== 1) return;
        done(e.data.type === "ready");
      };
      addEventListener("message", hear);
      const timer = setTimeout(() => done(false), frameWaits);
      document.body.append(frame);
    }));
  }

  /** isOpen says whether a question would need no button. */
  get isOpen(): boolean {
    return this.#window !== null && !this.#window.ended;
  }
}

/** Browsers that cannot tell count as pressed. */
function active(): boolean {
  return navigator.userActivation?.isActive !== false;
}

function held(w: KeeperWindow, signal: AbortSignal | null | undefined): Held {
  let done = false;
  w.hold();
  return {
    exchange: (q) => w.exchange(q, signal),
    release: () => {
      if (!done) w.release();
      done = true;
    },
  };
}
