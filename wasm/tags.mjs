// The script tags that documents and examples show. A tag names a file by its
// content, so whoever builds the files writes the tags anew; test/tags.test.mjs
// holds them to the manifest.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where tags stand to be copied, from the root. */
export const places = ["examples/publisher/index.html", "docs/polyfill.md"];

// The name of a page's script, then whatever stands between, then its integrity.
const tag = /\b(tokens|fedcm)-[0-9a-f]{12}\.js("[^>]*?\bintegrity=")[^"]*/g;

/** The text with every tag as the manifest has it. */
export function retag(text, { flows, hashes }) {
  return text.replace(tag, (_, flow, between) => {
    const name = flows[flow].classic[0];
    return name + between + hashes[name].integrity;
  });
}

export function retagPlaces(root, manifest) {
  for (const place of places) {
    const file = join(root, place);
    const text = readFileSync(file, "utf8");
    const now = retag(text, manifest);
    if (now !== text) writeFileSync(file, now);
  }
}
