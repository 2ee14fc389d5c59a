// Which way a sign-in takes, and why: for the page to say so.

export type Path = "native" | "popup" | "redirect";

export interface SignInPath {
  path: Path;
  why: string;
}

/** Why a sign-in takes the way that it takes. */
export const because = {
  native: "This browser has FedCM: its own dialog asks.",
  none: "This browser has no FedCM.",
  failed: "This browser's FedCM showed nothing and gave no answer.",
  blocked: "No window could be opened, although a button was pressed.",
  windowless: "The provider offers no window.",
  unanswered: "The provider's window gave no answer.",
  insecure: "This page is not secure: sign-in in a page needs https, or localhost.",
};

let now: SignInPath = { path: "native", why: because.native };

export function signInPath(): SignInPath {
  return now;
}

// The page that begins a redirect is gone when the answer comes; the next page of
// this tab says it.
const kept = "bonafides:signin-path";

export function take(path: Path, why: string): void {
  now = { path, why };
  try {
    if (path === "redirect") sessionStorage.setItem(kept, why);
  } catch {
    // storage is off: the next page does not know
  }
  document.dispatchEvent(new CustomEvent(kept, { detail: now }));
}

/** locked says why this script is not on the page: the browser's FedCM is there as
 * it was; without one the site's own redirect is what is left. */
export function locked(native: boolean, why: string): void {
  now = { path: native ? "native" : "redirect", why };
}

/** begin says which way there is on this page, before any sign-in. */
export function begin(native: boolean): void {
  let why: string | null = null;
  try {
    why = sessionStorage.getItem(kept);
    sessionStorage.removeItem(kept);
  } catch {
    // storage is off
  }
  if (why !== null) now = { path: "redirect", why };
  else now = native ? { path: "native", why: because.native } : { path: "popup", why: because.none };
}
