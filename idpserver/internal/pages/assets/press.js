// Stands in the head of a page that asks for consent, before its buttons: another
// site can open that page under a pointer that is about to press. A press counts
// once the page was visible and in front for half a second on end. Whoever presses
// sooner pressed at something else: the half second begins anew.
(() => {
  const asleep = 500; // ms
  const root = document.documentElement;
  let since = Infinity; // when the page came in front
  let touched = false; // pressed here: in front, also where a desktop gives windows no focus
  let timer = 0;
  const look = () => {
    const front = document.visibilityState === "visible" && (document.hasFocus() || touched);
    if (!front) since = Infinity;
    else if (since === Infinity) since = performance.now();
    const left = since + asleep - performance.now();
    root.dataset.press = left > 0 ? "asleep" : "awake";
    clearTimeout(timer);
    // Not every engine tells of a focus that comes with the window itself.
    if (left > 0) timer = setTimeout(look, Math.min(left, 100));
    return left > 0;
  };
  const early = (e) => {
    if (!e.isTrusted) return;
    touched ||= e.type === "pointerdown";
    if (!look()) return;
    since = Infinity;
    look();
  };
  for (const type of ["pointerdown", "keydown"]) addEventListener(type, early, true);
  const away = () => { touched = false; look(); };
  addEventListener("blur", away);
  document.addEventListener("visibilitychange", away);
  for (const type of ["focus", "pageshow"]) addEventListener(type, look);
  addEventListener("submit", (e) => { if (look()) e.preventDefault(); }, true);
  look();
})();
