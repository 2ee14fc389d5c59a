// Chromium's FedCM dialog, seen and answered over the DevTools protocol.
import { patience } from './patience.mjs';

export class FedCM {
  #dialogs = [];
  #seen = 0;

  /** Watches the dialogs of one page, which is brought to the front first: from a background tab no dialog comes. */
  static async watch(page) {
    const self = new FedCM();
    self.page = page;
    page.cdp.on('FedCm.dialogShown', (e) => self.#dialogs.push(e));
    await page.front();
    await page.cdp.send('FedCm.enable', { disableRejectionDelay: true });
    return self;
  }

  /** The next dialog that was not yet taken: {dialogId, dialogType, accounts, title}. */
  async dialog(type, timeout = patience) {
    const deadline = Date.now() + timeout;
    while (this.#dialogs.length <= this.#seen) {
      if (Date.now() > deadline) throw new Error(`no FedCM dialog came${type ? ` (${type} expected)` : ''}`);
      await new Promise((r) => setTimeout(r, 20));
    }
    const dialog = this.#dialogs[this.#seen++];
    if (type && dialog.dialogType !== type) throw new Error(`the dialog is ${dialog.dialogType} "${dialog.title}", expected ${type}`);
    return dialog;
  }

  /** How many dialogs came so far. */
  get count() {
    return this.#dialogs.length;
  }

  /** Forgets the dialogs that came so far and were not taken. */
  skip() {
    this.#seen = this.#dialogs.length;
  }

  select(dialog, accountIndex = 0) {
    return this.page.cdp.send('FedCm.selectAccount', { dialogId: dialog.dialogId, accountIndex });
  }

  press(dialog, dialogButton) {
    return this.page.cdp.send('FedCm.clickDialogButton', { dialogId: dialog.dialogId, dialogButton });
  }

  dismiss(dialog, triggerCooldown = false) {
    return this.page.cdp.send('FedCm.dismissDialog', { dialogId: dialog.dialogId, triggerCooldown });
  }

  resetCooldown() {
    return this.page.cdp.send('FedCm.resetCooldown');
  }
}
