// What pages that want no tokens do with fetch, Request and XMLHttpRequest. Each
// function runs in a page and answers what it saw as plain values; on a page with
// our script tag it must answer what it answers on the same page without.

/** Behaviours of Request that need no server. */
export const request = {
  'a request made from another request keeps its method and headers': () => {
    const r = new Request('/b', new Request('/a', { method: 'DELETE', headers: { Authorization: 'x' } }));
    return [r.method, r.headers.get('authorization'), r.url.endsWith('/b')];
  },
  'every member of a request is taken from another request': () => {
    const from = new Request('/a', {
      method: 'POST', mode: 'same-origin', credentials: 'omit', cache: 'no-store', redirect: 'manual', referrer: '/here', referrerPolicy: 'origin',
      integrity: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', keepalive: true, headers: { 'X-One': '1' },
    });
    const r = new Request('/b', from);
    return ['method', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive'].map((m) => String(r[m])).concat([...r.headers].flat());
  },
  'members of an init may be inherited': () => {
    const r = new Request('/a', Object.create({ method: 'PUT', headers: { 'X-One': '1' } }));
    return [r.method, r.headers.get('x-one')];
  },
  'members of an init may be getters of a class with private fields': () => {
    class Init {
      #method = 'PUT';
      get method() { return this.#method; }
      get headers() { return [['x-one', this.#method]]; }
    }
    const r = new Request('/a', new Init());
    return [r.method, r.headers.get('x-one')];
  },
  'an init may be a function': () => {
    const init = () => {};
    init.method = 'PUT';
    return new Request('/a', init).method;
  },
  'an init may be a proxy': () => new Request('/a', new Proxy({ method: 'PUT' }, {})).method,
  'an init may be frozen': () => new Request('/a', Object.freeze({ method: 'PUT' })).method,
  'an init may have no prototype': () => new Request('/a', Object.assign(Object.create(null), { method: 'PUT' })).method,
  'members that are not enumerable count': () => new Request('/a', Object.defineProperty({}, 'method', { value: 'PUT' })).method,
  'other members of an init are read once each, in order': () => {
    const seen = [];
    new Request('/a', new Proxy({ method: 'POST', body: 'b' }, { get(t, k) { seen.push(String(k)); return t[k]; } }));
    return seen.filter((k) => k !== 'privateToken' && k !== 'trustToken');
  },
  'what a getter throws comes out': () => {
    const mine = new Error('mine');
    try {
      new Request('/a', { get method() { throw mine; } });
    } catch (e) {
      return e === mine;
    }
  },
  'an init is not asked what members it has': () => {
    const traps = [];
    const handler = new Proxy({}, { get(_, trap) { if (trap !== 'get') traps.push(trap); return undefined; } });
    new Request('/a', new Proxy({ method: 'PUT' }, handler));
    return traps;
  },
  'an init is not changed': () => {
    const init = { method: 'PUT', headers: { a: 'b' } };
    new Request('/a', init);
    return init;
  },
  'the constructor of a request is Request': () => {
    const r = new Request('/a');
    return [r.constructor === Request, Request.prototype.constructor === Request, r.clone().constructor === Request];
  },
  'a constructor taken from a request makes requests': () => {
    const C = new Request('/a').constructor;
    const r = new C('/b', { method: 'PUT' });
    return [r.method, r instanceof Request, r instanceof C];
  },
  'a request is an instance of Request and prints as one': () => {
    const r = new Request('/a');
    return [r instanceof Request, Object.getPrototypeOf(r) === Request.prototype, String(r), Object.prototype.toString.call(r)];
  },
  'Request can be extended': () => {
    class Mine extends Request {
      constructor(url, init) { super(url, init); this.mine = 1; }
      get shout() { return this.method + '!'; }
    }
    const r = new Mine('/a', { method: 'PUT' });
    return [r.shout, r.mine, r instanceof Mine, r instanceof Request, r.constructor === Mine, Object.getPrototypeOf(Mine) === Request, new Request(r).method];
  },
  'Request can be extended without a class': () => {
    const Mine = function (url) { return Reflect.construct(Request, [url], Mine); };
    Object.setPrototypeOf(Mine.prototype, Request.prototype);
    const r = new Mine('/a');
    return [r instanceof Mine, r instanceof Request];
  },
  'Request has its name, its length and its place': () => {
    const d = Object.getOwnPropertyDescriptor(window, 'Request');
    const c = Object.getOwnPropertyDescriptor(Request.prototype, 'constructor');
    return [Request.name, Request.length, /\[native code\]/.test(Function.prototype.toString.call(Request)), d.enumerable, d.writable, d.configurable, c.enumerable, c.writable, c.configurable];
  },
  'Request has the members that it had': () => [Reflect.ownKeys(Request).map(String).sort(), Reflect.ownKeys(Request.prototype).map(String).sort()],
  'clone has its name, its length and its place': () => {
    const d = Object.getOwnPropertyDescriptor(Request.prototype, 'clone');
    return [d.value.name, d.value.length, /\[native code\]/.test(`${d.value}`), d.enumerable, d.writable, d.configurable];
  },
  'Request called as a function throws': () => { try { Request('/a'); } catch (e) { return e.constructor === TypeError; } },
  'Request without arguments throws': () => { try { new Request(); } catch (e) { return e.constructor === TypeError; } },
  'clone of something else throws': () => { try { Request.prototype.clone.call({}); } catch (e) { return e.constructor === TypeError; } },
  'an init that is no object throws': () => [1, 'text', true, Symbol('s')].map((v) => { try { return new Request('/a', v).method; } catch (e) { return e.name; } }),
  'an init that is nothing is none': () => [undefined, null].map((v) => new Request('/a', v).method),
  'a body with GET throws': () => { try { new Request('/a', { body: 'b' }); } catch (e) { return e.name; } },
  'a forbidden method throws': () => { try { new Request('/a', { method: 'TRACE' }); } catch (e) { return e.name; } },
  'a URL with a password throws': () => { try { new Request('https://a:b@localhost/'); } catch (e) { return e.name; } },
  'methods are normalised as they were': () => ['get', 'post', 'patch', 'Delete', 'query'].map((method) => new Request('/a', { method }).method),
  'forbidden headers are dropped': () => [...new Request('/a', { headers: { Host: 'x', 'X-One': '1', 'Sec-Any': '1' } }).headers].flat(),
  'a used body is refused': async () => {
    const r = new Request('/a', { method: 'POST', body: 'b' });
    await r.text();
    try { new Request(r); } catch (e) { return [r.bodyUsed, e.name]; }
  },
  'a body moves to the request made from it': async () => {
    const a = new Request('/a', { method: 'POST', body: 'text' });
    const b = new Request(a);
    return [a.bodyUsed, await b.text()];
  },
  'a body given beside a request replaces its own': async () => {
    const a = new Request('/a', { method: 'POST', body: 'one', headers: { 'X-One': '1' } });
    const b = new Request(a, { body: 'two' });
    return [a.bodyUsed, b.method, b.headers.get('x-one'), await b.text()];
  },
  'a stream as body wants duplex': async () => {
    const body = () => new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('s')); c.close(); } });
    const out = [];
    for (const more of [{}, { duplex: 'half' }]) {
      try { out.push(await new Request('/a', { method: 'POST', body: body(), ...more }).text()); } catch (e) { out.push(e.name); }
    }
    return out;
  },
  'a signal is followed': () => {
    const c = new AbortController();
    const r = new Request(new Request('/a', { signal: c.signal }));
    const d = r.clone();
    c.abort(new Error('why'));
    return [r.signal.aborted, d.signal.aborted, r.signal.reason.message];
  },
  'a request of a frame is a request': () => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const r = new Request(new frame.contentWindow.Request(location.href, { method: 'PUT', headers: { 'X-One': '1' } }));
    frame.remove();
    return [r.method, r.headers.get('x-one')];
  },
};

