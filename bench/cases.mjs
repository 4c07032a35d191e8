// What is measured beside others: each work with its candidates and what it must reach. A work is made when its turn
// comes and its tensors are freed after it.
import * as varve from "varve";
import * as jax from "./jax.mjs";
import { calling, milliseconds } from "./measure.mjs";
import * as onnx from "./onnx.mjs";
import { registerLoop, sumsAndResults } from "./peak.mjs";
import * as tfjs from "./tfjs.mjs";

const { info, layers, losses, ops, optimizers, sequential, setRandomSeed, setThreads, tensor, tidy, valueAndGrad } =
  varve;
const { tf } = tfjs;

/** Uniform in ±scale, the same every run. */
export function random(count, scale = 1) {
  const values = new Float32Array(count);
  for (let state = 1, index = 0; index < count; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[index] = (state / 2 ** 31 - 1) * scale;
  }
  return values;
}

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

let threads;

/** Goes over to so many threads, and waits until they are there. */
export async function useThreads(count) {
  if (threads === count) return;
  threads = count;
  setThreads(count);
  const end = performance.now() + 2000;
  while (info().details.threads < count && performance.now() < end) {
    tidy(() => void ops.exp(ops.ones([512, 512])));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Varve on one thread and on two. */
function varveCandidates(fn) {
  const call = (threads) => calling(fn, () => useThreads(threads));
  return { "Varve ×1": call(1), "Varve ×2": call(2) };
}

/** PyTorch on one thread and on two, and Keras on JAX with as many as it takes; nothing without Python. */
function pythonCandidates(python, work, options, frameworks = ["torch", "keras"]) {
  if (!python.candidate) return {};
  const all = {
    "PyTorch ×1": () => python.candidate("torch", work, 1, options),
    "PyTorch ×2": () => python.candidate("torch", work, 2, options),
    Keras: () => python.candidate("keras", work, 2, options),
  };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => frameworks.includes(name.startsWith("PyTorch") ? "torch" : "keras"))
      .map(([name, make]) => [name, make()]),
  );
}

/** A copy of so many numbers. */
export function copyOf(count) {
  const from = random(count);
  const to = new Float32Array(count);
  return () => to.set(from);
}

/** At most so many times the time of another; `own` says with how many threads. */
const atMost = (factor, other, own = "Varve ×2") => ({
  text: `≤ ${factor} × ${other}`,
  of: (times) => times[own]?.median / times[other]?.median,
  reached: (value) => value <= factor,
});
/** The other takes at least so many times as long. */
const faster = (factor, other, own = "Varve ×2") => ({
  text: `${other} takes ≥ ${factor} ×`,
  of: (times) => times[other]?.median / times[own]?.median,
  reached: (value) => value >= factor,
});

/** The gradient at the input and the weights of a layer, of the sum of its output. */
function gradientsOf(layer, x) {
  const input = new varve.Variable(x);
  const step = valueAndGrad(() => ops.sum(layer.apply(input, { training: true })), [input, ...layer.trainableWeights]);
  return () => tidy(() => void step());
}

// --- Normalizations

