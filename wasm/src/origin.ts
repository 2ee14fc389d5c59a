// The one rule for origins, as package protocol/origin has it: what it takes and
// what it refuses is the table protocol/origin/testdata/origins.json.

/** What browsers take for secure, as it begins: https, or http on this machine
 * (W3C Secure Contexts section 3.1). What begins like an address is one only where
 * it is four numbers: 127.evil.example is a name. */
const secure = /^https:|^http:\/\/(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1])(:\d+)?\//;

/** What the URL Standard lets stand in an origin and no name has: other signs, parts
 * without a letter, port 0. */
const shape = /^https?:\/\/(?!\.|.*(\.\.|:0$))[\w.:[\]-]{1,504}$/;

/** parse is a URL, or null where a text is none. */
export function parse(text: unknown, base?: string): URL | null {
  try {
    return new URL(text as string, base);
  } catch {
    return null;
  }
}

/** isSecure tells whether pages of a URL are a secure context. */
export const isSecure = (u: URL): boolean => secure.test(u.href);

/** isOrigin tells whether a text is an http or https origin as browsers write it. */
export const isOrigin = (text: string): boolean => shape.test(text) && parse(text)?.origin === text;

/** isSecureOrigin is isOrigin, of a secure context. */
export const isSecureOrigin = (text: string): boolean => isOrigin(text) && secure.test(text + "/");
