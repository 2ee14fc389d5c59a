// The module that a relying party's page imports; classic.ts is the script for a tag.

export { install, path, reserve, signInPath } from "./once.js";
