// A form is sent once. Who presses twice while the answer is on its way would get the
// answer to the second press, and that one is a refusal: a mailed code works once, and
// so does a site's request. After ten seconds, or where the page is shown again at a
// press of Back, the button works anew.
(() => {
  const patience = 10_000; // ms
  let sent = -Infinity;
  addEventListener("submit", (e) => {
    if (e.defaultPrevented) return; // it went nowhere
    if (performance.now() < sent + patience) {
      e.preventDefault();
      return;
    }
    sent = performance.now();
    // A listener that comes later may keep it here.
    setTimeout(() => { if (e.defaultPrevented) sent = -Infinity; });
  });
  addEventListener("pageshow", (e) => { if (e.persisted) sent = -Infinity; });
})();
