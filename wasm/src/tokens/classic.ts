// The classic script: it installs itself, as its tag says.

import { fromScript } from "../config.js";
import { recordFromEmbedder } from "./frames.js";
import { installSettled, refused, tokenPath } from "./once.js";

Object.assign(((window as { bonafides?: object }).bonafides ??= {}), { recordFromEmbedder, tokenPath });
const script = document.currentScript as HTMLScriptElement | null;
if (script) {
  try {
    installSettled(fromScript(script));
  } catch (err) {
    refused(err as Error);
    throw err; // on the console: whoever wrote the tag reads it there
  }
}
