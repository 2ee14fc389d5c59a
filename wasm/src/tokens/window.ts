// The keeper's window (or frame), from its opening to its end.
//
// It says "ready", the page says "hello" with a port, and the keeper's first word
// on that port opens it. A window that cannot see its opener comes back instead
// (wayback.ts), where the site has the page for that.

import type { Settled as Config } from "../config.js";
import { tokenError } from "./errors.js";
import type { Answer, Question } from "./protocol.js";
import { hasReturnPage } from "./returnpage.js";
import { bounded, reasonOf } from "../wait.js";
import { WayBack } from "./wayback.js";

/** How long a window waits for the next exchange, in ms. */
const linger = 1500;
/** How long it may take to say that it is there. */
const patience = 30_000;
/** How long an answer may take. */
const answersIn = 60_000;
/** How long a window may stay away that is to come back: a person presses there. */
const awayFor = 120_000;

interface Waiting {
  question: Question;
  sent: boolean;
  resolve(a: Answer): void;
  reject(err: unknown): void;
}

/** The keeper's first word on a port, and its answers. */
interface FromKeeper extends Partial<Answer> {
  welcome?: boolean;
  refused?: string;
  id?: number;
}

export class KeeperWindow {
  readonly window: Window;
  readonly #config: Config;
  readonly #fetch: typeof fetch;
  /** A frame, where the keeper is in one: it goes when this ends. */
  readonly #frame: HTMLIFrameElement | null;
  #ended = false;
  #port: MessagePort | null = null;
  #greeting: MessagePort | null = null;
  #back: WayBack | null = null;
  #started = false;
  #waiting = new Map<number, Waiting>();
  #next = 1;
  #users = 0;
  #timer = 0;
  #watch = 0;
  #began = Date.now();
  #closedFor = 0;

  constructor(window: Window, config: Config, nativeFetch: typeof fetch, frame: HTMLIFrameElement | null = null) {
    this.window = window;
    this.#config = config;
    this.#fetch = nativeFetch;
    this.#frame = frame;
    addEventListener("message", this.#hear);
    addEventListener("pagehide", this.#leave);
    if (!frame) return;
    this.#started = true;
    this.#greet();
    this.#look();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The keeper is in a frame, where no person sees it. */
  get framed(): boolean {
    return this.#frame !== null;
  }

  hold(): void {
    this.#users++;
    clearTimeout(this.#timer);
  }

  release(): void {
    if (--this.#users === 0) this.#timer = setTimeout(() => this.end("closed", true), linger);
  }

  exchange(question: Question, signal?: AbortSignal | null): Promise<Answer> {
    if (this.#ended) return Promise.reject(tokenError("closed"));
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    const id = this.#next++;
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { question, sent: false, resolve, reject });
    });
    if (!this.#started) void this.#start();
    else if (this.#back && !this.#port) this.#back.put(id, question);
    else this.#flush();
    return bounded(answer, signal, this.#back ? awayFor : answersIn, () => tokenError("unavailable", "It did not answer in time.")).finally(() => this.#waiting.delete(id));
  }

  get #url(): string {
    return this.#config.keeper + this.#config.keeperPath;
  }

  /** Only now is the window taken to the keeper: there is time to ask the site for
   * its return page, and the gesture is used up already. */
  async #start(): Promise<void> {
    this.#started = true;
    let url = this.#url;
    try {
      if (await hasReturnPage(this.#fetch)) {
        const back = await WayBack.open(url, (id, answer) => this.#answer(id, answer));
        for (const [id, w] of this.#waiting) back.put(id, w.question);
        this.#back = back;
        if (this.#waiting.size > 0) url = back.first;
      }
    } catch {
      // without the way back, then
    }
    if (this.#ended) return this.#back?.close();
    if (this.window.closed) return this.end(); // while it was still ours
    this.#began = Date.now();
    this.window.location.replace(url);
    this.#look();
  }

  #look(): void {
    this.#watch = setInterval(() => {
      // Under Cross-Origin-Opener-Policy a living window reads as closed from the
      // start, so closed means closed only after a word from it.
      this.#closedFor = !this.#frame && this.window.closed ? this.#closedFor + 1 : 0;
      const now = Date.now();
      if (this.#port) {
        if (this.#closedFor > 0) this.end();
      } else if (this.#back) {
        if (now - Math.max(this.#began, this.#back.heard) > awayFor) this.end("unavailable");
      } else if (this.#closedFor > 3) {
        this.end("no_return");
      } else if (now - this.#began > patience) {
        this.end("unavailable");
      }
    }, 250);
  }

  #hear = (e: MessageEvent): void => {
    if (e.source !== this.window || e.origin !== this.#config.keeper) return;
    if (e.data?.bonafides !== 1 || e.data.type !== "ready") return;
    if (this.#port) {
      // The window was loaded anew: what it was asked is lost.
      this.#port.close();
      this.#port = null;
      this.#began = Date.now();
      for (const w of this.#waiting.values()) if (w.sent) w.reject(tokenError("unavailable", "Its window was loaded anew before it had answered."));
    }
    this.#greet();
  };

  #greet(): void {
    const { port1, port2 } = new MessageChannel();
    this.#greeting?.close();
    this.#greeting = port1;
    port1.onmessage = (m: MessageEvent<FromKeeper | null>) => {
      const d = m.data;
      if (this.#greeting === port1 && d?.welcome === true) {
        this.#greeting = null;
        this.#port = port1;
        this.#back?.close();
        this.#back = null;
        this.#flush();
      } else if (typeof d?.refused === "string") {
        this.end(d.refused);
      } else if (typeof d?.id === "number") {
        this.#answer(d.id, d as Answer);
      }
    };
    this.window.postMessage({ bonafides: 1, type: "hello" }, this.#config.keeper, [port2]);
  }

  #flush(): void {
    if (!this.#port) return;
    for (const [id, w] of this.#waiting) {
      if (w.sent) continue;
      w.sent = true;
      this.#port.postMessage({ id, ...w.question });
    }
  }

  #answer(id: number, answer: Answer): void {
    this.#waiting.get(id)?.resolve(answer);
  }

  /** A page that goes takes its window with it, also into the browser's memory of
   * pages: nobody would be there for the answer. */
  #leave = (): void => this.end();

  /** end ends what waits with the code. politely leaves it to the keeper when its
   * window closes: it may have a word for the person. */
  end(code = "closed", politely = false): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    removeEventListener("message", this.#hear);
    removeEventListener("pagehide", this.#leave);
    this.#back?.close();
    const open = this.#port;
    (open ?? this.#greeting)?.postMessage({ close: true });
    open?.close();
    this.#greeting?.close();
    if (this.#frame) this.#frame.remove();
    else if (!politely || !open) this.window.close();
    for (const w of this.#waiting.values()) w.reject(tokenError(code));
    this.#waiting.clear();
  }
}
