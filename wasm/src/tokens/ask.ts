// Where no gesture is left, a person is asked for one: the page may draw its own
// button on the event bonafides:ask, or this one is shown.

import { showPress } from "../press.js";
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
  for (const a of all) a.reject(tokenError("dismissed"));
}

const sentences: Record<string, string> = {
  "token-request": "gives tokens that say you are a real person. Your token keeper stores them in a window of its own.",
  "token-redemption": "can tell this site that you are a real person. Your token keeper asks it, in a window of its own, and tells nobody who you are.",
};

function button(detail: AskDetail): { close(): void } {
  return showPress({
    text: `${new URL(detail.issuer).host} ${sentences[detail.operation] ?? sentences["token-redemption"]}`,
    choices: [{ label: "Continue", press: detail.proceed }],
    dismiss: detail.dismiss,
  });
}
