// What needs a press and has none asks for one: a sign-in that was called without
// a gesture, the choice among several providers, and what to do where the browser
// or the provider's window gave no answer.

import { showPress } from "../press.js";
import { Quiet } from "../quiet.js";
import { reasonOf } from "../wait.js";
import { networkError } from "./credential.js";
import type { Provider } from "./options.js";
import { openPopup } from "./popup.js";

/** What a page asks by itself is silenced by an earlier no, as browsers do it. */
const quiet = new Quiet("bonafides:not-now-signin");

export interface Pressed {
  provider: Provider;
  /** null: even the press could not open a popup. */
  window: Window | null;
}

/**
 * Why a press is needed: there was no gesture; there are several providers; the
 * browser's own FedCM gave no answer; the provider's window gave none, and the
 * press goes on in this tab; or a site asks to be disconnected.
 */
export type Reason = "gesture" | "choose" | "native" | "unanswered" | "disconnect";

export interface SignInAskDetail {
  reason: Reason;
  providers: { configURL: string; clientId: string; host: string }[];
  /** Call it inside a click handler, with the number of the provider. */
  proceed(index?: number): void;
  dismiss(): void;
}

const verbs: Record<string, string> = { signin: "Sign in", signup: "Sign up", use: "Use your account", continue: "Continue" };

const note = "It opens in a window of its own and learns that you came from here.";

function words(reason: Reason, context: string, hosts: string[]): string {
  const what = `${verbs[context] ?? "Sign in"} ${context === "use" ? "at" : "to"} ${location.host}`;
  const [only] = hosts;
  if (hosts.length > 1) return `${what} with one of these. ${note}`;
  switch (reason) {
    case "native":
      return `This browser has not signed you in. ${what} with ${only} in another way? ${note}`;
    case "unanswered":
      return `The window of ${only} gave no answer. ${what} with ${only} in this tab instead?`;
    case "disconnect":
      return `${location.host} wants to end its connection with your account at ${only}. ${note}`;
  }
  return `${what} with ${only}. ${note}`;
}

export interface PressAsk {
  reason: Reason;
  providers: Provider[];
  context?: string;
  signal: AbortSignal;
  /** What a no rejects with: NetworkError if left out. */
  no?: unknown;
}

/** askForPress waits for the press, the signal, or a no. */
export function askForPress(ask: PressAsk): Promise<Pressed> {
  return new Promise((resolve, reject) => {
    const { reason, providers, signal } = ask;
    // What a press has just called takes the focus; what a page asks by itself
    // must not take it from what the person does.
    const focus = navigator.userActivation?.isActive ?? false;
    const byItself = !focus && (reason === "gesture" || reason === "choose");
    let shown: { close(): void } | null = null;
    const end = () => {
      shown?.close();
      signal.removeEventListener("abort", aborted);
    };
    const aborted = () => {
      end();
      reject(reasonOf(signal));
    };
    if (signal.aborted) return reject(reasonOf(signal));
    signal.addEventListener("abort", aborted, { once: true });
    const detail: SignInAskDetail = {
      reason,
      providers: providers.map((p) => ({ configURL: p.configURL, clientId: p.clientId, host: new URL(p.origin).host })),
      proceed: (index = 0) => {
        const provider = providers[index];
        if (!provider) return;
        const window = reason === "unanswered" ? null : openPopup();
        if (byItself) quiet.yes();
        end();
        resolve({ provider, window });
      },
      dismiss: () => {
        if (byItself) quiet.no();
        end();
        reject(ask.no ?? networkError());
      },
    };
    if (!document.dispatchEvent(new CustomEvent("bonafides:ask-signin", { detail, cancelable: true }))) return;
    if (byItself && quiet.now) {
      end();
      return reject(networkError());
    }
    if (byItself) quiet.asks();
    const hosts = detail.providers.map((p) => p.host);
    // Two providers of one host are told apart by the rest of their address.
    const labels = detail.providers.map((p) => (hosts.indexOf(p.host) === hosts.lastIndexOf(p.host) ? p.host : p.configURL.replace(/^\w+:\/\//, "")));
    shown = showPress({
      text: words(reason, ask.context ?? "signin", hosts),
      choices: labels.map((label, i) => ({ label: labels.length === 1 ? "Continue" : label, press: () => detail.proceed(i) })),
      dismiss: detail.dismiss,
      focus,
    });
  });
}
