// Builds wasm/dist: the guests with TinyGo, the scripts with esbuild, and
// manifest.json. With --check it builds into a temporary folder and compares:
// equal bytes where the toolchain is the one in the manifest; another toolchain
// is said and left to the tests.
//
// It prints each file with its size, its size after brotli, its subresource
// integrity, and the tag that a page needs.
//
//   node wasm/build.mjs [--check]
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { brotli, compare, compile, named, put, sri, versions } from "./compile.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const guests = ["token", "idtoken"];

// What each script is: its entry point in each form that it is built in.
const scripts = {
  keeper: { esm: "src/keeper/main.ts" },
  tokens: { esm: "src/tokens/main.ts", classic: "src/tokens/main.ts" },
  fedcm: { esm: "src/fedcm/main.ts", classic: "src/fedcm/main.ts" },
  idtoken: { esm: "src/idtoken/esm.ts", classic: "src/idtoken/classic.ts", workerd: "src/idtoken/workerd.ts" },
};

// How a form is named and how its file ends.
const forms = {
  esm: { suffix: "", ext: "mjs" },
  classic: { suffix: "", ext: "js" },
  workerd: { suffix: "-workerd", ext: "mjs" },
};

// What a page fetches for each flow, by the names above.
const flows = {
  tokens: { scripts: ["tokens", "keeper"], guests: ["token"] },
  fedcm: { scripts: ["fedcm"], guests: [] },
  idtoken: { scripts: ["idtoken"], guests: ["idtoken"] },
};

// The script tag of each flow, with what it is told.
const tags = { tokens: ' data-keeper="https://keeper.example"', fedcm: ' data-redirect="/signin/start"', idtoken: "" };

async function script(name, form, files, dir) {
  const out = await build({
    entryPoints: [join(here, scripts[name][form])],
    bundle: true,
    minify: true,
    write: false,
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    format: form === "classic" ? "iife" : "esm",
    // The names of the files that this script loads, known only now.
    define: Object.fromEntries(guests.map((g) => [`__${g.toUpperCase()}_WASM__`, JSON.stringify(`./${files[`${g}.wasm`]}`)])),
    plugins: [{
      name: "modules",
      setup(b) {
        b.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${files[path]}`, external: true }));
      },
    }],
  });
  const bytes = out.outputFiles[0].contents;
  const as = named(name + forms[form].suffix, forms[form].ext, bytes);
  writeFileSync(join(dir, as), bytes);
  return as;
}

async function make(dir) {
  mkdirSync(dir, { recursive: true });
  const files = {};
  for (const g of guests) files[`${g}.wasm`] = put(dir, g, (file) => compile(g, file)).file;
  const made = {};
  for (const name of Object.keys(scripts)) {
    for (const form of Object.keys(scripts[name])) made[`${name}.${form}`] = await script(name, form, files, dir);
  }
  const manifest = { flows: {}, toolchain: versions([], ["binaryen", "esbuild"]), hashes: {} };
  for (const [flow, parts] of Object.entries(flows)) {
    manifest.flows[flow] = {};
    for (const form of ["esm", "classic"]) {
      manifest.flows[flow][form] = [
        ...parts.scripts.map((s) => made[`${s}.${form}`] ?? made[`${s}.esm`]),
        ...parts.guests.map((g) => files[`${g}.wasm`]),
      ];
    }
  }
  for (const f of readdirSync(dir).sort()) {
    const b = readFileSync(join(dir, f));
    manifest.hashes[f] = { integrity: sri(b), bytes: b.length, brotli: brotli(b) };
  }
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  // The same folder as an npm package. Bundlers and servers take the files by
  // their plain names, whatever their hash. Only the keeper acts on being imported.
  const exports = { "./manifest.json": "./manifest.json" };
  for (const name of Object.keys(scripts)) {
    const esm = `./${made[`${name}.esm`]}`;
    exports[`./${name}`] = {
      types: `./${name}.d.ts`,
      ...(made[`${name}.workerd`] && { workerd: `./${made[`${name}.workerd`]}` }),
      ...(made[`${name}.classic`] && { script: `./${made[`${name}.classic`]}` }),
      browser: esm,
      import: esm,
      default: esm,
    };
    copyFileSync(join(here, "types", `${name}.d.ts`), join(dir, `${name}.d.ts`));
  }
  copyFileSync(join(here, "README.md"), join(dir, "README.md"));
  for (const g of guests) exports[`./${g}.wasm`] = `./${files[`${g}.wasm`]}`;
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "bonafides", version: "0.0.0", type: "module", license: "Apache-2.0", sideEffects: ["./keeper-*.mjs"], exports }, null, 2) + "\n");
  return manifest;
}

const dist = join(here, "dist");
if (process.argv[2] === "--check") {
  await compare(dist, make, "node wasm/build.mjs");
} else {
  rmSync(dist, { recursive: true, force: true });
  const m = await make(dist);
  const width = Math.max(...Object.keys(m.hashes).map((f) => f.length));
  console.log(`${"file".padEnd(width)}    bytes   brotli  integrity`);
  for (const [f, h] of Object.entries(m.hashes)) {
    console.log(`${f.padEnd(width)}  ${String(h.bytes).padStart(7)}  ${String(h.brotli).padStart(7)}  ${h.integrity}`);
  }
  console.log("\nFor a page (each loads the rest of its flow when that is needed):");
  for (const [flow, attributes] of Object.entries(tags)) {
    const f = m.flows[flow].classic[0];
    console.log(`  <script src="https://keeper.example/bonafides/${f}" integrity="${m.hashes[f].integrity}" crossorigin="anonymous"${attributes}></script>`);
  }
}
