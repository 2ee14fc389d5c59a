// The FedCM surface as a page sees it, on the polyfill (Firefox, WebKitGTK,
// Chromium with FedCM off) and natively, beside each other: the pages of the
// web-platform-tests that need only the relying party's side. A test that
// mirrors one carries its name.
//
// What differs, and why, stands in docs/polyfill-protocol.md, "What the window
// cannot do"; here a test says `native` where it does.
import { describe } from 'node:test';
import { asks } from './fedcm-surface/asks.mjs';
import { calls } from './fedcm-surface/calls.mjs';
import { inBrowser, signedIn } from './fedcm-surface/setup.mjs';
import { several } from './fedcm-surface/several.mjs';
import { strangers } from './fedcm-surface/strangers.mjs';
import { inWindow } from './fedcm-surface/window.mjs';

const kinds = [
  { kind: 'Firefox', browser: 'firefox' },
  { kind: 'WebKitGTK', browser: 'webkit' },
  { kind: 'Chromium with FedCM off', browser: 'chromium', options: { flags: ['--disable-features=FedCm'] } },
  { kind: 'Chromium, native', browser: 'chromium', native: true },
];

for (const kind of kinds) {
  describe(kind.kind, () => {
    inBrowser(kind);
    strangers(kind);
    describe('with somebody signed in at the provider', () => {
      signedIn('one', 'ada', 'grace');
      asks(kind);
      calls(kind);
      if (!kind.native) inWindow(kind);
    });
    describe('several providers', () => {
      several(kind);
    });
  });
}
