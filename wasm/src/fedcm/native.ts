// The browser's own FedCM first. Most of its failures look alike to a page, on
// purpose: NetworkError, at once or up to a minute later. What a page can see is
// whether the browser showed something, since its dialogs and windows take the
// focus from the page. What was shown and refused is the person's answer and
// stays it. Where a button was pressed and nothing was shown (FedCM is off in the
// settings, an earlier "no" still silences it, nobody is signed in at the
// provider, its files are broken), the press must not lead to nothing: it goes on
// to another way.

import type { Options } from "./options.js";
import { openPopup } from "./popup.js";
import { askForPress } from "./press.js";
import type { Pressed } from "./press.js";

/** In this time, ms, an answer is the browser's and not yet a reason to ask. */
const instant = 250;
/** After this time without a dialog the press is offered another way, ms. */
const patience = 4000;

export interface NativeCall {
  o: Options;
  options: object;
  get: (options: CredentialRequestOptions) => Promise<unknown>;
  /** Whether there is another way. */
  mayGoOn(): boolean;
  goOn(pressed: Pressed | undefined, signal: AbortSignal | null): Promise<unknown>;
}

type Outcome = { credential: unknown } | { error: unknown };

/** The providers (by configURL) for which the browser began to show something and
 * failed in an instant, as it does where their files are broken. It may have been
 * a very quick no, so that call ends; but the next press goes on. */
const broken = new Set<string>();

const isNetworkError = (e: unknown) => e instanceof DOMException && e.name === "NetworkError";

export async function firstNative({ o, options, get, mayGoOn, goOn }: NativeCall): Promise<unknown> {
  const pressed = navigator.userActivation?.isActive ?? false;
  if (!pressed || o.mediation === "silent" || o.signal?.aborted || !document.hasFocus() || !mayGoOn()) return get(options);

  const key = o.providers.map((p) => p.configURL).join(" ");
  if (broken.has(key)) return goOn(blank(o), o.signal);

  const call = new AbortController(); // ends the browser's call
  const ask = new AbortController(); // ends our question
  const abort = () => {
    call.abort(o.signal!.reason);
    ask.abort(o.signal!.reason);
  };
  o.signal?.addEventListener("abort", abort, { once: true });
  let shown = false;
  const blur = () => {
    shown = true;
    ask.abort();
  };
  addEventListener("blur", blur, { once: true });
  const began = performance.now();
  try {
    const native: Promise<Outcome> = get(Object.create(options, { signal: { value: call.signal } }) as CredentialRequestOptions)
      .then((credential) => ({ credential }), (error: unknown) => ({ error }));
    const first = await Promise.race([native, new Promise<null>((r) => setTimeout(r, patience, null))]);
    const quick = first !== null && performance.now() - began < instant;
    const failed = first !== null && "error" in first && isNetworkError(first.error);
    if (shown && quick && failed) broken.add(key);
    if (shown || (first && !failed) || !mayGoOn()) return result(await native);
    if (quick) return goOn(blank(o), o.signal);
    const no = first && "error" in first ? first.error : undefined;
    const asked: Promise<{ pressed: Pressed } | { refused: unknown }> =
      askForPress({ reason: "native", providers: o.providers, context: o.context, signal: ask.signal, no })
        .then((p) => ({ pressed: p }), (refused: unknown) => ({ refused }));
    const second = await Promise.race([asked, native.then(async (n) => ("error" in n && isNetworkError(n.error) ? await asked : n))]);
    if ("pressed" in second) {
      call.abort();
      return goOn(second.pressed, o.signal);
    }
    if (!("refused" in second)) {
      ask.abort();
      return result(second);
    }
    if (shown) return result(await native); // a dialog came after all
    call.abort();
    throw second.refused;
  } finally {
    removeEventListener("blur", blur);
    o.signal?.removeEventListener("abort", abort);
  }
}

/** The window of a single provider, while the gesture lasts. */
function blank(o: Options): Pressed | undefined {
  const window = o.providers.length === 1 ? openPopup() : null;
  return window ? { provider: o.providers[0]!, window } : undefined;
}

function result(o: Outcome): unknown {
  if ("error" in o) throw o.error;
  return o.credential;
}
