// The way to the keeper: one popup for all exchanges of a gesture.
//
// The popup is opened blank and inside the page's own call, before anything is
// awaited: WebKit forgets a gesture at the first await. Its location is set when
// the first question is known.

import type { Config } from "../config.js";
import { ask } from "./ask.js";
import { tokenError } from "./errors.js";
import { fragmentErrand, fragmentReturn, pack, unpack } from "./protocol.js";
import type { Answer, Errand, Question, Returned } from "./protocol.js";
import { leave } from "./redirect.js";
import type { Job } from "./redirect.js";

/** How long a popup waits for the next exchange, in ms. */
const linger = 1500;
/** How long a frame may take to say that it has the store, in ms. */
const frameWaits = 2000;
/** How long a popup may take to say that it is there, in ms. */
const patience = 30_000;

type Waiting = { resolve(a: Answer): void; reject(err: unknown): void };

/** One popup, from its opening to its end. */
class Popup {
  readonly window: Window;
  #config: Config;
  #ended = false;
  #port: MessagePort | null = null;
  #channel: BroadcastChannel | null = null;
  #channelName = "";
  #returned = false; // the popup is back on our origin and waits on the channel
  #queue: Errand[] = [];
  #waiting = new Map<number, Waiting>();
  #next = 1;
  #users = 0;
  #timer = 0;
  #watch = 0;
  #began = 0;
  #proof = "";

  /** A frame, where the keeper is in one: it goes when this ends. */
  readonly #frame: HTMLIFrameElement | null;

  constructor(window: Window, config: Config, frame: HTMLIFrameElement | null = null) {
    this.window = window;
    this.#config = config;
    this.#frame = frame;
    if (frame) this.#greet();
  }

  #greet(): void {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (m: MessageEvent<{ id: number } & Answer>) => this.#answer(m.data.id, m.data);
    this.window.postMessage({ bonafides: 1, type: "hello" }, this.#config.keeper, [port2]);
  }

  get ended(): boolean {
    return this.#ended;
  }

