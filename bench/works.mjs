// The works of the survey: every family of ops and layers once at a realistic size, in Varve, in TensorFlow.js and as
// a PyTorch expression. Nothing is asked of them here; the works that have figures to reach are in cases.mjs.
import * as varve from "varve";
import { tf } from "./tfjs.mjs";

const { layers, losses, metrics, ops, optimizers, random } = varve;

/**
 * @typedef {{ shape: number[], from?: number, to?: number, below?: number, where?: number }} Input numbers between `from`
 *   and `to` (default ±1), whole ones `below` a limit, or flags that are set for a share of places
 * @typedef {{
 *   name: string,
 *   inputs: Record<string, Input>,
 *   varve: (inputs: Record<string, varve.Tensor>) => unknown,
 *   tfjs?: (inputs: Record<string, tf.Tensor>) => unknown,
 *   torch?: string,
 *   setup?: string,
 *   gradient?: boolean | string[],
 *   endless?: boolean,
 *   reads?: boolean,
 * }} Work `torch` is an expression of the inputs, after the statements `setup`; `gradient`: also forward and gradient at
 *   the inputs that are real numbers (and, of layers, their weights), or at those named;
 *   `endless`: TensorFlow.js takes minutes for the gradient; `reads`: what comes out is numbers
 */

/** @type {Work[]} */
export const works = [];

function family(title, list) {
  for (const [name, inputs, ours, theirs, torch, options] of list)
    works.push({ name: `${title}: ${name}`, inputs, varve: ours, tfjs: theirs, torch, ...options });
}

const uniform = (...shape) => ({ shape });
const positive = (...shape) => ({ shape, from: 0.1, to: 2 });
const unit = (...shape) => ({ shape, from: 0.01, to: 0.99 });
const whole = (below, ...shape) => ({ shape, below });
const flags = (...shape) => ({ shape, where: 0.5 });

/** A layer that is made at its first use, as a function of an input; `twice`: it takes the input together with itself. */
function layer(make, { twice = false, ...options } = {}) {
  let made;
  const apply = ({ x }) => {
    made ??= make();
    return made.apply(twice ? [x, x] : x, { training: true, ...options });
  };
  return Object.assign(apply, { weights: () => made.trainableWeights });
}

const rows = uniform(1024, 1024);
const image = uniform(8, 56, 56, 64);
const first = "x.permute(0, 3, 1, 2)";
const differentiable = { gradient: true };

// --- Elementwise

const unary = (name, ours, theirs, torch, input = rows, options = differentiable) => [
  name,
  { x: input },
  ({ x }) => ours(x),
  theirs && (({ x }) => theirs(x)),
  torch,
  options,
];

