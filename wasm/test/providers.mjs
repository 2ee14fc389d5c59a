// Tokens with their key sets as providers publish them, against a verifyIdToken. This
// file stands alone, so that a page can import it.

/** Runs every case as it is, and those that a setting opens with the setting. */
export async function providers(verifyIdToken, cases) {
  const wrong = [];
  let accepted = 0, ran = 0;
  const judge = async ({ issuer, clientId, nonce, now, jwks, token, trusted, aliases }, settings = {}) => {
    ran++;
    const { trustedAudiences = [], ...more } = settings;
    const withNonce = !more.insecureNoNonce && !more.verifyOnly;
    try {
      await verifyIdToken(token, {
        issuer, clientId, jwks, now: new Date(now * 1000), trustedAudiences: [...(trusted ?? []), ...trustedAudiences], issuerAliases: aliases ?? [],
        ...(withNonce && { nonce }), ...more,
      });
      accepted++;
      return { code: '' };
    } catch (e) {
      return { code: e.code ?? `${e}`, says: e.message };
    }
  };
  for (const c of cases) {
    const { code, says } = await judge(c);
    if (code !== (c.want === 'accept' ? '' : c.code)) wrong.push(`${c.id}: ${code || 'accepted'}, want ${c.want} ${c.code ?? ''} (${says})`);
    if (c.want !== 'setting') continue;
    for (const name of Object.keys(c.settings)) {
      if (name !== 'match' && !says?.toLowerCase().includes(name.toLowerCase())) wrong.push(`${c.id}: the refusal does not name ${name}: ${says}`);
    }
    const then = await judge(c, c.settings);
    if (then.code !== '') wrong.push(`${c.id}, with its setting: ${then.code} (${then.says})`);
  }
  return { ran, accepted, wrong };
}
