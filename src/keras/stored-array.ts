/**
 * Arrays as files hold them: a shape, an element type of any name, and values that are read when they are asked for,
 * a piece at a time, so that large ones are never in memory twice.
 */
import type { TypedArray } from "../core/dtype.ts";
import { sizeOf } from "../core/shape.ts";
import type { Content } from "./content.ts";

export interface StoredArray {
  readonly shape: readonly number[];
  /** As the file names it: "float32", "bfloat16", "int64", … */
  readonly dtype: string;
  readonly bytes: number;
  /**
   * The values in order. A piece may be a view of memory that the next one overwrites: use it before. What no dtype
   * here holds comes in a wider one.
   */
  pieces(): Iterable<TypedArray>;
}

/** How many bytes of a file are looked at together. */
export const pieceBytes = 1 << 22;

/** All values of an array, in one of their own. */
export function valuesOf(array: StoredArray): TypedArray {
  const pieces = Array.from(array.pieces(), (piece) => piece.slice());
  const [first = new Float32Array(0)] = pieces;
  const whole = new (first.constructor as Float32ArrayConstructor)(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

type View<T> = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => T;

/** Bytes as elements, copied only where they do not lie at a multiple of an element's size. */
function view<T>(bytes: Uint8Array, of: View<T> & { readonly BYTES_PER_ELEMENT: number }): T {
  const { BYTES_PER_ELEMENT: size } = of;
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new of(buffer, byteOffset, Math.floor(bytes.length / size));
}

/** Element types by the names that files here have for them: their size in bytes, and how bytes become numbers. */
export const elements: Readonly<Record<string, readonly [bytes: number, read: (bytes: Uint8Array) => TypedArray]>> = {
  float64: [8, (bytes) => view(bytes, Float64Array)],
  float32: [4, (bytes) => view(bytes, Float32Array)],
  float16: [2, (bytes) => halfToFloat(view(bytes, Uint16Array))],
  bfloat16: [2, (bytes) => upperHalfToFloat(view(bytes, Uint16Array))],
  int64: [8, (bytes) => Float64Array.from(view(bytes, BigInt64Array), Number)],
  uint64: [8, (bytes) => Float64Array.from(view(bytes, BigUint64Array), Number)],
  int32: [4, (bytes) => view(bytes, Int32Array)],
  uint32: [4, (bytes) => Float64Array.from(view(bytes, Uint32Array))],
  int16: [2, (bytes) => Int32Array.from(view(bytes, Int16Array))],
  uint16: [2, (bytes) => Int32Array.from(view(bytes, Uint16Array))],
  int8: [1, (bytes) => Int32Array.from(view(bytes, Int8Array))],
  uint8: [1, (bytes) => bytes],
  bool: [1, (bytes) => bytes],
};

/** An array whose elements lie one behind the other in a file. */
export function arrayIn(content: Content, from: number, shape: readonly number[], dtype: string): StoredArray {
  const [size, read] = elements[dtype] as (typeof elements)[string];
  const bytes = sizeOf(shape) * size;
  return {
    shape,
    dtype,
    bytes,
    *pieces() {
      for (let at = 0; at < bytes; at += pieceBytes) {
        yield read(content.read(from + at, from + Math.min(at + pieceBytes, bytes)));
      }
    },
  };
}

/** IEEE 754 half precision, widened. */
function halfToFloat(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}

/** bfloat16, the upper half of a float32, widened. */
function upperHalfToFloat(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}
