// The provider's own side: what its pages call in the window that a relying
// party's page opened, and on their own.

import { networkError } from "./credential.js";
import type { FromProvider } from "./popup.js";

/**
 * tell sends the relying party a message, where the provider's server wrote into
 * this page who asked: <div id="bonafides-popup" data-origin data-state hidden>,
 * after it held the origin against the client's registration. What the address
 * says of the origin is anybody's word and is not read here.
 */
function tell(message: Partial<FromProvider>): boolean {
  const asked = document.getElementById("bonafides-popup")?.dataset;
  const opener = window.opener as Window | null;
  if (!opener || !asked?.origin || !asked.state) return false;
  opener.postMessage({ bonafides: 1, type: "fedcm", state: asked.state, ...message }, asked.origin);
  return true;
}

export class PolyfilledIdentityProvider {
  constructor() {
    throw new TypeError("Illegal constructor");
  }

  static close(): void {
    if (tell({ closed: true })) window.close();
  }

  static async resolve(token: unknown): Promise<void> {
    if (!tell({ token })) throw new DOMException("This page was not opened to continue a sign-in.", "NotAllowedError");
    window.close();
  }

  /** The accounts are the provider's to tell, by cookies that no frame has here. */
  static async getUserInfo(config?: { configURL?: unknown; clientId?: unknown }): Promise<never> {
    if (config?.configURL === undefined || config.clientId === undefined) {
      throw new TypeError("Failed to execute 'getUserInfo' on 'IdentityProvider': configURL and clientId are required.");
    }
    if (window === top) throw new DOMException("UserInfo request must be initiated from a frame that is the same origin with the provider.", "InvalidStateError");
    throw networkError();
  }
}

/** setStatus is for the browser to act on; here there is none that does. */
export const login = {
  async setStatus(status?: unknown): Promise<void> {
    if (status !== "logged-in" && status !== "logged-out") {
      throw new TypeError("Failed to execute 'setStatus' on 'NavigatorLogin': the status is logged-in or logged-out.");
    }
  },
};
