// The keeper with a page that it can speak to: its opener, or the page around its
// frame.

import type { RunInGuest } from "../load.js";
import { isSecureOrigin } from "../origin.js";
import type { Question } from "../tokens/protocol.js";
import { answer } from "./answer.js";
import { atWork, show } from "./page.js";
import { Refused } from "./refused.js";

/** How often a window looks whether its opener is still there, in ms. */
const looks = 1000;
/** How long its opener may take to say hello, in ms: as long as that waits for a window. */
const greetsIn = 30_000;

/** How many questions of a page may be under way: more would hold up every other site's. */
const atOnce = 32;

export function serve(opener: Window, run: RunInGuest): void {
  let port: MessagePort | null = null;
  const framed = top !== self;
  addEventListener("message", (e: MessageEvent) => {
    if (e.source !== opener || port || e.data?.bonafides !== 1 || e.data.type !== "hello") return;
    const p = e.ports[0];
    if (!p) return;
    if (!isSecureOrigin(e.origin)) {
      // Nothing could be counted for a page without an origin, and for one without
      // https anybody on the way could ask. It should not wait to learn that.
      p.postMessage({ refused: "unsupported" });
      return;
    }
    port = p;
    const page = e.origin; // the redeeming origin of everything on this port
    const refused = framed ? null : new Refused(page);
    show("working", page);
    let under = 0;
    p.onmessage = async (m: MessageEvent<({ id?: number; close?: boolean } & Question) | null>) => {
      if (m.data?.close) {
        if (!refused?.stays) close();
        return;
      }
      const { id, ...rest } = m.data ?? {};
      if (typeof id !== "number") return;
      if (under >= atOnce) {
        p.postMessage({ id, ok: false, code: "unavailable" });
        return;
      }
      under++;
      const question = rest as Question;
      refused?.over();
      atWork(question.op, page);
      let site: string | undefined;
      const a = await answer(question, { origin: page, framed, run, over: (s) => { site = s; } });
      under--;
      p.postMessage({ id, ...a });
      // Whatever the reason is, the page hears the same at once, and the window
      // stays as long.
      if (a.code === "no_tokens") refused?.show(question, site);
    };
    p.postMessage({ welcome: true }); // from now on the port is open
  });
  opener.postMessage({ bonafides: 1, type: "ready" }, "*");
  // The page closes this window when it goes; a tab that is killed cannot.
  if (framed) return;
  setInterval(() => { if (opener.closed) close(); }, looks);
  // Nor can one that was left for the next page while this window was opening.
  setTimeout(() => { if (!port) close(); }, greetsIn);
}
