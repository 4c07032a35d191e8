// Measures Varve beside its peers and two limits, as ratios in one run, and writes docs/benchmarks.md.
// Everything runs on one thread, since TensorFlow.js and jax-js are built so here.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import * as varve from "varve";
import * as jax from "./jax.mjs";
import { milliseconds, ratio, sideBySide, table } from "./measure.mjs";
import { registerLoop } from "./peak.mjs";
import { recurrentTimes } from "./recurrent.mjs";
import {
  tf,
  groupNormalization as tfGroupNormalization,
  multiHeadAttention as tfMultiHeadAttention,
  networkStep as tfNetworkStep,
  useBackend,
} from "./tfjs.mjs";

const { layers, losses, ops, optimizers, sequential, setRandomSeed, setThreads, tensor, tidy } = varve;

/** Uniform in ±scale, the same every run. */
function random(count, scale = 1) {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

function copyOf(count) {
  const from = random(count);
  const to = new Float32Array(count);
  return () => to.set(from);
}

/** What the table cannot say, a sentence each. */
const notes = [];

async function normalization() {
  const shape = [8, 56, 56, 64];
  const groups = 32;
  const values = random(shape.reduce((a, b) => a * b, 1));
  const x = tensor(values, shape);
  const layer = layers.groupNormalization({ groups });
  layer.build(shape);
  const step = varve.valueAndGrad((input) => ops.sum(layer.apply(input)));

  const tfX = tf.tensor(values, shape);
  const [tfGamma, tfBeta] = [tf.ones([64]), tf.zeros([64])];
  const tfStep = tf.valueAndGrads((x, gamma, beta) => tf.sum(tfGroupNormalization(x, gamma, beta, groups)));
  const jaxCalls = jax.normalization(values, shape, groups);

  const forward = await sideBySide({
    varve: () => layer.apply(x).dispose(),
    copy: copyOf(values.length),
    tfjs: () => tf.tidy(() => void tfGroupNormalization(tfX, tfGamma, tfBeta, groups).dataSync()),
    jax: jaxCalls.forward,
  });
  const training = await sideBySide({
    varve: () => tidy(() => void step(x)),
    copy: copyOf(values.length),
    tfjs: () => tf.tidy(() => void tfStep([tfX, tfGamma, tfBeta]).grads[0].dataSync()),
    jax: jaxCalls.gradient,
  });
  return [row("group normalization, forward", forward), row("group normalization, forward + gradient", training)];
}

async function product() {
  const size = 1024;
  const values = random(size * size);
  const a = tensor(values, [size, size]);
  const tfA = tf.tensor(values, [size, size]);
  const work = 2 * size ** 3;
  const times = await sideBySide({
    varve: () => ops.matmul(a, a).dispose(),
    peak: await registerLoop(work / 1e6),
    tfjs: () => tf.tidy(() => void tf.matMul(tfA, tfA).dataSync()),
    jax: jax.product(values, size),
  });
  const gigaflops = (milliseconds) => (work / (milliseconds * 1e6)).toFixed(0);
  const share = Math.round((100 * times.peak.median) / times.varve.median);
  notes.push(
    `The product runs at ${gigaflops(times.varve.median)} GFLOP/s (best ${gigaflops(times.varve.best)}), ${share} % of what a loop in registers alone reaches in the same run, ${gigaflops(times.peak.median)} GFLOP/s: Node ${process.versions.node.split(".")[0]} has no fused multiply-add.`,
  );
  return [row("matrix product 1024³", times)];
}

async function attention() {
  const shape = [4, 512, 256];
  const heads = 8;
  const [, , size] = shape;
  const values = random(shape.reduce((a, b) => a * b, 1));
  const x = tensor(values, shape);
  const layer = layers.multiHeadAttention({ numHeads: heads, keyDim: size / heads });
  layer.build([shape, shape]);
  const step = varve.valueAndGrad(() => ops.sum(layer.apply([x, x])), layer.trainableWeights);

  const tfX = tf.tensor(values, shape);
  const kernels = Array.from({ length: 4 }, () => tf.tensor(random(size * size, 0.06), [size, size]));
  const biases = kernels.map(() => tf.zeros([size]));
  const tfStep = tf.valueAndGrads((...weights) =>
    tf.sum(tfMultiHeadAttention(tfX, weights.slice(0, 4), weights.slice(4), heads)),
  );
  const forward = await sideBySide({
    varve: () => layer.apply([x, x]).dispose(),
    tfjs: () => tf.tidy(() => void tfMultiHeadAttention(tfX, kernels, biases, heads).dataSync()),
  });
  const training = await sideBySide({
    varve: () => tidy(() => void step()),
    tfjs: () => tf.tidy(() => void tfStep([...kernels, ...biases]).grads[0].dataSync()),
  });
  return [
    row("MultiHeadAttention [4, 512, 256], 8 heads, forward", forward),
    row("MultiHeadAttention [4, 512, 256], 8 heads, forward + gradient", training),
  ];
}

async function recurrence() {
  return (await recurrentTimes(random)).flatMap(({ name, forward, training }) => [
    row(`${name}, 32 × 64 steps × 128 units, forward`, forward),
    row(`${name}, forward + gradients`, training),
  ]);
}

async function network() {
  setRandomSeed(1);
  const model = sequential([
    layers.conv2d({ filters: 16, kernelSize: 3, inputShape: [28, 28, 1] }),
    layers.groupNormalization({ groups: 4 }),
    layers.reLU(),
    layers.conv2d({ filters: 16, kernelSize: 3 }),
    layers.groupNormalization({ groups: 4 }),
    layers.reLU(),
    layers.flatten(),
    layers.dense({ units: 10 }),
  ]);
  model.compile({
    optimizer: optimizers.adam({ learningRate: 1e-3 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
  });
  const images = random(64 * 28 * 28);
  const labels = Int32Array.from({ length: 64 }, (_, index) => index % 10);
  const x = tensor(images, [64, 28, 28, 1]);
  const y = tensor(labels, [64]);
  await useBackend("cpu");
  const tfStep = tfNetworkStep(images, labels, random);
  const times = await sideBySide({ varve: () => model.trainOnBatch(x, y), "tfjs cpu": tfStep });
  return [
    row("training step, 28×28 network, batch 64", { varve: times.varve, tfjs: times["tfjs cpu"] }, "cpu: wasm throws"),
  ];
}

function row(work, times, note = "") {
  const own = times.varve.median;
  return {
    work,
    Varve: milliseconds(own),
    "in copies": times.copy ? ratio(own, times.copy.median) : "–",
    "tfjs takes": ratio(times.tfjs?.median, own) + (note ? ` (${note})` : ""),
    "jax-js takes": ratio(times.jax?.median, own),
  };
}

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

setThreads(1);
await useBackend("wasm");
await jax.start();
const rows = [];
for (const work of [normalization, product, attention, recurrence, network]) {
  console.log(`measuring: ${work.name} …`);
  rows.push(...(await work()));
}
console.log(`\n${table(rows)}\n`);

const columns = Object.keys(rows[0]);
const page = `# Benchmarks

Ratios taken side by side in one run, on one thread: medians over rounds in which the candidates take turns. "in
copies" is the time in plain copies of the same bytes; "takes" is how many times as long the other needs.

| ${columns.join(" | ")} |
|---${"|---:".repeat(columns.length - 1)}|
${rows.map((each) => `| ${columns.map((column) => each[column]).join(" | ")} |`).join("\n")}

${notes.join(" ")}

Group normalization: [8, 56, 56, 64], 32 groups, float32. MultiHeadAttention: of an input with itself, composed of
products and a softmax in TensorFlow.js. LSTM and GRU: 128 features in, the last output. The network: Conv 3×3×16, GroupNormalization(4), ReLU, twice,
then Dense 10, with Adam; TensorFlow.js runs it on its cpu backend, since its wasm backend has no gradient of a
convolution.

${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}; varve ${versionOf("varve")}, @tensorflow/tfjs ${versionOf("@tensorflow/tfjs")}, @jax-js/jax ${versionOf("@jax-js/jax")}. Written by \`npm run bench\`.
`;
const target = new URL("../docs/benchmarks.md", import.meta.url);
writeFileSync(new URL(`${target}.part`), page);
renameSync(new URL(`${target}.part`), target);
process.exit(0);
