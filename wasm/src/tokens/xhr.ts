// XMLHttpRequest.setPrivateToken and setTrustToken, after open() as natively.
// What the polyfill does itself runs on fetch, and the answer is put into the
// XMLHttpRequest: its load event comes when the tokens are stored.

import type { Kit } from "./kit.js";
import { nativeMember } from "./kit.js";
import { recordHeader } from "./operate.js";
import { issuerOrigin, readInit } from "./params.js";
import type { TokenParams } from "./params.js";
import type { Part } from "../place.js";
import { text, wrap } from "../wrap.js";

interface Opened {
  method: string;
  url: string;
  synchronous: boolean;
  headers: [string, string][];
  sent?: true;
  params?: TokenParams;
  /** Ends what the browser's own XMLHttpRequest knows nothing of, with an event or without a word. */
  stop?: (event?: "abort" | "timeout") => void;
  /** The members that the XMLHttpRequest has of its own, as our answer. */
  answered?: string[];
}

type XHR = XMLHttpRequest & { setPrivateToken?: (v: unknown) => void };

const state = new WeakMap<XMLHttpRequest, Opened>();

export function xhrParts(kit: Kit): Part[] {
  const proto = XMLHttpRequest.prototype as XHR;
  const { send, setRequestHeader, setPrivateToken: setNative } = proto;

  // As with fetch: what carries no tokens goes through as it came. Addresses and
  // headers are turned into text once and remembered, since a token may be set later.
  const open = wrap(proto.open, (self, args, asIs) => {
    const before = state.get(self as XHR);
    if (!before && !(self instanceof XMLHttpRequest)) return asIs();
    before?.stop?.();
    for (const name of before?.answered ?? []) delete (self as Record<string, unknown>)[name];
    if (args.length >= 2) args.splice(0, 2, text(args[0]), text(args[1]));
    asIs();
    const [method, url] = args as [string, string];
    state.set(self as XHR, { method, url: new URL(url, document.baseURI).href, synchronous: args.length > 2 && !args[2], headers: [] });
  });
  const newHeader = wrap(setRequestHeader, (self, args, asIs) => {
    const opened = state.get(self as XHR);
    if (opened?.sent && opened.params) throw notOpened("setRequestHeader");
    if (opened && args.length >= 2) args.splice(0, 2, text(args[0]), text(args[1]));
    asIs();
    opened?.headers.push([args[0] as string, args[1] as string]);
  });
  const abort = wrap(proto.abort, (self, _args, asIs) => {
    const stop = state.get(self as XHR)?.stop;
    if (stop) stop("abort");
    else asIs();
  });

  const setter = (member: "privateToken" | "trustToken", method: string) =>
    function (this: XHR, v: unknown): void {
      const where = `execute '${method}' on 'XMLHttpRequest'`;
      const params = readInit({ [member]: v ?? null }, where);
      const s = state.get(this);
      if (!s || s.sent || this.readyState !== XMLHttpRequest.OPENED) throw notOpened(method);
      s.params = params!;
    };
  const newSend = wrap(send, (self, args, asIs) => {
    const s = state.get(self as XHR);
    const params = s?.params;
    // The browser's own state says less: a second send would spend a second token.
    if (s?.sent && params) throw notOpened("send");
    if (s) s.sent = true;
    if (!s || !params) return asIs();
    const xhr = self as XHR;
    const body = args[0] as Document | XMLHttpRequestBodyInit | null | undefined;
    const sendNative = () => {
      setNative?.call(xhr, nativeMember(params));
      send.call(xhr, body);
    };
    if (params.operation === "send-redemption-record") {
      const header = recordHeader(params.issuers);
      if (header) setRequestHeader.call(xhr, header[0], header[1]);
      return sendNative();
    }
    const issuer = issuerOrigin(s.url);
    if (issuer === null) throw new DOMException("Failed to execute 'send' on 'XMLHttpRequest': the issuer is not a secure origin.", "InvalidStateError");
    if (s.synchronous) {
      if (!kit.ours(issuer)) return sendNative();
      throw new DOMException("Failed to execute 'send' on 'XMLHttpRequest': a synchronous request carries no tokens.", "InvalidAccessError");
    }
    const away = leave(xhr, s);
    if (kit.ours(issuer)) return run(kit, xhr, s, params, issuer, body, away);
    // A failed XMLHttpRequest does not say why it failed, so whether the browser
    // knows the issuer is asked before.
    void kit.knows(issuer).then((known) => {
      if (!s.stop) return; // it was ended meanwhile
      if (!known) return run(kit, xhr, s, params, issuer, body, away);
      delete s.stop;
      sendNative();
    });
  });
  const part = (name: string, value: unknown): Part => ({ target: XMLHttpRequest.prototype, name, value, enumerable: true });
  return [
    part("open", open), part("setRequestHeader", newHeader), part("abort", abort), part("send", newSend),
    part("setPrivateToken", setter("privateToken", "setPrivateToken")), part("setTrustToken", setter("trustToken", "setTrustToken")),
  ];
}

const notOpened = (method: string) =>
  new DOMException(`Failed to execute '${method}' on 'XMLHttpRequest': The object's state must be OPENED.`, "InvalidStateError");

interface Leave {
  signal: AbortSignal;
  /** Ends the request once, unless open() or abort() did. */
  end(event: string, own: Record<string, unknown>): void;
}

/** failed is what a failed XMLHttpRequest has of its own. */
const failed = (xhr: XHR): Record<string, unknown> => {
  const kind = xhr.responseType;
  const text = kind === "" || kind === "text";
  return {
    readyState: XMLHttpRequest.DONE, status: 0, statusText: "", response: text ? "" : null, ...(text && { responseText: "" }),
    getResponseHeader: () => null, getAllResponseHeaders: () => "",
  };
};

/** leave begins what open() and abort() end as they end the browser's own: open()
 * without a word, abort() at once and with its events. */
function leave(xhr: XHR, s: Opened): Leave {
  const controller = new AbortController();
  const own = (name: string, value: unknown) => { Object.defineProperty(xhr, name, { value, configurable: true }); };
  const end = (event: string, members: Record<string, unknown>) => {
    if (!s.stop) return;
    delete s.stop;
    s.answered = Object.keys(members);
    for (const [name, value] of Object.entries(members)) own(name, value);
    for (const e of [new Event("readystatechange"), new ProgressEvent(event), new ProgressEvent("loadend")]) {
      if (state.get(xhr) === s) xhr.dispatchEvent(e); // else a listener opened it anew
    }
  };
  s.stop = (event) => {
    if (event) end(event, failed(xhr));
    else delete s.stop;
    controller.abort();
    if (event === "abort" && state.get(xhr) === s) own("readyState", XMLHttpRequest.UNSENT);
  };
  return { signal: controller.signal, end };
}

/** run does the request on fetch, starting now. */
function run(kit: Kit, xhr: XHR, s: Opened, params: TokenParams, issuer: string, body: Document | XMLHttpRequestBodyInit | null | undefined, { signal, end }: Leave): void {
  const timer = xhr.timeout > 0 ? setTimeout(() => s.stop?.("timeout"), xhr.timeout) : 0;
  const answer = async () => {
    const init: RequestInit = {
      method: s.method, headers: s.headers, signal, credentials: xhr.withCredentials ? "include" : "same-origin",
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
  if (!s.stop) return clearTimeout(timer); // a listener ended it
  answer().then((own) => end("load", own), () => end("error", failed(xhr))).finally(() => clearTimeout(timer));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
