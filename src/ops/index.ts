/**
 * `ops.*`: the functions of `keras.ops`, in camelCase.
 */

export { conv, convTranspose, depthwiseConv, separableConv } from "./convolution/convolution.ts";
export { arange, eye, fullLike, linspace, onesLike, tri, tril, triu, zerosLike } from "./creation/creation.ts";
export { cast } from "./elementwise/cast.ts";
export { multiHot, oneHot } from "./indexing/one-hot.ts";
export { bincount, scatter, scatterUpdate, segmentSum } from "./indexing/scatter.ts";
export { nonzero, take, takeAlongAxis } from "./indexing/take.ts";
export { dot, inner, matmul, outer, tensordot, vdot } from "./matmul/matmul.ts";
export { broadcastTo, meshgrid, repeat, tile } from "./movement/broadcast.ts";
export { concatenate, pad, stack } from "./movement/concatenate.ts";
export { expandDims, identity, ravel, reshape, squeeze, stopGradient } from "./movement/reshape.ts";
export { diag, diagonal, flip, roll, slice, sliceUpdate, split, unstack } from "./movement/slice.ts";
export { moveaxis, swapaxes, transpose } from "./movement/transpose.ts";
export { averagePool, maxPool } from "./pooling/pooling.ts";
export { argsort, searchsorted, sort, topK } from "./sort/sort.ts";
export { full, ones, zeros } from "./tensor.ts";
