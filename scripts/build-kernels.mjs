// Compiles the `*.as.ts` under src/ to WebAssembly, with and without relaxed SIMD, and writes kernels.generated.ts files:
// the binaries as text, and the kernels' types, which merge into `Kernels` of core/device.ts. One in src/devices/wasm/
// has the kernels that nearly every program needs; those of the ops in `apart` are in their own folders, so that a
// bundle only has them with their ops. Does nothing when no source has changed since.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Where the kernels are that every program has, and those folders whose kernels are binaries of their own. */
const common = "src/devices/wasm";
const apart = ["attention", "convolution", "pooling", "recurrent"].map((name) => `src/ops/${name}`);

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".as.ts") && !path.endsWith(".generated.as.ts"))
  .map((path) => `src/${path.split(sep).join("/")}`)
  .sort();
const groups = [common, ...apart].map((folder) => ({
  folder,
  target: join(root, folder, "kernels.generated.ts"),
  entry: join(root, folder, "entry.generated.as.ts"),
  sources: sources.filter((path) => (folder === common ? !apart.includes(dirname(path)) : dirname(path) === folder)),
}));

const hash = createHash("sha256");
for (const path of [...sources, "scripts/build-kernels.mjs"]) hash.update(path).update(readFileSync(join(root, path)));
const fingerprint = hash.digest("hex").slice(0, 16);

function upToDate() {
  try {
    return groups.every(({ target }) => readFileSync(target, "utf8").includes(`sources ${fingerprint}`));
  } catch {
    return false;
  }
}

async function compile(entry, features, folder) {
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

/** The number that stands at a place of a binary, and the place after it. */
function numberAt(binary, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = binary[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return { value, next: at };
  }
}

const codeSection = 10;
const dataSection = 11;

/** The sections of a binary: which, and where their contents begin and end. */
function* sectionsOf(binary) {
  for (let at = 8; at < binary.length; ) {
    const { value, next } = numberAt(binary, at + 1);
    yield { kind: binary[at], from: next, end: next + value };
    at = next + value;
  }
}

/** Cuts a binary before every function body, and before the first section after them. */
function split(binary) {
  const cuts = [];
  for (const { kind, from, end } of sectionsOf(binary)) {
    if (kind !== codeSection) continue;
    for (let body = numberAt(binary, from).next; body < end; ) {
      cuts.push(body);
      const { value, next } = numberAt(binary, body);
      body = next + value;
    }
    cuts.push(end);
  }
  return [0, ...cuts].map((from, index) => binary.subarray(from, cuts[index] ?? binary.length));
}

/** What a binary writes into the memory, which all of them share: it must be the same bytes, or none. */
function dataOf(binary) {
  const data = [...sectionsOf(binary)].find(({ kind }) => kind === dataSection);
  return data && binary.subarray(data.from, data.end).toString("hex");
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

/** The binaries of a group, cut into pieces, and the kernels' types. */
async function build({ entry, sources, folder }, scratch) {
  const imports = sources.map((path) => relative(folder, path).split(sep).join("/").replace(/\.ts$/, ""));
  writeFileSync(
    entry,
    imports.map((path) => `export * from "${path.startsWith(".") ? path : `./${path}`}";\n`).join(""),
  );
  const plain = await compile(entry, "simd,threads", scratch);
  const relaxed = await compile(entry, "simd,relaxed-simd,threads", scratch);
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
  const data = [plain.binary, relaxed.binary].map(dataOf);
  return { functions, flagsAt, parts, data, bytes: [plain.binary.length, relaxed.binary.length] };
}

if (!upToDate()) {
  const scratch = mkdtempSync(join(tmpdir(), "varve-kernels-"));
  try {
    const built = [];
    for (const group of groups) built.push({ ...group, ...(await build(group, scratch)) });
    if (new Set(built.flatMap(({ data }) => data).filter((data) => data !== undefined)).size > 1)
      throw new Error("binaries write different numbers to the same place of the memory that they share");
    const { byUse, encode } = textFor(built.flatMap(({ parts }) => parts.flat()));
    for (const { target, folder, functions, flagsAt, parts } of built) {
      const alphabet = `
/** The digits of the texts, how many of them stand for a byte alone, and the bytes by how often they occur. */
export const digits = "${digits}";
export const singles = ${singles};
export const bytesByUse: readonly number[] = [${byUse}];`;
      const up = relative(join(root, folder), join(root, "src/core")).split(sep).join("/");
      const text = `// Written by scripts/build-kernels.mjs from sources ${fingerprint}; do not edit.
import type { KernelBinary } from "${up}/op.ts";

declare module "${up}/device.ts" {
  interface Kernels {
${functions.join("\n")}
  }
}${folder === common ? alphabet : ""}
export const kernels: KernelBinary = {
  memoryFlagsAt: ${flagsAt},
  pieces: [
${parts.map((part) => `    [${part.map((bytes) => `"${encode(bytes)}"`)}],\n`).join("")}  ],
};
`;
      writeFileSync(`${target}.${process.pid}`, text);
      renameSync(`${target}.${process.pid}`, target);
    }
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    console.log(
      `kernels: ${sum(built.map(({ functions }) => functions.length))} from ${sources.length} files, ${sum(built.map(({ bytes }) => bytes[0]))} bytes (relaxed SIMD ${sum(built.map(({ bytes }) => bytes[1]))})`,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
