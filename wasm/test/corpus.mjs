// The corpus of ID tokens against a verifyIdToken, in Node and in browsers: this
// file stands alone, so that a page can import it.

/** deviations runs every case and lists what differs from the expected outcome. */
export async function deviations(verifyIdToken, { cases, keySets, now }) {
  const wrong = [];
  let accepted = 0;
  for (const { name, keys, config: { hd, now: at = now, ...config }, token, expect, sub } of cases) {
    let got = 'ok', said = '';
    try {
      const claims = await verifyIdToken(token, {
        ...config, ...(hd && { hostedDomain: hd }), ...(!config.nonce && { insecureNoNonce: true }),
        jwks: keySets[keys], now: new Date(at * 1000),
      });
      accepted++;
      if ((claims.sub ?? '') !== (sub ?? '')) got = `ok, sub ${claims.sub}`;
    } catch (e) {
      got = e.code ?? `${e}`;
      said = e.message;
    }
    if (got !== expect) wrong.push(`${name}: ${got}, want ${expect} (${said})`);
  }
  return { accepted, wrong };
}
