// What every page must keep to: measured in the page, and by axe-core.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { outDir } from './stack.mjs';

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

/** What is hidden by its attribute and seen all the same. */
export const shownThoughHidden = (page) => page.eval(() => [...document.querySelectorAll('[hidden]:not([hidden="until-found"])')]
  .filter((e) => e.getClientRects().length > 0).map((e) => `hidden, and seen: ${e.outerHTML.slice(0, 100)}`));

/** The first screens that a page is measured in: a phone's and a small laptop's. */
export const screens = [{ width: 390, height: 844 }, { width: 1280, height: 800 }];

/**
 * What is wrong with the first screen of a page: no primary action in it, or more
 * than one on the page; chrome that is higher than 64 px; something that stands over
 * what can be pressed.
 * @param {number} primary how many primary actions the page has
 */
export function firstScreen(page, primary) {
  return page.eval((wanted) => {
    const faults = [];
    const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
    scrollTo(0, 0);
    const all = [...document.querySelectorAll('.primary')].filter(seen);
    if (all.length !== wanted) faults.push(`${all.length} primary actions, not ${wanted}: ${all.map((e) => e.textContent.trim()).join('; ')}`);
    for (const e of all) {
      const { top, bottom } = e.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight) faults.push(`"${e.textContent.trim()}" ends at ${Math.round(bottom)} of ${innerHeight}`);
    }
    const role = document.querySelector('aside.role');
    if (role && role.getBoundingClientRect().bottom > 64) faults.push(`the site begins at ${Math.round(role.getBoundingClientRect().bottom)}`);
    for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
      if (!seen(e)) continue;
      const { left, top, width, height } = [...e.getClientRects()].find((r) => r.width > 0) ?? e.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
      const at = document.elementFromPoint(x, y);
      if (at && !e.contains(at) && !at.contains(e) && !at.closest('label')?.contains(e)) faults.push(`${at.localName}.${at.className} stands over "${(e.textContent || e.name || e.localName).trim().slice(0, 40)}"`);
    }
    return faults;
  }, primary);
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

/** The windows and colours that every page must suit. */
export const forms = [
  { width: 360, height: 780, scheme: 'light' },
  { width: 360, height: 780, scheme: 'dark' },
  { width: 1280, height: 900, scheme: 'light' },
  { width: 1280, height: 900, scheme: 'dark' },
];

/** Whether pictures are asked for: nobody looks at those of every run. */
export const pictures = process.env.BONAFIDES_PICTURES === '1';

/** Where the picture of a page in one form goes. */
export const picture = (name, { width, scheme }) => path.join(outDir, `${name}-${width}-${scheme}.png`);

/**
 * Looks at the page in every form and, where they are asked for, takes a picture of each.
 * @param {{name: string, open?: boolean, status?: number}} options name: of the
 *   pictures; open: with its panels open; status: of the answer, as the browser
 *   prints one that is an error.
 * @returns {Promise<Map<string, string[]>>} the faults, and where each was seen
 */
export async function examine(page, { name, open = false, status = 200 }) {
  const faults = new Map();
  const found = (at, list) => { for (const f of list) faults.set(f, [...(faults.get(f) ?? []), at]); };
  for (const form of forms) {
    await page.scheme(form.scheme);
    await page.size(form.width, form.height);
    if (open) await openAll(page);
    await settle(page);
    const at = `${name} ${form.width} ${form.scheme}`;
    found(at, await sticksOut(page));
    found(at, await shownThoughHidden(page));
    found(at, await accessibility(page));
    if (pictures) await page.screenshot(picture(name, form), { whole: !open });
  }
  found(name, page.problems.filter((p) => !expected(p, status)));
  return faults;
}

/** What the browser prints although the page did nothing wrong: that an answer was an error. */
const expected = (problem, status) => status >= 400 && problem.includes(`status of ${status}`);

/** The faults in words. */
export const inWords = (faults) => `${faults.size} faults:\n${[...faults].slice(0, 30).map(([f, at]) => `${f}\n    at ${at.join(', ')}`).join('\n')}`;
