// Where the modules of this build are, beside the script; put in by build.mjs.
declare const __TOKEN_WASM__: string;
declare const __IDTOKEN_WASM__: string;
/** The module of ID tokens itself, in base64. */
declare const __IDTOKEN_BYTES__: string;
// And the public suffix table, and the script of the keeper's home page.
declare const __SUFFIXES__: string;
declare const __KEEPER_HOME__: string;
declare const __KEEPER_ERRAND__: string;

/** Runtimes that compile modules when a program is deployed import them. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
