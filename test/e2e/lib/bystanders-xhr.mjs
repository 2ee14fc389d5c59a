// What XMLHttpRequest does in a page that wants no tokens, with the script and without it.

/** Behaviours of XMLHttpRequest against the same server. */
export const xhr = {
  'its methods have their names, lengths and places': () => ['open', 'send', 'abort', 'setRequestHeader'].map((m) => {
    const d = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, m);
    return [d.value.name, d.value.length, /\[native code\]/.test(`${d.value}`), d.enumerable, d.writable, d.configurable];
  }),
  'open wants two arguments': () => { try { new XMLHttpRequest().open('GET'); } catch (e) { return e.constructor === TypeError; } },
  'open of something else throws': () => { try { XMLHttpRequest.prototype.open.call({}, 'GET', '/echo'); } catch (e) { return e.constructor === TypeError; } },
  'open refuses an address and a method': () => [['GET', 'http://['], ['G T', '/echo'], ['TRACE', '/echo']].map(([m, u]) => { try { new XMLHttpRequest().open(m, u); } catch (e) { return e.name; } }),
  'open takes a symbol for no text': () => { try { new XMLHttpRequest().open('GET', Symbol('s')); } catch (e) { return e.name; } },
  'open turns an address into text once': () => {
    let n = 0;
    new XMLHttpRequest().open('GET', { toString() { n++; return '/echo'; } });
    return n;
  },
  'a header is turned into text once': () => {
    let n = 0;
    const x = new XMLHttpRequest();
    x.open('GET', '/echo');
    x.setRequestHeader('X-One', { toString() { n++; return 'a'; } });
    return n;
  },
  'a header before open is refused': () => { try { new XMLHttpRequest().setRequestHeader('a', 'b'); } catch (e) { return e.name; } },
  'send before open is refused': () => { try { new XMLHttpRequest().send(); } catch (e) { return e.name; } },
  'members that the page put on it stay': () => {
    const x = new XMLHttpRequest();
    Object.defineProperty(x, 'responseText', { value: 'mine', configurable: true });
    x.open('GET', '/echo');
    return x.responseText;
  },
  'it sends what it was told': () => new Promise((resolve) => {
    const x = new XMLHttpRequest();
    x.open('put', '/echo');
    x.setRequestHeader('X-One', '1');
    x.setRequestHeader('X-One', '2');
    x.responseType = 'json';
    x.onload = () => resolve([x.status, x.response, x.getResponseHeader('content-type')]);
    x.send('text');
  }),
  'it works without waiting': () => {
    const x = new XMLHttpRequest();
    x.open('GET', '/echo', false);
    x.send();
    return [x.status, x.readyState, JSON.parse(x.responseText).method];
  },
  'its events come in order': () => new Promise((resolve) => {
    const seen = [];
    const x = new XMLHttpRequest();
    for (const name of ['readystatechange', 'loadstart', 'load', 'loadend', 'error', 'abort']) x.addEventListener(name, () => { seen.push(`${name} ${x.readyState}`); if (name === 'loadend') resolve(seen); });
    x.open('GET', '/echo');
    x.send();
  }),
  'abort ends it': () => new Promise((resolve) => {
    const seen = [];
    const x = new XMLHttpRequest();
    x.open('GET', '/silent');
    x.onabort = () => seen.push('abort');
    x.onloadend = () => { seen.push('loadend'); };
    x.send();
    x.abort();
    resolve([seen, x.readyState, x.status]);
  }),
  'it can be used again': () => new Promise((resolve) => {
    const x = new XMLHttpRequest();
    const answers = [];
    x.onload = () => {
      answers.push(JSON.parse(x.responseText).method);
      if (answers.length === 2) return resolve(answers);
      x.open('POST', '/echo');
      x.send();
    };
    x.open('GET', '/echo');
    x.send();
  }),
  'it can be extended': () => {
    class Mine extends XMLHttpRequest {
      open(...args) { this.opened = args.length; return super.open(...args); }
    }
    const x = new Mine();
    x.open('GET', '/echo');
    return [x.opened, x.readyState, x instanceof XMLHttpRequest];
  },
};
