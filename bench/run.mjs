// Measures Varve beside its peers and two limits, as ratios in one run, prints tables and writes docs/benchmarks.md.
//
//     npm run bench                                  everything
//     npm run bench -- --only product --only lstm    the works that have this in their names
//     npm run bench -- --quick                       a few works, a second each; writes nothing
//     npm run bench -- --seconds 2                   for each work, instead of 4
//     npm run bench -- --no-python                   without PyTorch and Keras
//     npm run bench -- --survey                      all families of ops and layers in one table; writes nothing
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import * as varve from "varve";
import { startApart } from "./apart.mjs";
import { cases, useThreads } from "./cases.mjs";
import { coldCandidates } from "./cold.mjs";
import { markdown, milliseconds, sideBySide, table, times } from "./measure.mjs";
import { startPython } from "./python.mjs";
import { chartOf, growth, measureSizes } from "./sizes.mjs";
import { useBackend } from "./tfjs.mjs";

const { values: given } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    seconds: { type: "string" },
    survey: { type: "boolean", default: false },
    "no-python": { type: "boolean", default: false },
  },
});
const wanted = ({ name, quick }) =>
  given.only.length > 0
    ? given.only.some((part) => name.toLowerCase().includes(part.toLowerCase()))
    : !given.quick || quick;
const isWhole = given.only.length === 0 && !given.quick;
const seconds = Number(given.seconds ?? (given.quick ? 1 : 4));

const begun = performance.now();
const say = (text) => {
  const passed = Math.round((performance.now() - begun) / 1000);
  console.log(`${String(Math.floor(passed / 60)).padStart(2)}:${String(passed % 60).padStart(2, "0")}  ${text}`);
};

const cold = {
  name: "import to first prediction, a new Node process",
  quick: true,
  targets: [{ text: "≤ 60 ms", of: (each) => each["Varve ×2"].median, unit: "ms", reached: (value) => value <= 60 }],
  make: () => coldCandidates,
};
const growing = "cost as work grows";
const selected = [cold, ...cases].filter(wanted);

const python = given["no-python"] ? { because: "left out by --no-python" } : await startPython(say);
if (python.because) say(`without PyTorch and Keras: ${python.because}`);
await useBackend("wasm");
if (given.survey) {
  const { survey } = await import("./survey.mjs");
  await survey(say, python, { only: given.only, seconds: Number(given.seconds ?? 0.3) });
  process.exit(0);
}

/** How many times as long as Varve another takes; of threads alike where it runs on one or two. */
function takes(results, other, own = "Varve ×2") {
  const result = results[other];
  if (result?.error) return "throws";
  return times(result?.median / results[own]?.median);
}

const apart = await startApart();
/** Times a work's candidates, each in its place. */
const timed = async (each) => {
  const candidates = await each.make(python);
  return sideBySide(each === cold ? candidates : apart(each.name, candidates), { seconds });
};
// Engines and processes need seconds until they have settled: the first work goes through once before it counts.
const [first] = selected.filter((each) => each !== cold);
if (first) {
  say("warming up");
  await timed(first);
}

const rows = [];
const targets = [];
const notes = [];
for (const [index, each] of selected.entries()) {
  say(`${index + 1}/${selected.length}  ${each.name}`);
  const results = await timed(each);
  for (const [name, { error }] of Object.entries(results))
    if (error) say(`    ${name} throws: ${error.split("\n")[0]}`);
  rows.push({
    work: each.name,
    "Varve ×1": milliseconds(results["Varve ×1"]),
    "Varve ×2": milliseconds(results["Varve ×2"]),
    copies: results.copy ? times(results["Varve ×2"].median / results.copy.median) : "–",
    "PyTorch ×1": takes(results, "PyTorch ×1", "Varve ×1"),
    "PyTorch ×2": takes(results, "PyTorch ×2"),
    Keras: takes(results, "Keras"),
    ORT: takes(results, "ORT"),
    "ORT web": takes(results, "ORT web"),
    tfjs: takes(results, "tfjs"),
    "jax-js": takes(results, "jax-js"),
  });
  for (const { text, of, unit, reached } of each.targets) {
    const value = of(results);
    if (value === undefined || Number.isNaN(value)) continue;
    const measured = unit ? `${Number(value.toPrecision(3))} ${unit}` : times(value);
    targets.push({ work: each.name, target: text, measured, reached: reached(value) ? "reached" : "not reached" });
  }
  if (each.note) notes.push(each.note(results));
  python.forget?.();
}

