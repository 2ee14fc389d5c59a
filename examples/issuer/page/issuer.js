// Gets tokens from this site: fetches a puzzle, solves it, and asks at a press.

// solve finds a number such that SHA-256(challenge "." number) begins with so
// many zero bits.
async function solve(challenge, difficulty) {
  const text = new TextEncoder();
  const zeroBits = (hash) => {
    let n = 0;
    for (const byte of new Uint8Array(hash)) {
      n += Math.clz32(byte) - 24;
      if (byte !== 0) break;
    }
    return n;
  };
  for (let n = 0; ; n += 512) {
    const tries = Array.from({length: 512}, (_, i) => `${challenge}.${n + i}`);
    const hashes = await Promise.all(tries.map((t) => crypto.subtle.digest('SHA-256', text.encode(t))));
    const found = hashes.findIndex((h) => zeroBits(h) >= difficulty);
    if (found >= 0) return tries[found];
  }
}

// The puzzle is solved before anybody presses, so that the press asks at once: a
// browser that opens the keeper's window for the tokens does so only while a press
// counts, and WebKit forgets it at the first await.
let proof = '';
let solved;
const prepare = () => {
  proof = '';
  solved = (async () => {
    const puzzle = await (await fetch('/issue/challenge')).json();
    proof = await solve(puzzle.challenge, puzzle.difficulty);
  })();
  solved.catch(() => {}); // said when somebody presses
};
prepare();

// ask is called inside the press. The browser, or the keeper, makes the blinded
// tokens, checks the issuer's proof and keeps the result; this script sees none of it.
const ask = () => fetch('/issue', {
  method: 'POST',
  headers: {'Issuance-Proof': proof},
  privateToken: {version: 1, operation: 'token-request'},
});

async function getTokens(say) {
  if (!('hasPrivateToken' in document)) {
    return say('refused', 'This browser has no Private State Tokens, and this issuer was started without a keeper.');
  }
  let asked;
  if (proof) asked = ask();
  else {
    say('working', 'Solving the puzzle.');
    asked = solved.then(ask);
  }
  say('working', 'Asking for tokens.');
  const {issued, reason} = await (await asked).json();
  if (issued > 0) say('done', `Your browser now has ${issued} more tokens of this site.`);
  else say('refused', `No tokens were issued (${reason}).`);
}

const button = document.querySelector('[data-do="get-tokens"]');
const out = document.querySelector('[data-out="tokens"]');
const say = (state, text) => {
  out.dataset.state = state;
  out.textContent = text;
};
button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    await getTokens(say);
  } catch (e) {
    // InvalidStateError: the browser holds no key commitments of this issuer.
    say('error', e.name === 'InvalidStateError'
      ? 'Neither this browser nor the keeper has the keys of this issuer. The keeper asks for them when it starts, and its log says what came of it; or start Chromium with the flag that the issuer printed.'
      : `It did not work. ${e.name}: ${e.message}`);
  } finally {
    prepare(); // a proof is good once
    button.disabled = false;
  }
});
