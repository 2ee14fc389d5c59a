// The home page: probes of each site, the live chart, what changes with it.

import { draw, firstOf } from '/_look/fragment.js';

const chart = document.querySelector('[data-chart]');
const section = document.getElementById('chart');

// 1. Does this browser reach each site?
const probes = [...document.querySelectorAll('[data-probe]')];
for (const probe of probes) {
  probe.textContent = 'asking…';
  fetch(probe.dataset.probe, { mode: 'cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(5000) })
    .then((answer) => answer.ok)
    .catch(() => false)
    .then((ok) => {
      probe.dataset.state = ok ? 'done' : 'error';
      probe.textContent = ok ? 'this browser reaches it' : 'this browser does not reach it';
      if (!ok) document.querySelector('[data-hosts]').hidden = false;
    });
}

// 2. Which of the two flows can it play?
const about = document.querySelector('[data-capabilities]');
if (about) {
  const tokens = 'hasPrivateToken' in document;
  const fedcm = 'IdentityCredential' in window;
  about.textContent = [
    tokens ? 'This browser has Private State Tokens of its own.' : 'This browser has no Private State Tokens of its own: the polyfill on the pages stands in, and keeper.localhost keeps the tokens.',
    fedcm ? 'It has FedCM.' : 'It has no FedCM of its own: a window of the provider, or a redirect, takes the place of its dialog.',
  ].join(' ');
}

// 3. The guide opens each site beside this page, always in the same tab.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-guide] a');
  if (link && link.origin !== location.origin) link.target = 'bonafides-guide';
});

if (chart && section) {
  // 4. Pages and styles are hidden until asked for.
  const minor = document.querySelector('[data-minor]');
  minor.addEventListener('change', () => section.classList.toggle('all', minor.checked));
  section.classList.toggle('all', minor.checked);

  // 5. Bytes are fetched when a message is opened.
  const open = async (details) => {
    const body = details.querySelector('[data-body]');
    if (!details.open || !body || body.dataset.loaded) return;
    body.dataset.loaded = '1';
    try {
      const answer = await fetch(`${body.dataset.body}?fragment`);
      if (answer.status === 404) {
        body.textContent = 'This message is not kept any more.';
        return;
      }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      draw(body, await answer.text());
    } catch {
      delete body.dataset.loaded;
      body.textContent = 'The demo did not answer. Is it still running? Close and open this message to ask again.';
    }
  };
  chart.addEventListener('toggle', (event) => {
    if (event.target.matches('.x > details')) open(event.target);
  }, true);

  const show = () => {
    const row = /^#x\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (!row) return;
    if (row.classList.contains('minor') && !minor.checked) minor.click();
    row.querySelector('details').open = true;
    row.scrollIntoView({ block: 'start' });
  };
  addEventListener('hashchange', show);
  show();

  // 6. New messages, as they happen.
  const counter = document.querySelector('[data-counter]');
  const empty = document.querySelector('[data-empty]');
  const count = () => {
    const n = chart.querySelectorAll('.x:not(.minor)').length;
    const text = n === 0 ? 'No messages yet.' : n === 1 ? '1 exchange.' : `${n} exchanges.`;
    if (counter.textContent !== text) counter.textContent = text;
    empty.hidden = n > 0 || section.classList.contains('all');
  };

  let timer = 0;
  const refresh = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        const [guide, learned] = await Promise.all(['/guide', '/learned'].map(async (path) => {
          const answer = await fetch(path);
          if (!answer.ok) throw new Error(path);
          return answer.text();
        }));
        const steps = document.querySelector('[data-guide]');
        const at = [...steps.querySelectorAll('a')].indexOf(document.activeElement);
        draw(steps, guide);
        if (at >= 0) steps.querySelectorAll('a')[at]?.focus();
        const who = document.querySelector('[data-learned]');
        const opened = [...who.querySelectorAll('details[open]')].map((d) => d.id);
        const focused = who.contains(document.activeElement) && document.activeElement.closest('details')?.id;
        draw(who, learned);
        for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
        if (focused) document.getElementById(focused)?.querySelector('summary')?.focus();
      } catch { /* the demo is restarting: the next message asks again */ }
    }, 250);
  };

  const last = () => Math.max(0, ...[...chart.children].map((row) => Number(row.dataset.seq)));
  const atEnd = () => {
    const box = chart.getBoundingClientRect();
    return box.bottom > 0 && box.bottom < innerHeight + 40;
  };
  const events = new EventSource(`/events?after=${last()}`);
  events.addEventListener('exchange', (event) => {
    const follow = atEnd();
    const row = firstOf(event.data);
    if (!row) return;
    row.classList.add('new');
    // The same again at once is one row that counts.
    if (row.dataset.replaces) document.getElementById(`x${row.dataset.replaces}`)?.remove();
    // By arrival: a request that makes a server ask another one is answered after that.
    let before = chart.lastElementChild;
    while (before && Number(before.dataset.at) > Number(row.dataset.at)) before = before.previousElementSibling;
    if (before) before.after(row);
    else chart.prepend(row);
    while (chart.children.length > 700) chart.firstElementChild.remove();
    count();
    refresh();
    if (follow && !row.classList.contains('minor')) row.scrollIntoView({ block: 'end', behavior: 'smooth' });
  });
  count();
}
