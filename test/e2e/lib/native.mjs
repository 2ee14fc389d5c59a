// A demo, a proxy that sees the wire, and a browser with Private State Tokens.
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';
import { Stack } from './stack.mjs';
import { Tap } from './tap.mjs';
import { getTokens, signIn } from './tokens.mjs';

/** A started demo, a proxy that sees the wire, and a browser that knows the issuer. */
export async function everything({ args, rewrite, answer } = {}) {
  const stack = await Stack.start({ args });
  const tap = await Tap.start({ rewrite, answer });
  const browser = await launch('chromium', { commitments: stack.commitments, flags: tap.flags });
  return { stack, tap, browser, stop: async () => { await browser.close(); await tap.stop(); await stack.stop(); } };
}

/** A page with tokens of the issuer, standing on news. */
export async function atNews({ stack, browser }, who = 'ada') {
  const page = await browser.open(stack.url('issuer'));
  await signIn(page, who);
  const { operation } = await getTokens(page);
  assert.equal(operation.status, 'Ok');
  await page.goto(stack.url('news'));
  return page;
}

/** The problem document of an answer (RFC 9457). */
export const problem = (answer) => {
  assert.equal(answer.headers['content-type'], 'application/problem+json', answer.text);
  return JSON.parse(answer.text);
};
