// The form with the module inside, for bundlers that lose a file beside a script,
// for Node and for CommonJS.

import { verifier } from "./verify.js";

const bytes = () => Uint8Array.from(atob(__IDTOKEN_BYTES__), (c) => c.charCodeAt(0));

export const { verifyIdToken, load } = verifier(async () => WebAssembly.compile(bytes()));

export { IdTokenError } from "./error.js";
