/**
 * `ops.*`: the functions of `keras.ops`, in camelCase.
 */
export { cast } from "./elementwise/cast.ts";
export { identity, reshape } from "./movement/reshape.ts";
export { averagePool, maxPool } from "./pooling/pooling.ts";
export { full, ones, zeros } from "./tensor.ts";
