// One small interface over the browsers. A test asks for a browser by name and
// sees only this:
//
//   browser.name, browser.can         what it is; {nativeTokens, nativeFedCM, cdp}
//   browser.open(url) -> page         a new tab, in front
//   browser.close()
//
//   page.goto(url), page.click(selector), page.eval(fn, ...args), page.wait(fn, ...args)
//   page.follow(selector)             click, and wait for the page that comes of it
//   page.size(width, height), page.screenshot(file), page.url(), page.front()
//   page.frame(origin)                a frame by its origin: the same eval and wait
//   page.problems                     console errors, uncaught exceptions (WebKit's driver tells none)
//   page.close()
//
// Chromium's pages can more: page.cdp, page.scheme, page.opened, token operations.
// press, outcome and act below know the demo's markup and stand on that interface.
import { Chromium } from './chromium.mjs';
import { Firefox } from './firefox.mjs';
import { WebKit } from './webkit.mjs';
import { patience } from './patience.mjs';

const kinds = { chromium: Chromium, firefox: Firefox, webkit: WebKit };

/** Starts a browser with a fresh profile. */
export async function launch(name, options = {}) {
  const kind = kinds[name];
  if (!kind) throw new Error(`no browser is called ${name}; there are: ${Object.keys(kinds).join(', ')}`);
  return kind.launch(options);
}

// This runs in the page.
const uncover = (selector) => {
  const found = document.querySelectorAll(selector);
  if (found.length !== 1) throw new Error(`${found.length} elements match ${selector}`);
  for (let e = found[0].parentElement; e; e = e.parentElement) if (e.localName === 'details') e.open = true;
  // The instrument stands over the lower half while it is open.
  for (const d of document.querySelectorAll('details[data-panel]')) if (!d.contains(found[0])) d.open = false;
  window.pressReached = false;
  found[0].addEventListener('click', () => { window.pressReached = true; }, { once: true, capture: true });
};
// A page that is being replaced was pressed.
const missed = (page) => page.eval(() => window.pressReached === false).catch(() => false);

/** Presses the button that does or attacks what name says, opening the panels around it. */
export async function press(page, name) {
  const selector = `[data-do="${name}"],[data-attack="${name}"]`;
  await page.wait((s) => document.querySelector(s) !== null, selector);
  for (const until = Date.now() + 10_000; ;) {
    await page.eval(uncover, selector);
    try {
      await page.click(selector);
      // The page may have moved between the aim and the press.
      if (!await missed(page) || Date.now() > until) return;
    } catch (error) {
      // The panel was drawn anew between the two, as it is when a message comes in.
      if (Date.now() > until || !/not clickable|intercepted|detached|stale/i.test(`${error.name} ${error.message}`)) throw error;
      await new Promise((r) => setTimeout(r, 100));
    }
  }
}

/** Waits until an action has an outcome, and gives its state and text. */
export async function outcome(page, name, timeout = patience) {
  const selector = `[data-out="${name}"]`;
  try {
    await page.wait((s) => {
      const e = document.querySelector(s);
      return e !== null && !['idle', 'working', undefined].includes(e.dataset.state);
    }, selector, { timeout });
  } catch (error) {
    const now = await page.eval((s) => document.querySelector(s)?.outerHTML ?? 'nothing', selector).catch(String);
    throw new Error(`${name} has no outcome; the page shows ${now}`, { cause: error });
  }
  return page.eval((s) => {
    const e = document.querySelector(s);
    return { ...e.dataset, text: e.textContent.trim().replace(/\s+/g, ' ') };
  }, selector);
}

/** Presses a button and waits for what comes of it. */
export async function act(page, name, { out = name, timeout } = {}) {
  await press(page, name);
  return outcome(page, out, timeout);
}
