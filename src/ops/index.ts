/**
 * `ops.*`: the functions of `keras.ops`, in camelCase.
 */
export { cast } from "./elementwise/cast.ts";
export { broadcastTo, meshgrid, repeat, tile } from "./movement/broadcast.ts";
export { concatenate, pad, stack } from "./movement/concatenate.ts";
export { expandDims, identity, ravel, reshape, squeeze, stopGradient } from "./movement/reshape.ts";
export { diag, diagonal, flip, slice, sliceUpdate, split, unstack } from "./movement/slice.ts";
export { moveaxis, swapaxes, transpose } from "./movement/transpose.ts";
export { averagePool, maxPool } from "./pooling/pooling.ts";
export { full, ones, zeros } from "./tensor.ts";
