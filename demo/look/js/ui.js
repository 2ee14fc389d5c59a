// Results of actions, in the elements that look.Out draws. Everything is put
// in as text, never as markup.

const labels = { working: 'Working', done: 'Done', refused: 'Refused', error: 'Error' };

/** The element in which the result of an action appears, or null. */
export const outElement = (name) => document.querySelector(`[data-out="${CSS.escape(name)}"]`);

/**
 * Shows the result of an action. outcome: {state: 'idle'|'working'|'done'|
 * 'refused'|'error', title, text, evidence: [{name, value}], message}. message is
 * the kind of the message that it is about: it leads to the newest one in the chart.
 */
export function show(name, outcome) {
  const out = outElement(name);
  if (!out) return;
  const state = outcome.state ?? 'idle';
  const parts = [];
  if (state !== 'idle') {
    const title = element('p', 'out-title');
    title.append(element('span', 'state', labels[state] ?? state), ' ', outcome.title ?? '');
    parts.push(title);
    if (outcome.text) parts.push(element('p', 'out-text', outcome.text));
    const home = document.querySelector('aside.role a')?.href;
    if (outcome.message && home) {
      const link = element('a', 'out-message', 'See the message');
      link.href = `${home}#last-${outcome.message}`;
      parts.push(link);
    }
    if (outcome.evidence?.length) {
      const list = element('dl', 'evidence');
      for (const { name: term, value } of outcome.evidence) {
        const dd = document.createElement('dd');
        dd.append(element('code', '', value));
        list.append(element('dt', '', term), dd);
      }
      parts.push(list);
    }
  }
  out.replaceChildren(...parts);
  out.dataset.state = state;
}

/** An element with a class and text. */
export function element(tag, className = '', text = '') {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== '') e.textContent = text;
  return e;
}

/**
 * Runs act when a button with this data-do is pressed. While it runs the button
 * is marked busy, pressing it again does nothing, and its place says what is
 * awaited. act gets the button and returns an outcome; what it throws is shown
 * as an error.
 */
export function action(name, act, awaited) {
  for (const button of document.querySelectorAll(`[data-do="${CSS.escape(name)}"]`)) {
    button.addEventListener('click', (event) => {
      event.preventDefault();
      run(name, button, () => act(button), awaited);
    });
  }
}

/** The body of action: for forms and for pressing in a program. */
export async function run(name, button, act, awaited = 'Waiting for the server.') {
  if (button?.getAttribute('aria-busy') === 'true') return;
  button?.setAttribute('aria-busy', 'true');
  show(name, { state: 'working', title: awaited });
  try {
    show(name, await act() ?? { state: 'idle' });
  } catch (error) {
    show(name, { state: 'error', title: exceptionTitle(error), text: 'Nothing was changed. Load the page again and retry.' });
  } finally {
    button?.removeAttribute('aria-busy');
  }
}

/** The exception's name and message, as the browser gave them. */
export const exceptionTitle = (error) => `${error?.name ?? 'Error'}: ${error?.message ?? String(error)}`;

/**
 * Reads an answer of one of our servers as an outcome: an outcome in JSON, or
 * problem details (RFC 9457), which are a refusal.
 */
export async function outcomeOf(response) {
  const type = response.headers.get('Content-Type') ?? '';
  if (type.startsWith('application/problem+json')) {
    const problem = await response.json();
    return {
      state: response.status >= 500 ? 'error' : 'refused',
      title: problem.detail ?? problem.title,
      evidence: [{ name: 'answer', value: `${response.status} ${problem.code ?? ''}`.trim() }],
    };
  }
  if (type.startsWith('application/json')) return response.json();
  return {
    state: response.ok ? 'done' : 'error',
    title: `The server answered ${response.status} ${response.statusText}.`.replace(' .', '.'),
  };
}

/** POSTs a form's fields to our own server and returns the outcome. */
export async function post(path, fields = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new URLSearchParams(fields),
  });
  return outcomeOf(response);
}
