// <iframe privateToken> and <iframe trusttoken>: a frame's navigation cannot
// carry a header that a script sets, so the frame loads at once and its document
// asks the page that embeds it.

import { parse } from "../origin.js";
import type { Part } from "../place.js";
import { text } from "../wrap.js";
import { expiryOf, lend, recordOf } from "./memory.js";
import { readAttribute } from "./params.js";

interface Ask {
  bonafides: 1;
  type: "records?";
}

interface Records {
  bonafides: 1;
  type: "records";
  /** By issuer. */
  records: Record<string, string>;
  /** Unix seconds, by issuer. */
  expires: Record<string, number>;
}

/** The property reflects the attribute, as natively: for pages that write
 * frame.privateToken = JSON. What the browser has itself is left alone. */
export function frameParts(): Part[] {
  return ["privateToken", "trustToken"].filter((name) => !(name in HTMLIFrameElement.prototype)).map((name) => ({
    target: HTMLIFrameElement.prototype, name, enumerable: true,
    value: {
      get(this: HTMLIFrameElement) { return this.getAttribute(name) ?? ""; },
      set(this: HTMLIFrameElement, v: unknown) { this.setAttribute(name, text(v)); },
    }, accessor: true,
  }));
}

/** frames are the document's, those in open shadow roots too. */
function* frames(root: Document | ShadowRoot): Generator<HTMLIFrameElement> {
  for (const e of root.querySelectorAll("*")) {
    if (e instanceof HTMLIFrameElement) yield e;
    if (e.shadowRoot) yield* frames(e.shadowRoot);
  }
}

/** The embedding page's side: it answers its own frames alone, at the origin of
 * their src, with the records of the issuers that the attribute names. */
export function answerFrames(): void {
  addEventListener("message", (e: MessageEvent<Ask>) => {
    if (e.data?.bonafides !== 1 || e.data.type !== "records?" || !e.ports[0]) return;
    for (const frame of frames(document)) {
      if (frame.contentWindow !== e.source) continue;
      const today = frame.getAttribute("privatetoken");
      const old = frame.getAttribute("trusttoken");
      const params = today !== null ? readAttribute("privateToken", today) : old !== null ? readAttribute("trustToken", old) : null;
      const origin = parse(frame.src)?.origin; // a frame without a URL gets nothing
      const records: Record<string, string> = {};
      const expires: Record<string, number> = {};
      if (params && origin === e.origin) {
        for (const issuer of params.issuers) {
          const r = recordOf(issuer);
          if (r === null) continue;
          records[issuer] = r;
          expires[issuer] = expiryOf(issuer);
        }
      }
      e.ports[0].postMessage({ bonafides: 1, type: "records", records, expires } satisfies Records);
      return;
    }
  });
}

/**
 * recordFromEmbedder is for the document inside the frame: the records that the
 * embedding page sends it, by issuer. Only these embedders are asked, exact
 * origins; without an answer within two seconds there are none. From then on this document sends them
 * as its own: fetch(url, {privateToken: {operation: "send-redemption-record", ...}}).
 */
export function recordFromEmbedder(embedders: string[]): Promise<Record<string, string>> {
  if (parent === window) return Promise.resolve({});
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({}), 2000);
    for (const origin of embedders) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (e: MessageEvent<Records>) => {
        const { records, expires } = e.data ?? {};
        if (typeof records !== "object" || records === null || typeof expires !== "object" || expires === null) return; // no answer
        clearTimeout(timer);
        for (const [issuer, record] of Object.entries(records)) lend(issuer, record, expires[issuer] ?? 0);
        resolve(records);
      };
      parent.postMessage({ bonafides: 1, type: "records?" } satisfies Ask, origin, [port2]);
    }
  });
}