family("unary", [
  unary("exp", ops.exp, tf.exp, "torch.exp(x)"),
  unary("log", ops.log, tf.log, "torch.log(x)", positive(1024, 1024)),
  unary("tanh", ops.tanh, tf.tanh, "torch.tanh(x)"),
  unary("sigmoid", ops.sigmoid, tf.sigmoid, "torch.sigmoid(x)"),
  unary("erf", ops.erf, tf.erf, "torch.erf(x)"),
  unary(
    "gelu",
    (x) => ops.gelu(x, false),
    (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
    "F.gelu(x)",
  ),
  unary("gelu, approximate", (x) => ops.gelu(x, true), undefined, "F.gelu(x, approximate='tanh')"),
  unary("silu", ops.silu, (x) => tf.mul(x, tf.sigmoid(x)), "F.silu(x)"),
  unary("softplus", ops.softplus, tf.softplus, "F.softplus(x)"),
  unary("mish", ops.mish, tf.mish, "F.mish(x)"),
  unary("relu", ops.relu, tf.relu, "F.relu(x)"),
  unary(
    "leakyRelu",
    (x) => ops.leakyRelu(x, 0.2),
    (x) => tf.leakyRelu(x, 0.2),
    "F.leaky_relu(x, 0.2)",
  ),
  unary("elu", ops.elu, tf.elu, "F.elu(x)"),
  unary("sin", ops.sin, tf.sin, "torch.sin(x)"),
  unary("cos", ops.cos, tf.cos, "torch.cos(x)"),
  unary("sqrt", ops.sqrt, tf.sqrt, "torch.sqrt(x)", positive(1024, 1024)),
  unary("square", ops.square, tf.square, "torch.square(x)"),
  unary(
    "power 2.5",
    (x) => ops.power(x, 2.5),
    (x) => tf.pow(x, 2.5),
    "torch.pow(x, 2.5)",
    positive(1024, 1024),
  ),
  unary(
    "power 3",
    (x) => ops.power(x, 3),
    (x) => tf.pow(x, 3),
    "torch.pow(x, 3)",
  ),
  unary("abs", ops.abs, tf.abs, "torch.abs(x)"),
  unary(
    "clip",
    (x) => ops.clip(x, -0.5, 0.5),
    (x) => tf.clipByValue(x, -0.5, 0.5),
    "torch.clamp(x, -0.5, 0.5)",
  ),
  unary("round", ops.round, tf.round, "torch.round(x)", rows, {}),
  unary("arctan", ops.arctan, tf.atan, "torch.atan(x)"),
  unary("log1p", ops.log1p, tf.log1p, "torch.log1p(x)", positive(1024, 1024)),
  unary(
    "cast to int32",
    (x) => ops.cast(x, "int32"),
    (x) => tf.cast(x, "int32"),
    "x.int()",
    rows,
    {},
  ),
  unary(
    "cast from int32",
    (x) => ops.cast(x, "float32"),
    (x) => tf.cast(x, "float32"),
    "x.float()",
    whole(100, 1024, 1024),
    {},
  ),
  unary(
    "cast from bool",
    (x) => ops.cast(x, "float32"),
    (x) => tf.cast(x, "float32"),
    "x.float()",
    flags(1024, 1024),
    {},
  ),
  unary("isnan", ops.isnan, tf.isNaN, "torch.isnan(x)", rows, {}),
]);

const binary = (name, shapes, ours, theirs, torch, options = differentiable) => [
  name,
  { x: shapes[0], y: shapes[1] },
  ({ x, y }) => ours(x, y),
  theirs && (({ x, y }) => theirs(x, y)),
  torch,
  options,
];

family("binary", [
  binary("add, same shape", [image, image], ops.add, tf.add, "x + y"),
  binary("add [C]", [image, uniform(64)], ops.add, tf.add, "x + y"),
  binary("multiply, same shape", [image, image], ops.multiply, tf.mul, "x * y"),
  binary("multiply [C]", [image, uniform(64)], ops.multiply, tf.mul, "x * y"),
  binary("multiply [N,1,1,C]", [image, uniform(8, 1, 1, 64)], ops.multiply, tf.mul, "x * y"),
  binary("multiply [N,H,W,1]", [image, uniform(8, 56, 56, 1)], ops.multiply, tf.mul, "x * y"),
  binary(
    "multiply [1,C,1,1], channels first",
    [uniform(8, 64, 56, 56), uniform(1, 64, 1, 1)],
    ops.multiply,
    tf.mul,
    "x * y",
  ),
  binary("outer [1024,1] × [1024]", [uniform(1024, 1), uniform(1024)], ops.multiply, tf.mul, "x * y"),
  binary("divide", [rows, positive(1024, 1024)], ops.divide, tf.div, "x / y"),
  binary("maximum", [rows, rows], ops.maximum, tf.maximum, "torch.maximum(x, y)"),
  binary("power", [positive(1024, 1024), rows], ops.power, tf.pow, "torch.pow(x, y)"),
  binary("mod", [rows, positive(1024, 1024)], ops.mod, tf.mod, "torch.remainder(x, y)", {}),
  binary("arctan2", [rows, rows], ops.arctan2, tf.atan2, "torch.atan2(x, y)"),
  binary("squaredDifference", [rows, rows], ops.squaredDifference, tf.squaredDifference, "torch.square(x - y)"),
  binary("greater", [rows, rows], ops.greater, tf.greater, "x > y", {}),
  binary("equal of integers", [whole(9, 1024, 1024), whole(9, 1024, 1024)], ops.equal, tf.equal, "x == y", {}),
  binary("add of integers", [whole(9, 1024, 1024), whole(9, 1024, 1024)], ops.add, tf.add, "x + y", {}),
  binary("logicalAnd", [flags(1024, 1024), flags(1024, 1024)], ops.logicalAnd, tf.logicalAnd, "x & y", {}),
  [
    "where",
    { c: flags(1024, 1024), x: rows, y: rows },
    ({ c, x, y }) => ops.where(c, x, y),
    ({ c, x, y }) => tf.where(c, x, y),
    "torch.where(c, x, y)",
    differentiable,
  ],
]);

// --- Reductions

const reduction = (name, input, axes, ours, theirs, torch, options = differentiable) => [
  name,
  { x: input },
  ({ x }) => ours(x, axes),
  theirs && (({ x }) => theirs(x, axes)),
  torch,
  options,
];
const overAxes = { last: [-1, "-1"], leading: [[0, 1, 2], "(0, 1, 2)"], middle: [[1, 2], "(1, 2)"] };

family("reduce", [
  ...["sum", "mean", "max", "prod"].flatMap((name) =>
    Object.entries(overAxes)
      .filter(([, [axes]]) => name !== "prod" || axes === -1)
      .map(([which, [axes, python]]) =>
        reduction(
          `${name}, ${which}`,
          image,
          axes,
          ops[name],
          tf[name],
          `torch.${name === "max" ? "amax" : name}(x, ${python})`,
        ),
      ),
  ),
  reduction("sum, all", image, undefined, ops.sum, tf.sum, "x.sum()"),
  reduction("max, all", image, undefined, ops.max, tf.max, "x.max()"),
  reduction("min, all", image, undefined, ops.min, tf.min, "x.min()"),
  reduction("sum [64, 64], last", uniform(64, 64), -1, ops.sum, tf.sum, "x.sum(-1)"),
  reduction("sum [64, 64], first", uniform(64, 64), 0, ops.sum, tf.sum, "x.sum(0)"),
  reduction("sum [4096, 10], last", uniform(4096, 10), -1, ops.sum, tf.sum, "x.sum(-1)"),
  reduction("sum [64, 16384], last", uniform(64, 16384), -1, ops.sum, tf.sum, "x.sum(-1)"),
  reduction("variance, last", image, -1, ops.variance, (x) => tf.moments(x, -1).variance, "x.var(-1, unbiased=False)"),
  reduction(
    "variance, leading",
    image,
    [0, 1, 2],
    ops.variance,
    (x) => tf.moments(x, [0, 1, 2]).variance,
    "x.var((0, 1, 2), unbiased=False)",
  ),
  reduction(
    "moments, leading",
    image,
    [0, 1, 2],
    ops.moments,
    (x) => tf.moments(x, [0, 1, 2]),
    "torch.var_mean(x, (0, 1, 2))",
    {},
  ),
  reduction(
    "moments, middle",
    image,
    [1, 2],
    ops.moments,
    (x) => tf.moments(x, [1, 2]),
    "torch.var_mean(x, (1, 2))",
    {},
  ),
  reduction("logsumexp, last", rows, -1, ops.logsumexp, tf.logSumExp, "torch.logsumexp(x, -1)"),
  reduction(
    "norm, last",
    rows,
    -1,
    (x, axis) => ops.norm(x, undefined, axis),
    (x, axis) => tf.norm(x, "euclidean", axis),
    "torch.linalg.vector_norm(x, dim=-1)",
  ),
  reduction("argmax, last", image, -1, ops.argmax, tf.argMax, "x.argmax(-1)", {}),
  reduction("argmax [4096, 10]", uniform(4096, 10), -1, ops.argmax, tf.argMax, "x.argmax(-1)", {}),
  reduction("argmax, first", rows, 0, ops.argmax, tf.argMax, "x.argmax(0)", {}),
  reduction("any, last", flags(1024, 1024), -1, ops.any, tf.any, "x.any(-1)", {}),
  reduction("all, all", flags(1024, 1024), undefined, ops.all, tf.all, "x.all()", {}),
  reduction("sum of integers, last", whole(9, 1024, 1024), -1, ops.sum, tf.sum, "x.sum(-1)", {}),
  reduction("countNonzero", rows, -1, ops.countNonzero, undefined, "torch.count_nonzero(x, -1)", {}),
  reduction("cumsum, last", rows, -1, ops.cumsum, (x, axis) => tf.cumsum(x, axis), "x.cumsum(-1)"),
  reduction("cumsum, first", rows, 0, ops.cumsum, (x, axis) => tf.cumsum(x, axis), "x.cumsum(0)"),
  reduction("sort, last", uniform(512, 512), -1, ops.sort, undefined, "torch.sort(x, stable=True)"),
  reduction("argsort, last", uniform(512, 512), -1, ops.argsort, undefined, "torch.argsort(x, stable=True)", {}),
  [
    "topK 5 of 1000",
    { x: uniform(256, 1000) },
    ({ x }) => ops.topK(x, 5),
    ({ x }) => tf.topk(x, 5),
    "torch.topk(x, 5)",
    {},
  ],
  [
    "topK 40 of 32000",
    { x: uniform(8, 32000) },
    ({ x }) => ops.topK(x, 40),
    ({ x }) => tf.topk(x, 40),
    "torch.topk(x, 40)",
    {},
  ],
]);

// --- Movement

family("move", [
  [
    "transpose [1024, 1024]",
    { x: rows },
    ({ x }) => ops.transpose(x),
    ({ x }) => tf.transpose(x),
    "x.t().contiguous()",
    differentiable,
  ],
  [
    "transpose NHWC → NCHW",
    { x: image },
    ({ x }) => ops.transpose(x, [0, 3, 1, 2]),
    ({ x }) => tf.transpose(x, [0, 3, 1, 2]),
    "x.permute(0, 3, 1, 2).contiguous()",
    differentiable,
  ],
  [
    "transpose NCHW → NHWC",
    { x: uniform(8, 64, 56, 56) },
    ({ x }) => ops.transpose(x, [0, 2, 3, 1]),
    ({ x }) => tf.transpose(x, [0, 2, 3, 1]),
    "x.permute(0, 2, 3, 1).contiguous()",
    differentiable,
  ],
  [
    "transpose to heads",
    { x: uniform(8, 256, 8, 64) },
    ({ x }) => ops.transpose(x, [0, 2, 1, 3]),
    ({ x }) => tf.transpose(x, [0, 2, 1, 3]),
    "x.transpose(1, 2).contiguous()",
    differentiable,
  ],
  [
    "transpose, reversed axes",
    { x: uniform(32, 32, 32, 32) },
    ({ x }) => ops.transpose(x),
    ({ x }) => tf.transpose(x),
    "x.permute(3, 2, 1, 0).contiguous()",
    differentiable,
  ],
  [
    "transpose NHWC → NCHW, 3 channels",
    { x: uniform(8, 224, 224, 3) },
    ({ x }) => ops.transpose(x, [0, 3, 1, 2]),
    ({ x }) => tf.transpose(x, [0, 3, 1, 2]),
    "x.permute(0, 3, 1, 2).contiguous()",
    differentiable,
  ],
  [
    "concatenate, last axis",
    { x: image, y: image },
    ({ x, y }) => ops.concatenate([x, y], -1),
    ({ x, y }) => tf.concat([x, y], -1),
    "torch.cat([x, y], -1)",
    differentiable,
  ],
  [
    "concatenate, first axis",
    { x: image, y: image },
    ({ x, y }) => ops.concatenate([x, y], 0),
    ({ x, y }) => tf.concat([x, y], 0),
    "torch.cat([x, y], 0)",
    differentiable,
  ],
  [
    "stack, last axis",
    { x: rows, y: rows },
    ({ x, y }) => ops.stack([x, y], -1),
    ({ x, y }) => tf.stack([x, y], -1),
    "torch.stack([x, y], -1)",
    differentiable,
  ],
  [
    "split, last axis",
    { x: image },
    ({ x }) => ops.split(x, 2, -1),
    ({ x }) => tf.split(x, 2, -1),
    "[y.contiguous() for y in x.chunk(2, -1)]",
    {},
  ],
  [
    "pad image by 1",
    { x: image },
    ({ x }) =>
      ops.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    ({ x }) =>
      tf.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    "F.pad(x, (0, 0, 1, 1, 1, 1))",
    differentiable,
  ],
  [
    "pad image, reflect",
    { x: image },
    ({ x }) =>
      ops.pad(
        x,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        "reflect",
      ),
    ({ x }) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        "reflect",
      ),
    `F.pad(${first}, (1, 1, 1, 1), mode='reflect')`,
    differentiable,
  ],
  [
    "slice of an image",
    { x: image },
    ({ x }) => ops.slice(x, [0, 4, 4, 0], [8, 48, 48, 64]),
    ({ x }) => tf.slice(x, [0, 4, 4, 0], [8, 48, 48, 64]),
    "x[:, 4:52, 4:52].contiguous()",
    differentiable,
  ],
  [
    "every second",
    { x: image },
    ({ x }) => ops.getItem(x, [{}, { step: 2 }, { step: 2 }]),
    ({ x }) => tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 2, 1]),
    "x[:, ::2, ::2].contiguous()",
    differentiable,
  ],
  ["flip an image", { x: image }, ({ x }) => ops.flip(x, 2), ({ x }) => tf.reverse(x, 2), "x.flip(2)", differentiable],
  ["roll an image", { x: image }, ({ x }) => ops.roll(x, 3, 2), undefined, "x.roll(3, 2)", differentiable],
  [
    "tile",
    { x: uniform(64, 1024) },
    ({ x }) => ops.tile(x, [16, 1]),
    ({ x }) => tf.tile(x, [16, 1]),
    "x.repeat(16, 1)",
    differentiable,
  ],
  [
    "repeat, last axis",
    { x: uniform(512, 512) },
    ({ x }) => ops.repeat(x, 4, -1),
    undefined,
    "x.repeat_interleave(4, -1)",
    differentiable,
  ],
  [
    "broadcastTo",
    { x: uniform(1024, 1) },
    ({ x }) => ops.broadcastTo(x, [1024, 1024]),
    ({ x }) => tf.broadcastTo(x, [1024, 1024]),
    "x.expand(1024, 1024).contiguous()",
    differentiable,
  ],
  ["tril", { x: rows }, ({ x }) => ops.tril(x), undefined, "x.tril()", differentiable],
  [
    "take rows of an embedding",
    { x: uniform(20000, 128), i: whole(20000, 64, 128) },
    ({ x, i }) => ops.take(x, i, 0),
    ({ x, i }) => tf.gather(x, i),
    "F.embedding(i, x)",
    { gradient: true, endless: true },
  ],
  [
    "take columns",
    { x: rows, i: whole(1024, 1024) },
    ({ x, i }) => ops.take(x, i, 1),
    ({ x, i }) => tf.gather(x, i, 1),
    "x.index_select(1, i)",
    { gradient: true, endless: true },
  ],
  [
    "takeAlongAxis",
    { x: rows, i: whole(1024, 1024, 16) },
    ({ x, i }) => ops.takeAlongAxis(x, i, 1),
    undefined,
    "x.gather(1, i)",
    differentiable,
  ],
  [
    "segmentSum",
    { x: uniform(8192, 128), i: whole(1000, 8192) },
    ({ x, i }) => ops.segmentSum(x, i, 1000),
    ({ x, i }) => tf.unsortedSegmentSum(x, i, 1000),
    "torch.zeros(1000, 128).index_add(0, i, x)",
    differentiable,
  ],
  [
    "segmentMax",
    { x: uniform(8192, 128), i: whole(1000, 8192) },
    ({ x, i }) => ops.segmentMax(x, i, 1000),
    undefined,
    "torch.zeros(1000, 128).index_reduce(0, i, x, 'amax', include_self=False)",
    {},
  ],
  [
    "scatterUpdate",
    { x: uniform(20000, 128), i: whole(20000, 4096, 1), y: uniform(4096, 128) },
    ({ x, i, y }) => ops.scatterUpdate(x, i, y),
    ({ x, i, y }) => tf.tensorScatterUpdate(x, i, y),
    "x.index_put((i[:, 0],), y)",
    {},
  ],
  [
    "oneHot 1000",
    { i: whole(1000, 1024) },
    ({ i }) => ops.oneHot(i, 1000),
    ({ i }) => tf.oneHot(i, 1000),
    "F.one_hot(i, 1000)",
    {},
  ],
  [
    "oneHot 10",
    { i: whole(10, 65536) },
    ({ i }) => ops.oneHot(i, 10),
    ({ i }) => tf.oneHot(i, 10),
    "F.one_hot(i, 10)",
    {},
  ],
]);

