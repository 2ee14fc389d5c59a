// The kit's own button, for calls that come without a gesture. Sites theme it
// with the custom properties --bonafides-*, or draw their own.

export interface Press {
  /** One sentence: who asks for what. */
  text: string;
  /** Each runs inside its click, so it may open a window. */
  choices: { label: string; press(): void }[];
  dismiss(): void;
  /** Whether the first choice takes the focus, which goes back when it is over. */
  focus?: boolean;
}

const style = `
div{--ground:#fff;--text:#0f172a;--line:#94a3b8;--accent:#1d4ed8;--accent-text:#fff}
@media (prefers-color-scheme:dark){div{--ground:#0b1020;--text:#e2e8f0;--line:#475569;--accent:#60a5fa;--accent-text:#0b1020}}
:host{all:initial;position:fixed;inset:auto 0 0 0;z-index:2147483647;display:flex;justify-content:center;padding:12px;
  font:16px/1.5 system-ui,sans-serif;color-scheme:light dark;pointer-events:none}
div{pointer-events:auto;display:flex;flex-wrap:wrap;gap:10px 14px;align-items:center;max-width:560px;padding:14px 16px;border-radius:var(--bonafides-radius,10px);
  background:var(--bonafides-ground,var(--ground));color:var(--bonafides-text,var(--text));
  border:1px solid var(--bonafides-line,var(--line));box-shadow:0 6px 24px rgb(0 0 0 / .18)}
p{margin:0;flex:1 1 16em}
button{font:inherit;padding:8px 14px;border-radius:var(--bonafides-radius,10px);border:1px solid transparent;cursor:pointer}
button.go{background:var(--bonafides-accent,var(--accent));color:var(--bonafides-accent-text,var(--accent-text))}
button.no{background:none;color:inherit;border-color:var(--bonafides-line,var(--line))}
button:focus-visible{outline:3px solid var(--bonafides-accent,var(--accent));outline-offset:2px}
`;

/** How often the question looks whether it can still be pressed, in ms. */
const looks = 500;
/** Its presses are not the page's: many close a dialog at a click outside its box. */
const own = ["click", "pointerdown", "pointerup", "mousedown", "mouseup", "touchstart", "keydown"];

/** around is the modal dialog that makes the rest of the page inert: the topmost,
 * which is what lies in the window's corner, be it by its backdrop. */
function around(): Element | null {
  try {
    let e: Element | null = null;
    for (let next: Element | null | undefined = document.elementFromPoint(1, 1); next && next !== e; next = e.shadowRoot?.elementFromPoint(1, 1)) e = next;
    for (; e; e = e.parentElement ?? ((e.getRootNode() as ShadowRoot).host as Element | undefined) ?? null) if (e.matches("dialog:modal")) return e;
    return [...document.querySelectorAll("dialog:modal")].pop() ?? null;
  } catch {
    return null; // a browser that cannot tell
  }
}

/** place puts the question where it can be seen and pressed: in the top layer, and
 * inside the modal dialog or what fills the screen, where there is one. */
function place(host: HTMLElement): void {
  const into = around() ?? document.fullscreenElement ?? document.documentElement;
  const focused = host.shadowRoot!.activeElement as HTMLElement | null;
  into.append(host); // anew, or it would stay below what opened meanwhile
  if ("showPopover" in host) host.showPopover(); // else its z-index has to do
  focused?.focus();
}

/** showPress draws the button at the foot of the page. */
export function showPress(p: Press): { close(): void } {
  const host = document.createElement("bonafides-ask");
  host.setAttribute("popover", "manual");
  for (const name of own) host.addEventListener(name, (e) => e.stopPropagation());
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Safari before 16.4. A strict style-src leaves the bar plain there.
    const element = document.createElement("style");
    element.textContent = style;
    root.append(element);
  }
  const box = document.createElement("div");
  box.setAttribute("role", "dialog");
  const text = document.createElement("p");
  text.id = "text";
  // Where the focus stays, a screen reader hears of the text that appears.
  text.setAttribute("aria-live", "polite");
  box.setAttribute("aria-labelledby", "text");
  const make = (name: string, label: string, f: () => void) => {
    const b = document.createElement("button");
    b.className = name;
    b.textContent = label;
    b.addEventListener("click", f);
    return b;
  };
  box.append(text, ...p.choices.map((c) => make("go", c.label, c.press)), make("no", "Not now", p.dismiss));
  box.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    e.preventDefault(); // it is not for the dialog around
    p.dismiss();
  });
  root.append(box);
  place(host);
  // The page may open a dialog or go to full screen after us, or close what we are in.
  const watch = setInterval(() => {
    const r = box.getBoundingClientRect();
    const seen = (host.getRootNode() as Document).elementFromPoint?.(r.x + r.width / 2, r.y + r.height / 2);
    if (seen !== host && document.visibilityState === "visible") place(host);
  }, looks);
  text.textContent = p.text;
  const before = document.activeElement as HTMLElement | null;
  if (p.focus) root.querySelector("button")?.focus();
  return {
    close: () => {
      clearInterval(watch);
      const back = document.activeElement === host;
      host.remove();
      if (back) before?.focus?.();
    },
  };
}
