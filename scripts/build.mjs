// Compiles src/ to dist/ with its type declarations. Does nothing when dist/ is newer than every source.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  // The compiler leaves `.ts` in the declarations' imports, which only its newest versions resolve.
  for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(dist, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/((?:from|module) "|import\(")(\.{1,2}\/[^"]+)\.ts"/g, '$1$2.js"'));
  }
  writeFileSync(stamp, "");
}
