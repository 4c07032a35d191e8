/**
 * Class numbers as rows of zeros and ones: `oneHot`, `multiHot`.
 */
import { checkDType, type DType } from "../../core/dtype.ts";
import type { KernelCall } from "../../core/op.ts";
import { checkWhole, normalizeAxis, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { equal, input } from "../elementwise/formula.ts";
import { copying, kernelCall, programOf } from "../elementwise/program.ts";
import { between, numbersFrom0 } from "../movement/copy.ts";
import { coalesce, eachRun } from "../movement/strided.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { toIndices } from "./take.ts";

interface Classes {
  readonly numClasses: number;
  /** Where the classes stand, in the shape that has all axes. */
  readonly axis: number;
  /** An axis of that shape that is left out: what was set anywhere along it is set. */
  readonly merged: number | undefined;
  readonly dtype: DType;
}

/** The shape with the axis of classes. */
function fullShape(shape: Shape, { numClasses, axis }: Classes): Shape {
  return shape.toSpliced(axis, 0, numClasses);
}

const isClass = /* @__PURE__ */ programOf(() => equal(input(0), input(1)), 2);

/** @internal */
export const hotOp = op<{ x: Tensor }, "y", Classes>({
  name: "oneHot",
  shape: ({ x }, classes) => ({
    y: { shape: fullShape(x.shape, classes).filter((_, axis) => axis !== classes.merged), dtype: classes.dtype },
  }),
  loops({ x }, { y }, classes) {
    const { axis, merged, numClasses } = classes;
    const strides = stridesOf(y.shape);
    if (merged !== undefined) strides.splice(merged, 0, 0);
    const [step] = strides.splice(axis, 1) as [number];
    y.data.fill(0);
    const runs = coalesce({ shape: x.shape, strides, offset: 0 });
    const length = runs.shape.at(-1) as number;
    const stride = runs.strides.at(-1) as number;
    eachRun(runs, (at, index) => {
      for (let i = 0; i < length; i++) {
        const number = x.data[index + i] as number;
        if (number >= 0 && number < numClasses) y.data[at + i * stride + number * step] = 1;
      }
    });
  },
  wasm({ x }, { y }, { axis, merged, numClasses }, workspace) {
    // float32 tells whole numbers apart up to 2^24
    if (merged !== undefined || x.dtype !== "int32" || numClasses > 2 ** 24) return undefined;
    const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))];
    const classes = between([outer, 1, inner], "float32", workspace);
    const result = { ...y, shape: [outer, numClasses, inner] };
    const calls = [
      kernelCall(copying(), [{ ...x, shape: classes.shape }], [], classes, workspace),
      kernelCall(isClass(), [classes, numbersFrom0([numClasses, 1], "float32", workspace)], [], result, workspace),
    ];
    return calls as KernelCall[];
  },
  gradient: "none",
});

/**
 * A row of zeros with a one at the class for each element. Numbers that are no class give zeros only.
 *
 * @param numClasses How many classes there are.
 * @param axis Where the classes stand in the result. Default −1.
 * @param dtype Default "float32".
 * @throws DTypeError where `x` is not of whole numbers.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.oneHot([1, 0], 3).array() // => [[0, 1, 0], [1, 0, 0]]
 * ```
 */
export const oneHot = publicOp(
  "oneHot",
  (x: TensorLike, numClasses: number, axis: number = -1, dtype: DType = "float32"): Tensor => {
    checkWhole(numClasses, "numClasses", "oneHot", 1);
    checkDType(dtype, "oneHot");
    const given = toClasses(x, "oneHot");
    const at = normalizeAxis(axis, given.rank + 1, "oneHot");
    return hotOp({ x: given }, { numClasses, axis: at, merged: undefined, dtype }).y;
  },
);

function toClasses(x: TensorLike, where: string): Tensor {
  const given = toTensor(x, { dtype: "int32" });
  return toIndices(given, given, where, "x");
}

/**
 * One row of zeros and ones for several classes at once: a one for each class that occurs in a sample.
 *
 * @param inputs Whole numbers, [classes] of one sample or [batch, classes, …].
 * @param numClasses How many classes there are.
 * @param axis Where the classes stand before the axis of occurrences is left out. Default −1.
 * @param dtype Default "float32".
 * @throws DTypeError where `inputs` are not whole numbers.
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.multiHot([[0, 2], [1, 1]], 3).array() // => [[1, 0, 1], [0, 1, 0]]
 * ```
 */
export const multiHot = publicOp(
  "multiHot",
  (inputs: TensorLike, numClasses: number, axis: number = -1, dtype: DType = "float32"): Tensor => {
    checkWhole(numClasses, "numClasses", "multiHot", 1);
    checkDType(dtype, "multiHot");
    const given = toClasses(inputs, "multiHot");
    const at = normalizeAxis(axis, given.rank + 1, "multiHot");
    return hotOp({ x: given }, { numClasses, axis: at, merged: given.rank > 1 ? 1 : 0, dtype }).y;
  },
);
