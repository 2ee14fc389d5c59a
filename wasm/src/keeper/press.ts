// Buttons that a person presses in the keeper's own window, and nobody presses by
// accident: a page can open this window under a pointer that is about to click.

/** How long a button stays dead once its window can be seen and has the focus, in ms. */
const dead = 500;
/** What a person does who is in the middle of pressing. */
const hasty = ["pointerdown", "keydown"];
/** A window that a page made too small to read has no button that works, in CSS pixels. */
const narrowest = 240;
const lowest = 160;

/** The person pressed somewhere in this window since it was last out of sight. A
 * press shows that it is in front also where a desktop gives windows no focus. */
let touched = false;
if (globalThis.document) {
  addEventListener("pointerdown", (e) => { touched ||= e.isTrusted; }, true);
  addEventListener("blur", () => { touched = false; });
  document.addEventListener("visibilitychange", () => { touched = false; });
}

/**
 * deadAtFirst makes a button that works only after its window was visible, in
 * focus and large enough to read for half a second on end. In a frame it never
 * works: there the page around it decides what is seen.
 */
export function deadAtFirst(label: string, press: () => void, kind = "go"): HTMLButtonElement {
  const b = document.createElement("button");
  b.type = "button";
  b.className = kind;
  b.textContent = label;
  b.disabled = true;
  let timer = 0;
  let was = false;
  const look = () => {
    if (!b.isConnected) return; // gone, or not there yet
    const good = top === self && document.visibilityState === "visible" && (document.hasFocus() || touched) && innerWidth >= narrowest && innerHeight >= lowest;
    if (good === was) return;
    was = good;
    clearTimeout(timer);
    b.disabled = true;
    if (good) timer = setTimeout(() => { b.disabled = false; }, dead);
  };
  // Not every engine tells of a focus that comes with the window itself.
  const watch = setInterval(look, 100);
  // Who presses before it works was pressing at something else: it begins anew.
  const early = (e: Event) => {
    if (!e.isTrusted || !was || !b.disabled) return;
    clearTimeout(timer);
    timer = setTimeout(() => { b.disabled = false; }, dead);
  };
  for (const name of hasty) addEventListener(name, early, true);
  for (const name of ["focus", "blur", "resize"]) addEventListener(name, look);
  document.addEventListener("visibilitychange", look);
  b.addEventListener("click", (e) => {
    look();
    if (!e.isTrusted || b.disabled || !was) return;
    clearInterval(watch);
    for (const name of ["focus", "blur", "resize"]) removeEventListener(name, look);
    document.removeEventListener("visibilitychange", look);
    for (const name of hasty) removeEventListener(name, early, true);
    b.disabled = true;
    press();
  });
  return b;
}
