// Markup that our own server drew and escaped: the only markup that a page takes
// after it has loaded. Where the browser guards markup (Trusted Types), the
// pages' policy names this one way.

const same = (html) => html;
const own = globalThis.trustedTypes?.createPolicy('look', { createHTML: same }) ?? { createHTML: same };

/** Puts markup of our own server into an element, in place of what it holds. */
export function draw(element, html) {
  element.innerHTML = own.createHTML(html);
}

/** The element that a selector names in markup of our own server, a whole page
 * too, or null. */
export function partOf(html, selector) {
  const holder = document.createElement('template');
  draw(holder, html);
  return holder.content.querySelector(selector);
}

/** The first element of markup of our own server, or null. */
export const firstOf = (html) => partOf(html, '*');
