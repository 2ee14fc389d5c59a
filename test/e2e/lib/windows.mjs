// The windows that a page opens, in every browser: found by their address, with
// eval, wait, press and close.
import { PuppeteerPage } from './page.mjs';

const limit = 30_000;
const pause = () => new Promise((r) => setTimeout(r, 100));

/** The window that a page opened, awaited by its address. */
export async function opened(page, condition) {
  const deadline = Date.now() + limit;
  for (;;) {
    for (const w of await others(page)) {
      if (condition(await w.url().catch(() => ''))) return w;
    }
    if (Date.now() > deadline) throw new Error('no such window was opened');
    await pause();
  }
}

/** Waits until the page is alone. */
export async function alone(page) {
  const deadline = Date.now() + limit;
  while ((await others(page)).length > 0) {
    if (Date.now() > deadline) throw new Error('a window stayed open');
    await pause();
  }
}

/** Closes what a page opened and left open. */
export async function closeOthers(page) {
  for (const w of await others(page)) await w.close();
}

/** Every window but the page's own and the browser's first, empty tab. */
export async function others(page) {
  if (page.driver) return othersInWebKit(page.driver);
  page.first ??= (await page.puppeteer.browser().pages()).find((p) => p !== page.puppeteer);
  const pages = await page.puppeteer.browser().pages();
  return pages.filter((p) => p !== page.puppeteer && p !== page.first).map((p) => {
    const popup = new PuppeteerPage(p);
    popup.press = (selector) => p.evaluate((s) => { document.querySelector(s).click(); }, selector).catch(() => {}); // it closes
    popup.close = () => p.close().catch(() => {});
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
    return {
      eval: evaluate,
      url: () => inside(handle, () => driver.getCurrentUrl()),
      wait: (fn, ...args) => driver.wait(() => evaluate(fn, ...args).catch(() => false), 20_000, `waited for ${fn}`),
      press: (selector) => inside(handle, () => driver.executeScript('document.querySelector(arguments[0]).click()', selector)).catch(() => {}),
      close: () => inside(handle, () => driver.close()).catch(() => {}),
    };
  });
}
