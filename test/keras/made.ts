/**
 * Models that are made here for real Keras to open: graphs with every function of `ops.*` that Keras's files can hold
 * between layers, and arrays too large to go through the HDF5 library. `operations.test.ts` opens them here again,
 * `interop.py` in Keras.
 */

import { leaves } from "../../src/core/tree.ts";
import {
  input,
  layers,
  type Model,
  model,
  ops,
  optimizers,
  type SymbolicTensor,
  type Tensor,
} from "../../src/index.ts";
import { uniform } from "../../src/ops/random/random.ts";

type Made = SymbolicTensor | readonly SymbolicTensor[];
type Functions = Readonly<Record<string, Made>>;

/** Each function with what it gives, under its name here. */
function functions(): { inputs: SymbolicTensor[]; found: Functions } {
  const [a, b] = ["a", "b"].map((name) => input({ shape: [4, 6], name })) as [SymbolicTensor, SymbolicTensor];
  const x = layers.dense({ units: 6 }).apply(a);
  const y = layers.dense({ units: 6, activation: "sigmoid" }).apply(b);
  const image = ops.expandDims(x, -1);
  const kernel = Array.from({ length: 2 }, (_, i) =>
    Array.from({ length: 2 }, (_, j) => [[0, 1, 2].map((k) => (6 * i + 3 * j + k) / 10)]),
  );
  const row = [-1, -0.6, -0.2, 0.2, 0.6, 1];
  const squares = row.map((value) => value * value + 0.1);
  const first = ops.getItem(x, 0);
  /** Something without a batch, for every sample. */
  const whole = (value: SymbolicTensor) =>
    ops.add(ops.mean(y, [1, 2]), ops.mean(ops.multiply(value, ops.cos(value)))) as SymbolicTensor;
  const all = (values: readonly SymbolicTensor[]) => values.map((each) => whole(ops.multiply(each, 0.1)));
  const n = ops.cast(ops.floor(ops.multiply(y, 4)), "int32") as SymbolicTensor;
  const rows = ops.minimum(ops.getItem(n, [0, {}, 0]), 1);
  const truth = ops.greater(x, 0);
  const ones = (...shape: number[]) => ops.ones(shape);
  const unary = (names: string, of: SymbolicTensor) =>
    Object.fromEntries(
      names
        .split(" ")
        .map((name) => [
          name,
          (ops as unknown as Record<string, (x: SymbolicTensor) => SymbolicTensor>)[name]?.(of) as SymbolicTensor,
        ]),
    );
  const found: Functions = {
    ...unary(
      "abs arctan arcsinh ceil copy cos cosh exp exp2 expm1 floor negative sign sin sinh square tan tanh trunc erf",
      x,
    ),
    ...unary("hardSigmoid hardSilu hardTanh logSigmoid relu relu6 selu silu softplus softsign sparsePlus", x),
    ...unary("sparseSigmoid tanhShrink glu celu elu hardShrink softShrink leakyRelu squareplus gelu", x),
    ...unary("absolute arccos arcsin arctanh log log10 log1p log2 reciprocal sqrt rsqrt erfinv sigmoid", y),
    ...unary("isfinite isinf isnan logicalNot", truth),
    arccosh: ops.arccosh(ops.add(y, 1.5)),
    stopGradient: ops.stopGradient(x),
    cast: [ops.cast(x, "int32"), ops.cast(n, "bool")],
    unstack: ops.unstack(x, 4, 1) as never,
    slice: whole(ops.slice(x, [0, 1, 2], [2, 3, 4])),
    sliceUpdate: ops.sliceUpdate(x, [0, 1, 2], ops.getItem(y, [{}, { stop: 2 }, { stop: 3 }])),
    scatter: whole(ops.cast(ops.scatter(ops.expandDims(ops.multiply(rows, 2), -1), first, [4, 6]), "float32")),
    scatterUpdate: whole(
      ops.scatterUpdate(
        first,
        [
          [1, 1],
          [2, 0],
        ],
        ops.getItem(x, [1, 0, { stop: 2 }]),
      ),
    ),
    getItem: [
      ops.getItem(x, [{}, 0]),
      ops.getItem(x, [{}, { start: 1, stop: 3 }, { step: -2 }]),
      ops.getItem(x, ["...", -1]),
    ],
    ravel: whole(ops.ravel(first)),
    add: [ops.add(x, y), ops.add(x, row), ops.add(1, x)],
    subtract: [ops.subtract(x, y), ops.subtract(row, x)],
    multiply: ops.multiply(x, 3),
    divide: ops.divide(row, ops.add(y, 1)),
    trueDivide: ops.trueDivide(x, ops.add(y, 1)),
    divideNoNan: ops.divideNoNan(x, ops.subtract(y, y)),
    arctan2: ops.arctan2(x, y),
    floorDivide: [ops.floorDivide(x, 0.5), ops.floorDivide(n, 2)],
    mod: [ops.mod(x, 0.3), ops.mod(n, 2)],
    power: [ops.power(y, 1.5), ops.power(x, 2)],
    hypot: ops.hypot(x, y),
    logaddexp: ops.logaddexp(x, y),
    maximum: [ops.maximum(x, 0.1), ops.maximum(n, 1)],
    minimum: ops.minimum(x, y),
    dot: whole(ops.dot(first, ops.getItem(x, [1, 0]))),
    inner: whole(ops.inner(first, ops.getItem(y, 0))),
    outer: whole(ops.outer(ops.getItem(x, [0, 0]), ops.getItem(y, [0, 0]))),
    vdot: whole(ops.vdot(ops.getItem(x, [0, 0]), ops.getItem(y, [0, 0]))),
    matmul: [ops.matmul(x, ones(6, 2)), ops.matmul(x, ops.transpose(y, [0, 2, 1]))],
    equal: ops.equal(n, 1),
    notEqual: ops.notEqual(n, 1),
    greater: truth,
    greaterEqual: ops.greaterEqual(x, y),
    less: ops.less(x, 0.25),
    lessEqual: ops.lessEqual(n, 2),
    logicalAnd: ops.logicalAnd(truth, ops.less(y, 0.5)),
    logicalOr: ops.logicalOr(truth, ops.less(x, -1)),
    logicalXor: ops.logicalXor(truth, ops.greater(x, 1)),
    all: ops.all(ops.greater(x, -0.5), [1, 2]),
    any: ops.any(truth, 1, true),
    amax: ops.amax(x, 1),
    amin: ops.amin(x, [1, 2]),
    argmax: [ops.argmax(x, 1), ops.argmax(x, -1, true)],
    argmin: ops.argmin(x, 2),
    max: ops.max(x, 1),
    min: ops.min(x, -1, true),
    mean: [ops.mean(x, 1), ops.mean(x, [1, 2], true)],
    prod: ops.prod(x, 1),
    std: ops.std(x, [1, 2]),
    sum: [ops.sum(x, 1), ops.sum(n, [1, 2])],
    var: ops.variance(x, 2),
    cumsum: ops.cumsum(x, 1),
    cumprod: ops.cumprod(y, -1),
    countNonzero: ops.countNonzero(truth, 1),
    flip: [ops.flip(x, 1), whole(ops.flip(x))],
    squeeze: ops.squeeze(image, -1),
    argsort: ops.argsort(x, 1),
    sort: ops.sort(x),
    stack: ops.stack([x, y], 2),
    expandDims: image,
    transpose: [ops.transpose(x, [0, 2, 1]), whole(ops.transpose(x))],
    swapaxes: ops.swapaxes(x, 1, 2),
    moveaxis: ops.moveaxis(image, 1, -1),
    roll: [ops.roll(x, 2, -1), whole(ops.roll(x, 3))],
    reshape: ops.reshape(x, [-1, 8, 3]),
    broadcastTo: whole(ops.broadcastTo(first, [3, 4, 6])),
    tile: ops.tile(x, [1, 2, 1]),
    repeat: ops.repeat(x, 2, -1),
    split: [
      ...(ops.split(x, 3, -1) as never as SymbolicTensor[]),
      ...(ops.split(x, [1, 3], 1) as never as SymbolicTensor[]),
    ],
    clip: ops.clip(x, -0.5, 0.5),
    round: [ops.round(x), ops.round(x, 1)],
    nanToNum: ops.nanToNum(x, 1),
    diag: whole(ops.diag(ops.getItem(x, [0, 0]))),
    tril: ops.tril(x),
    triu: ops.triu(x, 1),
    diagonal: ops.diagonal(x, 1, 1, 2),
    pad: [
      ops.pad(x, [
        [0, 0],
        [1, 1],
        [0, 2],
      ]),
      ops.pad(
        x,
        [
          [0, 0],
          [1, 0],
          [0, 0],
        ],
        "constant",
        3,
      ),
      ops.pad(
        x,
        [
          [0, 0],
          [1, 2],
          [0, 0],
        ],
        "reflect",
      ),
    ],
    onesLike: ops.onesLike(x),
    zerosLike: ops.zerosLike(n),
    fullLike: ops.fullLike(x, 2),
    take: [
      ops.take(x, [2, 0], 1),
      ops.take(
        x,
        [
          [0, 3],
          [1, 1],
        ],
        1,
      ),
    ],
    takeAlongAxis: ops.takeAlongAxis(x, ops.argsort(y, -1), -1),
    searchsorted: whole(ops.cast(ops.searchsorted([0, 1, 2], ops.getItem(x, [1, 0])), "float32")),
    where: [ops.where(truth, x, 0), ops.where(truth, x, y)],
    select: ops.select([ops.greater(x, 0.5), truth], [x, y], 0.25),
    concatenate: [ops.concatenate([x, y], 1), ops.concatenate([x, y, x], -1)],
    tensordot: whole(
      ops.tensordot(x, y, [
        [1, 2],
        [1, 2],
      ]),
    ),
    einsum: ops.einsum("bij,bkj->bik", x, y),
    meshgrid: all(ops.meshgrid(ops.getItem(x, [0, 0]), ops.getItem(x, [1, 0, { stop: 2 }])) as never),
    logsumexp: ops.logsumexp(x, -1),
    topK: ops.topK(x, 2) as never,
    segmentMax: whole(ops.segmentMax(first, ops.multiply(rows, 0), 1)),
    segmentMin: whole(ops.segmentMin(first, ops.multiply(rows, 0), 1)),
    segmentSum: whole(ops.segmentSum(first, rows, 3)),
    segmentProd: whole(ops.segmentProd(first, rows, 3)),
    // Keras 3.15.1 cannot run it along an axis on JAX, neither saved nor as it was made there.
    norm: whole(ops.norm(x)),
    logSoftmax: ops.logSoftmax(x),
    softmax: [ops.softmax(x), ops.softmax(x, 1)],
    threshold: ops.threshold(x, 0.2, -1),
    oneHot: ops.oneHot(n, 4),
    multiHot: ops.multiHot(n, 4),
    moments: ops.moments(x, [1]) as never,
    normalize: ops.normalize(x, -1),
    layerNormalization: [ops.layerNormalization(x), ops.layerNormalization(x, row, row, -1, 0.01)],
    rmsNormalization: ops.rmsNormalization(x, row),
    batchNormalization: ops.batchNormalization(x, row, squares, -1, row, row),
    maxPool: ops.maxPool(image, 2, 2),
    averagePool: ops.averagePool(image, 2, 1, "same"),
    conv: [ops.conv(image, kernel, 1, "same"), ops.conv(image, kernel, 2)],
    depthwiseConv: ops.depthwiseConv(image, kernel),
    separableConv: ops.separableConv(image, kernel, ones(1, 1, 3, 2)),
    dotProductAttention: ops.dotProductAttention(ops.expandDims(x, 2), ops.expandDims(y, 2), ops.expandDims(x, 2)),
  };
  return { inputs: [a, b], found };
}

