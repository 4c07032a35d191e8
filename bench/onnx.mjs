// ONNX Runtime, native and on WebAssembly: inference only. Its models are written here, by a few lines of Protocol
// Buffers; tensors are [batch, channels, height, width], as ONNX has them.
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { withoutTraces } from "./measure.mjs";

web.env.wasm.numThreads = 1;
web.env.logLevel = "error";

/** A field of a message: a whole number, a text or bytes, or a list of fields. */
function field(number, value) {
  if (typeof value === "number") return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

function attribute(name, value) {
  const [float, integer, integers] = [1, 2, 7];
  if (Array.isArray(value))
    return field(5, [field(1, name), ...value.map((each) => field(8, each)), field(20, integers)]);
  if (Number.isInteger(value)) return field(5, [field(1, name), field(3, value), field(20, integer)]);
  const bytes = Buffer.alloc(5);
  bytes[0] = (2 << 3) | 5;
  bytes.writeFloatLE(value, 1);
  return field(5, [field(1, name), bytes, field(20, float)]);
}

const node = (type, inputs, output, attributes = {}) =>
  field(1, [
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  ]);
const constant = (name, shape, values) =>
  field(5, [...shape.map((size) => field(1, size)), field(2, 1), field(8, name), field(9, Buffer.from(values.buffer))]);
const value = (number, name, shape) => {
  const sizes = shape.map((size) => field(1, [field(1, size)]));
  return field(number, [field(1, name), field(2, [field(1, [field(1, 1), field(2, sizes)])])]);
};

/** A model of nodes and constants, from inputs to one output "y". */
function model(parts, inputs, output) {
  const graph = [
    ...parts,
    field(2, "bench"),
    ...inputs.map(([name, shape]) => value(11, name, shape)),
    value(12, "y", output),
  ];
  return Buffer.concat([field(1, 10), field(7, graph), field(8, [field(1, ""), field(2, 21)])]);
}

/** Candidates for a model: native with two threads, and on WebAssembly with one. */
async function candidates(bytes, feeds) {
  const runs = {};
  for (const [name, runtime, options] of [
    // Threads that wait for the next call would take the processor from whoever is measured next.
    ["ORT", native, { intraOpNumThreads: 2, extra: { session: { force_spinning_stop: "1" } } }],
    ["ORT web", web, { executionProviders: ["wasm"] }],
  ]) {
    const session = await withoutTraces(() =>
      runtime.InferenceSession.create(new Uint8Array(bytes), { logSeverityLevel: 3, ...options }),
    );
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([key, [shape, values]]) => [key, new runtime.Tensor("float32", values, shape)]),
    );
    runs[name] = () => session.run(tensors);
  }
  return runs;
}

const normalization = (input, output, groups) =>
  node("GroupNormalization", [input, "gamma", "beta"], output, { num_groups: groups, epsilon: 1.0e-3 });

export function groupNormalization(random, shape, groups) {
  const channels = shape[1];
  const parts = [
    constant("gamma", [channels], new Float32Array(channels).fill(1)),
    constant("beta", [channels], new Float32Array(channels)),
    normalization("x", "y", groups),
  ];
  const values = random(shape.reduce((a, b) => a * b, 1));
  return candidates(model(parts, [["x", shape]], shape), { x: [shape, values] });
}

export function product(random, size) {
  const shape = [size, size];
  const inputs = [
    ["a", shape],
    ["b", shape],
  ];
  const values = random(size * size);
  const feeds = { a: [shape, values], b: [shape, values] };
  return candidates(model([node("MatMul", ["a", "b"], "y")], inputs, shape), feeds);
}

export function convolution(random, [batch, height, width, channels], depthwise) {
  const shape = [batch, channels, height, width];
  const kernel = [channels, depthwise ? 1 : channels, 3, 3];
  const parts = [
    constant("kernel", kernel, random(kernel.reduce((a, b) => a * b, 1))),
    node("Conv", ["x", "kernel"], "y", { pads: [1, 1, 1, 1], group: depthwise ? channels : 1 }),
  ];
  const values = random(shape.reduce((a, b) => a * b, 1));
  return candidates(model(parts, [["x", shape]], shape), { x: [shape, values] });
}

/** The 28×28 network of the bench, in inference. */
export function network(random, batch) {
  const features = 24 * 24 * 16;
  const parts = [
    constant("gamma", [16], new Float32Array(16).fill(1)),
    constant("beta", [16], new Float32Array(16)),
    constant("kernel1", [16, 1, 3, 3], random(144, 0.2)),
    constant("kernel2", [16, 16, 3, 3], random(2304, 0.1)),
    constant("dense", [features, 10], random(features * 10, 0.02)),
    node("Conv", ["x", "kernel1"], "c1"),
    normalization("c1", "n1", 4),
    node("Relu", ["n1"], "r1"),
    node("Conv", ["r1", "kernel2"], "c2"),
    normalization("c2", "n2", 4),
    node("Relu", ["n2"], "r2"),
    node("Flatten", ["r2"], "f"),
    node("MatMul", ["f", "dense"], "y"),
  ];
  const shape = [batch, 1, 28, 28];
  return candidates(model(parts, [["x", shape]], [batch, 10]), { x: [shape, random(batch * 784)] });
}
