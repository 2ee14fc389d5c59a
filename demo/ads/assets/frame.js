// Inside the publisher's frame. Where the browser sent a redemption record with
// the frame's navigation, the ad is chosen already. A script cannot do that, so
// the page around lends its record, and this document asks its own server again.
import { partOf } from '/_demo/fragment.js';

const main = document.querySelector('[data-out="ad"]');
const { embedders, issuer, ad } = main.dataset;

// A function and no await of the module's own: where a frame goes away while its
// module waits there, WebKit (2.50) goes on evaluating it without end, and with it
// the page around stands still. This frame goes away when the page has a new one.
async function askAgain() {
  const records = await window.bonafides.recordFromEmbedder(embedders.split(' '));
  if (!(issuer in records)) return;
  const response = await fetch(location.href, { privateToken: { version: 1, operation: 'send-redemption-record', issuers: [issuer] } });
  const again = partOf(await response.text(), '[data-out="ad"]');
  if (again) main.replaceWith(again);
}

if (ad === 'plain' && window.bonafides) askAgain();
