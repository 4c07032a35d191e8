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

/** Where the memory that the module itself uses ends. */
export function heapBase(): usize {
  return __heap_base;
}
