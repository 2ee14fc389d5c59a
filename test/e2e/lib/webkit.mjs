// WebKitGTK: its MiniBrowser on a display of Xvfb, driven over WebDriver by
// selenium-webdriver.
import { writeFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import webdriver from 'selenium-webdriver';
import { freePort, Program, temporaryFolder } from './stack.mjs';
import { awake } from './awake.mjs';
import { patience } from './patience.mjs';

/** MiniBrowser lies in a folder named for the machine and the library's version. */
function miniBrowser() {
  for (const machine of readdirSync('/usr/lib')) {
    for (const version of ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0']) {
      const file = path.join('/usr/lib', machine, version, 'MiniBrowser');
      if (existsSync(file)) return file;
    }
  }
  throw new Error('MiniBrowser is not installed; make setup installs it');
}

async function until(condition, what, program, limit = patience) {
  const deadline = Date.now() + limit;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (!program.running || Date.now() > deadline) throw new Error(`${what} did not start:\n${program.output}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

// WebKitGTK 2.50.6 rarely goes wrong in a fresh WebAssembly instance: a trap, or the
// end of the process by a segmentation fault of JavaScriptCore at its interpreter's
// return from a call (seen in the kernel's log). The likeliest cause is its compiler
// threads, which replace functions meanwhile; without them functions are replaced
// while the thread that runs them waits.
const engine = { JSC_useConcurrentJIT: '0' };

export class WebKit {
  name = 'webkit';
  can = { cdp: false, nativeTokens: false, nativeFedCM: false };

  /** @param {{flags?: string[]}} options flags of MiniBrowser, such as --enable-itp. */
  static async launch({ flags = [] } = {}) {
    const self = new WebKit();
    self.home = await temporaryFolder('webkit');
    try {
      self.display = new Program('Xvfb', ['-displayfd', '1', '-screen', '0', '1400x1100x24', '-nolisten', 'tcp']);
      const number = await until(() => self.display.output.match(/^(\d+)$/m)?.[1], 'Xvfb', self.display);
      const port = await freePort();
      const { dir } = self.home;
      self.driverProgram = new Program('WebKitWebDriver', [`--port=${port}`], {
        env: {
          ...process.env, DISPLAY: `:${number}`, HOME: dir, XDG_DATA_HOME: `${dir}/data`, XDG_CACHE_HOME: `${dir}/cache`, XDG_CONFIG_HOME: `${dir}/config`,
          LIBGL_ALWAYS_SOFTWARE: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1', NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory',
          ...engine,
        },
      });
      const server = `http://127.0.0.1:${port}`;
      await until(() => fetch(`${server}/status`).then((r) => r.ok, () => false), 'WebKitWebDriver', self.driverProgram);
      self.driver = await new webdriver.Builder().usingServer(server).withCapabilities({
        browserName: 'MiniBrowser', 'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation', ...flags] },
      }).build();
      await self.driver.manage().setTimeouts({ script: 30_000, pageLoad: 30_000 });
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  /** There is one tab, and it is used again. */
  async open(url) {
    const page = new Page(this.driver);
    if (url) await page.goto(url);
    return page;
  }

  async version() {
    const capabilities = await this.driver.getCapabilities();
    return `WebKitGTK ${capabilities.getBrowserVersion()}`;
  }

  async close() {
    if (this.driver) await answered(this.driver.quit(), 'quit').catch(() => {});
    await this.driverProgram?.stop('SIGTERM');
    await this.display?.stop('SIGTERM');
    await this.home.remove();
  }
}

/**
 * What the driver answers, or an error that says what it did not answer to: the driver's
 * own limits are the page's timers, which do not come where the page's thread is busy
 * without end, and its client has none.
 */
async function answered(promise, what, limit = 60_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`WebKit did not answer in ${limit} ms, its page stands still: ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs fn in the page and waits for what it promises. */
async function run(driver, fn, args) {
  const source = `const done = arguments[arguments.length - 1];
    Promise.resolve().then(() => (${fn})(...Array.prototype.slice.call(arguments, 0, -1))).then((v) => done({ value: v === undefined ? null : v }), (e) => done({ error: String(e && e.stack ? e + '\\n' + e.stack : e) }));`;
  const answer = await answered(driver.executeAsyncScript(source, ...args), `${fn} ${JSON.stringify(args)}`);
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value;
}

class Page {
  problems = []; // WebKit's driver reports none

  constructor(driver) {
    this.driver = driver;
  }

  async goto(url) {
    await answered(this.driver.get(url), url);
    return { url: await this.driver.getCurrentUrl() };
  }

  url() {
    return this.driver.getCurrentUrl();
  }

  eval(fn, ...args) {
    return run(this.driver, fn, args);
  }

  async wait(fn, ...args) {
    const last = args.at(-1);
    const { timeout = patience } = last !== null && typeof last === 'object' && 'timeout' in last ? args.pop() : {};
    const deadline = Date.now() + timeout;
    for (;;) {
      if (await this.eval(fn, ...args).catch(() => false)) return;
      if (Date.now() > deadline) throw new Error(`waited ${timeout} ms for ${fn} ${JSON.stringify(args)}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }

  async click(selector, within = patience) {
    await awake(this, () => this.driver.findElement(webdriver.By.css('h1')).click());
    const element = await this.driver.wait(webdriver.until.elementLocated(webdriver.By.css(selector)), within);
    await this.driver.wait(webdriver.until.elementIsVisible(element), within);
    await this.driver.executeScript('arguments[0].scrollIntoView({ block: "center", behavior: "instant" });', element);
    await answered(element.click(), `a press on ${selector}`);
  }

  async follow(selector) {
    const old = await this.driver.findElement(webdriver.By.css('html'));
    await this.click(selector);
    await this.driver.wait(webdriver.until.stalenessOf(old), 15_000);
    await this.wait(() => document.readyState === 'complete');
  }

  /** The frame whose address begins with the origin; each call goes into it and out again. */
  async frame(origin) {
    const find = () => this.driver.findElement(webdriver.By.css(`iframe[src^="${origin}/"]`));
    await this.driver.wait(() => find().then(() => true, () => false), 10_000, `no frame of ${origin}`);
    const inside = async (fn, args) => {
      await this.driver.switchTo().frame(await find());
      try {
        return await run(this.driver, fn, args);
      } finally {
        await this.driver.switchTo().defaultContent();
      }
    };
    const frame = Object.create(Page.prototype);
    return Object.assign(frame, { driver: this.driver, eval: (fn, ...args) => inside(fn, args) });
  }

  size(width, height) {
    return this.driver.manage().window().setRect({ width, height, x: 0, y: 0 });
  }

  async screenshot(file) {
    await writeFile(file, Buffer.from(await this.driver.takeScreenshot(), 'base64'));
  }

  async front() {}

  async close() {
    await this.driver.get('about:blank');
  }
}
