/**
 * The cross-entropy of logits, and its gradient, each in one pass over the logits: neither the logarithms of the
 * probabilities nor one-hot targets ever stand in memory.
 */
import { isFloat } from "../../core/dtype.ts";
import { call, type Pointer } from "../../core/op.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply, subtract } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { negative } from "../elementwise/unary.ts";
import { throughReference } from "../grad.ts";
import { oneHot } from "../indexing/one-hot.ts";
import { takeAlongAxis } from "../indexing/take.ts";
import { expandDims, squeeze } from "../movement/reshape.ts";
import { op } from "../op.ts";
import { max } from "../reduce/reduce.ts";
import { sum } from "../reduce/sum.ts";
import { logSoftmax, softmax } from "./softmax.ts";

type Operands = {
  /** Logits [..., classes]. */
  readonly x: Tensor;
  /** What is true: a probability for each class, or, as int32, one label less the last axis. */
  readonly target: Tensor;
};

/** Where labels and targets lie for the kernel, and how rows fall into pieces; nothing where the loops serve. */
function rowsOf({ x, target }: { readonly x: Pointer; readonly target: Pointer }) {
  const isLabel = target.dtype === "int32";
  if (x.dtype !== "float32" || !(isLabel || target.dtype === "float32")) return undefined;
  const classes = x.shape.at(-1) as number;
  const rows = classes === 0 ? 0 : sizeOf(x.shape.slice(0, -1));
  const rowsOfPiece = Math.max(1, Math.ceil(rows / 64));
  return {
    targets: [isLabel ? target.at : 0, target.at] as const,
    sizes: [classes, rowsOfPiece, rows] as const,
    pieces: Math.ceil(rows / rowsOfPiece),
  };
}

const crossEntropyOp = op<Operands, "y" | "largest" | "logarithm">({
  name: "crossEntropy",
  shape({ x }) {
    const row = { shape: x.shape.slice(0, -1), dtype: x.dtype };
    return { y: row, largest: row, logarithm: row };
  },
  reference({ x, target }) {
    const logarithms = logSoftmax(x);
    return {
      y: negative(
        isFloat(target.dtype)
          ? sum(multiply(target, logarithms), -1)
          : squeeze(takeAlongAxis(logarithms, expandDims(target, -1), -1), -1),
      ),
      largest: max(x, -1),
      logarithm: negative(max(logarithms, -1)),
    };
  },
  wasm({ x, target }, { y, largest, logarithm }) {
    const rows = rowsOf({ x, target });
    return rows && call("crossEntropy32", [x.at, ...rows.targets, y.at, largest.at, logarithm.at, ...rows.sizes], rows);
  },
  gradient: ({ y: dy }, { inputs: { x, target }, outputs: { largest, logarithm } }) => ({
    x: (): Tensor => crossEntropyGradient({ x, target, dy: dy as Tensor, largest, logarithm }, undefined).dx,
    target: isFloat(target.dtype) ? () => negative(multiply(expandDims(dy as Tensor, -1), logSoftmax(x))) : "none",
  }),
});

type BackOperands = Operands & {
  readonly dy: Tensor;
  /** What the forward pass left behind. */
  readonly largest: Tensor;
  readonly logarithm: Tensor;
};

/** dx = dy · (softmax(x) · Σ t − t) */
function composeGradient({ x, target, dy }: BackOperands) {
  const t = isFloat(target.dtype) ? target : oneHot(target, x.shape.at(-1) as number, -1, x.dtype);
  return { dx: multiply(expandDims(dy, -1), subtract(multiply(softmax(x), sum(t, -1, true)), t)) };
}

const crossEntropyGradient = op<BackOperands, "dx">({
  name: "crossEntropyGradient",
  shape: ({ x }) => ({ dx: x }),
  reference: composeGradient,
  wasm({ x, target, dy, largest, logarithm }, { dx }) {
    const rows = rowsOf({ x, target });
    return (
      rows &&
      call(
        "crossEntropyGradient32",
        [x.at, ...rows.targets, dy.at, largest.at, logarithm.at, dx.at, ...rows.sizes],
        rows,
      )
    );
  },
  gradient(d, { inputs }, attributes) {
    const isGiven = isFloat(inputs.target.dtype);
    const names: ("x" | "dy" | "target")[] = isGiven ? ["x", "dy", "target"] : ["x", "dy"];
    const rules = throughReference(composeGradient, names)(d, { inputs }, attributes);
    return {
      ...rules,
      target: isGiven ? rules.target : "none",
      // These follow from x.
      largest: "none",
      logarithm: "none",
    };
  },
});

/**
 * −Σ t · log softmax(x) over the last axis, where t is `target`, or 1 at the class that an int32 `target` of one axis
 * less names. Gradient: dx = dy · (softmax(x) · Σ t − t). @internal
 */
export function crossEntropy(x: Tensor, target: Tensor): Tensor {
  const given = target.dtype === "int32" || target.dtype === x.dtype ? target : cast(target, x.dtype);
  return crossEntropyOp({ x, target: given }, undefined).y;
}
