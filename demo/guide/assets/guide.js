// The guide's strip on a site. It begins with an address that ends in #guide
// and stays, in this tab, until it is left.

import { draw } from '/_demo/fragment.js';

const key = 'guide';
// Which walk this is stands in the address, behind #guide, and names nobody.
let walk = '';
const remember = (on) => {
  try {
    if (!on) return sessionStorage.removeItem(key);
    const given = location.hash.match(/^#guide=([\w-]+)$/)?.[1];
    walk = given ?? sessionStorage.getItem(key) ?? '';
    sessionStorage.setItem(key, walk || '1');
  } catch { /* storage is off: the guide ends with this page */ }
};
remember(true);

const style = document.createElement('link');
style.rel = 'stylesheet';
style.href = '/_guide/guide.css';
document.head.append(style);

const strip = document.createElement('aside');
strip.className = 'guide';
strip.setAttribute('aria-label', 'Guide');
const text = document.createElement('div');
text.setAttribute('role', 'status');
const leave = document.createElement('button');
leave.type = 'button';
leave.className = 'button quiet';
leave.textContent = 'Leave the guide';
strip.append(text, leave);

// What to press now: the first of the named buttons that is on this page.
function wanted() {
  const press = text.querySelector('[data-press]')?.dataset.press.split(' ') ?? [];
  for (const name of press) {
    const button = document.querySelector(`[data-do="${CSS.escape(name)}"], [data-attack="${CSS.escape(name)}"]`);
    if (button) return { button, closed: button.closest('details:not([open])') };
  }
  return {};
}

const marked = 'guide-here';
function mark() {
  for (const old of document.querySelectorAll(`.${marked}`)) old.classList.remove(marked);
  const { button, closed } = wanted();
  show.hidden = !button;
  if (!button) return;
  (closed?.querySelector('summary') ?? button).classList.add(marked);
  closed?.addEventListener('toggle', mark, { once: true });
}

const show = document.createElement('button');
show.type = 'button';
show.className = 'button';
show.textContent = 'Show me where';
show.hidden = true;
show.addEventListener('click', () => {
  const { button, closed } = wanted();
  if (!button) return;
  if (closed) closed.open = true;
  button.scrollIntoView({ block: 'center' });
  button.focus({ preventScroll: true });
});
leave.before(show);

let last = '';
let asked = 0;
async function refresh() {
  const mine = ++asked;
  try {
    const answer = await fetch(`/_guide/strip?walk=${walk}`);
    if (!answer.ok) return;
    const html = await answer.text();
    if (mine !== asked) return; // a later question has the later answer
    if (html !== last) draw(text, last = html);
    mark();
  } catch { /* the demo has stopped; the strip stays as it is until it is there again */ }
}

document.body.prepend(strip);
let timer = 0;
const events = new EventSource('/_guide/events?after=now');
events.addEventListener('exchange', () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, 200);
});
// What happened before it was open, or while it was away, is told by no event.
events.addEventListener('open', refresh);
// Whoever comes back from the provider's window finds the strip as things are now.
addEventListener('focus', refresh);
// The home page's link to a page that is open already changes the fragment alone.
addEventListener('hashchange', () => {
  if (!location.hash.startsWith('#guide')) return;
  remember(true);
  refresh();
});
// The sites share no memory: a page's own link to another of them takes the guide along, as
// the strip's does, which a phone may have scrolled away.
const along = (e) => {
  const link = e.target.closest?.('a[href]');
  if (!link || link.hash || link.host === location.host || link.port !== location.port || !link.hostname.endsWith('.localhost')) return;
  link.hash = walk ? `guide=${walk}` : 'guide';
};
addEventListener('click', along, true);
leave.addEventListener('click', () => {
  remember(false);
  removeEventListener('click', along, true);
  events.close();
  clearTimeout(timer);
  asked++; // what is still under way draws nothing
  removeEventListener('focus', refresh);
  strip.remove();
  for (const old of document.querySelectorAll(`.${marked}`)) old.classList.remove(marked);
});
refresh();