// --- Pooling and images

const pooling = (name, make, shape, theirs, torch) => [
  name,
  { x: shape },
  layer(make),
  theirs && (({ x }) => theirs(x)),
  torch,
  differentiable,
];
const channelsFirst = { dataFormat: "channels_first" };
const images = uniform(8, 112, 112, 64);
const imagesFirst = uniform(8, 64, 112, 112);

family("pool", [
  pooling(
    "max 2×2",
    () => layers.maxPooling2d({ poolSize: 2 }),
    images,
    (x) => tf.maxPool(x, 2, 2, "valid"),
    `F.max_pool2d(${first}, 2)`,
  ),
  pooling(
    "max 3×3 stride 2",
    () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
    images,
    (x) => tf.maxPool(x, 3, 2, "same"),
    `F.max_pool2d(${first}, 3, 2, 1)`,
  ),
  pooling(
    "max 3×3 stride 1",
    () => layers.maxPooling2d({ poolSize: 3, strides: 1, padding: "same" }),
    image,
    (x) => tf.maxPool(x, 3, 1, "same"),
    `F.max_pool2d(${first}, 3, 1, 1)`,
  ),
  pooling(
    "max 2×2, channels first",
    () => layers.maxPooling2d({ poolSize: 2, ...channelsFirst }),
    imagesFirst,
    undefined,
    "F.max_pool2d(x, 2)",
  ),
  pooling(
    "max 3×3 stride 2, channels first",
    () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same", ...channelsFirst }),
    imagesFirst,
    undefined,
    "F.max_pool2d(x, 3, 2, 1)",
  ),
  pooling(
    "average 2×2",
    () => layers.averagePooling2d({ poolSize: 2 }),
    images,
    (x) => tf.avgPool(x, 2, 2, "valid"),
    `F.avg_pool2d(${first}, 2)`,
  ),
  pooling(
    "average 3×3 stride 1",
    () => layers.averagePooling2d({ poolSize: 3, strides: 1, padding: "same" }),
    image,
    (x) => tf.avgPool(x, 3, 1, "same"),
    `F.avg_pool2d(${first}, 3, 1, 1, count_include_pad=False)`,
  ),
  pooling(
    "average 2×2, channels first",
    () => layers.averagePooling2d({ poolSize: 2, ...channelsFirst }),
    imagesFirst,
    undefined,
    "F.avg_pool2d(x, 2)",
  ),
  pooling(
    "average 3×3 stride 2, channels first",
    () => layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same", ...channelsFirst }),
    imagesFirst,
    undefined,
    "F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)",
  ),
  pooling(
    "max 2, 1-D",
    () => layers.maxPooling1d({ poolSize: 2 }),
    uniform(32, 1024, 64),
    (x) => tf.maxPool(x.expandDims(1), [1, 2], [1, 2], "valid"),
    "F.max_pool1d(x.transpose(1, 2), 2)",
  ),
  pooling(
    "max 2, 1-D, channels first",
    () => layers.maxPooling1d({ poolSize: 2, ...channelsFirst }),
    uniform(32, 64, 1024),
    undefined,
    "F.max_pool1d(x, 2)",
  ),
  pooling(
    "average 2, 1-D, channels first",
    () => layers.averagePooling1d({ poolSize: 2, ...channelsFirst }),
    uniform(32, 64, 1024),
    undefined,
    "F.avg_pool1d(x, 2)",
  ),
  pooling(
    "max 2, 3-D",
    () => layers.maxPooling3d({ poolSize: 2 }),
    uniform(2, 32, 32, 32, 32),
    (x) => tf.maxPool3d(x, 2, 2, "valid"),
    "F.max_pool3d(x.permute(0, 4, 1, 2, 3), 2)",
  ),
  pooling(
    "max 2, 3-D, channels first",
    () => layers.maxPooling3d({ poolSize: 2, ...channelsFirst }),
    uniform(2, 32, 32, 32, 32),
    undefined,
    "F.max_pool3d(x, 2)",
  ),
  pooling(
    "average 2, 3-D",
    () => layers.averagePooling3d({ poolSize: 2 }),
    uniform(2, 32, 32, 32, 32),
    (x) => tf.avgPool3d(x, 2, 2, "valid"),
    "F.avg_pool3d(x.permute(0, 4, 1, 2, 3), 2)",
  ),
  pooling(
    "global average",
    () => layers.globalAveragePooling2d(),
    image,
    (x) => tf.mean(x, [1, 2]),
    "x.mean((1, 2))",
  ),
  pooling(
    "global average, channels first",
    () => layers.globalAveragePooling2d(channelsFirst),
    uniform(8, 64, 56, 56),
    (x) => tf.mean(x, [2, 3]),
    "x.mean((2, 3))",
  ),
  pooling(
    "global max",
    () => layers.globalMaxPooling2d(),
    image,
    (x) => tf.max(x, [1, 2]),
    "x.amax((1, 2))",
  ),
  pooling(
    "global max, channels first",
    () => layers.globalMaxPooling2d(channelsFirst),
    uniform(8, 64, 56, 56),
    (x) => tf.max(x, [2, 3]),
    "x.amax((2, 3))",
  ),
  pooling(
    "adaptive average 7×7",
    () => layers.adaptiveAveragePooling2d({ outputSize: 7 }),
    image,
    undefined,
    `F.adaptive_avg_pool2d(${first}, 7)`,
  ),
  pooling(
    "adaptive max 7×7",
    () => layers.adaptiveMaxPooling2d({ outputSize: 7 }),
    image,
    undefined,
    `F.adaptive_max_pool2d(${first}, 7)`,
  ),
]);

