// The instrument, live: while the panel is open, what the server receives is
// put on top of the list, and the lists of what was learned are read again.

import { draw, firstOf } from '/_demo/fragment.js';

const panel = document.querySelector('details[data-panel]');
const list = panel?.querySelector('[data-exchanges]');
const learned = panel?.querySelector('[data-learned]');
const shown = 12;

let stream;
let pending;

function connect() {
  if (!list || stream) return;
  stream = new EventSource(`${list.dataset.exchanges}?after=${list.dataset.after}`);
  stream.addEventListener('exchange', (event) => {
    list.dataset.after = event.lastEventId;
    // An equal message in a row takes the place of the one before, which may be
    // some counts behind: a stream that is slower than the messages skips.
    const row = firstOf(event.data);
    const top = list.firstElementChild;
    if (!row) return;
    if (row.dataset.replaces !== '0' && top && row.dataset.same === top.dataset.same) top.remove();
    list.prepend(row);
    for (const old of [...list.children].slice(shown)) old.remove();
    const nothing = panel.querySelector('[data-nothing]');
    if (nothing) nothing.hidden = true;
    clearTimeout(pending);
    pending = setTimeout(refresh, 150);
  });
}

// What is in a message is read when it is opened.
list?.addEventListener('toggle', async (event) => {
  const body = event.target.open && event.target.querySelector('[data-decoded]');
  if (!body) return;
  const path = body.dataset.decoded;
  delete body.dataset.decoded;
  try {
    const response = await fetch(`${path}?fragment`);
    draw(body, await response.text());
  } catch {
    body.dataset.decoded = path; // opening it again tries again
  }
}, true);

async function refresh() {
  if (!learned) return;
  try {
    const response = await fetch(`${learned.dataset.learned}?fragment`);
    if (response.ok) draw(learned, await response.text());
  } catch { /* the server has gone; the lists stay as they are */ }
}

function disconnect() {
  stream?.close();
  stream = undefined;
}

function follow() {
  if (panel.open && document.visibilityState === 'visible') {
    connect();
    refresh();
  } else {
    disconnect();
  }
}

if (panel) {
  panel.addEventListener('toggle', follow);
  document.addEventListener('visibilitychange', follow);
  addEventListener('pagehide', disconnect);
  addEventListener('pageshow', follow);
  follow();
}

// A newcomer who came by "Guide me" gets the guide's strip, also on a page that
// was open already.
const guided = () => { try { return sessionStorage.getItem('guide') !== null; } catch { return false; } };
const called = () => /^#guide(=|$)/.test(location.hash);
const guide = () => { if (called()) import('/_guide/guide.js'); };
if (guided()) import('/_guide/guide.js');
guide();
addEventListener('hashchange', guide);
