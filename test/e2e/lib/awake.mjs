// A page of the provider's that asks for consent takes no press in its first half second.
import { patience } from './patience.mjs';

/**
 * Waits until a page takes presses, as a person does who reads it first. touch is
 * a real press on its heading, for windows that a display without a window
 * manager gives no focus.
 */
export async function awake(page, touch) {
  let touched = false;
  for (const deadline = Date.now() + patience; ;) {
    // A page that is being replaced cannot be asked.
    const { press, focus } = await page.eval(() => ({ press: document.documentElement.dataset.press, focus: document.hasFocus() })).catch(() => ({}));
    if (press !== 'asleep') return;
    if (Date.now() > deadline) throw new Error('the page takes no presses');
    if (!focus && !touched) {
      touched = true;
      await touch();
    }
    await new Promise((r) => setTimeout(r, 50));
  }
}
