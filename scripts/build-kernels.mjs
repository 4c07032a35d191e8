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
      "--shrinkLevel",
      "1",
      "--converge",
      "--noAssert",
      "--runtime",
      "stub",
      "--importMemory",
      "--sharedMemory",
      "--initialMemory",
      "1",
      "--maximumMemory",
      "65536",
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

/** Where the binary says that the memory it imports is shared: the flags after the import's name and kind. */
function memoryFlagsAt(binary) {
  const memoryKind = 2;
  const name = Buffer.from("\u0003env\u0006memory", "latin1");
  const at = binary.indexOf(Buffer.concat([name, Buffer.from([memoryKind])])) + name.length + 1;
  const sharedWithMaximum = 3;
  if (binary[at] !== sharedWithMaximum) throw new Error("the kernels do not import a shared memory");
  return at;
}

/** Cuts a binary before every function body, and before the first section after them. */
function split(binary) {
  const cuts = [];
  const length = (at) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return { value, next: at };
    }
  };
  const codeSection = 10;
  for (let at = 8; at < binary.length; ) {
    const size = length(at + 1);
    const end = size.next + size.value;
    if (binary[at] === codeSection) {
      const count = length(size.next);
      for (let body = count.next; body < end; ) {
        cuts.push(body);
        const bytes = length(body);
        body = bytes.next + bytes.value;
      }
      cuts.push(end);
    }
    at = end;
  }
  return [0, ...cuts].map((from, index) => binary.subarray(from, cuts[index] ?? binary.length));
}

/** Characters that stand for themselves in any kind of quotes, in a script inside a page, and in every encoding. */
const digits = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
  .filter((character) => !"'\"`\\$<".includes(character))
  .join("");
/** So many of the digits stand for a byte alone; the others begin a pair. */
const singles = digits.length - 2;

/** Writes bytes as text in which the most frequent ones take one character, the others two. */
function textFor(samples) {
  const counts = new Array(256).fill(0);
  for (const bytes of samples) for (const byte of bytes) counts[byte]++;
  const byUse = counts.map((_, byte) => byte).sort((a, b) => counts[b] - counts[a] || a - b);
  const texts = [];
  byUse.forEach((byte, rank) => {
    const beyond = rank - singles;
    texts[byte] =
      beyond < 0 ? digits[rank] : digits[singles + Math.floor(beyond / digits.length)] + digits[beyond % digits.length];
  });
  return { byUse, encode: (bytes) => Array.from(bytes, (byte) => texts[byte]).join("") };
}

if (!upToDate()) {
  const imports = sources.map((path) => relative(dirname(entry), path).split(sep).join("/").replace(/\.ts$/, ""));
  writeFileSync(
    entry,
    imports.map((path) => `export * from "${path.startsWith(".") ? path : `./${path}`}";\n`).join(""),
  );
  const folder = mkdtempSync(join(tmpdir(), "varve-kernels-"));
  try {
    const plain = await compile("simd,threads", folder);
    const relaxed = await compile("simd,relaxed-simd,threads", folder);
    const functions = [...plain.types.matchAll(/export (?:declare )?function (\w+)\(([^)]*)\): void;/g)].map(
      ([, name, parameters]) => `    ${name}(${parameters}): void;`,
    );
    const [simd, fused] = [split(plain.binary), split(relaxed.binary)];
    const flagsAt = memoryFlagsAt(plain.binary);
    if (memoryFlagsAt(relaxed.binary) !== flagsAt) throw new Error("the two binaries import their memory differently");
    const nothing = Buffer.alloc(0);
    const parts = Array.from({ length: Math.max(simd.length, fused.length) }, (_, index) => {
      const [one, other] = [simd, fused].map((pieces) => pieces[index] ?? nothing);
      return one.equals(other) ? [one] : [one, other];
    });
    const { byUse, encode } = textFor(parts.flat());
    const text = `// Written by scripts/build-kernels.mjs from sources ${fingerprint}; do not edit.
declare module "../../core/device.ts" {
  interface Kernels {
${functions.join("\n")}
  }
}
/** The byte of both binaries that says whether their memory is shared: 3 with, 1 without. */
export const memoryFlagsAt = ${flagsAt};
/** The digits of the text, how many of them stand for a byte alone, and the bytes by how often they occur. */
export const digits = "${digits}";
export const singles = ${singles};
export const bytesByUse: readonly number[] = [${byUse}];
/**
 * The two binaries as text, piece by piece: for engines with 128-bit SIMD, and the same with fused multiply-add where
 * that is another. The first digits stand for the most frequent bytes, the last ones begin pairs: compressed on the way
 * to a browser, this takes hardly more than the bytes would.
 */
export const kernelBinaries: readonly (readonly [simd: string, relaxed?: string])[] = [
${parts.map((part) => `  [${part.map((bytes) => `"${encode(bytes)}"`)}],\n`).join("")}];
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