const groups = 32;
/** The views in which TensorFlow.js and jax-js take the statistics. */
const views = {
  "group NHWC": { view: [8, 3136, groups, 2], over: [1, 3], parameters: [1, 1, groups, 2] },
  "group NCHW": { view: [8, groups, 2, 3136], over: [2, 3], parameters: [1, groups, 2, 1] },
  "layer NHWC": { view: [25088, 64], over: [1], parameters: [64] },
  "layer NCHW": { view: [8, 200704], over: [1], parameters: [200704] },
  "batch NHWC": { view: [8, 3136, 64], over: [0, 1], parameters: [64] },
  "batch NCHW": { view: [8, 64, 3136], over: [0, 2], parameters: [1, 64, 1] },
  "instance NHWC": { view: [8, 3136, 64], over: [1], parameters: [64] },
  "instance NCHW": { view: [8, 64, 3136], over: [2], parameters: [1, 64, 1] },
  "layer rows": { view: [4096, 1024], over: [1], parameters: [1024] },
  "rms rows": { view: [4096, 1024], over: [1], parameters: [1024] },
};
const layouts = {
  NHWC: { shape: [8, 56, 56, 64], axis: -1 },
  NCHW: { shape: [8, 64, 56, 56], axis: 1 },
  rows: { shape: [4096, 1024], axis: -1 },
};
const normalizations = {
  group: (axis) => layers.groupNormalization({ groups, axis }),
  instance: (axis) => layers.groupNormalization({ groups: -1, axis }),
  batch: (axis) => layers.batchNormalization({ axis }),
  layer: (axis) => layers.layerNormalization({ axis: axis === 1 ? [1, 2, 3] : axis, epsilon: 1e-3 }),
  rms: (axis) => layers.rmsNormalization({ axis, epsilon: 1e-3 }),
};

function normalization(kind, layout, gradient) {
  const { shape, axis } = layouts[layout];
  const rms = kind === "rms";
  const isImage = layout !== "rows";
  const limited = kind === "group" && layout === "NHWC" && !gradient;
  return {
    name: `${kind} norm [${shape.join(", ")}]${layout === "NCHW" ? " channels first" : ""}, forward${gradient ? " + gradient" : ""}`,
    quick: kind === "group" && layout === "NHWC",
    targets: [
      atMost(1, "PyTorch ×2"),
      ...(isImage && !gradient ? [atMost(2, "copy"), faster(100, "tfjs"), faster(40, "jax-js")] : []),
    ],
    async make(python) {
      const values = random(sizeOf(shape));
      const x = tensor(values, shape);
      const layer = normalizations[kind](axis);
      layer.build(shape);
      const each = views[`${kind} ${layout}`];
      const tensors = [tf.tensor(values, each.view), tf.ones(each.parameters)];
      if (!rms) tensors.push(tf.zeros(each.parameters));
      return {
        ...varveCandidates(
          gradient ? gradientsOf(layer, x) : () => layer.apply(x, { training: kind === "batch" }).dispose(),
        ),
        copy: copyOf(values.length),
        limit: limited ? await sumsAndResults(values.length) : undefined,
        tfjs: tfjs.candidate((x, gamma, beta) => tfjs.normalize(x, gamma, beta, each.over, { rms }), tensors, gradient),
        "jax-js": rms ? undefined : jax.normalization(values, each, gradient),
        ...(kind === "group" && layout === "NCHW" && !gradient
          ? await onnx.groupNormalization(random, shape, groups)
          : {}),
        ...pythonCandidates(python, "normalization", { kind, layout, gradient }),
      };
    },
    note: limited
      ? ({ limit, copy }) =>
          `On one thread, a loop that reads [${shape.join(", ")}] for sums and once more, from the cache, to write a · x + b takes ${milliseconds(limit)}, and a plain copy of it ${milliseconds(copy)}.`
      : undefined,
  };
}

// --- Products and convolutions

const product = {
  name: "matrix product 1024³",
  quick: true,
  targets: [
    {
      text: "≥ 85 % of the register-only peak, each thread",
      of: (times) => times.peak.median / times["Varve ×1"].median,
      reached: (value) => value >= 0.85,
    },
    faster(1.8, "Varve ×1"),
  ],
  async make(python) {
    const size = 1024;
    const values = random(size * size);
    const a = tensor(values, [size, size]);
    const tfA = tf.tensor(values, [size, size]);
    return {
      ...varveCandidates(() => ops.matmul(a, a).dispose()),
      peak: await registerLoop((2 * size ** 3) / 1e6),
      tfjs: tfjs.candidate(() => tf.matMul(tfA, tfA), [], false),
      "jax-js": jax.product(values, size),
      ...(await onnx.product(random, size)),
      ...pythonCandidates(python, "product", { size }),
    };
  },
  note(times) {
    const gigaflops = ({ median }) => (2 * 1024 ** 3) / (median * 1e6);
    const [one, two, peak] = ["Varve ×1", "Varve ×2", "peak"].map((name) => gigaflops(times[name]).toFixed(1));
    const fused = info().details.relaxedSimd ? "with" : "without";
    return `The product runs at ${one} GFLOP/s on one thread and ${two} on two, ${fused} fused multiply-add; a loop of multiplications and additions in registers alone reaches ${peak} in the same run.`;
  },
};

