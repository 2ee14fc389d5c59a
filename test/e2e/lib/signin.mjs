// Signing in by hand: what the browser's FedCM and the shop's page send, sent
// from here, so that a test can send it wrongly.
import { DatabaseSync } from 'node:sqlite';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const form = (members) => new URLSearchParams(members).toString();
const formType = 'application/x-www-form-urlencoded';

/** One pretended browser, with its cookies. */
export class Hand {
  constructor(stack) {
    this.stack = stack;
    this.jar = stack.jar();
  }

  fetch(site, where, options = {}) {
    return this.stack.fetch(site, where, { jar: this.jar, ...options });
  }

  /** Signs a seeded person in at the provider with the button's own form. */
  async signInAtProvider(who) {
    const page = await this.fetch('idp', '/signin');
    const found = page.text.match(/<form[^>]*>(?:(?!<\/form>)[\s\S])*?<\/form>/g).find((f) => f.includes(`signin-${who}`));
    const value = (name) => decodeEntities(found.match(new RegExp(`name="${name}" value="([^"]*)"`))[1]);
    const answer = await this.fetch('idp', '/signin', {
      method: 'POST', headers: { 'Content-Type': formType, Origin: this.stack.origin('idp'), 'Sec-Fetch-Site': 'same-origin' },
      body: form({ email: value('email'), password: value('password'), next: value('next') }),
    });
    if (answer.status >= 400) throw new Error(`signing in at the provider: ${answer.status} ${answer.text}`);
  }

  async nonce() {
    const answer = await this.fetch('shop', '/signin/nonce', { method: 'POST', headers: { Origin: this.stack.origin('shop'), 'Sec-Fetch-Site': 'same-origin' } });
    return JSON.parse(answer.text);
  }

  async accounts(headers = { 'Sec-Fetch-Dest': 'webidentity' }) {
    return this.fetch('idp', '/fedcm/accounts', { headers });
  }

  async account() {
    const answer = await this.accounts();
    return JSON.parse(answer.text).accounts[0];
  }

  /** The ID assertion request as Chromium sends it; change overrides form members, headers and leaves out what is undefined. */
  async assertion({ clientId, accountId, nonce, headers = {}, members = {} }) {
    const all = {
      'Sec-Fetch-Dest': 'webidentity', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'cross-site',
      Origin: this.stack.origin('shop'), 'Content-Type': formType, ...headers,
    };
    const body = {
      client_id: clientId, account_id: accountId, disclosure_text_shown: 'true', is_auto_selected: 'false', mode: 'active',
      fields: 'name,email,picture', disclosure_shown_for: 'name,email,picture', params: JSON.stringify({ nonce }), ...members,
    };
    return this.fetch('idp', '/fedcm/assertion', { method: 'POST', headers: defined(all), body: form(defined(body)) });
  }

  /** Hands a token to the shop, as its page does. */
  async intake(token, headers = {}) {
    return this.fetch('shop', '/signin/fedcm', {
      method: 'POST', body: JSON.stringify({ token }),
      headers: defined({ 'Content-Type': 'application/json', Origin: this.stack.origin('shop'), 'Sec-Fetch-Site': 'same-origin', ...headers }),
    });
  }

  /** A good token for this browser, with the nonce that it carries. */
  async token() {
    const { nonce, providers } = await this.nonce();
    const account = await this.account();
    const answer = await this.assertion({ clientId: providers[0].clientId, accountId: account.id, nonce });
    if (answer.status !== 200) throw new Error(`assertion: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text).token;
  }
}

const defined = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined));
const decodeEntities = (s) => s.replace(/&#34;|&quot;/g, '"').replace(/&#39;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

/** How many rows each table of the demo's databases has, but those named. */
export function rows(stack, but = []) {
  const counts = {};
  for (const name of readdirSync(stack.data.dir, { recursive: true }).filter((f) => /\.(db|sqlite)$/.test(f)).sort()) {
    const db = new DatabaseSync(path.join(stack.data.dir, name), { readOnly: true });
    try {
      for (const { name: table } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
        if (but.some((b) => table.includes(b))) continue;
        counts[`${name} ${table}`] = db.prepare(`SELECT count(*) AS n FROM "${table}"`).get().n;
      }
    } finally {
      db.close();
    }
  }
  return counts;
}

/**
 * Signs up at the provider, and gives the address of the page where the code is entered:
 * the browser that signed up alone has it.
 */
export async function signUp(page, stack, name, email) {
  await page.goto(stack.url('idp', '/signup'));
  await page.eval((values) => {
    for (const [n, value] of Object.entries(values)) document.querySelector(`[name="${n}"]`).value = value;
  }, { name, email, password: 'moss lantern ferry quilt' });
  await page.follow('[data-do="signup"]');
  const { pathname, search } = new URL(await page.url());
  if (pathname !== '/verify-email') throw new Error(`the sign-up led to ${pathname}`);
  return pathname + search;
}
