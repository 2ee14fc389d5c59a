// A sign-in that was called without a gesture waits for one: the press that opens
// the provider's popup, or, with several providers, the choice among them.

import { showPress } from "../press.js";
import type { Options, Provider } from "./options.js";

export interface Pressed {
  provider: Provider;
  /** null: even the press could not open a popup. */
  window: Window | null;
}

export interface SignInAskDetail {
  providers: { configURL: string; clientId: string; host: string }[];
  /** Call it inside a click handler, with the number of the provider. */
  proceed(index?: number): void;
  dismiss(): void;
}

const verbs: Record<string, string> = { signin: "Sign in", signup: "Sign up", use: "Use", continue: "Continue" };

/** askForPress waits for the press, the caller's AbortSignal, or a no. */
export function askForPress(o: Options, open: () => Window | null): Promise<Pressed> {
  return new Promise((resolve, reject) => {
    let shown: { close(): void } | null = null;
    const end = () => {
      shown?.close();
      o.signal?.removeEventListener("abort", aborted);
    };
    const aborted = () => {
      end();
      reject(o.signal!.reason);
    };
    o.signal?.addEventListener("abort", aborted, { once: true });
    const detail: SignInAskDetail = {
      providers: o.providers.map((p) => ({ configURL: p.configURL, clientId: p.clientId, host: new URL(p.origin).host })),
      proceed: (index = 0) => {
        const provider = o.providers[index];
        if (!provider) return;
        const window = open();
        end();
        resolve({ provider, window });
      },
      dismiss: () => {
        end();
        reject(new DOMException("Error retrieving a token.", "NetworkError"));
      },
    };
    const event = new CustomEvent("bonafides:ask-signin", { detail, cancelable: true });
    if (!document.dispatchEvent(event)) return;
    const verb = verbs[o.context]!;
    shown = showPress({
      text: o.providers.length === 1
        ? `${verb} to ${location.host} with ${detail.providers[0]!.host}. It opens in a window of its own and learns that you came from here.`
        : `${verb} to ${location.host} with one of these. It opens in a window of its own and learns that you came from here.`,
      choices: o.providers.map((_, i) => ({
        label: o.providers.length === 1 ? "Continue" : detail.providers[i]!.host,
        press: () => detail.proceed(i),
      })),
      dismiss: detail.dismiss,
    });
  });
}
