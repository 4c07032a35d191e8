/**
 * Making tensors: from numbers, nested arrays and typed arrays, or filled with one value.
 */
import { type Device, onDevice } from "../core/device.ts";
import { arrayClassOf, checkDType, type DType, type TypedArray } from "../core/dtype.ts";
import { DTypeError, OptionError, ShapeError, show } from "../core/errors.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { type NestedArray, Tensor } from "../core/tensor.ts";
import { isPlainObject } from "../core/tree.ts";
import { Variable } from "../core/variable.ts";
import { currentDevice } from "../devices/current.ts";
import { op, type TensorLike } from "./op.ts";

/** The dtypes that typed arrays have by themselves. */
export const dtypeOfArray = new Map<unknown, DType>([
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int32Array, "int32"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
]);

/** Whether this is a typed array of a dtype, as nested arrays may have for rows. */
function isRow(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && dtypeOfArray.has(value.constructor);
}

const isList = (value: unknown): value is readonly NestedArray[] => Array.isArray(value) || isRow(value);

/** The shape of nested arrays; refuses ragged ones and says where. */
function shapeOfNested(values: NestedArray, where: string): number[] {
  const shape: number[] = [];
  for (let row = values; isList(row); row = row[0] as NestedArray) {
    shape.push(row.length);
    if (row.length === 0) break;
  }
  /** Where the value is that is looked at. */
  const place: number[] = [];
  const path = (depth: number) =>
    place
      .slice(0, depth)
      .map((index) => `[${index}]`)
      .join("") || "the whole";
  const check = (value: NestedArray, depth: number): void => {
    if (isList(value) !== depth < shape.length || (isList(value) && value.length !== shape[depth])) {
      const elements = (count: number) => `${count} ${count === 1 ? "element" : "elements"}`;
      const found = isList(value) ? elements(value.length) : "a number";
      const wanted = depth < shape.length ? elements(shape[depth] as number) : "a number";
      throw new ShapeError(`${where}: ragged array: ${path(depth)} has ${found}, where its neighbours have ${wanted}`);
    }
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const item = value[index] as NestedArray;
        if (typeof item === "number" && depth + 1 === shape.length) continue;
        place[depth] = index;
        check(item, depth + 1);
      }
    } else if (typeof value !== "number" && typeof value !== "boolean" && !isRow(value)) {
      const wayOut = (value as unknown) instanceof Tensor ? "; ops.stack makes one tensor of several" : "";
      const what = depth === 0 ? "the value" : path(depth);
      throw new DTypeError(`${where}: ${what} is ${show(value)}, not a number or boolean${wayOut}`);
    }
  };
  check(values, 0);
  return shape;
}

/** The numbers of nested arrays in a row, and the dtype that they have by themselves. */
function flatten(values: NestedArray): { flat: number[]; dtype: DType } {
  const flat: number[] = [];
  const dtypes = new Set<DType | "number" | "boolean">();
  let last: DType | "number" | "boolean" | undefined;
  const found = (dtype: typeof last & string) => {
    if (dtype !== last) dtypes.add(dtype);
    last = dtype;
  };
  const visit = (value: NestedArray): void => {
    if (isRow(value)) {
      found(dtypeOfArray.get(value.constructor) as DType);
      for (const each of value) flat.push(each);
    } else if (Array.isArray(value)) for (const each of value) visit(each);
    else {
      found(typeof value as "number" | "boolean");
      flat.push(Number(value));
    }
  };
  visit(values);
  const [only] = dtypes.size === 1 ? dtypes : [];
  return { flat, dtype: only === "boolean" ? "bool" : only === undefined || only === "number" ? "float32" : only };
}

function fitsInteger(values: ArrayLike<number>, from: number, to: number): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (!(value >= from && value <= to)) return index;
  }
  return -1;
}

/** Converts, refusing what the dtype cannot hold rather than wrapping it around. */
function convert(values: ArrayLike<number>, dtype: DType, where: string): TypedArray {
  const arrayClass = arrayClassOf(dtype);
  if (dtype === "bool") return Uint8Array.from(values, (value) => (value ? 1 : 0));
  if (values instanceof arrayClass) return values as TypedArray;
  if (dtype === "int32" || dtype === "uint8") {
    const bad = dtype === "int32" ? fitsInteger(values, -(2 ** 31), 2 ** 31 - 1) : fitsInteger(values, 0, 255);
    if (bad >= 0) throw new DTypeError(`${where}: element ${bad} is ${show(values[bad])}, which ${dtype} cannot hold`);
  }
  return arrayClass.from(values);
}