function convolution(what, depthwise) {
  const shape = [8, 56, 56, 64];
  const kernelShape = [3, 3, 64, depthwise ? 1 : 64];
  const title = depthwise ? "depthwise convolution 3×3" : "convolution 3×3, 64 → 64";
  const wanted = { x: "+ dx", kernel: "+ dkernel", both: "+ gradients" };
  return {
    name: `${title}, [${shape.join(", ")}], forward${what ? ` ${wanted[what]}` : ""}`,
    quick: !depthwise,
    targets: [...(what ? [] : [faster(depthwise ? 2 : 3, "tfjs")]), ...(depthwise ? [] : [atMost(2.5, "PyTorch ×2")])],
    async make(python) {
      const values = [random(sizeOf(shape)), random(sizeOf(kernelShape))];
      const x = tensor(values[0], shape);
      const kernel = tensor(values[1], kernelShape);
      const convolve = depthwise
        ? (x, kernel) => ops.depthwiseConv(x, kernel, 1, "same")
        : (x, kernel) => ops.conv(x, kernel, 1, "same");
      const steps = {
        x: valueAndGrad((x) => ops.sum(convolve(x, kernel))),
        kernel: valueAndGrad((kernel) => ops.sum(convolve(x, kernel))),
        both: valueAndGrad((x, kernel) => ops.sum(convolve(x, kernel))),
      };
      const at = { x: [x], kernel: [kernel], both: [x, kernel] }[what];
      const tensors = [tf.tensor(values[0], shape), tf.tensor(values[1], kernelShape)];
      const tfConvolve = depthwise ? tf.depthwiseConv2d : tf.conv2d;
      return {
        ...varveCandidates(what ? () => tidy(() => void steps[what](...at)) : () => convolve(x, kernel).dispose()),
        copy: copyOf(values[0].length),
        tfjs: tfjs.candidate((x, kernel) => tfConvolve(x, kernel, 1, "same"), tensors, Boolean(what)),
        ...(what ? {} : await onnx.convolution(random, shape, depthwise)),
        ...pythonCandidates(python, "convolution", { depthwise, gradient: what ?? null }),
      };
    },
  };
}

// --- Layers

function recurrence(name, training) {
  const [batch, steps, units] = [32, 64, 128];
  return {
    name: `${name.toUpperCase()}, ${batch} × ${steps} steps × ${units} units, forward${training ? " + gradients" : ""}`,
    targets: [faster(5, "tfjs")],
    make(python) {
      const values = random(batch * steps * units);
      const x = tensor(values, [batch, steps, units]);
      const tfX = tf.tensor(values, [batch, steps, units]);
      const layer = layers[name]({ units });
      layer.build(x.shape);
      const step = valueAndGrad(() => ops.sum(ops.square(layer.apply(x, { training: true }))), layer.trainableWeights);
      // Its default initializer says in the terminal that it is slow.
      const tfLayer = tf.layers[name]({ units, recurrentInitializer: "glorotUniform" });
      tf.dispose(tfLayer.apply(tfX));
      const variables = tfLayer.trainableWeights.map((weight) => weight.val);
      const tfLoss = () => tf.sum(tf.square(tfLayer.apply(tfX, { training: true })));
      const tfCall = training
        ? () => Object.values(tf.variableGrads(tfLoss, variables).grads).map((each) => each.dataSync())
        : () => tfLayer.apply(tfX).dataSync();
      return {
        ...varveCandidates(training ? () => tidy(() => void step()) : () => layer.apply(x).dispose()),
        tfjs: tfjs.onBackend("wasm", tfCall),
        ...pythonCandidates(python, "recurrent", { kind: name, gradient: training }),
      };
    },
  };
}

