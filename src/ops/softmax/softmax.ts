/**
 * Softmax and log-softmax over an axis or several, and their gradients.
 */
import { checkFloat } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type View } from "../../core/op.ts";
import { type Axes, normalizeAxes, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply, subtract } from "../elementwise/binary.ts";
import { exp } from "../elementwise/unary.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { eachReduced } from "../reduce/loops.ts";
import { sum } from "../reduce/sum.ts";
import { toTensor } from "../tensor.ts";

interface OverAxes {
  readonly axes: readonly number[];
}

/** Runs over groups of elements of `x` and, at the same places, of `other`. */
function eachGroup(
  x: View,
  other: View,
  axes: readonly number[],
  visit: (elements: Float64Array, others: Float64Array, at: (k: number) => number) => void,
): void {
  const others = new Float64Array(axes.reduce((size, axis) => size * (x.shape[axis] as number), 1));
  eachReduced(x, axes, (_index, elements, at) => {
    for (let k = 0; k < others.length; k++) others[k] = other.data[at(k)] as number;
    visit(elements, others, at);
  });
}

/** Σ e^(x − m) and m, the largest. */
function exponentials(elements: Float64Array): [largest: number, sum: number] {
  const largest = elements.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return [largest, elements.reduce((sum, element) => sum + Math.exp(element - largest), 0)];
}

/** What the kernel calls the four ops. */
const kinds = { softmax: 0, logSoftmax: 1, softmaxGradient: 2, logSoftmaxGradient: 3 };

/** The kernel call, where it serves: float32, over axes side by side. */
function kernelCall(
  kind: keyof typeof kinds,
  x: Pointer,
  other: Pointer,
  y: Pointer,
  axes: readonly number[],
): KernelCall | undefined {
  const first = axes[0] ?? 0;
  const last = axes.at(-1) ?? 0;
  if (x.dtype !== "float32" || axes.length === 0 || last - first + 1 !== axes.length) return undefined;
  // by the rank and not by the sizes, so that the order of summation does not depend on how many samples there are
  const isRow = last + 1 === x.shape.length;
  const inner = isRow ? 0 : sizeOf(x.shape.slice(last + 1));
  const length = sizeOf(x.shape.slice(first, last + 1));
  const units = length === 0 ? 0 : sizeOf(x.shape.slice(0, first)) * (isRow ? 1 : Math.ceil(inner / 4));
  const unitsOfPiece = Math.max(1, Math.ceil(units / 64));
  return call("softmax32", [kinds[kind], x.at, other.at, y.at, length, inner, unitsOfPiece, units], {
    pieces: Math.ceil(units / unitsOfPiece),
  });
}

/** @internal */
export const softmaxOp = op<{ x: Tensor }, "y", OverAxes>({
  name: "softmax",
  shape({ x }) {
    checkFloat(x.dtype, "softmax");
    return { y: x };
  },
  loops({ x }, { y }, { axes }) {
    eachReduced(x, axes, (_index, elements, at) => {
      const [largest, sum] = exponentials(elements);
      for (let k = 0; k < elements.length; k++) y.data[at(k)] = Math.exp((elements[k] as number) - largest) / sum;
    });
  },
  wasm: ({ x }, { y }, { axes }) => kernelCall("softmax", x, x, y, axes),
  gradient: ({ y: dy }, { outputs: { y } }, attributes) => ({
    x: () => softmaxGradient({ y, dy: dy as Tensor }, attributes).dx,
  }),
});

