/**
 * The ops in ONNX: a table by their names, typed by their records. What is not in it, and is no elementwise op, is written in the smaller ops
 * that it is made of, or refused.
 */
import { arrayClassOf, type DType, isFloat } from "../../core/dtype.ts";
import type { OpRecord } from "../../core/op.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { spatialAxes, windowsAlong } from "../../core/windows.ts";
import type { correlate, correlateInputGradient } from "../../ops/convolution/correlation.ts";
import type { Correlation } from "../../ops/convolution/geometry.ts";
import type { triangle } from "../../ops/creation/creation.ts";
import type { castOp } from "../../ops/elementwise/cast.ts";
import type { Formula } from "../../ops/elementwise/formula.ts";
import type { gather as gatherOp } from "../../ops/indexing/gather.ts";
import type { hotOp } from "../../ops/indexing/one-hot.ts";
import type { product } from "../../ops/matmul/matmul.ts";

import type { placeOp, stridedOp } from "../../ops/movement/strided.ts";
import type { Normalization, normalize as normalizeOp } from "../../ops/normalize/normalize.ts";
import type { pool } from "../../ops/pooling/pooling.ts";
import type { RecurrenceKind, recurrenceOp } from "../../ops/recurrent/recurrence.ts";
import type { ReduceOp } from "../../ops/reduce/reduce.ts";
import type { recurrence as linearRecurrence } from "../../ops/scan/scan.ts";
import type { softmaxOp } from "../../ops/softmax/softmax.ts";
import type { sparsemaxOp } from "../../ops/softmax/sparsemax.ts";
import type { orderOp } from "../../ops/sort/sort.ts";
import type { fill } from "../../ops/tensor.ts";
import { writeElementwise } from "./elementwise.ts";
import { arrayOf, type GraphBuilder, known, Untranslatable, type Value } from "./graph.ts";
import { arrange, understand, writePieces, writeWindow } from "./movement.ts";
import { type Dim, isKnown, type Merged, sameDim, sameDims } from "./sizes.ts";

/** An operand of an op in one trace. */
interface Seen {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Operands by the names that a record has for them, optional ones too. */
type Named<Operands, T> = {
  readonly [K in keyof Operands]: undefined extends Operands[K] ? T | undefined : T;
};

/** An op of any record. */
// biome-ignore lint/suspicious/noExplicitAny: what every op is, whatever it takes
type AnyOp = (inputs: any, attributes: any) => Readonly<Record<string, unknown>>;

/** An op as it was in one trace. */
export interface Instance<F extends AnyOp = AnyOp> {
  readonly inputs: Named<Parameters<F>[0], Seen>;
  readonly outputs: Named<ReturnType<F>, Seen>;
  readonly attributes: Parameters<F>[1];
}

/** An op that is to be written. */
export interface Call<F extends AnyOp = AnyOp> {
  readonly graph: GraphBuilder;
  /** The operands by name, with the shape that the op sees. */
  readonly inputs: Named<Parameters<F>[0], Value>;
  /** The same as they were made: with the shape that whatever gave them has. */
  readonly asMade: Named<Parameters<F>[0], Value>;
  readonly outputs: Named<ReturnType<F>, { readonly dims: readonly Dim[]; readonly dtype: DType }>;
  /** Of the first trace; numbers in it may hang on unknown sizes, so `each` tells them. */
  readonly attributes: Parameters<F>[1];
  /** What follows from an op in every trace, the numbers in it fitted. */
  each<T>(of: (instance: Instance<F>) => T): Merged<T>;
}

/** Writes the outputs that inference needs. */
type Writer<F extends AnyOp> = (call: Call<F>) => { readonly [K in keyof ReturnType<F>]?: Value };

type Written = Readonly<Record<string, Value>>;

/** The ops of the table by the names of their records, whose operands and attributes the table must fit. */
interface Translated {
  readonly cast: typeof castOp;
  readonly full: typeof fill;
  readonly strided: typeof stridedOp;
  readonly place: typeof placeOp;
  readonly matmul: typeof product;
  readonly conv: typeof correlate;
  readonly convInputGradient: typeof correlateInputGradient;
  readonly pool: typeof pool;
  readonly sum: ReduceOp;
  readonly mean: ReduceOp;
  readonly max: ReduceOp;
  readonly min: ReduceOp;
  readonly prod: ReduceOp;
  readonly any: ReduceOp;
  readonly all: ReduceOp;
  readonly variance: ReduceOp;
  readonly argmax: ReduceOp;
  readonly argmin: ReduceOp;
  readonly softmax: typeof softmaxOp;
  readonly logSoftmax: typeof softmaxOp;
  readonly sparsemax: typeof sparsemaxOp;
  readonly normalize: typeof normalizeOp;
  readonly gather: typeof gatherOp;
  readonly oneHot: typeof hotOp;
  readonly argsort: typeof orderOp;
  readonly triangle: typeof triangle;
  readonly recurrence: typeof recurrenceOp;
  readonly linearRecurrence: typeof linearRecurrence;
}

/** Sequences of which only the last element is known. */
const onlyLast = new WeakMap<Value, Value>();

const moved = (rank: number) => ({
  first: [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)],
  last: [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1],
});

