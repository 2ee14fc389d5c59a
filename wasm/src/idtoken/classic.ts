// The classic script: window.bonafides.verifyIdToken.

import { compile } from "../load.js";
import { IdTokenError } from "./error.js";
import { verifier } from "./verify.js";

const { src } = document.currentScript as HTMLScriptElement;
const { verifyIdToken, load } = verifier(() => compile(new URL(__IDTOKEN_WASM__, src)));

Object.assign(((window as { bonafides?: object }).bonafides ??= {}), { verifyIdToken, loadIdTokenModule: load, IdTokenError });
