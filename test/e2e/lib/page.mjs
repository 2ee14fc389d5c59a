// What Chromium's and Firefox's pages have in common: both are puppeteer's.
import { awake } from './awake.mjs';
import { patience } from './patience.mjs';

/** eval and wait, for a page's main frame and for its other frames alike. */
export class Frame {
  constructor(frame) {
    this.frameHandle = frame;
  }

  eval(fn, ...args) {
    return this.frameHandle.evaluate(fn, ...args);
  }

  /** Waits until fn answers something true. The last argument may be {timeout}. */
  async wait(fn, ...args) {
    const last = args.at(-1);
    const { timeout = patience } = last !== null && typeof last === 'object' && 'timeout' in last ? args.pop() : {};
    const deadline = Date.now() + timeout;
    for (;;) {
      // A page that is being replaced cannot answer; the next one can.
      const answer = await this.eval(fn, ...args).catch((error) => { if (!replaced(error)) throw error; });
      if (answer) return;
      if (Date.now() > deadline) throw new Error(`waited ${timeout} ms for ${fn} ${JSON.stringify(args)}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }
}

const replaced = (error) => /context was destroyed|detached|navigat|Cannot find context|no such frame|Target closed/i.test(String(error));

export class PuppeteerPage extends Frame {
  problems = [];

  constructor(page) {
    super(page.mainFrame());
    this.puppeteer = page;
    page.setDefaultTimeout(patience);
    page.on('console', (m) => { if (m.type() === 'error') this.problems.push(`console: ${m.text()} (${m.location()?.url ?? ''})`); });
    page.on('pageerror', (e) => this.problems.push(`exception: ${e?.stack ?? e}`));
  }

  async goto(url) {
    const go = () => this.puppeteer.goto(url, { waitUntil: 'load' });
    const first = go();
    first.catch(() => {}); // of one that is given up
    // Firefox never answers where the page that is left was just going elsewhere.
    const late = Symbol('late');
    let timer;
    let answer = await Promise.race([first, new Promise((r) => { timer = setTimeout(r, patience / 3, late); })]).finally(() => clearTimeout(timer));
    if (answer === late) answer = await go();
    return { status: answer?.status(), url: this.puppeteer.url() };
  }

  async url() {
    return this.puppeteer.url();
  }

  async click(selector, within = patience) {
    await awake(this, async () => {
      await this.front();
      if (!await this.eval(() => document.hasFocus())) await this.puppeteer.click('h1');
    });
    const element = await this.puppeteer.waitForSelector(selector, { visible: true, timeout: within });
    // To the middle, as a person would: something may stand at the window's edge.
    await element.evaluate((e) => e.scrollIntoView({ block: 'center', behavior: 'instant' }));
    // A finger stays down for a moment. The browser's process hears of the gesture and of
    // what the page then asks for by different ways: without it FedCM came first at times,
    // and was refused for want of one.
    await element.click({ delay: 60 });
    await element.dispose();
  }

  /** Clicks and waits for the page that comes of it. */
  async follow(selector) {
    await Promise.all([this.puppeteer.waitForNavigation({ waitUntil: 'load' }), this.click(selector)]);
  }

  size(width, height) {
    return this.puppeteer.setViewport({ width, height, deviceScaleFactor: 1 });
  }

  /** Takes a picture of the window. */
  async screenshot(file) {
    await this.puppeteer.screenshot({ path: file });
  }

  /** The frame of an origin, awaited. */
  async frame(origin, timeout = patience) {
    const deadline = Date.now() + timeout;
    for (;;) {
      const found = this.puppeteer.frames().find((f) => f !== this.puppeteer.mainFrame() && f.url().startsWith(`${origin}/`));
      if (found) return new Frame(found);
      if (Date.now() > deadline) throw new Error(`no frame of ${origin}; there are: ${this.puppeteer.frames().map((f) => f.url()).join(' ')}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }

  front() {
    return this.puppeteer.bringToFront();
  }

  close() {
    return this.puppeteer.close();
  }
}