/* Products. */

const matmul: Writer<Translated["matmul"]> = ({
  graph,
  inputs,
  asMade,
  outputs,
  attributes: { transposeA, transposeB },
}) => {
  const { a, b, bias } = inputs;
  const { dims, dtype } = outputs.c;
  const ready = (x: Value, transposed: boolean) => {
    const cast = graph.cast(x, dtype);
    const rank = x.dims.length;
    const order = Array.from({ length: rank }, (_, axis) => axis);
    return transposed ? graph.transpose(cast, [...order.slice(0, -2), rank - 1, rank - 2]) : cast;
  };
  const plus = (c: Value) => (bias ? graph.node("Add", [c, graph.cast(bias, dtype)], { dtype, dims: c.dims }) : c);
  const right = ready(b, transposeB);
  // Rows of a sequence are a product of the sequence itself.
  const made = asMade.a as Value;
  const isRows =
    !transposeA && b.dims.length === 2 && made.dims.length > 2 && sameDim(made.dims.at(-1) as Dim, a.dims[1] as Dim);
  if (isRows) {
    const left = graph.cast(made, dtype);
    const product = graph.node("MatMul", [left, right], { dtype, dims: [...made.dims.slice(0, -1), dims[1] as Dim] });
    const c = plus(product);
    return { c };
  }
  const left = ready(a, transposeA);
  if (dims.length === 2 && isFloat(dtype)) {
    const c = graph.node("Gemm", [left, right, ...(bias ? [bias] : [])], { dtype, dims });
    return { c };
  }
  return { c: plus(graph.node("MatMul", [left, right], { dtype, dims })) };
};

/* Convolution and pooling: images have their channels behind, and in front in ONNX. */

/** How much windows reach over the edges; "same" where that hangs on unknown sizes as "same" does. */
function padding<F extends AnyOp>(
  call: Call<F>,
  of: (instance: Instance<F>) => {
    readonly size: readonly number[];
    readonly count: readonly number[];
    readonly span: readonly number[];
    readonly strides: readonly number[];
    readonly before: readonly number[];
  },
): { readonly pads?: readonly number[]; readonly auto_pad?: string } {
  const { pads, same } = call.each((instance) => {
    const { size, count, span, strides, before } = of(instance);
    const after = size.map((length, axis) =>
      Math.max(
        0,
        ((count[axis] as number) - 1) * (strides[axis] as number) +
          (span[axis] as number) -
          length -
          (before[axis] as number),
      ),
    );
    const isSame = size.every((length, axis) => {
      const windows = windowsAlong(length, {
        window: span[axis] as number,
        stride: strides[axis] as number,
        padding: "same",
      });
      return windows.before === before[axis] && windows.count === count[axis];
    });
    return { pads: [...before, ...after], same: Number(isSame) };
  });
  if (pads.every(isKnown)) return { pads: pads as readonly number[] };
  if (same === 1) return { auto_pad: "SAME_UPPER" };
  throw new Untranslatable("how far its windows reach over the edges would hang on a size that is not known");
}

const spanOf = ({ window, dilation }: Correlation) =>
  window.map((length, axis) => (length - 1) * (dilation[axis] as number) + 1);

const convolution: Writer<Translated["conv"]> = (call) => {
  const { graph, inputs, outputs } = call;
  const { dims, dtype } = outputs.y;
  const { x, kernel, bias } = inputs;
  const { window, strides, dilation, groups } = call.attributes;
  const order = moved(dims.length);
  const rank = dims.length;
  const operands = [
    graph.transpose(graph.cast(x, dtype), order.first),
    graph.transpose(graph.cast(kernel, dtype), [rank - 1, rank - 2, ...window.map((_, axis) => axis)]),
    ...(bias ? [graph.cast(bias, dtype)] : []),
  ];
  const pads = padding(call, ({ attributes }) => ({ ...attributes, span: spanOf(attributes) }));
  const y = graph.node(
    "Conv",
    operands,
    { dtype, dims: order.first.map((axis) => dims[axis] as Dim) },
    { kernel_shape: window, strides, dilations: dilation, group: groups, ...pads },
  );
  return { y: graph.transpose(y, order.last) };
};

