// Puppeteer tells the browser that every script of a test is a person's gesture,
// and a page that opens a window by itself then may. Only presses are gestures here.
import { Connection } from 'puppeteer-core';

const without = (params) => (params && ('userGesture' in params || 'userActivation' in params) ? { ...params, userGesture: undefined, userActivation: undefined } : params);

let raw;

/** For every browser that is driven over the DevTools protocol. */
export function devToolsMakeNoGesture() {
  if (raw) return;
  raw = Connection.prototype._rawSend;
  Connection.prototype._rawSend = function (callbacks, method, params, ...rest) {
    return raw.call(this, callbacks, method, without(params), ...rest);
  };
}

/** For one browser that is driven over WebDriver BiDi. */
export function bidiMakesNoGesture(browser) {
  const { connection } = browser;
  const send = connection.send.bind(connection);
  connection.send = (method, params, ...rest) => send(method, without(params), ...rest);
}
