// Builds wasm/dist: the guests with TinyGo, the scripts with esbuild, and
// manifest.json. With --check it builds into a temporary folder and compares:
// equal bytes where the toolchain is the one in the manifest; another toolchain
// is said and left to the tests.
//
//   node wasm/build.mjs [--check]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const top = dirname(here);
const guests = ["token"];

// What each script is: its entry point and the forms it is built in.
const scripts = {
  keeper: { entry: "src/keeper/main.ts", forms: ["esm"] },
  tokens: { entry: "src/tokens/main.ts", forms: ["esm", "classic"] },
  fedcm: { entry: "src/fedcm/main.ts", forms: ["esm", "classic"] },
};

// What a page fetches for each flow, by the names above.
const flows = {
  tokens: { scripts: ["tokens", "keeper"], guests: ["token"] },
  fedcm: { scripts: ["fedcm"], guests: [] },
};

const hash = (b) => createHash("sha256").update(b).digest("hex");
const sri = (b) => "sha384-" + createHash("sha384").update(b).digest("base64");
const brotli = (b) => brotliCompressSync(b, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

function toolchain() {
  const tinygo = execFileSync(join(top, ".tools/tinygo/tinygo"), ["version"], { encoding: "utf8" }).trim();
  const version = (name) => JSON.parse(readFileSync(join(top, "node_modules", name, "package.json"), "utf8")).version;
  return `${tinygo}; binaryen ${version("binaryen")}; esbuild ${version("esbuild")}`;
}

/** guest compiles one guest module with TinyGo. */
function guest(name, dir) {
  const file = join(dir, `${name}.wasm`);
  execFileSync(join(top, ".tools/tinygo/tinygo"), [
    "build", "-target=wasip1", "-buildmode=c-shared", "-opt=z", "-no-debug", "-panic=trap", "-scheduler=none",
    "-o", file, `./wasm/guest/${name}`,
  ], { cwd: top, stdio: ["ignore", "inherit", "inherit"] });
  const bytes = readFileSync(file);
  rmSync(file);
  const named = `${name}-${hash(bytes).slice(0, 12)}.wasm`;
  writeFileSync(join(dir, named), bytes);
  return named;
}

async function script(name, form, files, dir) {
  const { entry } = scripts[name];
  const out = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    write: false,
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    format: form === "esm" ? "esm" : "iife",
    // The names of the files that this script loads, known only now.
    define: { __FILES__: JSON.stringify(files) },
  });
  const bytes = out.outputFiles[0].contents;
  const named = `${name}-${hash(bytes).slice(0, 12)}.${form === "esm" ? "mjs" : "js"}`;
  writeFileSync(join(dir, named), bytes);
  return named;
}

async function make(dir) {
  mkdirSync(dir, { recursive: true });
  const files = {};
  for (const g of guests) files[`${g}.wasm`] = guest(g, dir);
  const made = {};
  for (const name of Object.keys(scripts)) {
    for (const form of scripts[name].forms) made[`${name}.${form}`] = await script(name, form, files, dir);
    files[name] = made[`${name}.esm`];
  }
  const manifest = { flows: {}, toolchain: toolchain(), hashes: {} };
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
  // their plain names, whatever their hash.
  const exports = { "./manifest.json": "./manifest.json" };
  for (const name of Object.keys(scripts)) {
    exports[`./${name}`] = {
      ...(name === "tokens" && { types: "./tokens.d.ts" }),
      ...(made[`${name}.classic`] && { script: `./${made[`${name}.classic`]}` }),
      default: `./${made[`${name}.esm`]}`,
    };
  }
  for (const g of guests) exports[`./${g}.wasm`] = `./${files[`${g}.wasm`]}`;
  copyFileSync(join(here, "types.d.ts"), join(dir, "tokens.d.ts"));
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "bonafides", version: "0.0.0", type: "module", license: "Apache-2.0", exports }, null, 2) + "\n");
  return manifest;
}

const dist = join(here, "dist");
if (process.argv[2] === "--check") {
  const committed = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
  const temp = mkdtempSync(join(tmpdir(), "bonafides-wasm-"));
  try {
    const built = await make(temp);
    const differ = [];
    for (const f of new Set([...readdirSync(temp), ...readdirSync(dist)])) {
      const a = join(temp, f), b = join(dist, f);
      if (!existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b))) differ.push(f);
    }
    if (committed.toolchain !== built.toolchain) {
      console.log(`wasm/dist was built with another toolchain, so its bytes are not compared:\n  dist: ${committed.toolchain}\n  here: ${built.toolchain}`);
    } else if (differ.length > 0) {
      console.error(`wasm/dist is not what its source builds: ${differ.join(", ")} differ. Run: node wasm/build.mjs`);
      process.exitCode = 1;
    } else {
      console.log(`wasm/dist is what its source builds: ${Object.keys(built.hashes).length} files`);
    }
  } finally {
    rmSync(temp, { recursive: true });
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  const m = await make(dist);
  for (const [f, h] of Object.entries(m.hashes)) console.log(`${f}  ${h.bytes} bytes, ${h.brotli} brotli\n  ${h.integrity}`);
}
