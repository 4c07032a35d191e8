// Compiles src/ to dist/ with its type declarations, and bundles dist/node from it: in Node, where every file that is
// loaded costs most of a millisecond, a program starts from a few files. Bundlers of pages take dist/ itself, which they
// can leave parts of. Does nothing when dist/ is newer than every source.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { rolldown } from "rolldown";
import { chunksAtOnce } from "./chunks.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const stamp = join(dist, ".built");

const inputs = [
  ...readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map((file) => join(root, "src", file)),
  join(root, "tsconfig.json"),
  join(root, "tsconfig.build.json"),
  join(root, "package.json"),
  join(root, "scripts/chunks.mjs"),
  fileURLToPath(import.meta.url),
];
/**
 * Writes node/: one file with all that "varve" loads at once, and small ones for its other entries and for later. The
 * text is short and plain ASCII, which engines read faster; functions and classes keep their names, for those who read
 * a stack.
 */
async function bundleForNode(folder) {
  const entries = {
    index: join(folder, "index.js"),
    contrib: join(folder, "frontends/contrib/index.js"),
    neupy: join(folder, "frontends/neupy/index.js"),
    varve: join(folder, "command/varve.js"),
  };
  const platform = join(folder, "platform/node.js");
  // Size does not matter here as it does on a page, but time does: Node decodes base64 itself.
  const binary = join(folder, "devices/wasm/binary.js");
  const { binaryOf } = await import(pathToFileURL(binary).href);
  const inBase64 = {
    name: "kernels",
    async load(id) {
      if (id === binary)
        return `export const binaryOf = ({ pieces: [[simd, relaxed]] }, useRelaxed) => Buffer.from(useRelaxed ? relaxed : simd, "base64");`;
      if (!id.endsWith("kernels.generated.js")) return null;
      const { kernels } = await import(pathToFileURL(id).href);
      const pieces = [[false, true].map((relaxed) => Buffer.from(binaryOf(kernels, relaxed)).toString("base64"))];
      return `export const kernels = ${JSON.stringify({ memoryFlagsAt: kernels.memoryFlagsAt, pieces })};`;
    },
  };
  const bundled = (input) =>
    rolldown({
      input,
      platform: "node",
      external: Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies),
      resolve: { alias: { "#platform": platform, "#keras": join(folder, "keras/save.js") } },
      plugins: [inBase64],
      logLevel: "silent",
    });
  // The platform is for later too, but so small and needed so often that it comes with the rest.
  const whole = await (await bundled(entries.index)).generate({ format: "esm" });
  const atOnce = new Set([platform, ...chunksAtOnce(whole.output).flatMap(({ modules }) => Object.keys(modules))]);
  const { output } = await (await bundled(entries)).generate({
    format: "esm",
    chunkFileNames: "[name].js",
    codeSplitting: { groups: [{ name: "main", test: (id) => atOnce.has(id) }] },
    minify: { compress: false, mangle: { toplevel: false, keepNames: true }, codegen: true },
  });
  mkdirSync(join(folder, "node"));
  for (const { fileName, code } of output) {
    const written = await transform(code, { target: "node20", minifyWhitespace: true, minifySyntax: true });
    writeFileSync(join(folder, "node", fileName), written.code);
  }
}

const newest = Math.max(...inputs.map((file) => statSync(file).mtimeMs));

if (!existsSync(stamp) || statSync(stamp).mtimeMs < newest) {
  // Into a folder of its own first: a build that fails, or another at the same time, leaves a whole dist/.
  const fresh = `${dist}.${process.pid}`;
  process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  // The compiler leaves `.ts` in the declarations' imports, which only its newest versions resolve.
  for (const file of readdirSync(fresh, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(fresh, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/((?:from|module) "|import\(")(\.{1,2}\/[^"]+)\.ts"/g, '$1$2.js"'));
  }
  await bundleForNode(fresh);
  writeFileSync(join(fresh, ".built"), "");
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}
