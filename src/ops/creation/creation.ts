/**
 * Tensors that follow a rule rather than data: ranges, identity and triangular matrices, tensors shaped like others.
 * `tensor`, `full`, `zeros` and `ones` stand in `ops/tensor.ts`.
 */
import { onDevice } from "../../core/device.ts";
import { arrayClassOf, checkDType, type DType } from "../../core/dtype.ts";
import { OptionError, ShapeError } from "../../core/errors.ts";
import { checkFinite, checkNames } from "../../core/options.ts";
import { checkWhole, formatShape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { currentDevice } from "../../devices/current.ts";
import { greaterEqual, input, lessEqual, parameter, select, subtract } from "../elementwise/formula.ts";
import { kernelCall, programOf } from "../elementwise/program.ts";
import { numbersFrom0 } from "../movement/copy.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { fill, toTensor } from "../tensor.ts";

/** A tensor of that shape with `element(index)` everywhere, on the current device. */
function generate(shape: readonly number[], dtype: DType, element: (index: number) => number, size: number): Tensor {
  const values = new (arrayClassOf(dtype))(size);
  for (let index = 0; index < size; index++) values[index] = element(index);
  return Tensor.from(currentDevice(), values, shape, dtype);
}

/**
 * The numbers from `start` to before `stop`, in steps.
 *
 * @param start With only one argument, this is `stop` and the range starts at 0.
 * @param step Default 1.
 * @param dtype Default: "int32" where all three are whole numbers, else "float32".
 * @throws OptionError where the step is 0 or a bound is not finite.
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.arange(1, 7, 2).array() // => [1, 3, 5]
 * ```
 */
export function arange(start: number, stop?: number | null, step?: number | null, dtype?: DType | null): Tensor {
  const from = stop === undefined || stop === null ? 0 : checkFinite(start, "start", "arange");
  const to = checkFinite(stop ?? start, "stop", "arange");
  const by = checkFinite(step ?? 1, "step", "arange");
  if (by === 0) throw new OptionError("arange: step must not be 0");
  const type = dtype ?? ([from, to, by].every(Number.isInteger) ? "int32" : "float32");
  const size = Math.max(0, Math.ceil((to - from) / by));
  return generate([size], checkDType(type, "arange"), (index) => from + index * by, size);
}

/** What `linspace` takes beyond its bounds. */
export interface LinspaceOptions {
  /** Whether `stop` is the last of them. Default true. */
  readonly endpoint?: boolean;
  /** Default "float32". */
  readonly dtype?: DType;
}

/**
 * Evenly spaced numbers from `start` to `stop`.
 *
 * @param num How many. Default 50.
 * @throws OptionError where a bound is not finite or `num` is not a whole number ≥ 0.
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.linspace(0, 1, 5).array() // => [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function linspace(start: number, stop: number, num = 50, options: LinspaceOptions = {}): Tensor {
  const { endpoint = true, dtype = "float32" } = checkNames(options, ["endpoint", "dtype"], "linspace");
  checkFinite(start, "start", "linspace");
  checkFinite(stop, "stop", "linspace");
  checkWhole(num, "num", "linspace", 0);
  const steps = endpoint ? num - 1 : num;
  // From both ends, so that the last one is `stop` exactly.
  const element = (index: number) => (steps === 0 ? start : start * (1 - index / steps) + stop * (index / steps));
  return generate([num], checkDType(dtype, "linspace"), element, num);
}

/** A matrix with ones where `hit(column - row)` says so. */
function matrix(rows: number, columns: number, dtype: DType, where: string, hit: (above: number) => boolean): Tensor {
  checkWhole(rows, "N", where, 0);
  checkWhole(columns, "M", where, 0);
  const element = (index: number) => Number(hit((index % columns) - Math.floor(index / columns)));
  return generate([rows, columns], checkDType(dtype, where), element, rows * columns);
}

/**
 * A matrix with ones on a diagonal.
 *
 * @param N Rows.
 * @param M Columns. Default N.
 * @param k How far the diagonal is above the main one; negative: below. Default 0.
 * @param dtype Default "float32".
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.eye(2).array() // => [[1, 0], [0, 1]]
 * ```
 */
export function eye(N: number, M?: number | null, k = 0, dtype: DType = "float32"): Tensor {
  checkWhole(k, "k", "eye");
  return matrix(N, M ?? N, dtype, "eye", (above) => above === k);
}

/**
 * The square matrix with ones on its diagonal: what leaves vectors as they are.
 *
 * @param dtype Default "float32".
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.identity(2).array() // => [[1, 0], [0, 1]]
 * ```
 */
export function identity(n: number, dtype: DType = "float32"): Tensor {
  return matrix(n, n, dtype, "identity", (above) => above === 0);
}

/**
 * A matrix with ones on a diagonal and below it.
 *
 * @param N Rows.
 * @param M Columns. Default N.
 * @param k How far the diagonal is above the main one; negative: below. Default 0.
 * @param dtype Default "float32".
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.tri(3).array() // => [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
 * ```
 */
export function tri(N: number, M?: number | null, k = 0, dtype: DType = "float32"): Tensor {
  checkWhole(k, "k", "tri");
  return matrix(N, M ?? N, dtype, "tri", (above) => above <= k);
}

/** Of elements, rows and columns: those whose distance above the main diagonal `holds` beside the one that is given. */
/* @__NO_SIDE_EFFECTS__ */
const partWhere = (holds: typeof lessEqual) =>
  programOf(() => select(holds(subtract(input(2), input(1)), parameter(0)), input(0), 0), 3, 1);
const lowerPart = /* @__PURE__ */ partWhere(lessEqual);
const upperPart = /* @__PURE__ */ partWhere(greaterEqual);

/** @internal */
export const triangle = op<{ x: Tensor }, "y", { k: number; lower: boolean }>({
  name: "triangle",
  shape({ x }, { lower, k }) {
    const where = lower ? "tril" : "triu";
    checkWhole(k, "k", where);
    if (x.shape.length < 2) throw new ShapeError(`${where}: needs matrices, got shape ${formatShape(x.shape)}`);
    return { y: x };
  },
  loops({ x }, { y }, { k, lower }) {
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    for (let index = 0; index < x.size; index++) {
      const above = (index % columns) - (Math.floor(index / columns) % rows);
      y.data[index] = (lower ? above <= k : above >= k) ? (x.data[index] as number) : 0;
    }
  },
  wasm({ x }, { y }, { k, lower }, workspace) {
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    const dtype = x.dtype === "float64" || x.dtype === "int32" ? "float64" : "float32";
    const row = numbersFrom0([rows, 1], dtype, workspace);
    const column = numbersFrom0([columns], dtype, workspace);
    return kernelCall((lower ? lowerPart : upperPart)(), [x, row, column], [k], y, workspace);
  },
  gradient: ({ y: dy }, _saved, part) => ({ x: (): Tensor => triangle({ x: dy as Tensor }, part).y }),
});

/**
 * The matrices of the last two axes with zeros above a diagonal.
 *
 * @param k How far the diagonal is above the main one; negative: below. Default 0.
 * @throws ShapeError where `x` has fewer than two axes.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.tril(tensor([[1, 2], [3, 4]])).array() // => [[1, 0], [3, 4]]
 * ```
 */
export const tril = publicOp(
  "tril",
  (x: TensorLike, k: number = 0): Tensor => triangle({ x: toTensor(x) }, { k, lower: true }).y,
);

/**
 * The matrices of the last two axes with zeros below a diagonal.
 *
 * @param k How far the diagonal is above the main one; negative: below. Default 0.
 * @throws ShapeError where `x` has fewer than two axes.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.triu(tensor([[1, 2], [3, 4]])).array() // => [[1, 2], [0, 4]]
 * ```
 */
export const triu = publicOp(
  "triu",
  (x: TensorLike, k: number = 0): Tensor => triangle({ x: toTensor(x) }, { k, lower: false }).y,
);

/**
 * A tensor shaped like `x` in which every element is `fillValue`.
 *
 * @param dtype Default: that of `x`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.fullLike(tensor([1, 2]), 7).array() // => [7, 7]
 * ```
 */
export const fullLike = publicOp("fullLike", (x: TensorLike, fillValue: number, dtype?: DType | null): Tensor => {
  const { shape, device, dtype: own } = toTensor(x);
  return onDevice(device, () => fill({}, { shape, dtype: checkDType(dtype ?? own, "fullLike"), value: fillValue }).y);
});

/**
 * Zeros shaped like `x`.
 *
 * @param dtype Default: that of `x`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.zerosLike(tensor([1, 2])).array() // => [0, 0]
 * ```
 */
export const zerosLike = publicOp("zerosLike", (x: TensorLike, dtype?: DType | null): Tensor => fullLike(x, 0, dtype));

/**
 * Ones shaped like `x`.
 *
 * @param dtype Default: that of `x`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.onesLike(tensor([1, 2])).array() // => [1, 1]
 * ```
 */
export const onesLike = publicOp("onesLike", (x: TensorLike, dtype?: DType | null): Tensor => fullLike(x, 1, dtype));