const enlarged = uniform(8, 28, 28, 64);
family("image", [
  pooling(
    "up-sampling, nearest",
    () => layers.upSampling2d({ size: 2 }),
    enlarged,
    (x) => tf.image.resizeNearestNeighbor(x, [56, 56]),
    `F.interpolate(${first}, scale_factor=2)`,
  ),
  pooling(
    "up-sampling, bilinear",
    () => layers.upSampling2d({ size: 2, interpolation: "bilinear" }),
    enlarged,
    (x) => tf.image.resizeBilinear(x, [56, 56], false, true),
    `F.interpolate(${first}, scale_factor=2, mode='bilinear')`,
  ),
  pooling(
    "up-sampling, bicubic",
    () => layers.upSampling2d({ size: 2, interpolation: "bicubic" }),
    enlarged,
    undefined,
    `F.interpolate(${first}, scale_factor=2, mode='bicubic')`,
  ),
  pooling(
    "up-sampling, bilinear, channels first",
    () => layers.upSampling2d({ size: 2, interpolation: "bilinear", ...channelsFirst }),
    uniform(8, 64, 28, 28),
    undefined,
    "F.interpolate(x, scale_factor=2, mode='bilinear')",
  ),
  pooling(
    "up-sampling, nearest, channels first",
    () => layers.upSampling2d({ size: 2, ...channelsFirst }),
    uniform(8, 64, 28, 28),
    undefined,
    "F.interpolate(x, scale_factor=2)",
  ),
  pooling(
    "zero padding",
    () => layers.zeroPadding2d({ padding: 1 }),
    image,
    (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    "F.pad(x, (0, 0, 1, 1, 1, 1))",
  ),
  pooling(
    "cropping",
    () => layers.cropping2d({ cropping: 4 }),
    image,
    (x) => tf.slice(x, [0, 4, 4, 0], [8, 48, 48, 64]),
    "x[:, 4:52, 4:52].contiguous()",
  ),
  pooling(
    "permute",
    () => layers.permute({ dims: [3, 1, 2] }),
    image,
    (x) => tf.transpose(x, [0, 3, 1, 2]),
    "x.permute(0, 3, 1, 2).contiguous()",
  ),
  pooling(
    "repeat vector",
    () => layers.repeatVector({ n: 64 }),
    uniform(64, 256),
    (x) => tf.tile(x.expandDims(1), [1, 64, 1]),
    "x.unsqueeze(1).repeat(1, 64, 1)",
  ),
  pooling(
    "rescaling",
    () => layers.rescaling({ scale: 1 / 255, offset: -1 }),
    image,
    (x) => tf.sub(tf.mul(x, 1 / 255), 1),
    "x * (1 / 255) - 1",
  ),
]);

// --- Random numbers

const drawn = [1024, 1024];
family("random", [
  ["uniform", {}, () => random.uniform(drawn), () => tf.randomUniform(drawn), "torch.rand(1024, 1024)", {}],
  ["normal", {}, () => random.normal(drawn), () => tf.randomNormal(drawn), "torch.randn(1024, 1024)", {}],
  [
    "truncatedNormal",
    {},
    () => random.truncatedNormal(drawn),
    () => tf.truncatedNormal(drawn),
    "torch.nn.init.trunc_normal_(torch.empty(1024, 1024))",
    {},
  ],
  [
    "randint",
    {},
    () => random.randint(drawn, 0, 100),
    () => tf.randomUniform(drawn, 0, 100, "int32"),
    "torch.randint(0, 100, (1024, 1024))",
    {},
  ],
  [
    "gamma",
    {},
    () => random.gamma([128, 1024], 2),
    () => tf.randomGamma([128, 1024], 2),
    "torch._standard_gamma(torch.full((128, 1024), 2.0))",
    {},
  ],
  [
    "binomial",
    {},
    () => random.binomial([128, 1024], 10, 0.3),
    undefined,
    "torch.binomial(torch.full((128, 1024), 10.0), torch.full((128, 1024), 0.3))",
    {},
  ],
  [
    "categorical",
    { x: uniform(256, 1000) },
    ({ x }) => random.categorical(x, 1),
    ({ x }) => tf.multinomial(x, 1),
    "torch.multinomial(x.softmax(-1), 1)",
    {},
  ],
  ["shuffle rows", { x: rows }, ({ x }) => random.shuffle(x), undefined, "x[torch.randperm(1024)]", {}],
  [
    "dropout",
    { x: image },
    layer(() => layers.dropout({ rate: 0.5 })),
    ({ x }) => tf.dropout(x, 0.5),
    "F.dropout(x, 0.5)",
    differentiable,
  ],
  [
    "alphaDropout",
    { x: image },
    layer(() => layers.alphaDropout({ rate: 0.5 })),
    undefined,
    "F.alpha_dropout(x, 0.5, True)",
    differentiable,
  ],
  [
    "spatialDropout2d",
    { x: image },
    layer(() => layers.spatialDropout2d({ rate: 0.5 })),
    ({ x }) => tf.dropout(x, 0.5, [8, 1, 1, 64]),
    `F.dropout2d(${first}, 0.5)`,
    differentiable,
  ],
  [
    "gaussianNoise",
    { x: image },
    layer(() => layers.gaussianNoise({ stddev: 0.1 })),
    ({ x }) => tf.add(x, tf.randomNormal(x.shape, 0, 0.1)),
    "x + 0.1 * torch.randn_like(x)",
    differentiable,
  ],
  [
    "gaussianDropout",
    { x: image },
    layer(() => layers.gaussianDropout({ rate: 0.3 })),
    undefined,
    "x * (1 + 0.65 * torch.randn_like(x))",
    differentiable,
  ],
]);

// --- Layers with weights

const sequences = uniform(4, 256, 256);
const heads = { q: uniform(4, 256, 8, 32), k: uniform(4, 256, 8, 32), v: uniform(4, 256, 8, 32) };
const attend = (options) =>
  `F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)${options})`;
const tfAttend = ({ q, k, v }, change = (scores) => scores) => {
  const [a, b, c] = [q, k, v].map((each) => tf.transpose(each, [0, 2, 1, 3]));
  return tf.matMul(tf.softmax(change(tf.mul(tf.matMul(a, b, false, true), 1 / Math.sqrt(32)))), c);
};

family("attention", [
  [
    "dotProductAttention",
    heads,
    ({ q, k, v }) => ops.dotProductAttention(q, k, v),
    (inputs) => tfAttend(inputs),
    attend(""),
    differentiable,
  ],
  [
    "causal",
    heads,
    ({ q, k, v }) => ops.dotProductAttention(q, k, v, null, null, null, true),
    undefined,
    attend(", is_causal=True"),
    differentiable,
  ],
  [
    "masked",
    { ...heads, m: flags(4, 1, 256, 256) },
    ({ q, k, v, m }) => ops.dotProductAttention(q, k, v, null, m),
    undefined,
    attend(", attn_mask=m"),
    differentiable,
  ],
  [
    "grouped, 8 heads of 2",
    { q: heads.q, k: uniform(4, 256, 2, 32), v: uniform(4, 256, 2, 32) },
    ({ q, k, v }) => ops.dotProductAttention(q, k, v),
    undefined,
    attend(", enable_gqa=True"),
    differentiable,
  ],
  [
    "GroupQueryAttention",
    { x: sequences },
    layer(() => layers.groupQueryAttention({ headDim: 32, numQueryHeads: 8, numKeyValueHeads: 2 }), { twice: true }),
    undefined,
    undefined,
    differentiable,
  ],
  [
    "MultiHeadAttention, causal",
    { x: sequences },
    layer(() => layers.multiHeadAttention({ numHeads: 8, keyDim: 32 }), { twice: true, useCausalMask: true }),
    undefined,
    "m(x, x, x, need_weights=False, attn_mask=mask, is_causal=True)[0]",
    {
      gradient: true,
      setup:
        "m = torch.nn.MultiheadAttention(256, 8, batch_first=True); mask = torch.nn.Transformer.generate_square_subsequent_mask(256)",
    },
  ],
  [
    "Attention",
    { x: sequences },
    layer(() => layers.attention(), { twice: true }),
    undefined,
    "F.scaled_dot_product_attention(x, x, x)",
    differentiable,
  ],
  [
    "AdditiveAttention",
    { x: uniform(4, 64, 128) },
    layer(() => layers.additiveAttention(), { twice: true }),
    undefined,
    "torch.tanh(x[:, :, None] + x[:, None]).sum(-1).softmax(-1) @ x",
    differentiable,
  ],
]);

const module = (expression) => ({ gradient: true, setup: `m = torch.nn.${expression}` });
family("layer", [
  [
    "Dense",
    { x: uniform(256, 1024) },
    layer(() => layers.dense({ units: 1024 })),
    undefined,
    "m(x)",
    module("Linear(1024, 1024)"),
  ],
  [
    "Dense of sequences, gelu",
    { x: uniform(8, 128, 256) },
    layer(() => layers.dense({ units: 512, activation: "gelu" })),
    undefined,
    "F.gelu(m(x))",
    module("Linear(256, 512)"),
  ],
  [
    "Dense, one row",
    { x: uniform(1, 1024) },
    layer(() => layers.dense({ units: 1024 })),
    undefined,
    "m(x)",
    module("Linear(1024, 1024)"),
  ],
  [
    "EinsumDense",
    { x: uniform(8, 128, 256) },
    layer(() => layers.einsumDense({ equation: "abc,cde->abde", outputShape: [null, 8, 32] })),
    undefined,
    "torch.einsum('abc,cde->abde', x, w)",
    { gradient: true, setup: "w = torch.rand(256, 8, 32)" },
  ],
  [
    "Embedding",
    { x: whole(20000, 64, 128) },
    layer(() => layers.embedding({ inputDim: 20000, outputDim: 128 })),
    undefined,
    "m(x)",
    module("Embedding(20000, 128)"),
  ],
  [
    "PReLU",
    { x: image },
    layer(() => layers.prelu({ sharedAxes: [1, 2] })),
    undefined,
    `m(${first})`,
    module("PReLU(64)"),
  ],
  ["Softmax", { x: rows }, layer(() => layers.softmax()), undefined, "x.softmax(-1)", differentiable],
  [
    "UnitNormalization",
    { x: rows },
    layer(() => layers.unitNormalization()),
    undefined,
    "F.normalize(x, dim=-1)",
    differentiable,
  ],
  [
    "Normalization",
    { x: image },
    layer(() => layers.normalization({ mean: 0.1, variance: 2 })),
    undefined,
    "(x - 0.1) / 1.41",
    differentiable,
  ],
  [
    "SpectralNormalization",
    { x: uniform(256, 512) },
    layer(() => layers.spectralNormalization({ layer: layers.dense({ units: 512 }) })),
    undefined,
    "m(x)",
    { gradient: true, setup: "m = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(512, 512))" },
  ],
  [
    "Conv1D",
    { x: uniform(16, 256, 64) },
    layer(() => layers.conv1d({ filters: 64, kernelSize: 3, padding: "same" })),
    undefined,
    "m(x.transpose(1, 2))",
    module("Conv1d(64, 64, 3, padding='same')"),
  ],
  [
    "Conv2D, dilated",
    { x: uniform(4, 28, 28, 64) },
    layer(() => layers.conv2d({ filters: 64, kernelSize: 3, dilationRate: 2, padding: "same" })),
    undefined,
    `m(${first})`,
    module("Conv2d(64, 64, 3, padding='same', dilation=2)"),
  ],
  [
    "Conv2D, groups",
    { x: uniform(4, 28, 28, 64) },
    layer(() => layers.conv2d({ filters: 64, kernelSize: 3, groups: 4, padding: "same" })),
    undefined,
    `m(${first})`,
    module("Conv2d(64, 64, 3, padding='same', groups=4)"),
  ],
  [
    "Conv2D, channels first",
    { x: uniform(4, 64, 28, 28) },
    layer(() => layers.conv2d({ filters: 64, kernelSize: 3, padding: "same", ...channelsFirst })),
    undefined,
    "m(x)",
    module("Conv2d(64, 64, 3, padding='same')"),
  ],
  [
    "Conv3D",
    { x: uniform(1, 16, 16, 16, 32) },
    layer(() => layers.conv3d({ filters: 32, kernelSize: 3, padding: "same" })),
    undefined,
    "m(x.permute(0, 4, 1, 2, 3))",
    module("Conv3d(32, 32, 3, padding='same')"),
  ],
  [
    "Conv2DTranspose",
    { x: uniform(4, 28, 28, 64) },
    layer(() => layers.conv2dTranspose({ filters: 32, kernelSize: 3, strides: 2, padding: "same" })),
    undefined,
    `m(${first})`,
    module("ConvTranspose2d(64, 32, 3, 2, padding=1, output_padding=1)"),
  ],
  [
    "Conv1DTranspose",
    { x: uniform(16, 128, 64) },
    layer(() => layers.conv1dTranspose({ filters: 32, kernelSize: 4, strides: 2, padding: "same" })),
    undefined,
    "m(x.transpose(1, 2))",
    module("ConvTranspose1d(64, 32, 4, 2, padding=1)"),
  ],
  [
    "SeparableConv2D",
    { x: uniform(8, 28, 28, 64) },
    layer(() => layers.separableConv2d({ filters: 64, kernelSize: 3, padding: "same" })),
    undefined,
    `m(${first})`,
    {
      gradient: true,
      setup:
        "m = torch.nn.Sequential(torch.nn.Conv2d(64, 64, 3, padding='same', groups=64), torch.nn.Conv2d(64, 64, 1))",
    },
  ],
  [
    "DepthwiseConv1D",
    { x: uniform(16, 256, 64) },
    layer(() => layers.depthwiseConv1d({ kernelSize: 3, padding: "same" })),
    undefined,
    "m(x.transpose(1, 2))",
    module("Conv1d(64, 64, 3, padding='same', groups=64)"),
  ],
  [
    "SimpleRNN",
    { x: uniform(32, 32, 64) },
    layer(() => layers.simpleRNN({ units: 64 })),
    undefined,
    "m(x)[0][:, -1]",
    module("RNN(64, 64, batch_first=True)"),
  ],
  [
    "Bidirectional LSTM",
    { x: uniform(16, 32, 64) },
    layer(() => layers.bidirectional({ layer: layers.lstm({ units: 64 }) })),
    undefined,
    "m(x)[0][:, -1]",
    module("LSTM(64, 64, batch_first=True, bidirectional=True)"),
  ],
  [
    "RNN of an LSTMCell",
    { x: uniform(16, 32, 64) },
    layer(() => layers.rnn({ cell: layers.lstmCell({ units: 64 }) })),
    undefined,
    "m(x)[0][:, -1]",
    module("LSTM(64, 64, batch_first=True)"),
  ],
  [
    "ConvLSTM2D",
    { x: uniform(2, 4, 16, 16, 16) },
    layer(() => layers.convLstm2d({ filters: 16, kernelSize: 3, padding: "same" })),
    undefined,
    undefined,
    differentiable,
  ],
  [
    "TimeDistributed Dense",
    { x: uniform(16, 32, 256) },
    layer(() => layers.timeDistributed({ layer: layers.dense({ units: 128 }) })),
    undefined,
    "m(x)",
    module("Linear(256, 128)"),
  ],
]);

family("product", [
  [
    "batched [64, 64, 64]",
    { x: uniform(64, 64, 64), y: uniform(64, 64, 64) },
    ({ x, y }) => ops.matmul(x, y),
    ({ x, y }) => tf.matMul(x, y),
    "x @ y",
    differentiable,
  ],
  [
    "batched [512, 16, 16]",
    { x: uniform(512, 16, 16), y: uniform(512, 16, 16) },
    ({ x, y }) => ops.matmul(x, y),
    ({ x, y }) => tf.matMul(x, y),
    "x @ y",
    differentiable,
  ],
  [
    "batched [4096, 4, 4]",
    { x: uniform(4096, 4, 4), y: uniform(4096, 4, 4) },
    ({ x, y }) => ops.matmul(x, y),
    ({ x, y }) => tf.matMul(x, y),
    "x @ y",
    differentiable,
  ],
  [
    "einsum bij,bkj->bik",
    { x: uniform(64, 64, 64), y: uniform(64, 64, 64) },
    ({ x, y }) => ops.einsum("bij,bkj->bik", x, y),
    ({ x, y }) => tf.einsum("bij,bkj->bik", x, y),
    "torch.einsum('bij,bkj->bik', x, y)",
    differentiable,
  ],
  [
    "einsum bqhd,bkhd->bhqk",
    { x: uniform(4, 128, 8, 32), y: uniform(4, 128, 8, 32) },
    ({ x, y }) => ops.einsum("bqhd,bkhd->bhqk", x, y),
    ({ x, y }) => tf.einsum("bqhd,bkhd->bhqk", x, y),
    "torch.einsum('bqhd,bkhd->bhqk', x, y)",
    differentiable,
  ],
  [
    "tensordot",
    { x: uniform(64, 32, 64), y: uniform(32, 64, 128) },
    ({ x, y }) => ops.tensordot(x, y, 2),
    undefined,
    "torch.tensordot(x, y, 2)",
    differentiable,
  ],
  [
    "dot of vectors",
    { x: uniform(1048576), y: uniform(1048576) },
    ({ x, y }) => ops.dot(x, y),
    ({ x, y }) => tf.dot(x, y),
    "x.dot(y)",
    differentiable,
  ],
]);

// --- Losses, metrics, optimizers

const classes = { t: { shape: [4096, 10], below: 2, real: true }, y: unit(4096, 10) };
const mask = { t: { shape: [8, 128, 128, 1], below: 2, real: true }, y: unit(8, 128, 128, 1) };
const loss = (name, make, inputs, theirs, torch) => {
  const made = make();
  return [
    name,
    inputs,
    ({ t, y }) => made.apply(t, y),
    theirs && (({ t, y }) => theirs(t, y)),
    torch,
    { gradient: ["y"] },
  ];
};
const regression = { t: uniform(8, 128, 128, 3), y: uniform(8, 128, 128, 3) };

family("loss", [
  loss(
    "categoricalCrossentropy, logits",
    () => losses.categoricalCrossentropy({ fromLogits: true }),
    classes,
    (t, y) => tf.losses.softmaxCrossEntropy(t, y),
    "F.cross_entropy(y, t)",
  ),
  loss(
    "categoricalCrossentropy, probabilities",
    () => losses.categoricalCrossentropy(),
    classes,
    undefined,
    "-(t * y.log()).sum(-1).mean()",
  ),
  loss(
    "sparseCategoricalCrossentropy, logits",
    () => losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    { t: whole(10, 4096), y: uniform(4096, 10) },
    undefined,
    "F.cross_entropy(y, t)",
  ),
  loss(
    "sparseCategoricalCrossentropy, probabilities",
    () => losses.sparseCategoricalCrossentropy(),
    { t: whole(10, 4096), y: unit(4096, 10) },
    undefined,
    "F.nll_loss(y.log(), t)",
  ),
  loss(
    "sparseCategoricalCrossentropy of pixels",
    () => losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    { t: whole(21, 2, 128, 128), y: uniform(2, 128, 128, 21) },
    undefined,
    "F.cross_entropy(y.permute(0, 3, 1, 2), t)",
  ),
  loss("binaryCrossentropy", () => losses.binaryCrossentropy(), mask, undefined, "F.binary_cross_entropy(y, t)"),
  loss(
    "binaryCrossentropy, logits",
    () => losses.binaryCrossentropy({ fromLogits: true }),
    mask,
    (t, y) => tf.losses.sigmoidCrossEntropy(t, y),
    "F.binary_cross_entropy_with_logits(y, t)",
  ),
  loss(
    "binaryFocalCrossentropy",
    () => losses.binaryFocalCrossentropy(),
    mask,
    undefined,
    "((1 - y) ** 2 * F.binary_cross_entropy(y, t, reduction='none')).mean()",
  ),
  loss(
    "klDivergence",
    () => losses.klDivergence(),
    { t: unit(4096, 10), y: unit(4096, 10) },
    undefined,
    "(t * (t / y).log()).sum(-1).mean()",
  ),
  loss(
    "poisson",
    () => losses.poisson(),
    { t: unit(4096, 10), y: unit(4096, 10) },
    undefined,
    "(y - t * y.log()).mean()",
  ),
  loss(
    "meanSquaredError",
    () => losses.meanSquaredError(),
    regression,
    (t, y) => tf.losses.meanSquaredError(t, y),
    "F.mse_loss(y, t)",
  ),
  loss(
    "meanAbsoluteError",
    () => losses.meanAbsoluteError(),
    regression,
    (t, y) => tf.losses.absoluteDifference(t, y),
    "F.l1_loss(y, t)",
  ),
  loss(
    "huber",
    () => losses.huber(),
    regression,
    (t, y) => tf.losses.huberLoss(t, y),
    "F.huber_loss(y, t)",
  ),
  loss("logCosh", () => losses.logCosh(), regression, undefined, "(y - t).cosh().log().mean()"),
  loss(
    "cosineSimilarity",
    () => losses.cosineSimilarity(),
    { t: uniform(4096, 64), y: uniform(4096, 64) },
    (t, y) => tf.losses.cosineDistance(t, y, 1),
    "-F.cosine_similarity(y, t).mean()",
  ),
  loss(
    "hinge",
    () => losses.hinge(),
    classes,
    (t, y) => tf.losses.hingeLoss(t, y),
    "(1 - (2 * t - 1) * y).relu().mean()",
  ),
  loss("dice", () => losses.dice(), mask, undefined, "1 - 2 * (t * y).sum() / (t.sum() + y.sum())"),
  loss("tversky", () => losses.tversky(), mask, undefined, "1 - (t * y).sum() / (t.sum() + y.sum())"),
  loss("circle", () => losses.circle(), { t: whole(10, 256), y: uniform(256, 64) }, undefined, undefined),
  loss(
    "ctc",
    () => losses.ctc(),
    { t: { shape: [32, 10], below: 19, more: 1 }, y: uniform(32, 64, 20) },
    undefined,
    "F.ctc_loss(y.log_softmax(-1).transpose(0, 1), t, torch.full((32,), 64), torch.full((32,), 10), zero_infinity=True)",
  ),
]);

const metric = (name, make, inputs, torch) => {
  let made;
  const update = ({ t, y }) => {
    made ??= make();
    made.updateState(t, y);
    return made.result();
  };
  return [name, inputs, update, undefined, torch, {}];
};
const predicted = { t: whole(10, 4096), y: unit(4096, 10) };
family("metric", [
  metric("accuracy", () => metrics.accuracy(), { t: whole(10, 4096), y: whole(10, 4096) }, "(t == y).float().mean()"),
  metric(
    "sparseCategoricalAccuracy",
    () => metrics.sparseCategoricalAccuracy(),
    predicted,
    "(y.argmax(-1) == t).float().mean()",
  ),
  metric(
    "categoricalAccuracy",
    () => metrics.categoricalAccuracy(),
    classes,
    "(y.argmax(-1) == t.argmax(-1)).float().mean()",
  ),
  metric("binaryAccuracy", () => metrics.binaryAccuracy(), mask, "((y > 0.5) == (t > 0.5)).float().mean()"),
  metric(
    "sparseTopKCategoricalAccuracy",
    () => metrics.sparseTopKCategoricalAccuracy({ k: 3 }),
    predicted,
    "(y.topk(3).indices == t[:, None]).any(-1).float().mean()",
  ),
  metric("auc", () => metrics.auc(), mask, undefined),
  metric("precision", () => metrics.precision(), mask, "((y > 0.5) & (t > 0.5)).sum() / (y > 0.5).sum()"),
  metric("precisionAtRecall", () => metrics.precisionAtRecall({ recall: 0.5 }), mask, undefined),
  metric("f1Score", () => metrics.f1Score({ threshold: 0.5 }), classes, undefined),
  metric(
    "meanIoU",
    () => metrics.meanIoU({ numClasses: 10 }),
    { t: whole(10, 8, 128, 128), y: whole(10, 8, 128, 128) },
    "torch.bincount((t * 10 + y).flatten(), minlength=100)",
  ),
  metric(
    "oneHotMeanIoU",
    () => metrics.oneHotMeanIoU({ numClasses: 10 }),
    classes,
    "torch.bincount(t.argmax(-1) * 10 + y.argmax(-1), minlength=100)",
  ),
  metric("meanSquaredError", () => metrics.meanSquaredError(), regression, "F.mse_loss(y, t)"),
  metric("rootMeanSquaredError", () => metrics.rootMeanSquaredError(), regression, "F.mse_loss(y, t).sqrt()"),
  metric(
    "r2Score",
    () => metrics.r2Score(),
    { t: uniform(4096, 10), y: uniform(4096, 10) },
    "1 - (t - y).square().sum(0) / (t - t.mean(0)).square().sum(0)",
  ),
  metric(
    "pearsonCorrelation",
    () => metrics.pearsonCorrelation(),
    { t: uniform(4096, 10), y: uniform(4096, 10) },
    undefined,
  ),
  metric(
    "cosineSimilarity",
    () => metrics.cosineSimilarity(),
    { t: uniform(4096, 64), y: uniform(4096, 64) },
    "F.cosine_similarity(y, t).mean()",
  ),
]);

const optimizer = (name, options, torch, theirs) => {
  let state;
  const step = ({ x }) => {
    if (!state) {
      state = { made: optimizers[name](options), weights: new varve.Variable(ops.multiply(x, 1)) };
      state.made.build([state.weights]);
    }
    state.made.apply([x], [state.weights]);
  };
  let tfState;
  const tfStep = ({ x }) => {
    tfState ??= { made: theirs(), weights: tf.keep(tf.variable(x)) };
    tfState.made.applyGradients([{ name: tfState.weights.name, tensor: x }]);
  };
  const setup = torch && `p = torch.nn.Parameter(x.clone()); p.grad = x.clone(); o = torch.optim.${torch}`;
  const title = [name, ...Object.keys(options)].join(", ");
  return [title, { x: rows }, step, theirs && tfStep, torch && "o.step()", { setup, inference: false }];
};
family("optimizer", [
  optimizer("sgd", {}, "SGD([p], 0.01)", () => tf.train.sgd(0.01)),
  optimizer("sgd", { momentum: 0.9 }, "SGD([p], 0.01, 0.9)"),
  optimizer("adam", {}, "Adam([p])", () => tf.train.adam()),
  optimizer("adamW", {}, "AdamW([p])"),
  optimizer("rmsprop", {}, "RMSprop([p])", () => tf.train.rmsprop(0.001)),
  optimizer("adagrad", {}, "Adagrad([p])", () => tf.train.adagrad(0.001)),
  optimizer("adadelta", {}, "Adadelta([p])", () => tf.train.adadelta()),
  optimizer("adamax", {}, "Adamax([p])", () => tf.train.adamax()),
  optimizer("nadam", {}, "NAdam([p])"),
  optimizer("ftrl", {}),
  optimizer("lion", {}),
  optimizer("lamb", {}),
  optimizer("adafactor", {}, "Adafactor([p])"),
  optimizer("muon", {}, "Muon([p])"),
  optimizer("scheduleFreeAdamW", {}),
  optimizer("adam", { clipnorm: 1 }),
  optimizer("adam", { useEma: true }),
]);

// --- Data in and out, and what a call costs

const typed = Float32Array.from({ length: 1 << 20 }, (_, index) => index / 2 ** 20);
const nested = Array.from({ length: 1024 }, (_, row) => Array.from(typed.subarray(row * 100, row * 100 + 100)));
const pixels = new Uint8Array(1 << 20).fill(7);
family("data", [
  [
    "tensor of a typed array",
    {},
    () => varve.tensor(typed, [1024, 1024]),
    () => tf.tensor(typed, [1024, 1024]),
    "a.clone()",
    { setup: "a = torch.rand(1024, 1024)" },
  ],
  [
    "tensor of bytes as float32",
    {},
    () => varve.tensor(pixels, [1024, 1024], "float32"),
    () => tf.tensor(pixels, [1024, 1024], "float32"),
    "a.float()",
    { setup: "a = torch.ones(1024, 1024, dtype=torch.uint8)" },
  ],
  [
    "tensor of nested arrays [1024, 100]",
    {},
    () => varve.tensor(nested),
    () => tf.tensor(nested),
    "torch.tensor(a)",
    { setup: "a = torch.rand(1024, 100).tolist()" },
  ],
  ["data()", { x: rows }, ({ x }) => x.data(), ({ x }) => x.data(), "x.numpy().copy()", { reads: true }],
  ["array()", { x: uniform(1024, 100) }, ({ x }) => x.array(), ({ x }) => x.array(), "x.tolist()", { reads: true }],
]);

const small = uniform(8);
const call = (name, inputs, ours, theirs, torch) => [name, inputs, ours, theirs, torch, differentiable];
family("call of [8]", [
  call(
    "add",
    { x: small, y: small },
    ({ x, y }) => ops.add(x, y),
    ({ x, y }) => tf.add(x, y),
    "x + y",
  ),
  call(
    "relu",
    { x: small },
    ({ x }) => ops.relu(x),
    ({ x }) => tf.relu(x),
    "F.relu(x)",
  ),
  call(
    "multiply by 2",
    { x: small },
    ({ x }) => ops.multiply(x, 2),
    ({ x }) => tf.mul(x, 2),
    "x * 2",
  ),
  call(
    "sum",
    { x: small },
    ({ x }) => ops.sum(x),
    ({ x }) => tf.sum(x),
    "x.sum()",
  ),
  call(
    "softmax",
    { x: small },
    ({ x }) => ops.softmax(x),
    ({ x }) => tf.softmax(x),
    "x.softmax(-1)",
  ),
  call(
    "matmul [8, 8]",
    { x: uniform(8, 8), y: uniform(8, 8) },
    ({ x, y }) => ops.matmul(x, y),
    ({ x, y }) => tf.matMul(x, y),
    "x @ y",
  ),
  call(
    "reshape",
    { x: small },
    ({ x }) => ops.reshape(x, [2, 4]),
    ({ x }) => tf.reshape(x, [2, 4]),
    "x.reshape(2, 4)",
  ),
  call(
    "transpose [8, 8]",
    { x: uniform(8, 8) },
    ({ x }) => ops.transpose(x),
    ({ x }) => tf.transpose(x),
    "x.t().contiguous()",
  ),
  call(
    "concatenate",
    { x: small, y: small },
    ({ x, y }) => ops.concatenate([x, y]),
    ({ x, y }) => tf.concat([x, y]),
    "torch.cat([x, y])",
  ),
  call(
    "slice",
    { x: small },
    ({ x }) => ops.slice(x, [2], [4]),
    ({ x }) => tf.slice(x, [2], [4]),
    "x[2:6].contiguous()",
  ),
  call(
    "take",
    { x: small, i: whole(8, 4) },
    ({ x, i }) => ops.take(x, i),
    ({ x, i }) => tf.gather(x, i),
    "x[i]",
  ),
  call(
    "maxPool [1, 4, 4, 2]",
    { x: uniform(1, 4, 4, 2) },
    ({ x }) => ops.maxPool(x, 2),
    ({ x }) => tf.maxPool(x, 2, 2, "valid"),
    `F.max_pool2d(${first}, 2)`,
  ),
  call(
    "layer norm",
    { x: uniform(2, 8) },
    layer(() => layers.layerNormalization()),
    undefined,
    "F.layer_norm(x, (8,))",
  ),
  call(
    "Dense 8 → 8",
    { x: uniform(1, 8) },
    layer(() => layers.dense({ units: 8 })),
    undefined,
    "F.linear(x, w)",
  ).with(5, { gradient: true, setup: "w = torch.rand(8, 8)" }),
]);
