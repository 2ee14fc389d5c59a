// Firefox, driven over WebDriver BiDi by puppeteer-core. It is started here
// with a profile of our own: a driver's profile changes what a test is about
// (pop-ups without a gesture, partitioned storage).
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { bidiMakesNoGesture } from './gesture.mjs';
import { PuppeteerPage } from './page.mjs';
import { Program, temporaryFolder } from './stack.mjs';
import { patience } from './patience.mjs';

/**
 * Only what keeps Firefox from calling home and from greeting a newcomer, and what
 * spares processes and windows of the browser where no page sees the difference:
 * sites share processes, as on phones, and what opens for a page is a tab.
 */
const quiet = {
  'fission.webContentIsolationStrategy': 0,
  'remote.prefs.recommended': false,
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.link.open_newwindow.restriction': 0,
  'browser.newtabpage.enabled': false,
  'browser.region.update.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage': 'about:blank',
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': 'data:,',
};

export class Firefox {
  name = 'firefox';
  can = { cdp: false, nativeTokens: false, nativeFedCM: false };

  /** @param {{prefs?: object, flags?: string[], executable?: string}} options prefs are added to the profile. */
  static async launch({ prefs = {}, flags = [], executable = '/usr/bin/firefox-esr' } = {}) {
    const self = new Firefox();
    self.profile = await temporaryFolder('firefox');
    const lines = Object.entries({ ...quiet, ...prefs }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
    await writeFile(path.join(self.profile.dir, 'user.js'), lines.join(''));
    self.program = new Program(executable, ['--headless', '--no-remote', '--profile', self.profile.dir, '--remote-debugging-port=0', ...flags, 'about:blank'],
      { env: { ...process.env, HOME: self.profile.dir, MOZ_CRASHREPORTER_DISABLE: '1' } });
    try {
      const endpoint = await self.#endpoint();
      self.puppeteer = await puppeteer.connect({ browserWSEndpoint: `${endpoint}/session`, protocol: 'webDriverBiDi', defaultViewport: null });
      bidiMakesNoGesture(self.puppeteer);
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  async #endpoint() {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = this.program.output.match(/WebDriver BiDi listening on (ws:\/\/\S+)/);
      if (found) return found[1];
      if (!this.program.running || Date.now() > deadline) throw new Error(`Firefox did not start:\n${this.program.output}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }

  async open(url) {
    const page = new PuppeteerPage(await this.puppeteer.newPage());
    await page.front();
    if (url) await page.goto(url);
    return page;
  }

  version() {
    return this.puppeteer.version();
  }

  async close() {
    await this.puppeteer?.close().catch(() => {});
    await this.program.stop('SIGTERM');
    await this.profile.remove();
  }
}
