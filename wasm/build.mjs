// Builds wasm/dist: the guests with TinyGo, the scripts with esbuild, and
// manifest.json. With --check it builds into a temporary folder and compares:
// equal bytes where the toolchain is the one in the manifest; another toolchain
// is said and left to the tests.
//
// It prints each file with its size, its size after brotli, its subresource
// integrity, and the tag that a page needs. With --tags it builds nothing and
// prints the tags of what is in wasm/dist.
//
//   node wasm/build.mjs [--check | --tags]
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { brotli, compare, compile, named, put, sri, top, versions } from "./compile.mjs";
import { retagPlaces } from "./tags.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const guests = ["token", "idtoken"];

// What a guest leaves out because it has no use for it (protocol/strictjson).
const without = { token: "nomarks" };

// Data that a script fetches, and what is owed to those it comes from.
const texts = { suffixes: "src/keeper/suffixes.txt", "suffixes-notice": "src/keeper/suffixes-notice.txt" };

// What each script is: its entry point in each form that it is built in.
const scripts = {
  keeper: { esm: "src/keeper/main.ts" },
  tokens: { esm: "src/tokens/main.ts", classic: "src/tokens/classic.ts", cjs: "src/tokens/main.ts" },
  fedcm: { esm: "src/fedcm/main.ts", classic: "src/fedcm/classic.ts", cjs: "src/fedcm/main.ts" },
  idtoken: {
    esm: "src/idtoken/esm.ts", classic: "src/idtoken/classic.ts", workerd: "src/idtoken/workerd.ts",
    inline: "src/idtoken/inline.ts", cjs: "src/idtoken/inline.ts",
  },
};

// What a script loads when it is needed, and nobody else does: the page that a
// person sees who opens the keeper, which no site's visitors load.
const parts = { "keeper-home": "src/keeper/home.ts", "keeper-errand": "src/keeper/errand.ts" };

// The oldest browsers that the scripts run in; README and test/browsers.test.mjs say the same.
const oldest = ["chrome100", "firefox101", "safari15.4"];

// How a form is named and how its file ends.
const forms = {
  esm: { suffix: "", ext: "mjs" },
  classic: { suffix: "", ext: "js" },
  workerd: { suffix: "-workerd", ext: "mjs" },
  inline: { suffix: "-inline", ext: "mjs" },
  cjs: { suffix: "", ext: "cjs" },
};

// What a page fetches for each flow, by the names above.
const flows = {
  tokens: { scripts: ["tokens", "keeper"], guests: ["token"], texts: ["suffixes"] },
  fedcm: { scripts: ["fedcm"], guests: [], texts: [] },
  idtoken: { scripts: ["idtoken"], guests: ["idtoken"], texts: [] },
};

// The script tag of each flow, with what it is told.
const tags = { tokens: ' data-keeper="https://keeper.example"', fedcm: ' data-redirect="/signin/start"', idtoken: "" };

// Names of members that no page, no store and no other script ever sees: they are
// shortened as local names are.
const within = /^(NativeRequest|nativeFetch|hasNative|perform|knows|exchange|release|heard|isOpen|verdict|batchSize|except|below|wild|stays|lacks|synchronous|answered|ended|hasAPI|ours|ids|sent|choices)$/;

