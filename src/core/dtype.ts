/**
 * Element types: their sizes, their typed arrays, and how two of them meet in one operation.
 */
import { DTypeError, didYouMean } from "./errors.ts";

/** The type of a tensor's elements. `bool` is stored as one byte, 0 or 1. */
export type DType = "float32" | "float64" | "int32" | "uint8" | "bool";

/** The typed arrays that hold tensor elements. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const table = {
  bool: { bytes: 1, rank: 0, array: Uint8Array },
  uint8: { bytes: 1, rank: 1, array: Uint8Array },
  int32: { bytes: 4, rank: 2, array: Int32Array },
  float32: { bytes: 4, rank: 3, array: Float32Array },
  float64: { bytes: 8, rank: 4, array: Float64Array },
} as const;

/** Every dtype there is. */
export const dtypes = Object.keys(table) as DType[];

/** Bytes of one element. */
export function bytesOf(dtype: DType): number {
  return table[dtype].bytes;
}

/** The typed-array class that holds `dtype`. */
export function arrayClassOf(dtype: DType): {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  from(values: ArrayLike<number>): TypedArray;
} {
  return table[dtype].array as never;
}

/** Whether `dtype` holds real numbers: only those have gradients. */
export function isFloat(dtype: DType): dtype is "float32" | "float64" {
  return dtype === "float32" || dtype === "float64";
}

/** The dtype that `a` and `b` meet in: bool < uint8 < int32 < float32 < float64, as `keras.backend.result_type` has it for these five. */
export function promote(a: DType, b: DType): DType {
  return table[a].rank >= table[b].rank ? a : b;
}

/** Refuses anything that is not a dtype. `where` names who asks. */
export function checkDType(value: unknown, where: string): DType {
  if (typeof value === "string" && Object.hasOwn(table, value)) return value as DType;
  throw new DTypeError(`${where}: dtype ${JSON.stringify(value)} is unknown; ${didYouMean(String(value), dtypes)}`);
}

/** Refuses dtypes without gradients and means: normalization, activations, losses and the like need real numbers. */
export function checkFloat(dtype: DType, where: string): asserts dtype is "float32" | "float64" {
  if (!isFloat(dtype)) {
    throw new DTypeError(`${where}: needs float32 or float64, got ${dtype}; cast it first: ops.cast(x, "float32")`);
  }
}
