// Where the modules of this build are, beside the script; put in by build.mjs.
declare const __TOKEN_WASM__: string;
declare const __IDTOKEN_WASM__: string;

/** Runtimes that compile modules when a program is deployed import them. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
