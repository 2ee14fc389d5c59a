// The keeper by hand: its protocol in a page, its own window, and its store.
import { patience } from './patience.mjs';
import { others } from './windows.mjs';

/** A page's script: the keeper's protocol, as docs/polyfill-protocol.md has it. */
export const byHand = `<script>
window.talk = (keeper, ready = () => {}) => new Promise((resolve, reject) => {
  const w = open(keeper + '/keeper', '', 'popup,width=400,height=300');
  if (!w) { reject(new Error('no window')); return; }
  const timer = setTimeout(() => reject(new Error('the keeper said nothing')), 15000);
  addEventListener('message', (e) => {
    if (e.source !== w || e.data?.type !== 'ready') return;
    clearTimeout(timer);
    ready(w);
    const channel = new MessageChannel();
    let n = 0;
    const waiting = new Map();
    channel.port1.onmessage = (m) => { waiting.get(m.data.id)?.(m.data); };
    w.postMessage({ bonafides: 1, type: 'hello' }, keeper, [channel.port2]);
    resolve({ w, ask: (q) => new Promise((r) => { const id = ++n; waiting.set(id, r); channel.port1.postMessage({ ...q, id }); }) });
  });
});
window.originOf = (record) => JSON.parse(atob(record.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).origin;
</script>`;

/** Ask the keeper one question in a click, and give the answer without its number. */
export const askOnce = async (keeper, question) => {
  const k = await window.talk(keeper);
  const { id, ...answer } = await k.ask(question);
  k.w.close();
  return answer;
};

/** The window of the keeper that a page opened, when it is in a state. */
export async function keeperWindow(page, state, timeout = patience) {
  const deadline = Date.now() + timeout;
  for (;;) {
    for (const w of await others(page)) {
      if (await w.eval((s) => document.querySelector('#state')?.dataset.state === s, state).catch(() => false)) return w;
    }
    if (Date.now() > deadline) throw new Error(`the keeper opened no window that says "${state}"`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

/** A real press on a button of the keeper's window, once it is not dead any more. */
export async function pressWhenAlive(w, selector = 'button.go') {
  await w.front();
  // WebKit's windows have no focus on a display without a window manager.
  if (!await w.eval(() => document.hasFocus())) await w.click('h1');
  await w.wait((s) => document.querySelector(s)?.disabled === false, selector);
  await w.click(selector);
}

/**
 * The same where the page itself is at the keeper, or elsewhere: called again and
 * again, it does what is to be done. A page that came by itself has no focus on a
 * busy machine: there a person's first press is not yet an answer. There is one such
 * press a page, since each makes the button's half second begin anew.
 */
export async function pressIfAsked(page) {
  const way = () => {
    const b = document.querySelector('#more button.go');
    if (!b || !b.disabled) return b && '#more button.go';
    if (document.hasFocus() || window.firstPress) return null;
    window.firstPress = true;
    return 'h1';
  };
  const press = await page.eval(way).catch(() => null); // on its way it cannot be asked
  if (press) await page.click(press, 5000).catch(() => {}); // it may leave just now
}

/** Makes what the budget counts look older. */
export const spentBefore = (page, stack, ms) => atKeeper(page, stack, ms, 'spent');

/** Makes what is kept of sites look older. */
export const sitesBefore = (page, stack, ms) => atKeeper(page, stack, ms, 'sites');

async function atKeeper(page, stack, ms, store) {
  await page.goto(stack.url('keeper', '/keeper'));
  await page.wait(() => document.querySelector('#state')?.dataset.state === 'home');
  await page.eval((name, by) => new Promise((resolve, reject) => {
    const change = (v) => (name === 'sites' ? { ...v, until: v.until - by } : { ...v, times: v.times.map((t) => t - by) });
    const open = indexedDB.open('bonafides-keeper');
    open.onsuccess = () => {
      const tx = open.result.transaction(name, 'readwrite');
      const r = tx.objectStore(name).openCursor();
      r.onsuccess = () => {
        if (!r.result) return;
        r.result.update(change(r.result.value));
        r.result.continue();
      };
      tx.oncomplete = () => { open.result.close(); resolve(); };
      tx.onabort = () => reject(tx.error);
    };
    open.onerror = () => reject(open.error);
  }), store, ms);
}

/** Every entry of one of the keeper's stores, on a page of its origin: keys and values. */
export const stored = (page, name) => page.eval((store) => new Promise((resolve, reject) => {
  const open = indexedDB.open('bonafides-keeper');
  open.onsuccess = () => {
    const tx = open.result.transaction(store);
    const keys = tx.objectStore(store).getAllKeys();
    const values = tx.objectStore(store).getAll();
    tx.oncomplete = () => { open.result.close(); resolve({ keys: keys.result.map(String), values: JSON.parse(JSON.stringify(values.result)) }); };
  };
  open.onerror = () => reject(open.error);
}), name);
