// What the builds of the browser's files and of the Worker's share: the guests,
// compiled with TinyGo, and what is written down about a file.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

export const top = dirname(dirname(fileURLToPath(import.meta.url)));

export const hash = (b) => createHash("sha256").update(b).digest("hex");
export const sri = (b) => "sha384-" + createHash("sha384").update(b).digest("base64");
export const brotli = (b) => brotliCompressSync(b, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });

/** named gives a file the name that carries its hash: name-hash.ext. */
export const named = (name, ext, bytes) => `${name}-${hash(bytes).slice(0, 12)}.${ext}`;

const tinygo = join(top, ".tools/tinygo/tinygo");

/** versions names programs and npm packages with their versions, as a manifest's toolchain has them. */
export function versions(programs, packages) {
  const says = (program) => execFileSync(program, ["version"], { encoding: "utf8" }).trim();
  const version = (name) => JSON.parse(readFileSync(join(top, "node_modules", name, "package.json"), "utf8")).version;
  return [...programs, tinygo].map(says).concat(packages.map((name) => `${name} ${version(name)}`)).join("; ");
}

/**
 * compile compiles wasm/guest/<name> with TinyGo, whose limit of three minutes on
 * the clock for what it runs at compile time would fail on a busy machine.
 */
export function compile(name, file, tags = "") {
  execFileSync(tinygo, [
    "build", "-target=wasip1", "-buildmode=c-shared", "-opt=z", "-no-debug", "-panic=trap", "-scheduler=none", "-interp-timeout=4h",
    `-tags=${tags}`, "-o", file, `./wasm/guest/${name}`,
  ], { cwd: top, stdio: ["ignore", "inherit", "inherit"] });
}

/** put writes a module into the folder under the name that its compiled bytes give it, and returns both. */
export function put(dir, name, compileTo) {
  const plain = join(dir, `${name}.wasm`);
  compileTo(plain);
  const bytes = readFileSync(plain);
  rmSync(plain);
  const file = named(name, "wasm", bytes);
  writeFileSync(join(dir, file), bytes);
  return { file, bytes };
}

/**
 * compare builds anew and holds the outcome against the committed folder: equal
 * bytes where the toolchain is the one in its manifest; another toolchain is
 * said and left to the tests. also names what else differs from the outcome.
 */
export async function compare(dist, make, command, also = () => []) {
  const name = dist.slice(top.length + 1);
  const committed = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
  const temp = mkdtempSync(join(tmpdir(), "bonafides-build-"));
  try {
    const built = await make(temp);
    const differ = also(built);
    for (const f of new Set([...readdirSync(temp), ...readdirSync(dist)])) {
      const a = join(temp, f), b = join(dist, f);
      if (!existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b))) differ.push(f);
    }
    if (committed.toolchain !== built.toolchain) {
      console.log(`${name} was built with another toolchain, so its bytes are not compared:\n  dist: ${committed.toolchain}\n  here: ${built.toolchain}`);
    } else if (differ.length > 0) {
      console.error(`${name} is not what its source builds: ${differ.join(", ")} differ. Run: ${command}`);
      process.exitCode = 1;
    } else {
      console.log(`${name} is what its source builds: ${Object.keys(built.hashes).length} files`);
    }
  } finally {
    rmSync(temp, { recursive: true });
  }
}