const transposedConvolution: Writer<Translated["convInputGradient"]> = (call) => {
  const { graph, inputs, outputs } = call;
  const { dims, dtype } = outputs.dx;
  const { dy, kernel, bias } = inputs;
  const { window, strides, dilation, groups } = call.attributes;
  const order = moved(dims.length);
  const rank = dims.length;
  const { begin, end, extra } = call.each(({ attributes: correlation }) => {
    const span = spanOf(correlation);
    const missing = correlation.size.map(
      (size, axis) =>
        ((correlation.count[axis] as number) - 1) * (correlation.strides[axis] as number) +
        (span[axis] as number) -
        (correlation.before[axis] as number) -
        size,
    );
    return {
      begin: correlation.before,
      end: missing.map((each) => Math.max(0, each)),
      extra: missing.map((each) => Math.max(0, -each)),
    };
  });
  const what = "what a transposed convolution cuts off";
  const more = known(extra, what);
  const filters = dims.at(-1) as Dim;
  // What lies beyond all kernels has no room in the node: it is put behind it, and the bias added last.
  const isFar = more.some((each, axis) => each >= Math.max(strides[axis] as number, dilation[axis] as number));
  const first = order.first.map((axis) => dims[axis] as Dim);
  const near = isFar
    ? first.map((dim, axis) => (axis < 2 ? dim : (known([dim], what)[0] as number) - (more[axis - 2] as number)))
    : first;
  const spread = graph.node(
    "ConvTranspose",
    [
      graph.transpose(graph.cast(dy, dtype), order.first),
      graph.transpose(graph.cast(kernel, dtype), [rank - 1, rank - 2, ...window.map((_, axis) => axis)]),
      ...(bias && !isFar ? [graph.cast(bias, dtype)] : []),
    ],
    { dtype, dims: near },
    {
      kernel_shape: window,
      strides,
      dilations: dilation,
      group: groups,
      pads: [...known(begin, what), ...known(end, what)],
      ...(isFar || more.every((each) => each === 0) ? {} : { output_padding: more }),
    },
  );
  if (!isFar) return { dx: graph.transpose(spread, order.last) };
  const pads = graph.integers([...first.map(() => 0), 0, 0, ...more]);
  const wide = graph.node("Pad", [spread, pads, graph.number(0, dtype)], { dtype, dims: first });
  const ready = graph.transpose(wide, order.last);
  if (!bias) return { dx: ready };
  const offset = graph.reshape(graph.cast(bias, dtype), [filters]);
  return { dx: graph.node("Add", [ready, offset], { dtype, dims }) };
};

const pooling: Writer<Translated["pool"]> = (call) => {
  const { graph, outputs } = call;
  const { dims, dtype } = outputs.y;
  const { kind, poolSize, strides, dataFormat } = call.attributes;
  // Whole numbers are pooled as real ones that hold them all.
  const type = isFloat(dtype) ? dtype : "float64";
  const x = graph.cast(call.inputs.x as Value, type);
  const order = moved(dims.length);
  const isLast = dataFormat === "channels_last";
  const pads = padding(call, ({ inputs, outputs: { y }, attributes: pool }) => {
    const axes = spatialAxes(dims.length, pool.dataFormat);
    const size = axes.map((axis) => inputs.x.shape[axis] as number);
    const windows = size.map((length, index) =>
      windowsAlong(length, {
        window: pool.poolSize[index] as number,
        stride: pool.strides[index] as number,
        padding: pool.padding,
      }),
    );
    return {
      size,
      count: axes.map((axis) => y.shape[axis] as number),
      span: pool.poolSize,
      strides: pool.strides,
      before: windows.map(({ before }) => before),
    };
  });
  const y = graph.node(
    kind === "max" ? "MaxPool" : "AveragePool",
    [isLast ? graph.transpose(x, order.first) : x],
    { dtype: type, dims: isLast ? order.first.map((axis) => dims[axis] as Dim) : dims },
    { kernel_shape: poolSize, strides, ...pads },
  );
  return { y: graph.cast(isLast ? graph.transpose(y, order.last) : y, dtype) };
};

/* Reductions. */

/** A reduction by one node, computed in the type that `type` says for that of the result. */
function reduction(node: string, type: (dtype: DType) => DType = (dtype) => dtype, since?: number): Writer<ReduceOp> {
  return ({ graph, inputs, outputs, attributes: { axes, keepdims } }) => {
    const { dtype } = outputs.y;
    const x = graph.cast(inputs.x as Value, type(dtype));
    return { y: graph.cast(axes.length === 0 ? x : graph.reduce(node, x, axes, keepdims, since), dtype) };
  };
}

/** Whole numbers as real ones that hold them all: for nodes that only have these. */
const inFloat = (dtype: DType): DType => (isFloat(dtype) ? dtype : "float64");