/**
 * A tensor with these values, on the current device.
 *
 * @param values A number, nested arrays of numbers or booleans with rows of equal length, which may be typed arrays, a
 *   typed array, or a tensor (which is copied).
 * @param shape Default: the shape of the nested arrays; for typed and flat arrays, one axis.
 * @param dtype Default: "bool" for booleans, their own for typed arrays, else "float32".
 * @throws ShapeError for ragged arrays and for shapes that do not hold as many elements; DTypeError for values that
 *   the dtype cannot hold.
 *
 * @example
 * ```ts
 * import { tensor } from "varve";
 * const x = tensor([1, 2, 3, 4], [2, 2]);
 * await x.array() // => [[1, 2], [3, 4]]
 * ```
 */
export function tensor(
  values: NestedArray | TypedArray | Uint8ClampedArray | Tensor,
  shape?: Shape,
  dtype?: DType,
): Tensor {
  if (dtype !== undefined) checkDType(dtype, "tensor");
  if (typeof shape === "string" || isPlainObject(shape)) {
    throw new OptionError(
      `tensor: the shape comes second, and the dtype third, as in tensor(values, undefined, "int32"); got ${show(shape)}`,
    );
  }
  if (shape !== undefined) checkShape(shape, "tensor");
  if (values instanceof Tensor) {
    return tensor(values.dataSync(), shape ?? values.shape, dtype ?? values.dtype);
  }
  let flat: ArrayLike<number>;
  let natural: Shape;
  let type: DType | undefined = dtype;
  if (ArrayBuffer.isView(values)) {
    const known = dtypeOfArray.get(values.constructor);
    if (!known && !dtype) {
      throw new DTypeError(`tensor: ${show(values)} has no dtype of its own here; give one, like "float32" or "int32"`);
    }
    type ??= known;
    flat = values as unknown as ArrayLike<number>;
    natural = [flat.length];
  } else {
    natural = shapeOfNested(values, "tensor");
    const nested = flatten(values);
    flat = nested.flat;
    type ??= nested.dtype;
  }
  const target = shape ?? natural;
  if (sizeOf(target) !== flat.length) {
    throw new ShapeError(`tensor: shape ${formatShape(target)} holds ${sizeOf(target)} elements, got ${flat.length}`);
  }
  const converted = convert(flat, type as DType, "tensor");
  return Tensor.from(currentDevice(), converted, Object.freeze([...target]), type as DType);
}

/** What `toTensor` does with values that are no tensors yet. */
export interface Placement {
  /** Default: the current device. */
  readonly device?: Device | undefined;
  /** For numbers and arrays. Default: as `tensor` has it. */
  readonly dtype?: DType | undefined;
}

/** The operand as a tensor: tensors and variables as they are, anything else made into one. @internal */
export function toTensor(value: TensorLike, { device = currentDevice(), dtype }: Placement = {}): Tensor {
  if (value instanceof Tensor) return value;
  if (value instanceof Variable) return value.value;
  return onDevice(device, () => tensor(value, undefined, dtype));
}

/** Every element is `value`. @internal */
export const fill = op<Record<never, never>, "y", { shape: Shape; dtype: DType; value: number }>({
  name: "full",
  shape: (_inputs, { shape, dtype }) => ({ y: { shape, dtype } }),
  loops: (_inputs, { y }, { value }) => {
    y.data.fill(value);
  },
  gradient: "none",
});

function filled(shape: Shape, value: number, dtype: DType, where: string): Tensor {
  return fill({}, { shape: checkShape(shape, where), value, dtype: checkDType(dtype, where) }).y;
}

/**
 * A tensor of that shape in which every element is `value`.
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * await ops.full([2, 2], 7).array() // => [[7, 7], [7, 7]]
 * ```
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  return filled(shape, value, dtype, "full");
}

/**
 * A tensor of zeros.
 *
 * @example
 * ```ts
 * import { zeros } from "varve";
 * await zeros([3]).array() // => [0, 0, 0]
 * ```
 */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return filled(shape, 0, dtype, "zeros");
}

/**
 * A tensor of ones.
 *
 * @example
 * ```ts
 * import { ones } from "varve";
 * await ones([3], "int32").array() // => [1, 1, 1]
 * ```
 */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return filled(shape, 1, dtype, "ones");
}
