// The windows that a page opens, in every browser: found by their address, with
// eval, wait, press and close; click is a real press, which has a gesture.
import { awake } from './awake.mjs';
import { PuppeteerPage } from './page.mjs';
import { patience } from './patience.mjs';

const pause = () => new Promise((r) => setTimeout(r, 100));

/** The window that a page opened, awaited by its address. */
export async function opened(page, condition) {
  const deadline = Date.now() + patience;
  for (;;) {
    for (const w of await others(page)) {
      if (condition(await w.url().catch(() => ''))) return w;
    }
    if (Date.now() > deadline) {
      const there = await Promise.all((await others(page)).map((w) => w.url().catch(String)));
      throw new Error(`no such window was opened; there are: ${there.join(' ') || 'none'}`);
    }
    await pause();
  }
}

/** Waits until the page is alone. */
export async function alone(page) {
  const deadline = Date.now() + patience;
  for (let rest; (rest = await others(page)).length > 0;) {
    if (Date.now() > deadline) {
      const what = await Promise.all(rest.map(async (w) => `${await w.url().catch(String)}: ${await w.eval(() => document.body?.innerText).catch(String)}`));
      throw new Error(`a window stayed open: ${what.join('; ')}`);
    }
    await pause();
  }
}

/** Closes what a page opened and left open. */
export async function closeOthers(page) {
  for (const w of await others(page)) await w.close();
}

/**
 * Waits until the page has the focus, which it has where a person presses: on a
 * busy machine it comes late to a page that was just loaded or uncovered.
 */
export async function inFront(page) {
  for (const deadline = Date.now() + patience; !await page.eval(() => document.hasFocus());) {
    if (Date.now() > deadline) throw new Error('the page does not get the focus');
    await page.front();
    await pause();
  }
}

/** Every window but the page's own and the browser's first, empty tab. */
export async function others(page) {
  if (page.driver) return othersInWebKit(page.driver);
  page.first ??= (await page.puppeteer.browser().pages()).find((p) => p !== page.puppeteer);
  const pages = await page.puppeteer.browser().pages();
  const rest = pages.filter((p) => p !== page.puppeteer && p !== page.first);
  try {
    rest.forEach((p) => p.mainFrame());
  } catch { // a window that is just being opened has no frame yet
    await pause();
    return others(page);
  }
  return rest.map((p) => {
    const popup = new PuppeteerPage(p);
    popup.press = async (selector) => {
      await awake(popup, async () => {
        await p.bringToFront();
        if (!await p.evaluate(() => document.hasFocus())) await p.click('h1');
      });
      await p.evaluate((s) => { document.querySelector(s).click(); }, selector).catch(() => {}); // it closes
    };
    popup.close = () => p.close().catch(() => {});
    popup.front = () => p.bringToFront();
    return popup;
  });
}

/** WebKit's driver looks at one window at a time, so each call goes there and back. */
async function othersInWebKit(driver) {
  const home = await driver.getWindowHandle();
  const inside = async (handle, f) => {
    await driver.switchTo().window(handle);
    try {
      return await f();
    } finally {
      await driver.switchTo().window(home);
    }
  };
  return (await driver.getAllWindowHandles()).filter((h) => h !== home).map((handle) => {
    const evaluate = (fn, ...args) => inside(handle, () => driver.executeScript(`return (${fn})(...arguments)`, ...args));
    const touch = (selector) => inside(handle, () => driver.findElement({ css: selector }).click());
    return {
      eval: evaluate,
      url: () => inside(handle, () => driver.getCurrentUrl()),
      wait: (fn, ...args) => driver.wait(() => evaluate(fn, ...args).catch(() => false), patience, `waited for ${fn}`),
      click: touch,
      front: () => inside(handle, () => {}),
      press: async (selector) => {
        await awake({ eval: evaluate }, () => touch('h1'));
        await inside(handle, () => driver.executeScript('document.querySelector(arguments[0]).click()', selector)).catch(() => {}); // it closes
      },
      close: () => inside(handle, () => driver.close()).catch(() => {}),
    };
  });
}
