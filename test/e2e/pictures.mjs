// Makes the pictures of the README from a real walk through both flows:
//   node test/e2e/pictures.mjs
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { act, launch } from './lib/browser.mjs';
import { FedCM } from './lib/fedcm.mjs';
import { settle } from './lib/pages.mjs';
import { root, Stack } from './lib/stack.mjs';
import { getTokens, redeem, signIn } from './lib/tokens.mjs';

const dir = path.join(root, 'docs/img');
await mkdir(dir, { recursive: true });
const stack = await Stack.start();
const browser = await launch('chromium', { commitments: stack.commitments });
try {
  const page = await browser.open(stack.url('issuer'));
  await signIn(page, 'ada');
  await getTokens(page);
  await page.goto(stack.url('idp', '/signin'));
  await page.follow('[data-do="signin-ada"]');
  await page.goto(stack.url('shop'));
  const fedcm = await FedCM.watch(page);
  await page.click('[data-do="signin"]');
  await fedcm.select(await fedcm.dialog('AccountChooser'));
  await page.wait(() => document.querySelector('[data-do="signout"]') !== null);
  await page.goto(stack.url('news'));
  await redeem(page);
  await act(page, 'send-record');
  await act(page, 'vote');
  await page.size(1280, 900);
  await page.puppeteer.click('#instrument > summary');
  await settle(page);
  await page.eval(() => { // as it stands when it is opened by hand: from the top
    for (const e of document.querySelectorAll('*')) if (e.scrollTop > 0) e.scrollTop = 0;
  });
  await page.screenshot(path.join(dir, 'news.png'));
  await page.goto(stack.url('home'));
  await settle(page);
  await page.eval(() => document.querySelector('#chart').scrollIntoView());
  await page.screenshot(path.join(dir, 'chart.png'));
} finally {
  await browser.close();
  await stack.stop();
}