function attention(training) {
  const shape = [4, 512, 256];
  const [, , size] = shape;
  const heads = 8;
  return {
    name: `MultiHeadAttention [${shape.join(", ")}], ${heads} heads, forward${training ? " + gradients" : ""}`,
    targets: [faster(3, "tfjs")],
    make(python) {
      const values = random(sizeOf(shape));
      const x = tensor(values, shape);
      const layer = layers.multiHeadAttention({ numHeads: heads, keyDim: size / heads });
      layer.build([shape, shape]);
      const step = valueAndGrad(() => ops.sum(layer.apply([x, x])), layer.trainableWeights);
      const tfX = tf.tensor(values, shape);
      const weights = Array.from({ length: 4 }, () => tf.tensor(random(size * size, 0.06), [size, size]));
      weights.push(...weights.map(() => tf.zeros([size])));
      return {
        ...varveCandidates(training ? () => tidy(() => void step()) : () => layer.apply([x, x]).dispose()),
        tfjs: tfjs.candidate(
          (...weights) => tfjs.multiHeadAttention(tfX, weights.slice(0, 4), weights.slice(4), heads),
          weights,
          training,
        ),
        ...pythonCandidates(python, "attention", { gradient: training }),
      };
    },
  };
}

// --- Whole models

function network() {
  setRandomSeed(1);
  return sequential([
    layers.conv2d({ filters: 16, kernelSize: 3, inputShape: [28, 28, 1] }),
    layers.groupNormalization({ groups: 4 }),
    layers.reLU(),
    layers.conv2d({ filters: 16, kernelSize: 3 }),
    layers.groupNormalization({ groups: 4 }),
    layers.reLU(),
    layers.flatten(),
    layers.dense({ units: 10 }),
  ]);
}

/**
 * What a step of 64 images cannot do without: two gradients and a forward pass of each layer, the first layer's gradient
 * for its input left out. Winograd's algorithm multiplies 36 numbers for each tile of 4 × 4 and pair of channels.
 */
const megaflop = Math.round((2 * 64 * (2 * 26 * 26 * 9 * 16 + 3 * 36 * 36 * 16 * 16 + 3 * 9216 * 10)) / 1e6);
/** Each of the two activations is written or read about 14 times. */
const megabytes = Math.round((14 * 4 * 64 * 16 * (26 * 26 + 24 * 24)) / 1e6);

function networkStep(batch) {
  const limited = batch === 64;
  return {
    name: `training step, 28×28 network, batch ${batch}`,
    quick: limited,
    targets: limited ? [atMost(1, "PyTorch ×2"), faster(500, "tfjs")] : [],
    async make(python) {
      const model = network();
      model.compile({
        optimizer: optimizers.adam({ learningRate: 1e-3 }),
        loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
      });
      const images = random(batch * 28 * 28);
      const labels = Int32Array.from({ length: batch }, (_, index) => index % 10);
      const x = tensor(images, [batch, 28, 28, 1]);
      const y = tensor(labels, [batch]);
      return {
        ...varveCandidates(() => model.trainOnBatch(x, y)),
        ...(limited ? { products: await registerLoop(megaflop), traffic: copyOf(megabytes * (1e6 / 8)) } : {}),
        tfjs: tfjs.networkStep(images, labels, batch, random),
        ...pythonCandidates(python, "network", { batch }),
      };
    },
    note: limited
      ? ({ products, traffic }) =>
          `The products of the training step of 64 images come to ${megaflop} million operations after Winograd's algorithm, which take ${milliseconds(products)} on one thread in registers alone, and its activations to about ${megabytes} MB read or written, which take ${milliseconds(traffic)} to copy.`
      : undefined,
  };
}

