// What the site says once, as attributes of the script tag or to install().

export interface Config {
  /** The keeper's origin. Never an issuer's. */
  keeper: string;
  /** Where the keeper's page is on that origin. */
  keeperPath: string;
  /** Issuers that this site uses through the keeper even where the browser knows
   * them natively. Empty: native wherever it works. */
  prefer?: "native";
}

export const defaultKeeperPath = "/keeper";

/** fromScript reads data-keeper and data-keeper-path; without data-keeper the
 * script's own origin is the keeper. */
export function fromScript(script: HTMLScriptElement | null): Config | null {
  if (!script?.src) return null;
  const keeper = new URL(script.dataset.keeper ?? script.src, script.src).origin;
  return { keeper, keeperPath: script.dataset.keeperPath ?? defaultKeeperPath };
}
