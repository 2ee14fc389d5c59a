// The module form, for browsers, bundlers and Node.

import { compile } from "../load.js";
import { verifier } from "./verify.js";

/** Node's fetch does not read files. */
interface Files {
  readFile(url: URL): Promise<Uint8Array<ArrayBuffer>>;
}
const files = (globalThis as { process?: { getBuiltinModule?(name: string): Files | undefined } })
  .process?.getBuiltinModule?.("node:fs/promises");

export const { verifyIdToken, load } = verifier(async () => {
  const url = new URL(__IDTOKEN_WASM__, import.meta.url); // bundlers look for these very words
  return url.protocol === "file:" && files ? WebAssembly.compile(await files.readFile(url)) : compile(url);
});

export { IdTokenError } from "./error.js";
