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
:host { all: initial; position: fixed; inset: auto 0 0 0; z-index: 2147483647; display: flex; justify-content: center; padding: 12px;
  font: 16px/1.5 system-ui, sans-serif; color-scheme: light dark; pointer-events: none; }
div { pointer-events: auto; display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: center; max-width: 560px; padding: 14px 16px; border-radius: var(--bonafides-radius, 10px);
  background: var(--bonafides-ground, light-dark(#ffffff, #0b1020)); color: var(--bonafides-text, light-dark(#0f172a, #e2e8f0));
  border: 1px solid var(--bonafides-line, light-dark(#94a3b8, #475569)); box-shadow: 0 6px 24px rgb(0 0 0 / .18); }
p { margin: 0; flex: 1 1 16em; }
button { font: inherit; padding: 8px 14px; border-radius: var(--bonafides-radius, 10px); border: 1px solid transparent; cursor: pointer; }
button.go { background: var(--bonafides-accent, light-dark(#1d4ed8, #60a5fa)); color: var(--bonafides-accent-text, light-dark(#ffffff, #0b1020)); }
button.no { background: none; color: inherit; border-color: var(--bonafides-line, light-dark(#94a3b8, #475569)); }
button:focus-visible { outline: 3px solid var(--bonafides-accent, light-dark(#1d4ed8, #60a5fa)); outline-offset: 2px; }
`;

/** showPress draws the button at the foot of the page. */
export function showPress(p: Press): { close(): void } {
  const host = document.createElement("bonafides-ask");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
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
    if (e.key === "Escape") p.dismiss();
  });
  root.append(box);
  document.documentElement.append(host);
  text.textContent = p.text;
  const before = document.activeElement as HTMLElement | null;
  if (p.focus) root.querySelector("button")?.focus();
  return {
    close: () => {
      const back = document.activeElement === host;
      host.remove();
      if (back) before?.focus?.();
    },
  };
}
