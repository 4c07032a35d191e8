// Compiles src/ to dist/ with its type declarations. Does nothing when dist/ is newer than every source.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const stamp = join(dist, ".built");

const inputs = [
  ...readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map((file) => join(root, "src", file)),
  join(root, "tsconfig.json"),
  join(root, "tsconfig.build.json"),
];
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
  writeFileSync(join(fresh, ".built"), "");
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}