const networkPrediction = {
  name: "prediction, 28×28 network, batch 64",
  targets: [],
  async make() {
    const model = network();
    const x = tensor(random(64 * 28 * 28), [64, 28, 28, 1]);
    return {
      ...varveCandidates(() => tidy(() => model.apply(x).dispose())),
      ...(await onnx.network(random, 64)),
    };
  },
};

const xorBatch = 8;

function xorStep(training) {
  const batch = xorBatch;
  /** In `fit` an epoch of many steps is one call. */
  const steps = training === "fit" ? 100 : 1;
  return {
    name: `XOR network 2-8-1, batch ${batch}, a step ${training === "fit" ? "inside fit" : "by trainOnBatch"}`,
    quick: true,
    targets: [
      { text: "≤ 0.1 ms", of: (times) => times["Varve ×1"].median, unit: "ms", reached: (value) => value <= 0.1 },
    ],
    make(python) {
      setRandomSeed(1);
      const model = sequential([
        layers.dense({ units: 8, activation: "relu", inputShape: [2] }),
        layers.dense({ units: 1, activation: "sigmoid" }),
      ]);
      model.compile({ optimizer: "adam", loss: "binary_crossentropy" });
      const points = random(2 * batch * steps);
      const truth = Float32Array.from({ length: batch * steps }, (_, k) =>
        Number(points[2 * k] * points[2 * k + 1] < 0),
      );
      const x = tensor(points, [batch * steps, 2]);
      const y = tensor(truth, [batch * steps, 1]);
      const tfModel = tf.sequential({
        layers: [
          tf.layers.dense({ units: 8, activation: "relu", inputShape: [2] }),
          tf.layers.dense({ units: 1, activation: "sigmoid" }),
        ],
      });
      tfModel.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
      const tfX = tf.tensor(points, [batch * steps, 2]);
      const tfY = tf.tensor(truth, [batch * steps, 1]);
      const fit = { batchSize: batch, epochs: 1, verbose: 0, shuffle: false };
      const isFit = training === "fit";
      const all = {
        ...varveCandidates(isFit ? () => model.fit(x, y, fit) : () => model.trainOnBatch(x, y)),
        // Its cpu backend is the faster one for so small a model.
        tfjs: calling(
          isFit ? () => tfModel.fit(tfX, tfY, { ...fit, yieldEvery: "never" }) : () => tfModel.trainOnBatch(tfX, tfY),
          () => tfjs.useBackend("cpu"),
        ),
        ...pythonCandidates(python, "xor", { training }, ["keras"]),
      };
      return {
        ...Object.fromEntries(Object.entries(all).map(([name, candidate]) => [name, perStep(candidate, steps)])),
        ...pythonCandidates(python, "xor", { training }, ["torch"]),
      };
    },
  };
}

/** A candidate whose call is so many steps, told in steps. */
function perStep(candidate, steps) {
  return {
    ...candidate,
    async run(calls, stretches) {
      const epochs = Math.ceil(calls / steps);
      const times = await candidate.run(epochs, stretches);
      return times.map((milliseconds) => (milliseconds / (epochs * steps)) * calls);
    },
  };
}

export const cases = [
  ...["NHWC", "NCHW"].flatMap((layout) =>
    ["group", "layer", "batch", "instance"].flatMap((kind) =>
      [false, true].map((gradient) => normalization(kind, layout, gradient)),
    ),
  ),
  ...["layer", "rms"].flatMap((kind) => [false, true].map((gradient) => normalization(kind, "rows", gradient))),
  product,
  ...[undefined, "x", "kernel"].map((what) => convolution(what, false)),
  ...[undefined, "both"].map((what) => convolution(what, true)),
  ...["lstm", "gru"].flatMap((name) => [false, true].map((training) => recurrence(name, training))),
  ...[false, true].map(attention),
  networkStep(64),
  networkStep(4),
  networkPrediction,
  ...["fit", "batch"].map(xorStep),
];
