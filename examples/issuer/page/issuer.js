// Gets tokens from this site: fetch a puzzle, solve it, ask.

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

async function getTokens(say) {
  if (!('hasPrivateToken' in document)) {
    return say('refused', 'This browser has no Private State Tokens.');
  }
  say('working', 'Solving the puzzle.');
  const puzzle = await (await fetch('/issue/challenge')).json();
  const proof = await solve(puzzle.challenge, puzzle.difficulty);
  say('working', 'Asking for tokens.');
  // The browser makes the blinded tokens, checks the issuer's proof and keeps the
  // result; this script sees none of it.
  const response = await fetch('/issue', {
    method: 'POST',
    headers: {'Issuance-Proof': proof},
    privateToken: {version: 1, operation: 'token-request'},
  });
  const {issued, reason} = await response.json();
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
      ? 'This browser was not told the keys of this issuer. Start it with the flag that the issuer printed.'
      : `It did not work: ${e.message}`);
  } finally {
    button.disabled = false;
  }
});
