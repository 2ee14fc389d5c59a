// The classic script: it installs itself, as its tag says.

import { fromScript } from "./config.js";
import { installSettled, path, reserve, signInPath } from "./once.js";

const kit = ((window as { bonafides?: object }).bonafides ??= {});
Object.defineProperty(kit, "path", { get: path, configurable: true });
Object.defineProperty(kit, "signInPath", { value: signInPath, configurable: true });
Object.defineProperty(kit, "reserve", { value: reserve, configurable: true });
const script = document.currentScript as HTMLScriptElement | null;
if (script) installSettled(fromScript(script));
