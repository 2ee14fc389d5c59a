// The module that a publisher's page imports; classic.ts is the script for a tag.

export { recordFromEmbedder } from "./frames.js";
export { install, tokenPath } from "./once.js";
