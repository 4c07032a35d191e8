// Proves that what is written for TensorFlow.js opens there and predicts the same: has tfjs-written.test.ts write every model
// of tfjs-models.ts with an input and what it predicts, loads each with TensorFlow.js 4.22, and compares. Installs that first.
//
//     npm run test:tfjs            # all of them
//     npm run test:tfjs graph      # only these
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const run = (command, args, options) => {
  const { status } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
};

if (!existsSync(join(here, "node_modules")))
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here });

const written = mkdtempSync(join(tmpdir(), "varve-tfjs-"));
process.on("exit", () => rmSync(written, { recursive: true, force: true }));
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const only = ["run", "--project", "node", "--silent", "--reporter", "dot", "test/keras/tfjs-written.test.ts"];
run(process.execPath, [vitest, ...only], { cwd: root, env: { ...process.env, VARVE_TFJS: written } });

// Its greeting asks for another package.
const { log, warn } = console;
console.warn = () => {};
const tf = await import("@tensorflow/tfjs");

/** Files as a page would fetch them. */
function fromFolder(folder) {
  const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const load = () =>
    tf.io.getModelArtifactsForJSON(json, async (manifest) => {
      const shards = manifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(folder, path))));
      return [tf.io.getWeightSpecs(manifest), Uint8Array.from(Buffer.concat(shards)).buffer];
    });
  return { load };
}

const flat = (value) => (Array.isArray(value) ? value : [value]);
const made = ({ values, shape, dtype }) => tf.tensor(values, shape, dtype);

async function problemOf(name) {
  const folder = join(written, name);
  const { inputs, outputs } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  const model = await tf.loadLayersModel(fromFolder(folder));
  const given = inputs.map(made);
  const found = flat(model.predict(given.length === 1 ? given[0] : given));
  if (found.length !== outputs.length) return `${found.length} outputs, not ${outputs.length}`;
  for (const [index, wanted] of outputs.entries()) {
    const output = found[index];
    if (output.shape.join() !== wanted.shape.join()) return `shape [${output.shape}], not [${wanted.shape}]`;
    const scale = Math.max(1, ...wanted.values.map(Math.abs));
    const values = await output.data();
    const apart = Math.max(...wanted.values.map((value, place) => Math.abs(value - values[place]) / scale));
    if (!(apart <= 1e-5)) return `predictions differ by ${apart.toExponential(1)}`;
  }
  return undefined;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(written).sort();
let failed = 0;
for (const name of names) {
  const lacks = name.startsWith("lacking ");
  const problem = await problemOf(name).catch((error) => `does not open: ${error.message.split("\n", 1)[0]}`);
  // What is said to be lacking must be.
  const wrong = lacks ? problem === undefined : problem !== undefined;
  failed += wrong;
  log(`${wrong ? "FAILED" : "ok"}`.padEnd(7) + name + (problem ? `: ${problem}` : ""));
}
console.warn = warn;
if (failed > 0) {
  log(`${failed} of ${names.length} models are not in TensorFlow.js what they are here`);
  process.exit(1);
}
log(`${names.length} models were opened by TensorFlow.js ${tf.version.tfjs}, or refused as said`);
