// Chromium, driven over the DevTools protocol by puppeteer-core.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { devToolsMakeNoGesture } from './gesture.mjs';
import { PuppeteerPage } from './page.mjs';
import { temporaryFolder } from './stack.mjs';
import { patience } from './patience.mjs';

/** Off: a list below the address bar that is a page, with a process of its own in every window, and that nobody sees. */
const off = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'];

/** Of several flags of this name Chromium takes the last alone. */
function merged(flags) {
  const name = '--disable-features=';
  const features = flags.filter((f) => f.startsWith(name)).flatMap((f) => f.slice(name.length).split(','));
  return [...flags.filter((f) => !f.startsWith(name)), name + [...off, ...features].join(',')];
}

/** The flags with which Private State Tokens are known to work headless, and a desktop's window; nothing else is changed. */
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--window-size=1280,1000',
];

export class Chromium {
  name = 'chromium';

  /**
   * @param {{commitments?: string, flags?: string[], executable?: string, preferences?: object}} options
   *   commitments: JSON object of issuer origins, as the command-line flag wants it.
   *   preferences: what a user has set, as the profile's file Preferences has it.
   */
  static async launch({ commitments, flags: more = [], executable = '/usr/bin/chromium', preferences } = {}) {
    const self = new Chromium();
    self.can = { cdp: true, nativeFedCM: true, nativeTokens: commitments !== undefined };
    self.profile = await temporaryFolder('chromium');
    if (preferences) {
      await mkdir(path.join(self.profile.dir, 'Default'));
      await writeFile(path.join(self.profile.dir, 'Default/Preferences'), JSON.stringify(preferences));
    }
    const args = merged([...flags, `--user-data-dir=${self.profile.dir}`, ...more]);
    if (commitments !== undefined) args.push(`--additional-private-state-token-key-commitments=${commitments}`);
    devToolsMakeNoGesture();
    self.puppeteer = await puppeteer.launch({
      executablePath: executable, ignoreDefaultArgs: true, args: [...args, 'about:blank'], pipe: true, defaultViewport: null, dumpio: false,
    });
    self.process = self.puppeteer.process();
    return self;
  }

  /** Opens a tab in the default context (FedCM's auto re-authentication needs that one) and brings it to the front. */
  async open(url) {
    const page = new Page(await this.puppeteer.newPage());
    await page.prepare();
    if (url) await page.goto(url);
    return page;
  }

  version() {
    return this.puppeteer.version();
  }

  async close() {
    const { pid } = this.process;
    const gone = new Promise((resolve) => (this.process.exitCode !== null || this.process.signalCode !== null ? resolve() : this.process.once('exit', resolve)));
    const timer = setTimeout(() => { try { process.kill(pid, 'SIGKILL'); } catch { /* gone already */ } }, 10_000);
    await this.puppeteer.close().catch(() => {});
    await gone;
    clearTimeout(timer);
    await this.profile.remove();
  }
}

class Page extends PuppeteerPage {
  tokenOperations = [];

  async prepare() {
    this.cdp = await this.puppeteer.createCDPSession();
    this.cdp.on('Network.trustTokenOperationDone', (e) => this.tokenOperations.push(e));
    await this.cdp.send('Network.enable');
    await this.front();
  }

  /** Runs a script of the test's in the page, past its Content-Security-Policy. */
  async inject(source) {
    const { exceptionDetails } = await this.cdp.send('Runtime.evaluate', { expression: source });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  scheme(value) {
    return this.puppeteer.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
  }

  /**
   * Takes a picture of the window or, when whole is true, of the page from top
   * to bottom in a window as high as it: what stays at the window's edge is
   * then at the page's, and frames are drawn.
   */
  async screenshot(file, { whole = false } = {}) {
    if (!whole) return this.puppeteer.screenshot({ path: file });
    const { width, height } = this.puppeteer.viewport();
    const all = await this.eval(() => document.documentElement.scrollHeight);
    await this.size(width, Math.min(Math.max(all, height), 12_000));
    await this.eval(() => new Promise((r) => { requestAnimationFrame(() => requestAnimationFrame(r)); }));
    await this.puppeteer.screenshot({ path: file });
    return this.size(width, height);
  }

  /** The tab or popup whose address the condition accepts, awaited. */
  async opened(condition, timeout = patience) {
    const target = await this.puppeteer.browser().waitForTarget((t) => t.type() === 'page' && condition(t.url()), { timeout });
    const page = new Page(await target.page());
    await page.prepare();
    return page;
  }

  /** Waits for the browser's own word on a token operation, from the count-th on. */
  async tokenOperation(type, { after = 0, timeout = patience } = {}) {
    const deadline = Date.now() + timeout;
    for (;;) {
      const found = this.tokenOperations.slice(after).find((e) => e.type === type);
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`the browser reported no ${type}; it reported ${JSON.stringify(this.tokenOperations)}`);
      await new Promise((r) => setTimeout(r, 20));
    }
  }
}