/** The names of the functions that are used. */
export const used = (): readonly string[] => Object.keys(functions().found);

/** A model that is made here, and what it is to predict. */
export interface MadeModel {
  readonly net: Model;
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** What it may be trained to give. */
  readonly targets?: Tensor | undefined;
}

const draw = (shape: number[], seed: number) => uniform(shape, { minval: -2, maxval: 2, seed });

export const made: Readonly<Record<string, () => MadeModel>> = {
  "made-operations"() {
    const { inputs, found } = functions();
    const outputs = (leaves(Object.values(found)) as SymbolicTensor[]).map((each) => ops.cast(each, "float32"));
    return { net: model({ inputs, outputs }), inputs: { a: draw([5, 4, 6], 1), b: draw([5, 4, 6], 2) } };
  },
  "made-large"() {
    const x = input({ shape: [150], name: "x" });
    const hidden = layers.dense({ units: 500, activation: "tanh" }).apply(x);
    const net = model({
      inputs: x,
      outputs: layers.dense({ units: 90 }).apply(layers.groupNormalization({ groups: 10 }).apply(hidden)),
    });
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.05, momentum: 0.9 }), loss: "mse" });
    return { net, inputs: { x: draw([6, 150], 3) }, targets: draw([6, 90], 4) };
  },
};