/** Truth over axes: the largest or smallest of 0 and 1. */
function truth(node: string): Writer<ReduceOp> {
  return ({ graph, inputs, attributes: { axes, keepdims } }) => {
    const x = graph.cast(graph.cast(inputs.x as Value, "bool"), "int32");
    return { y: graph.cast(axes.length === 0 ? x : graph.reduce(node, x, axes, keepdims), "bool") };
  };
}

/** x without its mean over axes: twice, since a large mean is off by its rounding, which the second time is small. */
function centred(graph: GraphBuilder, x: Value, axes: readonly number[]) {
  const mean = graph.reduce("ReduceMean", x, axes, true);
  const rough = graph.apply("Sub", [x, mean]);
  const left = graph.reduce("ReduceMean", rough, axes, true);
  return { mean, left, rough, centred: graph.apply("Sub", [rough, left]) };
}

function squares(graph: GraphBuilder, x: Value, axes: readonly number[], keepdims = true): Value {
  return graph.reduce("ReduceMean", graph.apply("Mul", [x, x]), axes, keepdims);
}

const variance: Writer<Translated["variance"]> = ({ graph, inputs, outputs, attributes: { axes, keepdims } }) => {
  const { dtype } = outputs.y;
  const x = graph.cast(inputs.x as Value, dtype);
  return { y: squares(graph, centred(graph, x, axes).centred, axes, keepdims) };
};

function whereExtreme(node: string): Writer<ReduceOp> {
  return ({ graph, inputs, outputs, attributes }) => {
    const { axes, keepdims } = attributes;
    const { dims } = outputs.y;
    const given = inputs.x as Value;
    const x = graph.cast(given, inFloat(given.dtype as DType));
    const isOne = axes.length === 1;
    const flat = isOne ? x : graph.reshape(x, [sizeOf(known(x.dims, "the place of an extreme"))]);
    const axis = isOne ? (axes[0] as number) : 0;
    const found = graph.node(
      node,
      [flat],
      { dtype: "int64", dims: isOne ? dims : [1] },
      {
        axis,
        keepdims: Number(isOne ? keepdims : true),
      },
    );
    return { y: graph.reshape(graph.cast(found, "int32"), dims) };
  };
}

/* Softmax and its kind. */

function softmax(logarithm: boolean): Writer<Translated["softmax"]> {
  return ({ graph, inputs, attributes: { axes } }) => {
    const x = inputs.x as Value;
    if (axes.length === 1) {
      return { y: graph.node(logarithm ? "LogSoftmax" : "Softmax", [x], x as never, { axis: axes[0] }) };
    }
    if (axes.length === 0) throw new Untranslatable("it goes over no axis");
    const shifted = graph.apply("Sub", [x, graph.reduce("ReduceMax", x, axes, true)]);
    const powers = graph.apply("Exp", [shifted]);
    const total = graph.reduce("ReduceSum", powers, axes, true, 13);
    if (!logarithm) return { y: graph.apply("Div", [powers, total]) };
    return { y: graph.apply("Sub", [shifted, graph.apply("Log", [total])]) };
  };
}

/** The largest values in order, as many as beat the threshold that they make; see `ops/softmax/sparsemax.ts`. */
const sparsemax: Writer<Translated["sparsemax"]> = ({ graph, inputs, attributes: { axis } }) => {
  const x = inputs.x as Value;
  const dtype = x.dtype as DType;
  const [size] = known([x.dims[axis] as Dim], "how many values sparsemax compares") as [number];
  const [sorted] = graph.nodes("TopK", [x, graph.integers([size])], [x, { dtype: "int64", dims: x.dims }], { axis });
  const ranks = graph.constant(
    arrayOf(
      dtype,
      Array.from({ length: size }, (_, rank) => rank + 1),
    ),
    x.dims.map((_, other) => (other === axis ? size : 1)),
    dtype,
    "ranks",
  );
  const sums = graph.node("CumSum", [sorted, graph.constant(BigInt64Array.of(BigInt(axis)), [], "int64", "axis")], x);
  const scaled = graph.apply("Add", [graph.apply("Mul", [ranks, sorted as Value]), graph.number(1, dtype)]);
  const counts = graph.cast(graph.apply("Less", [sums, scaled], "bool"), dtype);
  const count = graph.reduce("ReduceSum", counts, [axis], true, 13);
  const total = graph.reduce("ReduceSum", graph.apply("Mul", [sorted as Value, counts]), [axis], true, 13);
  const threshold = graph.apply("Div", [graph.apply("Sub", [total, graph.number(1, dtype)]), count]);
  return { y: graph.apply("Relu", [graph.apply("Sub", [x, threshold])]) };
};

