// Where no gesture is left, a person is asked for one: the page may draw its own
// button on the event bonafides:ask, or this one is shown.

import { tokenError } from "./errors.js";
import type { Held } from "./link.js";

/** How long the button waits, in ms. */
const waits = 60_000;

export interface AskDetail {
  /** Origin of the issuer that is asked. */
  issuer: string;
  operation: string;
  /** Call it inside a click handler: it opens the keeper. */
  proceed(): void;
  /** The person said no: the call ends with NotAllowedError. */
  dismiss(): void;
}

interface Need {
  issuer: string;
  operation: string;
  signal: AbortSignal | null;
  /** Opens the keeper; null where the browser still refuses. */
  proceed(): Held | null;
}

interface Asked extends Need {
  resolve(h: Held): void;
  reject(err: unknown): void;
}

/** All calls that wait for the same press. */
let asked: Asked[] = [];
let shown: { close(): void } | null = null;

export function ask(need: Need): Promise<Held> {
  return new Promise((resolve, reject) => {
    const mine: Asked = { ...need, resolve, reject };
    const end = (err: unknown) => {
      clearTimeout(timer);
      if (!asked.includes(mine)) return;
      asked = asked.filter((a) => a !== mine);
      if (asked.length === 0) close();
      reject(err);
    };
    const timer = setTimeout(() => end(tokenError("no_gesture")), waits);
    if (need.signal?.aborted) return end2(need.signal, reject, timer);
    need.signal?.addEventListener("abort", () => end(need.signal!.reason), { once: true });
    asked.push(mine);
    if (asked.length > 1) return;
    const detail: AskDetail = { issuer: need.issuer, operation: need.operation, proceed, dismiss };
    const event = new CustomEvent("bonafides:ask", { detail, cancelable: true });
    if (document.dispatchEvent(event)) shown = button(detail);
  });
}

function end2(signal: AbortSignal, reject: (err: unknown) => void, timer: number): void {
  clearTimeout(timer);
  reject(signal.reason);
}

function close(): void {
  shown?.close();
  shown = null;
}

function proceed(): void {
  const all = asked;
  const first = all[0]?.proceed();
  if (!first) return; // still no gesture: the button stays
  asked = [];
  close();
  all[0]!.resolve(first);
  for (const a of all.slice(1)) {
    const h = a.proceed();
    if (h) a.resolve(h);
    else a.reject(tokenError("no_gesture"));
  }
}

function dismiss(): void {
  const all = asked;
  asked = [];
  close();
  for (const a of all) a.reject(tokenError("no_gesture"));
}

const style = `
:host { all: initial; position: fixed; inset: auto 0 0 0; z-index: 2147483647; display: flex; justify-content: center; padding: 12px;
  font: 16px/1.5 system-ui, sans-serif; color-scheme: light dark; pointer-events: none; }
div { pointer-events: auto; display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: center; max-width: 560px; padding: 14px 16px; border-radius: var(--bonafides-radius, 10px);
  background: var(--bonafides-ground, light-dark(#ffffff, #0b1020)); color: var(--bonafides-text, light-dark(#0f172a, #e2e8f0));
  border: 1px solid var(--bonafides-line, light-dark(#94a3b8, #475569)); box-shadow: 0 6px 24px rgb(0 0 0 / .18); }
p { margin: 0; flex: 1 1 16em; }
button { font: inherit; padding: 8px 14px; border-radius: var(--bonafides-radius, 10px); border: 1px solid transparent; cursor: pointer; }
button.go { background: var(--bonafides-accent, light-dark(#1d4ed8, #60a5fa)); color: var(--bonafides-accent-text, light-dark(#ffffff, #0b1020)); }
button.no { background: none; color: inherit; border-color: var(--bonafides-line, light-dark(#94a3b8, #475569)); }
button:focus-visible { outline: 3px solid var(--bonafides-accent, light-dark(#1d4ed8, #60a5fa)); outline-offset: 2px; }
`;

const sentences: Record<string, string> = {
  "token-request": "gives tokens that say you are a real person. Your token keeper stores them in a window of its own.",
  "token-redemption": "is asked whether you are a real person. Your token keeper answers in a window of its own; it tells nobody who you are.",
};

function button(detail: AskDetail): { close(): void } {
  const host = document.createElement("bonafides-ask");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  const box = document.createElement("div");
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-live", "polite");
  const text = document.createElement("p");
  text.id = "text";
  text.textContent = `${new URL(detail.issuer).host} ${sentences[detail.operation] ?? sentences["token-redemption"]}`;
  box.setAttribute("aria-labelledby", "text");
  const make = (name: string, label: string, f: () => void) => {
    const b = document.createElement("button");
    b.className = name;
    b.textContent = label;
    b.addEventListener("click", f);
    return b;
  };
  const go = make("go", "Continue", detail.proceed);
  const no = make("no", "Not now", detail.dismiss);
  box.append(text, go, no);
  box.addEventListener("keydown", (e) => {
    if (e.key === "Escape") detail.dismiss();
  });
  root.append(box);
  document.documentElement.append(host);
  return { close: () => host.remove() };
}