// A member that is also looked up by its name, as a text, would be lost.
for (const file of readdirSync(join(here, "src"), { recursive: true }).filter((f) => f.endsWith(".ts"))) {
  const found = /(["'`])(\w+)\1/g;
  for (const [, , name] of readFileSync(join(here, "src", file), "utf8").matchAll(found)) {
    if (within.test(name)) throw new Error(`${file} has the text "${name}", whose member is shortened in the bundle: take it out of "within" in build.mjs`);
  }
}

async function script(name, form, files, dir, source = scripts[name][form]) {
  const out = await build({
    entryPoints: [join(here, source)],
    bundle: true,
    minify: true,
    write: false,
    target: oldest,
    charset: "utf8",
    legalComments: "none",
    mangleProps: within,
    format: form === "classic" ? "iife" : form === "cjs" ? "cjs" : "esm",
    // The names of the files that this script loads, known only now.
    define: {
      ...Object.fromEntries(guests.map((g) => [`__${g.toUpperCase()}_WASM__`, JSON.stringify(`./${files[`${g}.wasm`]}`)])),
      __IDTOKEN_BYTES__: JSON.stringify(readFileSync(join(dir, files["idtoken.wasm"])).toString("base64")),
      __SUFFIXES__: JSON.stringify(`./${files["suffixes.txt"]}`),
      __KEEPER_HOME__: JSON.stringify(`./${files["keeper-home"]}`),
      __KEEPER_ERRAND__: JSON.stringify(`./${files["keeper-errand"]}`),
    },
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

// The page to which a keeper brings answers back: one file for every static host.
export const returnPage = "return.html";

/** The return page, with its script and style inside and a policy that lets
 * nothing else run. */
async function makeReturnPage() {
  const out = await build({
    entryPoints: [join(here, "src/return/main.ts")],
    bundle: true, minify: true, write: false, target: ["es2022"], charset: "utf8", legalComments: "none", format: "iife",
  });
  const read = (name) => readFileSync(join(here, "src/return", name), "utf8").trim();
  const parts = { script: out.outputFiles[0].text.trim(), style: read("page.css") };
  if (/<\/script/i.test(parts.script)) throw new Error("the return page's script ends itself");
  for (const name of ["script", "style"]) parts[`${name}-hash`] = "sha256-" + createHash("sha256").update(parts[name]).digest("base64");
  return read("page.html").replace(/{{([a-z-]+)}}/g, (_, name) => parts[name]) + "\n";
}

/** Where the page stands besides dist, for servers that hand out nothing else of it. */
const returnCopies = {
  "returnpage/return.html": (page) => page,
  "../worker/src/return.gen.ts": (page) => `// Code generated by wasm/build.mjs. DO NOT EDIT.\n\nexport const returnPage = ${JSON.stringify(page)};\n`,
};

async function make(dir) {
  mkdirSync(dir, { recursive: true });
  const files = {};
  for (const g of guests) files[`${g}.wasm`] = put(dir, g, (file) => compile(g, file, without[g])).file;
  for (const [name, source] of Object.entries(texts)) {
    const bytes = readFileSync(join(here, source));
    files[`${name}.txt`] = named(name, "txt", bytes);
    writeFileSync(join(dir, files[`${name}.txt`]), bytes);
  }
  for (const [name, source] of Object.entries(parts)) files[name] = await script(name, "esm", files, dir, source);
  const made = {};
  for (const name of Object.keys(scripts)) {
    for (const form of Object.keys(scripts[name])) made[`${name}.${form}`] = await script(name, form, files, dir);
  }
  for (const form of ["esm", "inline", "workerd", "cjs"]) made[`index.${form}`] = index(form, made, dir);
  const manifest = { flows: {}, toolchain: `${versions([], ["binaryen", "esbuild"])}; brotli ${process.versions.brotli}`, hashes: {} };
  for (const [flow, needs] of Object.entries(flows)) {
    manifest.flows[flow] = {};
    for (const form of ["esm", "classic"]) {
      manifest.flows[flow][form] = [
        ...needs.scripts.map((s) => made[`${s}.${form}`] ?? made[`${s}.esm`]),
        ...needs.guests.map((g) => files[`${g}.wasm`]),
        ...needs.texts.map((t) => files[`${t}.txt`]),
      ];
    }
  }
  for (const f of readdirSync(dir).sort()) {
    const b = readFileSync(join(dir, f));
    const small = brotli(b);
    manifest.hashes[f] = { integrity: sri(b), bytes: b.length, brotli: small.length };
    // For servers that hand it out as it is. What only bundlers read needs none.
    if (served(f)) writeFileSync(join(dir, `${f}.br`), small);
  }
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  const page = await makeReturnPage();
  writeFileSync(join(dir, returnPage), page);
  pack(dir, files, made);
  return Object.defineProperty(manifest, "page", { value: page });
}

/** Whether pages load the file. */
const served = (f) => !/-inline-|^index-|\.cjs$/.test(f);

/** The entry "bonafides": all that its others export but the keeper, who acts on being imported. */
function index(form, made, dir) {
  const of = (name) => `./${made[`${name}.${form}`] ?? made[`${name}.esm`]}`;
  const text = form === "cjs"
    ? `module.exports = { tokens: require("${of("tokens")}"), fedcm: require("${of("fedcm")}"), ...require("${of("idtoken")}") };\n`
    : `export * as tokens from "${of("tokens")}";\nexport * as fedcm from "${of("fedcm")}";\nexport { IdTokenError, load, verifyIdToken } from "${of("idtoken")}";\n`;
  const as = named("index" + forms[form].suffix, forms[form].ext, text);
  writeFileSync(join(dir, as), text);
  return as;
}

/**
 * Makes the folder an npm package. Bundlers and servers take the files by their
 * plain names, whatever their hash.
 *
 * The forms with the module inside are for whoever may lose the file beside the
 * script: CommonJS, Node, whose servers are bundled, and bundlers while one
 * develops, some of which move the script alone. Pages get the file beside it.
 */
function pack(dir, files, made) {
  const types = (name) => {
    const text = readFileSync(join(here, "types", `${name}.d.ts`), "utf8");
    writeFileSync(join(dir, `${name}.d.ts`), text);
    if (made[`${name}.cjs`]) writeFileSync(join(dir, `${name}.d.cts`), text.replace(/(from "\.\/\w+)\.js"/g, '$1.cjs"'));
  };
  const entry = (name, inside = made[`${name}.inline`]) => {
    types(name);
    const file = (form) => made[`${name}.${form}`] && `./${made[`${name}.${form}`]}`;
    const all = {
      require: file("cjs") && { types: `./${name}.d.cts`, default: file("cjs") },
      types: `./${name}.d.ts`,
      workerd: file("workerd"),
      script: file("classic"),
      development: inside && `./${inside}`,
      node: inside && `./${inside}`,
      browser: file("esm"),
      import: file("esm"),
      default: file("esm"),
    };
    return Object.fromEntries(Object.entries(all).filter(([, f]) => f));
  };
  const exports = { ".": entry("index"), "./manifest.json": "./manifest.json", "./package.json": "./package.json" };
  for (const name of Object.keys(scripts)) exports[`./${name}`] = entry(name);
  const inline = `./${made["idtoken.inline"]}`;
  exports["./idtoken/inline"] = { require: exports["./idtoken"].require, types: "./idtoken.d.ts", import: inline, default: inline };
  exports[`./${returnPage}`] = `./${returnPage}`;
  for (const g of guests) exports[`./${g}.wasm`] = `./${files[`${g}.wasm`]}`;
  for (const f of ["README.md", "LICENSE"]) copyFileSync(join(f === "LICENSE" ? top : here, f), join(dir, f));
  writeFileSync(join(dir, "package.json"), JSON.stringify({
    name: "bonafides", version: "0.0.0",
    description: "Private State Tokens and FedCM in every browser, and ID tokens checked where your JavaScript runs.",
    license: "Apache-2.0",
    repository: { type: "git", url: "git+https://github.com/bonafides-dev/bonafides.git", directory: "wasm" },
    homepage: "https://github.com/bonafides-dev/bonafides/tree/main/wasm",
    type: "module", main: `./${made["index.cjs"]}`, types: "./index.d.ts",
    engines: { node: ">=22" }, sideEffects: ["./keeper-*.mjs"], exports,
  }, null, 2) + "\n");
}

/** The tag that a page needs for each flow. */
function printTags(m) {
  for (const [flow, attributes] of Object.entries(tags)) {
    const f = m.flows[flow].classic[0];
    console.log(`  <script src="https://keeper.example/bonafides/${f}" integrity="${m.hashes[f].integrity}" crossorigin="anonymous"${attributes}></script>`);
  }
}

const dist = join(here, "dist");
if (process.argv[2] === "--tags") {
  printTags(JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8")));
} else if (process.argv[2] === "--check") {
  await compare(dist, make, "node wasm/build.mjs", ({ page }) =>
    Object.entries(returnCopies).filter(([file, text]) => readFileSync(join(here, file), "utf8") !== text(page)).map(([file]) => file));
} else {
  rmSync(dist, { recursive: true, force: true });
  const m = await make(dist);
  for (const [file, text] of Object.entries(returnCopies)) writeFileSync(join(here, file), text(m.page));
  retagPlaces(dirname(here), m);
  const width = Math.max(...Object.keys(m.hashes).map((f) => f.length));
  console.log(`${"file".padEnd(width)}    bytes   brotli  integrity`);
  for (const [f, h] of Object.entries(m.hashes)) {
    console.log(`${f.padEnd(width)}  ${String(h.bytes).padStart(7)}  ${String(h.brotli).padStart(7)}  ${h.integrity}`);
  }
  console.log(`${returnPage.padEnd(width)}  ${String(m.page.length).padStart(7)}  ${String(brotli(Buffer.from(m.page)).length).padStart(7)}  to be served at /.well-known/private-state-token/${returnPage} of a site that uses tokens`);
  console.log("\nFor a page (each loads the rest of its flow when that is needed):");
  printTags(m);
}
