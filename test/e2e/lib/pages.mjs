// What every page must keep to: measured in the page, and by axe-core.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The serious and critical findings of axe-core, each as one line. */
export async function accessibility(page) {
  if (await page.eval(() => window.axe === undefined)) await page.inject(axeSource);
  return page.eval(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], iframes: false });
    return violations.filter((v) => ['serious', 'critical'].includes(v.impact))
      .map((v) => `${v.impact} ${v.id}: ${v.help}: ${v.nodes.length} times, first ${v.nodes[0].target.join(' ')} ${v.nodes[0].html.slice(0, 120)}`);
  });
}

/** The elements that stick out to the right, when the page scrolls sideways. */
export function sticksOut(page) {
  return page.eval(() => {
    const root = document.scrollingElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [];
    for (const e of document.querySelectorAll('body *')) {
      const r = e.getBoundingClientRect();
      if (r.width > 0 && r.right > root.clientWidth + 0.5) out.push(`${e.localName}.${e.className?.baseVal ?? e.className} to ${Math.round(r.right)}`);
    }
    return [`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}: ${out.slice(0, 8).join('; ')}`];
  });
}

/** The addresses of its own site that a page links to, without fragments. */
export function links(page) {
  return page.eval(() => [...document.querySelectorAll('a[href]')]
    .map((a) => new URL(a.href))
    .filter((u) => u.origin === location.origin)
    .map((u) => u.pathname + u.search));
}

/** Opens the page's panels, but of those that look alike (a row for every message) only the first three. */
export function openAll(page) {
  return page.eval(() => {
    const opened = new Map();
    for (const d of document.querySelectorAll('details')) {
      const n = opened.get(d.className) ?? 0;
      opened.set(d.className, n + 1);
      d.open = n < 3;
    }
  });
}

/** Ends what is moving: a colour half-way between light and dark has no contrast worth measuring. */
export function settle(page) {
  return page.eval(async () => {
    const frame = () => new Promise((r) => { requestAnimationFrame(() => requestAnimationFrame(r)); });
    // Ending one transition can begin another, where a child inherits what moved.
    for (let quiet = 0, i = 0; quiet < 2 && i < 40; i++) {
      await frame();
      const moving = document.getAnimations();
      quiet = moving.length === 0 ? quiet + 1 : 0;
      for (const a of moving) {
        if (a.effect?.getComputedTiming().endTime === Infinity) a.cancel();
        else a.finish();
      }
    }
  });
}
