// Packs the package, installs the packed file into an empty project, imports it there, and type-checks a program
// against its declarations: strict, without skipLibCheck, under both module resolutions that users have.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const project = mkdtempSync(join(tmpdir(), "varve-package-"));
const run = (command, args, cwd = project, timeout = 600_000) =>
  execFileSync(command, args, { cwd, timeout, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

const program = `
import { layers, losses, metrics, ops, optimizers, sequential, tensor, type Tensor } from "varve";
import { getVariablesByName, groupNorm } from "varve/contrib";
const model = sequential([
  layers.dense({ units: 4, activation: "relu", inputShape: [2] }),
  layers.groupNormalization({ groups: 2 }),
  layers.dense({ units: 1 }),
]);
model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: losses.meanSquaredError(), metrics: [metrics.meanAbsoluteError()] });
const x: Tensor = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
const y: Tensor = tensor([[0], [1], [1], [0]]);
const history = await model.fit(x, y, { epochs: 3, verbose: 0 });
const losses3: readonly number[] | undefined = history.history.loss;
if (losses3?.length !== 3 || !losses3.every(Number.isFinite)) throw new Error("training gave no losses");
const prediction = (await model.predict(x)) as Tensor;
if (prediction.shape.join() !== "4,1") throw new Error("prediction has the wrong shape");
const normalized: Tensor = groupNorm(x, { groups: 1, reductionAxes: [] });
if (normalized.shape.join() !== getVariablesByName("GroupNorm/beta").map(({ shape }) => [4, ...shape]).join()) {
  throw new Error("varve/contrib normalized to the wrong shape");
}
// Work for every thread; the threads must not keep the program alive after its end.
const square: Tensor = ops.matmul(ops.ones([512, 512]), ops.ones([512, 512]));
await new Promise((resolve) => setTimeout(resolve, 200));
if (ops.sum(ops.matmul(square, square)).dataSync()[0] !== 2 ** 45) throw new Error("a product is wrong");
export function refusedByTheCompiler() {
  // @ts-expect-error groups is a number
  layers.groupNormalization({ groups: "2" });
  // @ts-expect-error units is required
  layers.dense({});
}
`;

try {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], root));
  const unexpected = packed.files
    .map(({ path }) => path)
    .filter((path) => /\.(as|test)\.|\.ts$/.test(path) && !path.endsWith(".d.ts"));
  if (unexpected.length > 0) throw new Error(`the package holds sources: ${unexpected.join(", ")}`);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  run("npm", ["install", "--ignore-scripts", "--no-package-lock", join(project, packed.filename)]);
  writeFileSync(join(project, "program.ts"), program);
  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    const flags = [
      "--strict",
      "--skipLibCheck",
      "false",
      "--exactOptionalPropertyTypes",
      "--target",
      "es2022",
      "--lib",
      "es2023,esnext.disposable,dom",
      "--types",
      "",
    ];
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    run(process.execPath, [tsc, ...flags, "--module", module, "--moduleResolution", moduleResolution, "program.ts"]);
  }
  run(process.execPath, ["program.js"], project, 60_000);
  console.log(
    `package: ${packed.filename}, ${packed.files.length} files, ${Math.round(packed.size / 1024)} kB packed; installs, imports, type-checks and trains`,
  );
} finally {
  rmSync(project, { recursive: true, force: true });
}
