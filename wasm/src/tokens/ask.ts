// Where no gesture is left, a person is asked for one: the page may draw its own
// button on the event bonafides:ask, or this one is shown.

import { showPress } from "../press.js";
import { Quiet } from "../quiet.js";
import { tokenError } from "./errors.js";
import type { Held } from "./link.js";
import { reasonOf } from "../wait.js";

/** How long the button waits, in ms. */
const waits = 60_000;

const quiet = new Quiet("bonafides:not-now");

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
  signal?: AbortSignal;
  /** Opens the keeper; null where the browser still refuses. end ends the call
   * where there is no way at all. */
  proceed(end: (err: unknown) => void): Held | null;
}

interface Asked extends Need {
  resolve(h: Held): void;
  end(err: unknown): void;
}

/** All calls that wait for the same press. */
let asked: Asked[] = [];
let shown: { close(): void } | null = null;

export function ask(need: Need): Promise<Held> {
  return new Promise((resolve, reject) => {
    const { signal } = need;
    if (signal?.aborted) return reject(reasonOf(signal));
    const over = () => mine.end(reasonOf(signal!));
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      asked = asked.filter((a) => a !== mine);
      if (asked.length === 0) close();
    };
    const mine: Asked = {
      ...need,
      resolve: (h) => {
        done();
        resolve(h);
      },
      end: (err) => {
        done();
        reject(err);
      },
    };
    const timer = setTimeout(() => mine.end(tokenError("no_gesture")), waits);
    signal?.addEventListener("abort", over, { once: true });
    asked.push(mine);
    if (asked.length > 1) return;
    const detail: AskDetail = { issuer: need.issuer, operation: need.operation, proceed, dismiss };
    const event = new CustomEvent("bonafides:ask", { detail, cancelable: true });
    if (!document.dispatchEvent(event)) return; // the page has a button of its own
    // A press on the page is asked about in any case; what a page asks by itself is
    // silenced by an earlier no.
    const pressed = navigator.userActivation?.isActive === true;
    if (!pressed && quiet.now) return mine.end(tokenError("silenced"));
    if (!pressed) quiet.asks();
    shown = button(detail);
  });
}

function close(): void {
  shown?.close();
  shown = null;
}

function proceed(): void {
  for (const a of [...asked]) {
    const h = a.proceed(a.end);
    if (!h) return; // still no gesture: the button stays
    quiet.yes();
    a.resolve(h);
  }
}

function dismiss(): void {
  quiet.no();
  for (const a of [...asked]) a.end(tokenError("dismissed"));
}

const sentences: Record<string, string> = {
  "token-request": "gives tokens that say you are a real person. Your token keeper stores them in a window of its own.",
  "token-redemption": "may be able to tell this site that you are a real person. Your token keeper asks it, in a window of its own, and tells nobody who you are.",
};

function button(detail: AskDetail): { close(): void } {
  return showPress({
    text: `${new URL(detail.issuer).host} ${sentences[detail.operation] ?? sentences["token-redemption"]}`,
    choices: [{ label: "Continue", press: detail.proceed }],
    dismiss: detail.dismiss,
  });
}
