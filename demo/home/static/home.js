// The home page: probes of each site, the live chart, what changes with it.

import { draw, firstOf, partOf } from '/_demo/fragment.js';

const chart = document.querySelector('[data-chart]');
const section = document.getElementById('chart');

// 1. Does this browser reach each site?
const probes = [...document.querySelectorAll('[data-probe]')];
for (const probe of probes) {
  fetch(probe.dataset.probe, { mode: 'cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(5000) })
    .then((answer) => answer.ok)
    .catch(() => false)
    .then((ok) => {
      probe.dataset.state = ok ? 'done' : 'error';
      probe.hidden = ok; // only what fails is worth a word
      if (!ok) document.querySelector('[data-hosts]').hidden = false;
    });
}

// 2. Which of the two flows can it play?
const about = document.querySelector('[data-capabilities]');
if (about) {
  const tokens = 'hasPrivateToken' in document;
  const fedcm = 'IdentityCredential' in window;
  about.textContent = `Your browser: ${[
    tokens ? 'tokens of its own if it knows this issuer\'s keys, else the keeper\'s' : 'tokens by the keeper',
    fedcm ? 'sign-in by its own dialog.' : 'sign-in by a window of the provider.',
  ].join('; ')}`;
}

// 3. The guide opens each site beside this page, always in the same tab.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-guide] a, [data-steps] a');
  if (link && link.origin !== location.origin) link.target = 'bonafides-guide';
});

if (chart && section) {
  // 4. Pages and styles are hidden until asked for.
  const minor = document.querySelector('[data-minor]');
  const only = document.querySelector('[data-only]');
  // An act's heading stands over the first row of it that is seen.
  const group = () => {
    section.classList.toggle('all', minor.checked);
    let last = '';
    for (const row of chart.children) {
      row.classList.toggle('other', only.value !== '' && !row.dataset.ends.split(' ').includes(only.value));
      const seen = (minor.checked || !row.classList.contains('minor')) && !row.classList.contains('other');
      const begins = seen && row.dataset.act !== '' && row.dataset.act !== last;
      if (begins) last = row.dataset.heading = row.dataset.act;
      else delete row.dataset.heading;
    }
  };
  for (const tool of [minor, only]) tool.addEventListener('change', group);
  group();

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
    // A site's page names the newest message of a kind: it does not know its number.
    const kind = location.hash.match(/^#last-([a-z-]+)$/)?.[1];
    const row = kind ? [...chart.querySelectorAll(`[data-kind="${kind}"]`)].pop() : /^#x\d+$/.test(location.hash) && document.querySelector(location.hash);
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
        const links = () => [...document.querySelectorAll('[data-guide] a, [data-steps] a')];
        const at = links().indexOf(document.activeElement);
        document.querySelector('[data-guide]').replaceChildren(partOf(guide, '.begin'));
        document.querySelector('[data-steps]').replaceChildren(partOf(guide, '.steps'));
        if (at >= 0) links()[at]?.focus();
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
    group();
    count();
    refresh();
    if (follow && !row.classList.contains('minor')) row.scrollIntoView({ block: 'end', behavior: 'smooth' });
  });
  count();
}
