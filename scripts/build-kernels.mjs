// Compiles every `*.as.ts` under src/ into two WebAssembly binaries, with and without relaxed SIMD, and writes
// src/devices/wasm/kernels.generated.ts: the binaries as text, and the kernels' types, which merge into `Kernels`
// of core/device.ts. Does nothing when no source has changed since.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "src/devices/wasm/kernels.generated.ts");
const entry = join(root, "src/devices/wasm/entry.generated.as.ts");

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".as.ts") && !path.endsWith(".generated.as.ts"))
  .map((path) => join(root, "src", path))
  .sort();

const hash = createHash("sha256");
for (const path of [...sources, fileURLToPath(import.meta.url)])
  hash.update(path.slice(root.length)).update(readFileSync(path));
const fingerprint = hash.digest("hex").slice(0, 16);

function upToDate() {
  try {
    return readFileSync(target, "utf8").includes(`sources ${fingerprint}`);
  } catch {
    return false;
  }
}

async function compile(features, folder) {
  const { default: asc } = await import("assemblyscript/asc");
  const out = join(folder, "kernels.wasm");
  const { error, stderr } = await asc.main(
    [
      entry,
      "-O3",
      "--noAssert",
      "--runtime",
      "stub",
      "--importMemory",
      "--enable",
      features,
      "--exportRuntime=false",
      "--bindings",
      "raw",
      "-o",
      out,
    ].filter((flag) => flag !== "--exportRuntime=false"),
    { listFiles: () => [] },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return { binary: readFileSync(out), types: readFileSync(out.replace(/wasm$/, "d.ts"), "utf8") };
}

if (!upToDate()) {
  const imports = sources.map((path) => relative(dirname(entry), path).split(sep).join("/").replace(/\.ts$/, ""));
  writeFileSync(
    entry,
    imports.map((path) => `export * from "${path.startsWith(".") ? path : `./${path}`}";\n`).join(""),
  );
  const folder = mkdtempSync(join(tmpdir(), "varve-kernels-"));
  try {
    const plain = await compile("simd", folder);
    const relaxed = await compile("simd,relaxed-simd", folder);
    const functions = [...plain.types.matchAll(/export (?:declare )?function (\w+)\(([^)]*)\): void;/g)].map(
      ([, name, parameters]) => `    ${name}(${parameters}): void;`,
    );
    const text = `// Written by scripts/build-kernels.mjs from sources ${fingerprint}; do not edit.
declare module "../../core/device.ts" {
  interface Kernels {
${functions.join("\n")}
  }
}
/** Kernels for engines with 128-bit SIMD. */
export const simdBinary: string =
  "${plain.binary.toString("base64")}";
/** The same with fused multiply-add. */
export const relaxedBinary: string =
  "${relaxed.binary.toString("base64")}";
`;
    writeFileSync(`${target}.${process.pid}`, text);
    renameSync(`${target}.${process.pid}`, target);
    console.log(
      `kernels: ${functions.length} from ${sources.length} files, ${plain.binary.length} bytes (relaxed SIMD ${relaxed.binary.length})`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
