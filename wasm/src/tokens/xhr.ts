// XMLHttpRequest.setPrivateToken and setTrustToken, after open() as natively.

import { isMissingKeys } from "./errors.js";
import type { Kit } from "./install.js";
import { begin, recordHeader, redeem } from "./operate.js";
import { issuerOrigin, readInit } from "./params.js";
import type { TokenParams } from "./params.js";
import { headerToken } from "./protocol.js";

interface Opened {
  method: string;
  url: string;
  args: unknown[];
  headers: [string, string][];
  params?: TokenParams;
  /** Set again natively, where the browser has the API. */
  native?: () => void;
}

const state = new WeakMap<XMLHttpRequest, Opened>();

export function installXHR(kit: Kit): void {
  const proto = XMLHttpRequest.prototype as XMLHttpRequest & { setPrivateToken?: (v: unknown) => void };
  const { open, send, setRequestHeader } = proto;
  const setNative = proto.setPrivateToken;

  proto.open = function (this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]): void {
    state.set(this, { method, url: new URL(String(url), document.baseURI).href, args: rest, headers: [] });
    (open as (...a: unknown[]) => void).call(this, method, url, ...rest);
  };
  proto.setRequestHeader = function (this: XMLHttpRequest, name: string, value: string): void {
    setRequestHeader.call(this, name, value);
    state.get(this)?.headers.push([name, value]);
  };

  const setter = (member: "privateToken" | "trustToken", method: string) =>
    function (this: XMLHttpRequest, v: unknown): void {
      const where = `execute '${method}' on 'XMLHttpRequest'`;
      const params = readInit({ [member]: v ?? null }, where);
      const s = state.get(this);
      if (!s || this.readyState !== XMLHttpRequest.OPENED) {
        throw new DOMException(`Failed to ${where}: The object's state must be OPENED.`, "InvalidStateError");
      }
      s.params = params!;
      if (setNative) {
        const { operation, refreshPolicy, issuers } = params!;
        s.native = () => setNative.call(this, { version: 1, operation, refreshPolicy, ...(issuers.length > 0 && { issuers }) });
      }
    };
  const define = (name: string, value: unknown) =>
    Object.defineProperty(XMLHttpRequest.prototype, name, { value, configurable: true, enumerable: true, writable: true });
  define("setPrivateToken", setter("privateToken", "setPrivateToken"));
  define("setTrustToken", setter("trustToken", "setTrustToken"));

  proto.send = function (this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null): void {
    const s = state.get(this);
    const params = s?.params;
    if (!s || !params) return send.call(this, body);
    const issuer = issuerOrigin(s.url);
    if (params.operation === "send-redemption-record") {
      const header = recordHeader(params.issuers);
      if (header) setRequestHeader.call(this, header[0], header[1]);
      s.native?.();
      return send.call(this, body);
    }
    if (issuer === null) throw new DOMException("The issuer is not a secure origin.", "InvalidStateError");
    if (kit.native && !kit.taken.has(issuer)) {
      // The keys are asked for with fetch first, since a failed XMLHttpRequest
      // does not say why it failed.
      s.native?.();
      return send.call(this, body);
    }
    void ours(kit, this, s, params, issuer, () => send.call(this, body), open, setRequestHeader);
  };
}

async function ours(
  kit: Kit, xhr: XMLHttpRequest, s: Opened, params: TokenParams, issuer: string, send: () => void,
  open: XMLHttpRequest["open"], setHeader: XMLHttpRequest["setRequestHeader"],
): Promise<void> {
  const held = kit.link.hold(issuer, params.operation);
  const reopen = (method: string, url: string) => {
    const { responseType, timeout, withCredentials } = xhr;
    (open as (...a: unknown[]) => void).call(xhr, method, url, ...s.args);
    xhr.responseType = responseType;
    xhr.timeout = timeout;
    xhr.withCredentials = withCredentials;
    for (const [k, v] of s.headers) setHeader.call(xhr, k, v);
  };
  try {
    if (params.operation === "token-redemption") {
      await redeem(held, s.url, params);
      reopen("GET", "data:,");
      send();
      return;
    }
    const h = await held;
    try {
      const issuance = await begin(h, s.url);
      reopen(s.method, issuance.url);
      for (const [k, v] of Object.entries(issuance.headers)) setHeader.call(xhr, k, v);
      await new Promise<void>((resolve, reject) => {
        // Listeners run in the order they were added, so the page's own see the
        // end of the request before the tokens are stored: they are stored as
        // soon as the header is there.
        xhr.addEventListener("readystatechange", () => {
          if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) {
            issuance.finish(xhr.getResponseHeader(headerToken)).then(resolve, reject);
          }
        });
        xhr.addEventListener("error", () => reject(new TypeError("network error")));
        xhr.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
        send();
      });
    } finally {
      h.release();
    }
  } catch (err) {
    if (isMissingKeys(err)) kit.taken.add(issuer);
    xhr.dispatchEvent(new ProgressEvent("error"));
    xhr.dispatchEvent(new ProgressEvent("loadend"));
  }
}