/* Normalization. */

/**
 * By ReduceMean, which every runtime has and which goes over any axes; LayerNormalization where gamma and beta lie as it
 * wants them, and GroupNormalization where the version has it. Numbers far from 0 are centred first: runtimes find
 * variances in ways that large means spoil.
 */
const normalize: Writer<Translated["normalize"]> = (call) => {
  const { graph, inputs, attributes } = call;
  const { over, epsilon, kind } = attributes;
  const { x, gamma, beta } = inputs;
  const dtype = x.dtype as DType;
  const affine = (y: Value) => {
    const scaled = gamma ? graph.apply("Mul", [y, gamma]) : y;
    return beta ? graph.apply("Add", [scaled, beta]) : scaled;
  };
  const parts = kind === "rms" ? undefined : centred(graph, x, over);
  const from = parts?.centred ?? x;
  const spread = squares(graph, from, over);
  const deviation = graph.apply("Sqrt", [graph.apply("Add", [spread, graph.number(epsilon, dtype)])]);
  const y =
    (parts && (inGroups(call, parts.rough, gamma, beta) ?? byLayer(call, parts.rough, gamma, beta))) ??
    affine(graph.apply("Div", [from, deviation]));
  return {
    y,
    variance: spread,
    rstd: graph.apply("Reciprocal", [deviation]),
    ...(parts ? { mean: graph.apply("Add", [parts.mean, parts.left]) } : {}),
  };
};

/** The axes, all but the last ones, that a normalization goes over. */
function byLayer({ graph, attributes }: Call, x: Value, gamma?: Value, beta?: Value): Value | undefined {
  const { over, epsilon }: Normalization = attributes;
  const axis = Math.min(...over);
  const sizes = x.dims.slice(axis);
  if (over.length !== sizes.length || !sizes.every(isKnown)) return undefined;
  const fits = (parameter: Value | undefined) => {
    if (!parameter) return true;
    const own = parameter.dims.slice(-sizes.length);
    const before = parameter.dims.slice(0, -sizes.length);
    return sameDims(own, sizes) && before.every((dim) => dim === 1);
  };
  if (!fits(gamma) || !fits(beta)) return undefined;
  const dtype = x.dtype as DType;
  const ones = () =>
    graph.constant(
      arrayOf(dtype, new Array<number>(sizeOf(sizes as number[])).fill(1)),
      sizes as number[],
      dtype,
      "ones",
    );
  const scale = gamma ? graph.reshape(gamma, sizes) : ones();
  const operands = [x, scale, ...(beta ? [graph.reshape(beta, sizes)] : [])];
  return graph.node("LayerNormalization", operands, x, { axis, epsilon });
}

/** Groups of channels, [batch, …, groups, width, …], over all but batch and groups, as GroupNormalization has it. */
function inGroups({ graph, attributes }: Call, x: Value, gamma?: Value, beta?: Value): Value | undefined {
  const { over, epsilon }: Normalization = attributes;
  const kept = x.dims.map((_, axis) => axis).filter((axis) => !over.includes(axis));
  const [batch, at] = kept as [number, number];
  if (graph.opset < 21 || kept.length !== 2 || batch !== 0 || !over.includes(at + 1) || !(gamma || beta))
    return undefined;
  const [groups, width] = x.dims.slice(at, at + 2) as [Dim, Dim];
  if (!isKnown(groups) || !isKnown(width)) return undefined;
  const wanted = x.dims.map((_, axis) => (axis === at ? groups : axis === at + 1 ? width : 1));
  const fits = (parameter: Value | undefined) => {
    if (!parameter) return true;
    const missing = x.dims.length - parameter.dims.length;
    return sameDims([...new Array<number>(missing).fill(1), ...parameter.dims], wanted);
  };
  if (!fits(gamma) || !fits(beta)) return undefined;
  const dtype = x.dtype as DType;
  const channels = groups * width;
  const all = (value: number) =>
    graph.constant(arrayOf(dtype, new Array<number>(channels).fill(value)), [channels], dtype, "all");
  const [scale, offset] = [
    gamma ? graph.reshape(gamma, [channels]) : all(1),
    beta ? graph.reshape(beta, [channels]) : all(0),
  ];
  const [outer, inner] = [x.dims.slice(1, at), x.dims.slice(at + 2)];
  const joined = graph.reshape(x, [x.dims[0] as Dim, ...outer, channels, ...inner]);
  const rank = joined.dims.length;
  const order = [0, at, ...Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 0 && axis !== at)];
  const back = order.map((_, axis) => order.indexOf(axis));
  const first = graph.transpose(joined, order);
  // A sample of channels only gets an axis to go over.
  const ready = rank > 2 ? first : graph.reshape(first, [...first.dims, 1]);
  const y = graph.node("GroupNormalization", [ready, scale, offset], ready, { epsilon, num_groups: groups });
  return graph.reshape(graph.transpose(graph.reshape(y, first.dims), back), x.dims);
}

