// What every page has: copy buttons, the instrument, attack forms.

import { outcomeOf, run } from './ui.js';

document.documentElement.classList.add('js');

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  const value = button.parentElement.querySelector('[data-value]')?.textContent ?? '';
  try {
    await navigator.clipboard.writeText(value);
    button.textContent = 'Copied';
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector('[data-value]'));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 1600);
});

const panel = document.querySelector('details[data-panel]');
if (panel) {
  const key = 'instrument-open';
  const kept = () => { try { return sessionStorage.getItem(key) === '1'; } catch { return false; } };
  if (location.hash === '#instrument' || kept()) panel.open = true;
  panel.addEventListener('toggle', () => {
    try { sessionStorage.setItem(key, panel.open ? '1' : '0'); } catch { /* storage is off: nothing to remember */ }
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !panel.open) return;
    panel.open = false;
    panel.querySelector('summary').focus();
  });
  addEventListener('hashchange', () => {
    if (location.hash !== '#instrument') return;
    panel.open = true;
    panel.querySelector('summary').focus();
  });
}

// An attack runs on the server; its form is posted and the answer shown in
// place. A page's own script may take a form over by cancelling the event.
document.addEventListener('submit', (event) => {
  const form = event.target.closest?.('form[data-attack-form]');
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  const name = form.dataset.attackForm;
  const button = form.querySelector('[data-attack]');
  run(name, button, async () => outcomeOf(await fetch(form.action, {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new URLSearchParams(new FormData(form)),
  })), 'The request is on its way.');
});
