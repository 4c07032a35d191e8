// Writes models with TensorFlow.js as its users do, each with an input and what TensorFlow.js predicts when it reads the files
// again: models/<name>/model.json with its shards, and expected.json. Needs what check.mjs installs.
//
//     node test/keras/tfjs/write.mjs
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

console.warn = () => {}; // Its greeting asks for another package.
const tf = await import("@tensorflow/tfjs");
const folder = join(dirname(fileURLToPath(import.meta.url)), "models");
rmSync(folder, { recursive: true, force: true });

let drawn = 0;
/** Numbers between −1 and 1 that do not repeat soon. */
const numbers = (shape) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(
    Float32Array.from({ length: count }, () => Math.sin(1.7 * drawn++)),
    shape,
  );
};

/** Weights other than those of a fresh layer, where zeros and ones would hide what is mixed up. */
function scramble(model) {
  model.weights.forEach((weight) => {
    const value = numbers(weight.shape);
    weight.write(/variance/.test(weight.name) ? value.square().add(1) : value.div(2));
  });
  return model;
}

async function artifactsOf(model, options) {
  let found;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      found = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
    options,
  );
  return found;
}

const bytesOf = (data) =>
  new Uint8Array(Array.isArray(data) ? Buffer.concat(data.map((each) => Buffer.from(each))) : data);

/** One group of weights in so many shards of the same size, whatever they cut through. */
function inShards(group, specs, bytes, count) {
  const size = Math.ceil(bytes.length / count);
  const shards = Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
  const paths = shards.map((_, index) => `group${group}-shard${index + 1}of${count}.bin`);
  return { entry: { paths, weights: specs }, files: paths.map((path, index) => [path, shards[index]]) };
}

const elementBytes = { float32: 4, int32: 4, bool: 1 };

/** The values of each weight, in the order of the file. */
function valuesIn(specs, bytes) {
  let at = 0;
  return specs.map((spec) => {
    const length = spec.shape.reduce((product, size) => product * size, 1) * elementBytes[spec.dtype];
    at += length;
    return bytes.slice(at - length, at);
  });
}

/** Weights in few bits, as tensorflowjs_converter writes them: value = scale · number + min; float16 as it is. */
function quantized(specs, bytes, dtypes) {
  const all = valuesIn(specs, bytes).map((raw, index) => {
    const values = new Float32Array(raw.buffer);
    const dtype = dtypes[index % dtypes.length];
    if (dtype === "float16") return [{ ...specs[index], quantization: { dtype } }, halves(values)];
    const levels = dtype === "uint8" ? 255 : 65535;
    const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
    const scale = (most - least) / levels || 1;
    const min = Math.round(least / scale) * scale;
    const kind = dtype === "uint8" ? Uint8Array : Uint16Array;
    const numbers = kind.from(values, (value) => Math.round((value - min) / scale));
    return [{ ...specs[index], quantization: { dtype, scale, min } }, new Uint8Array(numbers.buffer)];
  });
  return [all.map(([spec]) => spec), new Uint8Array(Buffer.concat(all.map(([, raw]) => raw)))];
}

/** IEEE 754 half precision by rounding the bits of float32; for numbers of ordinary size. */
function halves(values) {
  const bits = new Uint32Array(values.buffer);
  const half = Uint16Array.from(bits, (each) => {
    const exponent = ((each >>> 23) & 255) - 112;
    return exponent <= 0
      ? (each >>> 16) & 0x8000
      : ((each >>> 16) & 0x8000) | (exponent << 10) | ((each >>> 13) & 0x3ff);
  });
  return new Uint8Array(half.buffer);
}

const facts = async (tensors) =>
  Object.fromEntries(
    await Promise.all(
      [tensors]
        .flat()
        .map(async (each, index) => [
          index,
          { shape: each.shape, dtype: each.dtype, values: [...(await each.data())] },
        ]),
    ),
  );

async function write(name, model, inputs, { groups = 1, shards = 1, dtypes, options, further } = {}) {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  const { modelTopology, format, generatedBy, convertedBy, trainingConfig, weightSpecs, weightData } =
    await artifactsOf(model, options);
  const [specs, bytes] = dtypes
    ? quantized(weightSpecs, bytesOf(weightData), dtypes)
    : [weightSpecs, bytesOf(weightData)];
  const raw = dtypes ? undefined : valuesIn(specs, bytes);
  const perGroup = Math.ceil(specs.length / groups);
  const parts = Array.from({ length: groups }, (_, index) => {
    if (groups === 1) return inShards(1, specs, bytes, shards);
    const [from, to] = [index * perGroup, (index + 1) * perGroup];
    return inShards(index + 1, specs.slice(from, to), new Uint8Array(Buffer.concat(raw.slice(from, to))), shards);
  });
  const weightsManifest = parts.map(({ entry }) => entry);
  const json = {
    modelTopology,
    format,
    generatedBy,
    convertedBy,
    ...(trainingConfig ? { trainingConfig } : {}),
    weightsManifest,
  };
  const files = parts.flatMap((part) => part.files);
  for (const [path, content] of files) writeFileSync(join(at, path), content);
  writeFileSync(join(at, "model.json"), JSON.stringify(json));
  const load = () =>
    tf.io.getModelArtifactsForJSON(json, async (manifest) => [
      tf.io.getWeightSpecs(manifest),
      Uint8Array.from(Buffer.concat(files.map(([, content]) => content))).buffer,
    ]);
  const again = await tf.loadLayersModel({ load });
  const recorded = { inputs: await facts(inputs), predictions: await facts(again.predict(inputs)) };
  writeFileSync(join(at, "expected.json"), JSON.stringify({ ...recorded, ...(await further?.()) }));
  console.log(name, files.map(([path, { length }]) => `${path} ${length}`).join(", "));
}