/* Elements by index. */

const gather: Writer<Translated["gather"]> = ({ graph, inputs, outputs, attributes }) => {
  const { axis, aligned } = attributes;
  const { dims } = outputs.y;
  const { x, indices } = inputs;
  return { y: graph.node(aligned ? "GatherElements" : "Gather", [x, indices], { dtype: x.dtype, dims }, { axis }) };
};

const oneHot: Writer<Translated["oneHot"]> = ({ graph, inputs, outputs, attributes: { numClasses, axis, merged } }) => {
  const { dtype } = outputs.y;
  const x = graph.cast(inputs.x as Value, "int32");
  const spread = graph.reshape(x, x.dims.toSpliced(axis, 0, 1));
  const classes = graph.constant(
    Int32Array.from({ length: numClasses }, (_, index) => index),
    spread.dims.map((_, each) => (each === axis ? numClasses : 1)),
    "int32",
    "classes",
  );
  const hot = graph.apply("Equal", [spread, classes], "bool");
  if (merged === undefined) return { y: graph.cast(hot, dtype) };
  return { y: graph.cast(graph.reduce("ReduceMax", graph.cast(hot, "int32"), [merged], false), dtype) };
};

const order: Writer<Translated["argsort"]> = (call) => {
  const { graph, outputs, attributes } = call;
  const { axis, largest } = attributes;
  const given = call.inputs.x as Value;
  const x = graph.cast(given, inFloat(given.dtype as DType));
  const { dims } = outputs.y;
  const outcome = [
    { dtype: x.dtype, dims },
    { dtype: "int64", dims },
  ] as const;
  const [, indices] = graph.nodes("TopK", [x, graph.sizes([dims[axis] as Dim])], outcome, {
    axis,
    largest: Number(largest),
  });
  return { y: graph.cast(indices as Value, "int32") };
};

/* Sequences. */

const cumulate: Writer<Translated["linearRecurrence"]> = ({
  graph,
  inputs,
  attributes: { axis, reverse, initial },
}) => {
  const { a, b } = inputs;
  if (a || !b || initial !== 0) throw new Untranslatable("ONNX has running sums only, no running products");
  const along = graph.constant(BigInt64Array.of(BigInt(axis)), [], "int64", "axis");
  return { y: graph.node("CumSum", [b, along], b, { reverse: Number(reverse) }) };
};

/** The gates of each kind in the order of ONNX, by their places here. */
const gates: Readonly<Record<RecurrenceKind, { readonly type: string; readonly order: readonly number[] }>> = {
  simple: { type: "RNN", order: [0] },
  lstm: { type: "LSTM", order: [0, 3, 1, 2] },
  gru: { type: "GRU", order: [0, 1, 2] },
};

const recurrence: Writer<Translated["recurrence"]> = (call) => {
  if (call.inputs.mask) return maskedRecurrence(call);
  const { graph, inputs, outputs, attributes } = call;
  const { kind } = attributes;
  const { x, kernel, bias, recurrent, recurrentBias, h, c } = inputs;
  const { dims, dtype } = outputs.h;
  const [batch, , size] = dims as [Dim, Dim, Dim];
  const [units] = known([size], "the units of a recurrence") as [number];
  const steps = x.dims[1] as Dim;
  const { type, order: places } = gates[kind];
  const width = places.length * units;
  if (![kernel, bias, recurrent, recurrentBias].every((weight) => !weight || weight.data)) {
    throw new Untranslatable("its weights are computed from the input");
  }
  /** [rows, parts · units] as [1, parts · units, rows], the parts in ONNX's order. */
  const weights = (matrix: Value) => {
    const rows = matrix.dims[0] as number;
    const apart = graph.transpose(graph.reshape(matrix, [rows, places.length, units]), [1, 2, 0]);
    return graph.reshape(reordered(graph, apart, places, units * rows), [1, width, rows]);
  };
  const biases = [bias, recurrentBias].map((each) => {
    const list = each ? (each.data as Float32Array) : new (arrayClassOf(dtype))(width);
    return reordered(graph, graph.constant(list, [places.length, units], dtype, each?.hint ?? "none"), places, units);
  });
  const both = new (arrayClassOf(dtype))(2 * width);
  biases.forEach((each, index) => {
    both.set(each.data as Float32Array, index * width);
  });
  const sequence = graph.transpose(x, [1, 0, 2]);
  const state = (value: Value) => graph.reshape(value, [1, batch, units]);
  const [all, , lastC] = graph.nodes(
    type,
    [
      sequence,
      weights(kernel),
      weights(recurrent),
      graph.constant(both, [1, 2 * width], dtype, `${graph.path}/bias`),
      undefined,
      state(h),
      ...(c ? [state(c)] : []),
    ],
    [
      { dtype, dims: [steps, 1, batch, units] },
      { dtype, dims: [1, batch, units] },
      ...(c ? [{ dtype, dims: [1, batch, units] }] : []),
    ],
    { hidden_size: units, ...(kind === "gru" ? { linear_before_reset: 1 } : {}) },
  );
  const outputsOfSteps = graph.transpose(graph.reshape(all as Value, [steps, batch, units]), [1, 0, 2]);
  const first = graph.reshape(h, [batch, 1, units]);
  const history = graph.concat([first, outputsOfSteps], 1, dims);
  if (!lastC) return { h: history };
  // ONNX tells the memory after the last step only.
  const memory = graph.node("Identity", [lastC], { dtype, dims }, {}, false);
  onlyLast.set(memory, graph.reshape(lastC, [batch, 1, units]));
  return { h: history, c: memory };
};

