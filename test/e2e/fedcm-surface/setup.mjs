// What the tests of the FedCM surface share: the sites, the providers, a browser and a
// person before it. Bindings are live: they are those of the kind that is tested.
import { after, afterEach, before } from 'node:test';
import { launch } from '../lib/browser.mjs';
import { answer, click } from '../lib/polyfill.mjs';
import { NativePerson, Providers, SignInSites, WindowPerson } from '../lib/providers.mjs';
import { closeOthers } from '../lib/windows.mjs';

export const nonce = 'n-0123456789abcdef';

// In the page: get() with one provider, or as the members say; told in plain values.
export const sign = (g, members = {}, rest = {}) => window.tell(navigator.credentials.get({
  mediation: 'required', ...rest,
  identity: { mode: 'active', providers: [g.provider], ...members },
}));

/** The sites, the providers and what a call names of them. */
export let sites, providers, g;
/** One provider of a call, with other members; undefined takes one away. */
export const asking = (other = {}) => JSON.parse(JSON.stringify({ configURL: g.one, clientId: 'rp', params: { nonce }, ...other }));
before(async () => {
  sites = await SignInSites.start();
  sites.headers.cut = { 'Cross-Origin-Opener-Policy': 'same-origin' };
  sites.attributes.cut = 'data-redirect="/redirected"';
  sites.headers.locked = { 'Content-Security-Policy': "connect-src 'self'" };
  providers = await Providers.start({ origins: ['rp', 'locked', 'cut'].map((s) => sites.origin(s)) });
  g = { one: providers.config('one'), two: providers.config('two'), clientId: 'rp', nonce };
  g.provider = asking();
});
after(async () => {
  await providers?.stop();
  await sites?.stop();
});

let browser;
/** The relying party's page, and who answers what it asks. */
export let page, person;

/** A browser of this kind for the tests of the suite that calls it. */
export function inBrowser({ browser: name, options = {}, native = false }) {
  before(async () => {
    browser = await launch(name, options);
    page = await browser.open(`${sites.origin('rp')}/`);
    person = native ? await NativePerson.watch(page) : new WindowPerson(page);
  });
  after(() => browser?.close());
  afterEach(() => closeOthers(page));
}

export const fresh = async (site = 'rp') => {
  await page.goto(`${sites.origin(site)}/`);
  person.fedcm?.skip();
};
/** Loads a page that calls get() by itself, and waits until that is seen. */
export const loading = async (options, configURLs = [g.one]) => {
  person.fedcm?.skip();
  const { identity, ...rest } = options;
  await page.goto(sites.calling({ mediation: 'required', ...rest, identity: { providers: configURLs.map((configURL) => ({ configURL, clientId: 'rp', params: { nonce } })), ...identity } }));
  if (person.fedcm) return asked();
  return page.wait(() => document.querySelector('bonafides-ask') !== null || window.detail !== undefined);
};
export const asked = (which = 'one') => person.asked(providers.origin(which));
/** Calls get() in a click and chooses an account; gives the page's answer and what was asked. */
export const signIn = async (who, provider = {}, members = {}, rest = {}) => {
  await fresh();
  await click(page, sign, { ...g, provider: asking(provider) }, members, rest);
  const question = await asked(provider.configURL === g.two ? 'two' : 'one');
  await question.choose(who);
  return { ...(await answer(page)), question };
};

/** These people are signed in at a provider before the tests of the suite. */
export const signedIn = (at, ...people) => before(() => providers.signIn(page, at, ...people));
