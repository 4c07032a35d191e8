// Building blocks of the kernels: vectors of four float32 or two float64, the same source for both.
// Every kernel that adds products uses `multiplyAdd`, so that the relaxed build fuses them and the plain one does not,
// each consistently: results never depend on where in a vector an element lies.

/** a * b + c: fused where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** Lanes of a vector. */
// @ts-ignore: decorator
@inline
export function lanes<T>(): usize {
  return 16 / sizeof<T>();
}

/** The first `count` of four float32; the others are `rest`. Nearly all vectors are whole: only those are read inline. */
// @ts-ignore: decorator
@inline
export function part(x: usize, count: i32, rest: v128): v128 {
  return count == 4 ? v128.load(x) : partOf(x, count, rest);
}

function partOf(x: usize, count: i32, rest: v128): v128 {
  rest = v128.load32_lane(x, rest, 0);
  if (count > 1) rest = v128.load32_lane(x + 4, rest, 1);
  if (count > 2) rest = v128.load32_lane(x + 8, rest, 2);
  return rest;
}

/** Writes the first `count` of four float32. */
// @ts-ignore: decorator
@inline
export function storePart(y: usize, value: v128, count: i32): void {
  if (count == 4) v128.store(y, value);
  else storePartOf(y, value, count);
}

function storePartOf(y: usize, value: v128, count: i32): void {
  v128.store32_lane(y, value, 0);
  if (count > 1) v128.store32_lane(y + 4, value, 1);
  if (count > 2) v128.store32_lane(y + 8, value, 2);
}

/** Where the memory that the module itself uses ends. */
export function heapBase(): usize {
  return __heap_base;
}