let growthNote = "";
let chart;
if (isWhole || wanted({ name: growing })) {
  await useThreads(2);
  const points = await measureSizes(say, seconds);
  chart = await chartOf(points, "Cost of an element as work grows, two threads");
  const exponents = [...new Set(points.map(({ work }) => work))].map(
    (work) => `${work} ${growth(points, work).toFixed(2)}`,
  );
  growthNote = `Between 200 thousand and 100 million elements, time grows with elements to the power of: ${exponents.join(", ")} (1 is linear; a copy leaves the caches on the way too).`;
}

if (rows.length > 0) console.log(`\n${table(rows)}\n`);
if (targets.length > 0) console.log(`${table(targets)}\n`);
console.log([...notes, growthNote].filter(Boolean).join("\n"));

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
const pythonVersions = python.versions
  ? Object.entries(python.versions).map(([name, version]) => `${name} ${version}`)
  : [];

function write(name, text) {
  const target = new URL(`../docs/${name}`, import.meta.url);
  writeFileSync(new URL(`${target}.part`), text);
  renameSync(new URL(`${target}.part`), target);
}

if (isWhole) {
  const minutes = ((performance.now() - begun) / 60000).toFixed(1);
  write("benchmarks.svg", chart);
  write(
    "benchmarks.md",
    `# Benchmarks

All figures come from one run, in which the candidates take turns of about 20 ms: Varve on two threads, Varve on one, the
other JavaScript libraries, and the Python ones, each of these four in a process of its own. The first quarter of the
time of each work does not count, since engines still compile then. A turn begins with a quarter as many calls that are
not timed, since the others have left the caches full of theirs, and then is timed in up to eight stretches; figures are
medians over the stretches of all turns. Varve's columns are times, on one thread and on two. The others are how many
times as long as Varve they take, so more than 1× means that Varve is faster: PyTorch ×1 beside Varve ×1, all others
beside Varve ×2. PyTorch ×2, Keras 3 on JAX and ONNX Runtime (ORT) use both cores too; ONNX Runtime's and TensorFlow.js'
WebAssembly and jax-js run on one. "copies" is Varve's time on two threads in plain copies of as many bytes as the input
has. A dash: not measured, since the other has no such thing${python.because ? `; PyTorch and Keras are missing: ${python.because}` : ""}. Throws: TensorFlow.js' wasm backend has no such gradient.

${markdown(rows)}

${notes.join(" ")}

## What was to be reached

${markdown(targets)}

## Cost as work grows

![Nanoseconds an element over elements](benchmarks.svg)

${growthNote}

## What was measured

- Normalizations: float32, group normalization with 32 groups, batch normalization in training. Layer normalization of
  images goes over the channels, and channels first over everything but the batch, since PyTorch has only that.
  TensorFlow.js and jax-js have no such layers and compose them. Gradients are those of the sum of the output at the
  input and the parameters (jax-js: at the input).
- Convolutions: channels last, padding "same"; ONNX Runtime has channels first. A gradient includes the forward pass.
- LSTM and GRU: 128 features in, the last output; gradients of the weights. Keras's GRU resets after the product as
  Varve's does, TensorFlow.js' before, since it has no other.
- MultiHeadAttention: of an input with itself; composed of products and a softmax in TensorFlow.js.
- The network: Conv 3×3×16, GroupNormalization(4), ReLU, twice, then Dense 10, with Adam. TensorFlow.js trains it on its
  cpu backend, since its wasm backend has no gradient of a convolution.
- The XOR network: Dense 8 with ReLU, Dense 1 with sigmoid, Adam. Inside \`fit\`, PyTorch is a loop of steps. TensorFlow.js
  runs on its cpu backend, which is faster for so small a model.
- The first prediction: Dense 8, GroupNormalization, Dense 1; TensorFlow.js without the normalization.

## The machine

${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.versions.node}, relaxed SIMD ${varve.info().details.relaxedSimd ? "on" : "off (this Node has none)"}. varve ${versionOf("varve")}, @tensorflow/tfjs ${versionOf("@tensorflow/tfjs")}, @jax-js/jax ${versionOf("@jax-js/jax")}, onnxruntime ${versionOf("onnxruntime-node")}${pythonVersions.length > 0 ? `, ${pythonVersions.join(", ")}` : ""}.

\`npm run bench\` took ${minutes} minutes and wrote this page; \`npm run bench -- --only "group norm"\` measures the works with
that in their names, \`-- --quick\` a few in a minute.
`,
  );
}
process.exit(0);
