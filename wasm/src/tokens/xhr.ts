// XMLHttpRequest.setPrivateToken and setTrustToken, after open() as natively.
// What the polyfill does itself runs on fetch, and the answer is put into the
// XMLHttpRequest: its load event comes when the tokens are stored.

import type { Kit } from "./kit.js";
import { nativeMember } from "./kit.js";
import { recordHeader } from "./operate.js";
import { issuerOrigin, readInit } from "./params.js";
import type { TokenParams } from "./params.js";

interface Opened {
  method: string;
  url: string;
  synchronous: boolean;
  headers: [string, string][];
  sent?: true;
  params?: TokenParams;
  /** Ends what runs on fetch. */
  abort?: AbortController;
}

type XHR = XMLHttpRequest & { setPrivateToken?: (v: unknown) => void };

const state = new WeakMap<XMLHttpRequest, Opened>();

/** Members that a finished polyfilled request has of its own. */
const answered = ["readyState", "status", "statusText", "response", "responseText", "responseURL", "getResponseHeader", "getAllResponseHeaders"];

export function installXHR(kit: Kit): void {
  const proto = XMLHttpRequest.prototype as XHR;
  const { open, send, abort, setRequestHeader, setPrivateToken: setNative } = proto;

  proto.open = function (this: XHR, method: string, url: string | URL, ...rest: unknown[]): void {
    state.get(this)?.abort?.abort();
    for (const name of answered) delete (this as unknown as Record<string, unknown>)[name];
    (open as (...a: unknown[]) => void).call(this, method, url, ...rest);
    state.set(this, { method, url: new URL(String(url), document.baseURI).href, synchronous: rest.length > 0 && !rest[0], headers: [] });
  };
  proto.setRequestHeader = function (this: XHR, name: string, value: string): void {
    setRequestHeader.call(this, name, value);
    state.get(this)?.headers.push([name, value]);
  };
  proto.abort = function (this: XHR): void {
    const running = state.get(this)?.abort;
    if (running) running.abort();
    else abort.call(this);
  };

  const setter = (member: "privateToken" | "trustToken", method: string) =>
    function (this: XHR, v: unknown): void {
      const where = `execute '${method}' on 'XMLHttpRequest'`;
      const params = readInit({ [member]: v ?? null }, where);
      const s = state.get(this);
      if (!s || s.sent || this.readyState !== XMLHttpRequest.OPENED) {
        throw new DOMException(`Failed to ${where}: The object's state must be OPENED.`, "InvalidStateError");
      }
      s.params = params!;
    };
  const define = (name: string, value: unknown) =>
    Object.defineProperty(XMLHttpRequest.prototype, name, { value, configurable: true, enumerable: true, writable: true });
  define("setPrivateToken", setter("privateToken", "setPrivateToken"));
  define("setTrustToken", setter("trustToken", "setTrustToken"));

  proto.send = function (this: XHR, body?: Document | XMLHttpRequestBodyInit | null): void {
    const s = state.get(this);
    if (s) s.sent = true;
    const params = s?.params;
    if (!s || !params) return send.call(this, body);
    const sendNative = () => {
      setNative?.call(this, nativeMember(params));
      send.call(this, body);
    };
    if (params.operation === "send-redemption-record") {
      const header = recordHeader(params.issuers);
      if (header) setRequestHeader.call(this, header[0], header[1]);
      return sendNative();
    }
    const issuer = issuerOrigin(s.url);
    if (issuer === null) throw new DOMException("Failed to execute 'send' on 'XMLHttpRequest': the issuer is not a secure origin.", "InvalidStateError");
    if (s.synchronous) {
      if (!kit.ours(issuer)) return sendNative();
      throw new DOMException("Failed to execute 'send' on 'XMLHttpRequest': a synchronous request cannot carry tokens in this browser.", "InvalidAccessError");
    }
    if (kit.ours(issuer)) return run(kit, this, s, params, issuer, body);
    // A failed XMLHttpRequest does not say why it failed, so whether the browser
    // knows the issuer is asked before.
    void kit.knows(issuer).then((known) => (known ? sendNative() : run(kit, this, s, params, issuer, body)));
  };
}

/** run does the request on fetch, starting now. */
function run(kit: Kit, xhr: XHR, s: Opened, params: TokenParams, issuer: string, body?: Document | XMLHttpRequestBodyInit | null): void {
  s.abort = new AbortController();
  let timedOut = false;
  const timer = xhr.timeout > 0 ? setTimeout(() => {
    timedOut = true;
    s.abort!.abort();
  }, xhr.timeout) : 0;
  const end = (event: string, own: Record<string, unknown>) => {
    clearTimeout(timer);
    delete s.abort;
    for (const [name, value] of Object.entries(own)) Object.defineProperty(xhr, name, { value, configurable: true });
    xhr.dispatchEvent(new Event("readystatechange"));
    xhr.dispatchEvent(new ProgressEvent(event));
    xhr.dispatchEvent(new ProgressEvent("loadend"));
  };
  const none = { status: 0, statusText: "", response: "", responseText: "", getResponseHeader: () => null, getAllResponseHeaders: () => "" };
  const answer = async () => {
    const init: RequestInit = {
      method: s.method, headers: s.headers, signal: s.abort!.signal, credentials: xhr.withCredentials ? "include" : "same-origin",
    };
    if (body !== undefined && body !== null && !/^(get|head)$/i.test(s.method)) {
      init.body = body instanceof Document ? new XMLSerializer().serializeToString(body) : body;
    }
    const response = await kit.perform(params, new kit.NativeRequest(s.url, init), issuer);
    const bytes = await response.arrayBuffer();
    const text = new TextDecoder().decode(bytes);
    const kind = xhr.responseType;
    let value: unknown = text;
    if (kind === "arraybuffer") value = bytes;
    else if (kind === "blob") value = new Blob([bytes], { type: response.headers.get("Content-Type") ?? "" });
    else if (kind === "json") value = parse(text);
    else if (kind === "document") value = null;
    return {
      readyState: XMLHttpRequest.DONE, status: response.status, statusText: response.statusText, response: value, responseURL: response.url || s.url,
      ...((kind === "" || kind === "text") && { responseText: text }),
      getResponseHeader: (name: string) => response.headers.get(name),
      getAllResponseHeaders: () => [...response.headers].map(([k, v]) => `${k}: ${v}\r\n`).join(""),
    };
  };
  xhr.dispatchEvent(new ProgressEvent("loadstart"));
  answer().then(
    (own) => end("load", own),
    (err) => {
      const aborted = err instanceof DOMException && err.name === "AbortError";
      end(timedOut ? "timeout" : aborted ? "abort" : "error", { ...none, readyState: aborted && !timedOut ? XMLHttpRequest.UNSENT : XMLHttpRequest.DONE });
    },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