/** dx = y · (dy − Σ y · dy). */
const softmaxGradient = op<{ y: Tensor; dy: Tensor }, "dx", OverAxes>({
  name: "softmaxGradient",
  shape: ({ y }) => ({ dx: y }),
  loops({ y, dy }, { dx }, { axes }) {
    eachGroup(y, dy, axes, (values, adjoints, at) => {
      const product = values.reduce((sum, value, k) => sum + value * (adjoints[k] as number), 0);
      for (let k = 0; k < values.length; k++) {
        dx.data[at(k)] = (values[k] as number) * ((adjoints[k] as number) - product);
      }
    });
  },
  wasm: ({ y, dy }, { dx }, { axes }) => kernelCall("softmaxGradient", y, dy, dx, axes),
  gradient: ({ dx: d }, { inputs: { y, dy } }, attributes) => ({
    y: () => {
      const adjoint = d as Tensor;
      const dot = sum(multiply(y, dy), attributes.axes, true);
      const along = sum(multiply(y, adjoint), attributes.axes, true);
      return subtract(multiply(adjoint, subtract(dy, dot)), multiply(dy, along));
    },
    dy: (): Tensor => softmaxGradient({ y, dy: d as Tensor }, attributes).dx,
  }),
});

const logSoftmaxOp = op<{ x: Tensor }, "y", OverAxes>({
  name: "logSoftmax",
  shape({ x }) {
    checkFloat(x.dtype, "logSoftmax");
    return { y: x };
  },
  loops({ x }, { y }, { axes }) {
    eachReduced(x, axes, (_index, elements, at) => {
      const [largest, sum] = exponentials(elements);
      const logarithm = Math.log(sum);
      for (let k = 0; k < elements.length; k++) y.data[at(k)] = (elements[k] as number) - largest - logarithm;
    });
  },
  wasm: ({ x }, { y }, { axes }) => kernelCall("logSoftmax", x, x, y, axes),
  gradient: ({ y: dy }, { outputs: { y } }, attributes) => ({
    x: () => logSoftmaxGradient({ y, dy: dy as Tensor }, attributes).dx,
  }),
});

/** dx = dy − e^y · Σ dy. */
const logSoftmaxGradient = op<{ y: Tensor; dy: Tensor }, "dx", OverAxes>({
  name: "logSoftmaxGradient",
  shape: ({ y }) => ({ dx: y }),
  loops({ y, dy }, { dx }, { axes }) {
    eachGroup(y, dy, axes, (values, adjoints, at) => {
      const total = adjoints.reduce((sum, adjoint) => sum + adjoint, 0);
      for (let k = 0; k < values.length; k++) {
        dx.data[at(k)] = (adjoints[k] as number) - Math.exp(values[k] as number) * total;
      }
    });
  },
  wasm: ({ y, dy }, { dx }, { axes }) => kernelCall("logSoftmaxGradient", y, dy, dx, axes),
  gradient: ({ dx: d }, { inputs: { y, dy } }, { axes }) => {
    const adjoint = d as Tensor;
    return {
      y: () => multiply(multiply(adjoint, exp(y)), multiply(sum(dy, axes, true), -1)),
      dy: () => subtract(adjoint, sum(multiply(adjoint, exp(y)), axes, true)),
    };
  },
});

/**
 * e^x / Σ e^x over an axis or several: positive numbers that add up to 1.
 * Gradient: dx = y · (dy − Σ y · dy).
 *
 * @param axis Default −1.
 * @throws DTypeError for integers; ShapeError where there is no such axis.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.softmax(tensor([[1, 1], [1000, 0]])).array() // => [[0.5, 0.5], [1, 0]]
 * ```
 */
export const softmax = publicOp("softmax", (x: TensorLike, axis?: Axes): Tensor => {
  const given = toTensor(x);
  return softmaxOp({ x: given }, { axes: normalizeAxes(axis ?? -1, given.rank, "softmax") }).y;
});

/**
 * x − log Σ e^x over an axis or several: the logarithm of softmax, without loss where softmax is close to 0.
 * Gradient: dx = dy − softmax(x) · Σ dy.
 *
 * @param axis Default −1.
 * @throws DTypeError for integers; ShapeError where there is no such axis.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logSoftmax(tensor([1000, 0])).array() // => [0, -1000]
 * ```
 */
export const logSoftmax = publicOp("logSoftmax", (x: TensorLike, axis?: Axes): Tensor => {
  const given = toTensor(x);
  return logSoftmaxOp({ x: given }, { axes: normalizeAxes(axis ?? -1, given.rank, "logSoftmax") }).y;
});