  hold(): void {
    this.#users++;
    clearTimeout(this.#timer);
  }

  release(): void {
    if (--this.#users === 0) this.#timer = setTimeout(() => this.end(), linger);
  }

  exchange(question: Question): Promise<Answer> {
    if (this.#ended) return Promise.reject(tokenError("closed"));
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      if (this.#port) {
        this.#port.postMessage({ id, ...question });
        return;
      }
      if (this.#channel === null) this.#start();
      this.#queue.push({ v: 1, ret: location.href.split("#")[0]!, channel: this.#channelName, id, question });
      if (this.#returned) this.#again();
      else if (this.#queue.length === 1) this.#go(this.#queue[0]!);
    });
  }

  #url(errand: Errand): string {
    return this.#config.keeper + this.#config.keeperPath + fragmentErrand + pack(errand);
  }

  #go(errand: Errand): void {
    this.window.location.replace(this.#url(errand));
    this.#began = Date.now();
    this.#watch = setInterval(() => {
      // Under Cross-Origin-Opener-Policy a living popup reads as closed, so
      // closed counts only after a word from it.
      if (this.#port && this.window.closed) this.end();
      else if (!this.#port && !this.#returned && Date.now() - this.#began > patience) this.end("unavailable");
    }, 250);
  }

  #start(): void {
    this.#channelName = "bonafides-" + crypto.randomUUID();
    this.#channel = new BroadcastChannel(this.#channelName);
    this.#channel.onmessage = (e: MessageEvent<Returned>) => {
      const r = e.data;
      // Only what is under way is gone on with: another page may have sent the
      // keeper here with an errand of its own.
      if (this.#port || r?.channel !== this.#channelName || this.#queue[0]?.id !== r.id) return;
      this.#returned = true;
      this.#proof = r.proof;
      if (r.answer) {
        this.#queue.shift();
        this.#answer(r.id, r.answer);
      }
      this.#again();
    };
    addEventListener("message", this.#hear);
  }

  /** To a popup that came back: its page script goes to the keeper again. */
  #again(): void {
    const errand = this.#queue[0];
    if (!errand) return;
    this.#returned = false;
    this.#began = Date.now();
    this.#channel!.postMessage({ go: this.#url({ ...errand, proof: this.#proof }) });
  }

  #hear = (e: MessageEvent): void => {
    if (e.source !== this.window || e.origin !== this.#config.keeper || this.#port) return;
    if (e.data?.bonafides !== 1 || e.data.type !== "ready") return;
    this.#greet();
    for (const { id, question } of this.#queue) this.#port!.postMessage({ id, ...question });
    this.#queue = [];
  };

  #answer(id: number, answer: Answer): void {
    const w = this.#waiting.get(id);
    this.#waiting.delete(id);
    w?.resolve(answer);
  }

  end(code = "closed"): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    removeEventListener("message", this.#hear);
    this.#channel?.postMessage({ close: true });
    this.#channel?.close();
    this.#port?.postMessage({ close: true });
    this.#port?.close();
    if (this.#frame) this.#frame.remove();
    else this.window.close();
    for (const w of this.#waiting.values()) w.reject(tokenError(code));
    this.#waiting.clear();
  }
}

/** A place in the popup, from before the first await to the last answer. */
export interface Held {
  exchange(question: Question): Promise<Answer>;
  release(): void;
}

export class Link {
  #config: Config;
  #popup: Popup | null = null;
  #trying: Promise<Popup | null> | null = null;

  constructor(config: Config) {
    this.#config = config;
  }

  #open(): Popup | null {
    if (this.#popup && !this.#popup.ended) return this.#popup;
    const w = open("", "", "popup,width=440,height=420");
    if (!w) return null;
    return (this.#popup = new Popup(w, this.#config));
  }

  /**
   * hold opens the keeper now, if the browser lets it, and otherwise when the
   * person presses the button. Call it before anything is awaited.
   */
  hold(issuer: string, operation: string, signal?: AbortSignal | null, job?: Job): Promise<Held> {
    const popup = this.#open();
    if (popup) {
      popup.hold();
      return Promise.resolve(held(popup));
    }
    return this.#framed().then((frame) => {
      if (frame) {
        frame.hold();
        return held(frame);
      }
      return ask({ issuer, operation, signal: signal ?? null, proceed: () => {
        const p = this.#open();
        p?.hold();
        if (p) return held(p);
        // Not even a press opens a window here: the page itself goes.
        if (job && navigator.userActivation?.isActive !== false) leave(this.#config, job);
        return null;
      } });
    });
  }

  /**
   * Without a gesture there is one way: a frame, in browsers that share the
   * keeper's storage with it. null where there is none.
   */
  #framed(): Promise<Popup | null> {
    return (this.#trying ??= new Promise<Popup | null>((resolve) => {
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
      const done = (p: Popup | null) => {
        clearTimeout(timer);
        removeEventListener("message", hear);
        if (p) this.#popup = p;
        else frame.remove();
        this.#trying = null;
        resolve(p);
      };
      const hear = (e: MessageEvent) => {
        if (e.source !== frame.contentWindow || e.origin !== this.#config.keeper || e.data?.bonafides !== 1) return;
        done(e.data.type === "ready" ? new Popup(frame.contentWindow!, this.#config, frame) : null);
      };
      addEventListener("message", hear);
      const timer = setTimeout(() => done(null), frameWaits);
      document.body.append(frame);
    }));
  }

  /** canOpen says whether a question would need no button. */
  get isOpen(): boolean {
    return this.#popup !== null && !this.#popup.ended;
  }
}

function held(popup: Popup): Held {
  let done = false;
  return {
    exchange: (q) => popup.exchange(q),
    release: () => {
      if (!done) popup.release();
      done = true;
    },
  };
}

/**
 * comeBack is the other end of the way without an opener: in a popup that came
 * back from the keeper it hands the answer to the page and waits for what is
 * next. It answers whether this window is such a popup.
 */
export function comeBack(keeper: string): boolean {
  if (!location.hash.startsWith(fragmentReturn)) return false;
  const r = unpack<Returned>(location.hash.slice(fragmentReturn.length));
  history.replaceState(null, "", location.pathname + location.search);
  if (!r || typeof r.channel !== "string" || !r.channel.startsWith("bonafides-")) return false;
  const channel = new BroadcastChannel(r.channel);
  channel.onmessage = (e: MessageEvent<{ go?: string; close?: boolean }>) => {
    if (e.data?.close) close();
    else if (typeof e.data?.go === "string" && new URL(e.data.go).origin === keeper) location.replace(e.data.go);
  };
  channel.postMessage(r);
  setTimeout(() => close(), 60_000);
  return true;
}
