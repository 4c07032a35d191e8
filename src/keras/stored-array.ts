/**
 * Arrays as files hold them: a shape, an element type of any name, and values that are read when they are asked for.
 */
import type { TypedArray } from "../core/dtype.ts";

export interface StoredArray {
  readonly shape: readonly number[];
  /** As the file names it: "float32", "bfloat16", "int64", … */
  readonly dtype: string;
  readonly bytes: number;
  /** The values, in an array of their own; what no dtype here holds comes in a wider one. */
  read(): TypedArray;
}

/** IEEE 754 half precision, widened. */
export function halfToFloat(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}

/** bfloat16, the upper half of a float32, widened. */
export function upperHalfToFloat(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}
