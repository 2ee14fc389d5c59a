// The form for Cloudflare Workers, which compile modules when they are deployed.

import module from "idtoken.wasm";
import { verifier } from "./verify.js";

export const { verifyIdToken, load } = verifier(async () => module);

export { IdTokenError } from "./error.js";