const { layers } = tf;

async function trained(name, optimizer) {
  const model = tf.sequential({ name: `trained_${name}` });
  model.add(layers.dense({ units: 3, inputShape: [4], activation: "sigmoid", name: "first" }));
  model.add(layers.dense({ units: 2, activation: "tanh", name: "last" }));
  scramble(model);
  model.compile({ optimizer, loss: "meanSquaredError", metrics: ["mae"] });
  const [x, y] = [numbers([4, 4]), numbers([4, 2])];
  const step = async () => [await model.trainOnBatch(x, y)].flat()[0];
  await step();
  await step();
  const further = async () => {
    const losses = [await step(), await step(), await step()];
    return { targets: await facts(y), losses, after: await facts(model.predict(x)) };
  };
  await write(`trained-${name}`, model, x, { options: { includeOptimizer: true }, further });
}

const sequential = tf.sequential({
  layers: [
    layers.inputLayer({ inputShape: [8, 8, 3] }),
    layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", kernelInitializer: "heNormal" }),
    layers.batchNormalization(),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
    layers.separableConv2d({ filters: 4, kernelSize: 2, activation: "elu" }),
    layers.dropout({ rate: 0.25 }),
    layers.leakyReLU({ alpha: 0.2 }),
    layers.prelu(),
    layers.flatten(),
    layers.dense({ units: 5, activation: "softmax", kernelRegularizer: "l1l2", biasConstraint: "nonNeg" }),
  ],
});
await write("sequential", scramble(sequential), numbers([2, 8, 8, 3]), { shards: 3 });

{
  const [image, extra] = [tf.input({ shape: [6, 6, 2], name: "image" }), tf.input({ shape: [5], name: "extra" })];
  const flat = layers
    .globalAveragePooling2d({ name: "pool" })
    .apply(layers.conv2d({ filters: 5, kernelSize: 3, name: "conv" }).apply(image));
  const shared = layers.dense({ units: 4, activation: "sigmoid", name: "shared" });
  const both = layers.concatenate({ name: "both" }).apply([shared.apply(extra), shared.apply(flat)]);
  const sum = layers.add({ name: "sum" }).apply([extra, flat]);
  const normal = layers.layerNormalization({ name: "normal" }).apply(sum);
  const outputs = [
    layers.dense({ units: 3, name: "one" }).apply(both),
    layers.dense({ units: 1, name: "two" }).apply(normal),
  ];
  const model = tf.model({ inputs: [image, extra], outputs, name: "functional" });
  await write("functional", scramble(model), [numbers([2, 6, 6, 2]), numbers([2, 5])], { groups: 3, shards: 2 });
}

{
  const model = tf.sequential({ name: "recurrent" });
  model.add(layers.masking({ inputShape: [5, 3] }));
  model.add(
    layers.bidirectional({
      layer: layers.lstm({ units: 3, returnSequences: true }),
      mergeMode: "concat",
    }),
  );
  model.add(layers.gru({ units: 4, returnSequences: true }));
  model.add(layers.timeDistributed({ layer: layers.dense({ units: 3 }) }));
  model.add(
    layers.rnn({
      cell: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2, recurrentActivation: "sigmoid" })],
      returnSequences: true,
    }),
  );
  model.add(layers.simpleRNN({ units: 3 }));
  await write("recurrent", scramble(model), numbers([2, 5, 3]), { shards: 2 });
}

{
  const words = tf.input({ shape: [4], name: "words", dtype: "int32" });
  const embedded = layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, name: "embedding" }).apply(words);
  const inner = tf.sequential({
    name: "inner",
    layers: [layers.lstm({ units: 3, inputShape: [4, 3], name: "deep" })],
  });
  const a = tf.input({ shape: [3], name: "a" });
  const graph = tf.model({ inputs: a, outputs: layers.dense({ units: 3, name: "twice" }).apply(a), name: "graph" });
  const model = tf.model({ inputs: words, outputs: graph.apply(graph.apply(inner.apply(embedded))), name: "nested" });
  await write(
    "nested",
    scramble(model),
    tf.tensor(
      [
        [1, 2, 0, 0],
        [3, 5, 4, 0],
      ],
      [2, 4],
      "int32",
    ),
  );
}

for (const dtypes of [["uint8"], ["uint16"], ["float16"], ["uint8", "float16", "uint16"]]) {
  const model = tf.sequential({ name: "quantized" });
  model.add(layers.dense({ units: 6, inputShape: [5], activation: "tanh", name: "first" }));
  model.add(layers.batchNormalization({ name: "norm" }));
  model.add(layers.dense({ units: 3, name: "last" }));
  await write(`quantized-${dtypes.join("-")}`, scramble(model), numbers([3, 5]), { dtypes, shards: dtypes.length });
}

const { train } = tf;
await trained("sgd", train.sgd(0.05));
await trained("momentum", train.momentum(0.05, 0.9, true));
await trained("adam", train.adam(0.05));
await trained("rmsprop", train.rmsprop(0.05, 0.9, 0.5, 1e-7));
await trained("adagrad", train.adagrad(0.05));