/** Behaviours of fetch against a server that has /echo, /redirect and /silent. */
export const fetching = {
  'fetch has its name, its length and its place': () => {
    const d = Object.getOwnPropertyDescriptor(window, 'fetch');
    return [fetch.name, fetch.length, /\[native code\]/.test(fetch.toString()), /\[native code\]/.test(`${fetch}`), 'prototype' in fetch, d.enumerable, d.writable, d.configurable, Reflect.ownKeys(fetch).map(String).sort()];
  },
  'fetch is no constructor': () => { try { new fetch('/a'); } catch (e) { return e.name; } },
  'fetch without arguments rejects': () => fetch().then(() => 'resolved', (e) => e.constructor === TypeError && e.name),
  'fetch of another object rejects': () => fetch.call({}, '/echo').then(() => 'resolved', (e) => e.name),
  'fetch of nothing is the window\'s': async () => { const f = fetch; return (await f('/echo')).status; },
  'fetch of an address with a password rejects': () => fetch('http://a:b@localhost:1/').then(() => 'resolved', (e) => e.name),
  'what a getter of an init throws rejects': () => {
    const mine = new Error('mine');
    return fetch('/echo', { get headers() { throw mine; } }).then(() => 'resolved', (e) => e === mine);
  },
  'an address that throws rejects': () => {
    const mine = new Error('mine');
    return fetch({ toString() { throw mine; } }).then(() => 'resolved', (e) => e === mine);
  },
  'an address is turned into text once': async () => {
    let n = 0;
    await fetch({ toString() { n++; return '/echo'; } });
    return n;
  },
  'a request is sent with the method, headers and body of the request that it was made from': async () => {
    const a = new Request('/a', { method: 'PATCH', headers: { 'X-One': '1' }, body: 'text' });
    return (await fetch(new Request('/echo', a))).json();
  },
  'fetch takes a request as init': async () => (await fetch('/echo', new Request('/a', { method: 'DELETE', headers: { 'X-One': '1' } }))).json(),
  'fetch takes an inherited init': async () => (await fetch('/echo', Object.create({ method: 'PUT', headers: { 'X-One': '1' } }))).json(),
  'fetch takes a request and an init': async () => (await fetch(new Request('/echo', { method: 'PUT', headers: { 'X-One': '1' } }), { headers: { 'X-Two': '2' } })).json(),
  'fetch takes a URL object': async () => (await fetch(new URL('/echo', location.href))).json(),
  'fetch takes a request of an extended class': async () => {
    class Mine extends Request {}
    return (await fetch(new Mine('/echo', { method: 'PUT', body: 'm' }))).json();
  },
  'a request is used up by fetch': async () => {
    const r = new Request('/echo', { method: 'POST', body: 'once' });
    const [one, two] = [await fetch(r).then((a) => a.json()), await fetch(r).then(() => 'sent', (e) => e.name)];
    return [one.body, two, r.bodyUsed];
  },
  'a form is sent as a form': async () => {
    const f = new FormData();
    f.set('a', 'b');
    const seen = await (await fetch('/echo', { method: 'POST', body: f })).json();
    return [/^multipart\/form-data; boundary=/.test(seen.type), seen.body.includes('name="a"')];
  },
  'search parameters are sent as a form': async () => (await fetch('/echo', { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })).json(),
  'an aborted signal rejects with its reason': () => {
    const c = new AbortController();
    c.abort('why');
    return fetch('/echo', { signal: c.signal }).then(() => 'resolved', (e) => e);
  },
  'a signal ends a fetch': async () => {
    const c = new AbortController();
    const p = fetch('/silent', { signal: c.signal });
    c.abort();
    return p.then(() => 'resolved', (e) => [e.name, e === c.signal.reason]);
  },
  'a redirect is followed, refused or left': async () => {
    const how = (redirect) => fetch('/redirect', { redirect }).then((r) => [r.type, r.redirected, r.status], (e) => e.name);
    return [await how('follow'), await how('error'), await how('manual')];
  },
  'a failed fetch is a TypeError': () => fetch('http://localhost:1/').then(() => 'resolved', (e) => e.constructor === TypeError),
  'a response says what it is': async () => {
    const r = await fetch('/echo');
    return [r.constructor === Response, r.type, new URL(r.url).pathname, r.ok];
  },
  'the promise of fetch is a plain promise': () => { const p = fetch('/echo'); return [p.constructor === Promise, p instanceof Promise]; },
};