/** Step by step: the recurrences of ONNX cannot leave out steps in the middle, as masks say. */
const maskedRecurrence: Writer<Translated["recurrence"]> = ({ graph, inputs, outputs, attributes }) => {
  const { kind } = attributes;
  const { x: given, kernel, bias, recurrent, recurrentBias, h, c, mask } = inputs;
  const { dims, dtype } = outputs.h;
  const [batch, , units] = dims as [Dim, Dim, Dim];
  const [steps, width] = [given.dims[1], kernel.dims[1]] as [Dim, Dim];
  const product = graph.node("MatMul", [given, kernel], { dtype, dims: [batch, steps, width] });
  const x = bias ? graph.node("Add", [product, bias], product) : product;
  const state = { dtype, dims: [batch, units] };
  const states = c ? [h, c] : [h];
  const split = (value: Value, parts: number) => {
    const sizes = graph.integers(
      new Array<number>(parts).fill(known([units], "the units of a recurrence")[0] as number),
    );
    return graph.nodes("Split", [value, sizes], new Array(parts).fill(state), { axis: 1 });
  };
  const sigmoid = (value: Value) => graph.apply("Sigmoid", [value]);
  const tanh = (value: Value) => graph.apply("Tanh", [value]);
  const add = (a: Value, b: Value) => graph.apply("Add", [a, b]);
  const multiply = (a: Value, b: Value) => graph.apply("Mul", [a, b]);
  const next: Readonly<
    Record<RecurrenceKind, (given: Value, fed: Value, states: readonly Value[]) => readonly Value[]>
  > = {
    simple: (given, fed) => [tanh(add(given, fed))],
    lstm(given, fed, [, before]) {
      const [i, f, g, o] = split(add(given, fed), 4) as [Value, Value, Value, Value];
      const after = add(multiply(sigmoid(f), before as Value), multiply(sigmoid(i), tanh(g)));
      return [multiply(sigmoid(o), tanh(after)), after];
    },
    gru(given, fed, [before]) {
      const [x0, x1, x2] = split(given, 3) as [Value, Value, Value];
      const [p0, p1, p2] = split(fed, 3) as [Value, Value, Value];
      const z = sigmoid(add(x0, p0));
      const n = tanh(add(x2, multiply(sigmoid(add(x1, p1)), p2)));
      const rest = graph.apply("Sub", [graph.number(1, dtype), z]);
      return [add(multiply(z, before as Value), multiply(rest, n))];
    },
  };
  const body = graph.body(
    [...states.map(() => state), { dtype, dims: [batch, width] }, { dtype: "bool", dims: [batch, 1] }],
    (given) => {
      const before = given.slice(0, states.length);
      const [step, counts] = given.slice(states.length) as [Value, Value];
      const operands = [before[0], recurrent, ...(recurrentBias ? [recurrentBias] : [])];
      const fed = graph.node("Gemm", operands, { dtype, dims: [batch, width] });
      const after = next[kind](step, fed, before).map((value, index) =>
        graph.apply("Where", [counts, value, before[index] as Value], dtype),
      );
      // What goes on and what is kept of every step are outputs of their own.
      return [...after, ...after.map((value) => graph.node("Identity", [value], value, {}, false))];
    },
  );
  const sequence = { dtype, dims: [steps, batch, units] };
  const all = graph.nodes(
    "Scan",
    [
      ...states,
      graph.transpose(x, [1, 0, 2]),
      graph.reshape(graph.transpose(mask as Value, [1, 0]), [steps, batch, 1]),
    ],
    [...states.map(() => state), ...states.map(() => sequence)],
    { body, num_scan_inputs: 2 },
    false,
  );
  const [ofH, ofC] = states.map((first, index) => {
    const after = graph.transpose(all[states.length + index] as Value, [1, 0, 2]);
    return graph.concat([graph.reshape(first, [batch, 1, units]), after], 1, dims);
  });
  return { h: ofH as Value, ...(ofC ? { c: ofC } : {}) };
};

