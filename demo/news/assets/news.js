// The paper's page: redeems a token, and has the browser send the redemption
// record with letters, votes and the ad.

import { draw } from '/_demo/fragment.js';
import { action, exceptionTitle, outcomeOf, run, show } from '/_demo/ui.js';
import { away, cameBack, explain, hasRecord, hasToken, missing, redemption, sending, supported } from '/_instrument/tokens.js';

const { issuer, ads } = document.querySelector('main').dataset;
const issuerName = issuer && new URL(issuer).hostname;

// ---- tokens

action('has-token', async () => {
  if (!supported()) return missing;
  try {
    const [token, record] = [await hasToken(issuer), await hasRecord(issuer)];
    return {
      state: 'done',
      title: token ? 'Yes: this browser holds tokens of the library.' : 'No: this browser holds no token of the library.',
      text: (record ? 'This site also has a live redemption record already.' : 'This site has no redemption record yet.') +
        (token ? '' : ` Get tokens at ${issuerName}.`),
    };
  } catch (error) {
    return explain(error, 'ask');
  }
});

async function redeem(refreshPolicy) {
  if (!supported()) return missing;
  try {
    await away('redeem', () => fetch(`${issuer}/redeem`, { method: 'POST', privateToken: redemption(refreshPolicy) }));
  } catch (error) {
    return explain(error, 'redeem');
  }
  if (!await hasRecord(issuer)) {
    return { state: 'error', title: 'The answer came, but this browser holds no record.', text: 'Press the button again to use another token.' };
  }
  vouchedFor();
  return used;
}

const news = 'New for this paper: a person is here. New for the library: a token was used here, and not whose.';
const used = {
  state: 'done',
  title: 'One token used. This site has a redemption record.',
  text: news,
  message: 'token-redemption',
};

/** What a record changes, where one pressed: the ad, and what the record says. */
async function vouchedFor() {
  reloadAd();
  const place = document.querySelector('[data-record]');
  try {
    const response = await fetchWithRecord('/record');
    if (response.ok && place) draw(place, await response.text());
  } catch { /* the outcome above has said what there is to say */ }
  // Last: what is above it has its height by now.
  document.querySelector('.ad')?.scrollIntoView({ block: 'nearest' });
}

// Where no window opens, this tab goes to the keeper and comes back as a new page.
cameBack('redeem', () => hasRecord(issuer)).then((worked) => {
  if (worked) {
    show('redeem', { ...used, text: `This tab went to the keeper and came back. ${news}` });
    vouchedFor();
  }
  else if (worked === false) show('redeem', { state: 'refused', title: 'This tab went to the keeper and came back without a record.', text: `Get tokens at ${issuerName}, or press the button again.` });
});

const spending = 'Waiting for the issuer to take a token.';
action('redeem', () => redeem('none'), spending);
action('redeem-refresh', () => redeem('refresh'), spending);

/** fetch with the redemption record, where the browser can attach one. */
function fetchWithRecord(url, options = {}) {
  return fetch(url, supported() ? { ...options, privateToken: sending(issuer) } : options);
}

// ---- letters and votes

for (const form of document.querySelectorAll('form[data-form]')) {
  const name = form.dataset.form;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    run(name, form.querySelector('[data-do]'), async () => {
      const outcome = await send(form.action, new URLSearchParams(new FormData(form)));
      if (outcome.state === 'done') {
        if (name === 'comment') form.reset();
        await redraw();
      } else if (!supported()) {
        outcome.text = `${missing.title} ${missing.text}`;
      }
      return outcome;
    });
  });
}

async function send(url, body) {
  let response;
  try {
    response = await fetchWithRecord(url, { method: 'POST', headers: { Accept: 'application/json' }, body });
  } catch (error) {
    return explain(error, 'send');
  }
  return outcomeOf(response);
}

/** The same, of which the answer comes as a verdict to read: a hundred refusals
 * would be a hundred errors in the console. */
async function attempt(url, body, credentials) {
  let answer;
  try {
    const response = await fetchWithRecord(url, { method: 'POST', headers: { Accept: 'application/json', 'Bonafides-Demo-Verdict': '1' }, body, credentials });
    answer = await response.json();
  } catch (error) {
    return explain(error, 'send');
  }
  return outcomeOf(new Response(answer.body, { status: answer.status, headers: { 'Content-Type': answer.type } }));
}

/** Reads the parts again that others may have changed. */
async function redraw() {
  for (const part of document.querySelectorAll('[data-part]')) {
    const response = await fetch(part.dataset.part);
    if (response.ok) draw(part, await response.text());
  }
}

// ---- the ad

function reloadAd() {
  for (const frame of document.querySelectorAll('iframe[data-ad-frame]')) {
    // The old one stays until the new one is there: the place changes once.
    const again = frame.cloneNode();
    again.hidden = true;
    again.addEventListener('load', () => {
      again.hidden = false;
      frame.remove();
    }, { once: true });
    frame.after(again);
  }
  for (const label of document.querySelectorAll('[data-ad-label]')) label.textContent = 'Advertisement, with your record';
}

action('send-record', async () => {
  let answer;
  try {
    const response = await fetchWithRecord(`${ads}/ad`, { headers: { Accept: 'application/json' } });
    if (!response.ok) return outcomeOf(response);
    answer = await response.json();
  } catch (error) {
    return supported() ? explain(error, 'send') : { ...missing, title: exceptionTitle(error) };
  }
  const out = document.querySelector('[data-out="send-record"]');
  out.dataset.ad = answer.ad;
  return {
    state: answer.ad === 'vouched' ? 'done' : 'refused',
    title: answer.ad === 'vouched' ? `The ad network's server took the record: "${answer.headline}".` : `No record was taken, so the plain ad: "${answer.headline}".`,
    text: answer.reason,
    evidence: answer.record ? Object.entries(answer.record).map(([name, value]) => ({ name, value: String(value) })) : [],
  };
});

// ---- the attack that only a page can make

document.querySelector('form[data-attack-form="vote-100"]')?.addEventListener('submit', (event) => {
  event.preventDefault();
  run('vote-100', event.target.querySelector('[data-attack]'), async () => {
    const answers = [];
    for (const credentials of ['same-origin', 'omit']) {
      let left = 50;
      const worker = async () => {
        while (left-- > 0) answers.push(await attempt('/vote', new URLSearchParams({ option: 'yes' }), credentials));
      };
      await Promise.all(Array.from({ length: 8 }, worker));
    }
    const counted = answers.filter((a) => a.state === 'done').length;
    const codes = new Map();
    let words = '';
    for (const a of answers) {
      if (a.state === 'done') continue;
      const code = a.evidence?.find((e) => e.name === 'answer')?.value ?? a.title;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      words = a.title;
    }
    await redraw();
    return {
      state: counted > 1 ? 'error' : 'refused',
      title: `${counted} of 100 votes counted.`,
      text: words,
      evidence: [...codes].map(([code, n]) => ({ name: `${n} times`, value: code })),
    };
  }, 'A hundred votes are on their way.');
});
