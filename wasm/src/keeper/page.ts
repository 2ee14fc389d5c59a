// What a person sees in the keeper's window while it is at work.

import { deadAtFirst } from "./press.js";

const host = (page?: string) => (page ? new URL(page).host : "A site");

const sentences: Record<string, (page?: string) => string> = {
  working: (page) => `${host(page)} talks to the keeper of your tokens. This takes a moment; the window closes by itself.`,
  getting: (page) => `${host(page)} gives you tokens, and they are put away here. This takes a moment; the window closes by itself.`,
  using: (page) => `${host(page)} asks whether you are a person, and one of your tokens answers. This takes a moment; the window closes by itself.`,
  lost: () => "The request that opened this window is damaged. Try again at the site.",
  framed: () => "The token keeper does not run inside another page.",
  issuer: () => "The token keeper does not start here: this is an issuer's own site, which could read the tokens back.",
};

export function show(state: string, page?: string): void {
  say(state, sentences[state]!(page));
}

/** atWork says what a question of a page is about. */
export function atWork(op: string, page: string): void {
  if (op === "begin" || op === "finish") show("getting", page);
  else if (op === "redeem") show("using", page);
}

/** say shows one sentence, and takes away what could be pressed before. */
export function say(state: string, text: string): HTMLElement | null {
  const out = document.getElementById("state");
  if (!out) return null;
  document.getElementById("more")?.remove();
  out.dataset.state = state;
  out.textContent = text;
  return out;
}

export interface Question {
  state: string;
  /** One sentence: who asks for what. */
  text: string;
  /** What follows from a yes. */
  more: string;
  /** Empty where there is nothing to agree to. */
  yes: string;
  no: string;
  /** How long it waits, in ms. */
  waits: number;
  /** Ends it without an answer. */
  signal?: AbortSignal;
}

/** askPerson resolves to the press, or to null where nobody pressed in time. */
export function askPerson(q: Question): Promise<boolean | null> {
  const out = say(q.state, q.text);
  if (!out || top !== self) return Promise.resolve(null);
  return new Promise((resolve) => {
    const box = document.createElement("div");
    box.id = "more";
    const end = (answer: boolean | null) => {
      clearTimeout(timer);
      box.remove();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), q.waits);
    q.signal?.addEventListener("abort", () => end(null));
    const more = document.createElement("p");
    more.textContent = q.more;
    box.append(more);
    if (q.yes) box.append(deadAtFirst(q.yes, () => end(true)));
    box.append(deadAtFirst(q.no, () => end(false), "no"));
    out.after(box);
  });
}