/** The parts of a constant, each of `length` elements, in another order. */
function reordered(graph: GraphBuilder, x: Value, places: readonly number[], length: number): Value {
  const data = (x.data as Float32Array).slice();
  places.forEach((place, index) => {
    data.set((x.data as Float32Array).subarray(place * length, (place + 1) * length), index * length);
  });
  return graph.constant(data, x.dims as number[], x.dtype, x.hint);
}

/* Windows and pieces. */

const strided: Writer<Translated["strided"]> = (call) => {
  const { graph, inputs, outputs } = call;
  const { dims } = outputs.y;
  const seen = call.each(({ inputs: { x }, attributes }) => understand(x.shape, attributes));
  const x = inputs.x as Value;
  const last = onlyLast.get(x);
  if (!last) return { y: writeWindow(graph, x, seen, dims) };
  const part = seen.kind === "walk" ? (seen.parts as Merged<{ startFromBack: number; count: number }[]>)[1] : undefined;
  if (part?.startFromBack !== -1 || part.count !== 1) {
    throw new Untranslatable("it takes the memory of an LSTM at steps before the last, which ONNX does not tell");
  }
  return { y: graph.reshape(last, dims) };
};

const pieces: Writer<Translated["place"]> = (call) => {
  const { graph, inputs, outputs } = call;
  const { base, ...numbered } = inputs;
  const { dims } = outputs.y;
  const { value } = call.attributes;
  const arrangement = call.each(({ attributes }) => arrange(attributes));
  return { y: writePieces(graph, Object.values(numbered) as Value[], arrangement, { dims, value, base }) };
};

const filled: Writer<Translated["full"]> = ({ graph, outputs, attributes: { value } }) => {
  const { dims, dtype } = outputs.y;
  return { y: graph.expand(graph.number(value, dtype), dims) };
};

/** How each is written. */
const table: { readonly [K in keyof Translated]: Writer<Translated[K]> } = {
  cast: ({ graph, inputs, outputs }) => ({ y: graph.cast(inputs.x as Value, (outputs.y as { dtype: DType }).dtype) }),
  full: filled,
  strided,
  place: pieces,
  matmul,
  conv: convolution,
  convInputGradient: transposedConvolution,
  pool: pooling,
  sum: reduction("ReduceSum", undefined, 13),
  mean: reduction("ReduceMean"),
  max: reduction("ReduceMax", inFloat),
  min: reduction("ReduceMin", inFloat),
  prod: reduction("ReduceProd"),
  any: truth("ReduceMax"),
  all: truth("ReduceMin"),
  variance,
  argmax: whereExtreme("ArgMax"),
  argmin: whereExtreme("ArgMin"),
  softmax: softmax(false),
  logSoftmax: softmax(true),
  sparsemax,
  normalize,
  gather,
  oneHot,
  argsort: order,
  triangle: ({ graph, inputs, attributes: { k, lower } }) => ({
    y: graph.node(
      "Trilu",
      [inputs.x, graph.constant(BigInt64Array.of(BigInt(k)), [], "int64", "k")],
      inputs.x as Value,
      {
        upper: Number(!lower),
      },
    ),
  }),
  recurrence,
  linearRecurrence: cumulate,
};

/** Whether an op is written as itself, and not in the smaller ops that it is made of. */
export function isTranslated(record: OpRecord, attributes: unknown): boolean {
  // An activation that another op takes along is an op of its own.
  if ((attributes as { activation?: unknown } | undefined)?.activation) return false;
  const hasParts = record.reference !== undefined || record.decompose !== undefined;
  return record.formula !== undefined || Object.hasOwn(table, record.name) || !hasParts;
}

/** An op in ONNX: its outputs by name. */
export function translate(record: OpRecord, call: Call): Written {
  const { graph, inputs, outputs, attributes } = call;
  if (record.formula) {
    const { dtype } = outputs.y as { readonly dtype: DType };
    const formula = record.formula() as Formula;
    return { y: writeElementwise(graph, record.name, formula, Object.values(inputs) as Value[], attributes, dtype) };
  }
  if (!Object.hasOwn(table, record.name)) throw new Untranslatable("ONNX has no such operation");
  // The table's types say what each record brings; here it is known by its name alone.
  const write = table[record.name as keyof Translated] as Writer<AnyOp>;
  return write(call) as Written;
}
