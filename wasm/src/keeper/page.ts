// What a person sees in the keeper's window.

const sentences: Record<string, (page?: string) => string> = {
  working: (page) => `${page ? new URL(page).host : "A site"} asks whether you are a real person. Answering takes a moment; this window closes by itself.`,
  home: () => "This site keeps the tokens that say you are a real person. Other sites may ask it for one; it tells them nothing else, and it keeps no list of who asked.",
  lost: () => "The request that opened this window is damaged. Go back to the site and try again.",
  framed: () => "The token keeper does not run inside another page.",
  issuer: () => "The token keeper does not start here: this is an issuer's own site, which could read the tokens back. Serve the keeper from another origin.",
};

export function show(state: string, page?: string): void {
  const out = document.getElementById("state");
  if (!out) return;
  out.dataset.state = state;
  out.textContent = sentences[state]!(page);
}
