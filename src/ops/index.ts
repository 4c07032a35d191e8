/**
 * `ops.*`: the functions of `keras.ops`, in camelCase.
 */

export { dotProductAttention } from "./attention/attention.ts";
export { conv, convTranspose, depthwiseConv, separableConv } from "./convolution/convolution.ts";
export {
  arange,
  eye,
  fullLike,
  identity,
  linspace,
  onesLike,
  tri,
  tril,
  triu,
  zerosLike,
} from "./creation/creation.ts";
export {
  celu,
  elu,
  gelu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softShrink,
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  swish,
  tanhShrink,
  threshold,
} from "./elementwise/activations.ts";
export {
  add,
  arctan2,
  divide,
  divideNoNan,
  floorDivide,
  hypot,
  logaddexp,
  maximum,
  minimum,
  mod,
  multiply,
  power,
  squaredDifference,
  subtract,
  trueDivide,
} from "./elementwise/binary.ts";
export { cast } from "./elementwise/cast.ts";
export {
  equal,
  greater,
  greaterEqual,
  isfinite,
  isinf,
  isnan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  select,
  where,
} from "./elementwise/compare.ts";
export {
  abs,
  absolute,
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctan,
  arctanh,
  ceil,
  clip,
  cos,
  cosh,
  erf,
  erfinv,
  exp,
  exp2,
  expm1,
  floor,
  log,
  log1p,
  log2,
  log10,
  nanToNum,
  negative,
  reciprocal,
  round,
  rsqrt,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
} from "./elementwise/unary.ts";
export { multiHot, oneHot } from "./indexing/one-hot.ts";
export {
  bincount,
  scatter,
  scatterUpdate,
  segmentMax,
  segmentMin,
  segmentProd,
  segmentSum,
} from "./indexing/scatter.ts";
export { nonzero, take, takeAlongAxis } from "./indexing/take.ts";
export { einsum } from "./matmul/einsum.ts";
export { dot, inner, matmul, outer, tensordot, vdot } from "./matmul/matmul.ts";
export { broadcastTo, meshgrid, repeat, tile } from "./movement/broadcast.ts";
export { concatenate, pad, stack } from "./movement/concatenate.ts";
export { copy, expandDims, ravel, reshape, squeeze, stopGradient } from "./movement/reshape.ts";
export { diag, diagonal, flip, getItem, roll, slice, sliceUpdate, split, unstack } from "./movement/slice.ts";
export { moveaxis, swapaxes, transpose } from "./movement/transpose.ts";
export {
  batchNormalization,
  groupNormalization,
  layerNormalization,
  rmsNormalization,
} from "./normalize/normalizations.ts";
export { normalize } from "./normalize/unit.ts";
export { adaptiveAveragePool, adaptiveMaxPool } from "./pooling/adaptive.ts";
export { averagePool, maxPool } from "./pooling/pooling.ts";
export {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  countNonzero,
  logsumexp,
  max,
  mean,
  min,
  moments,
  norm,
  prod,
  std,
  var,
  variance,
} from "./reduce/reduce.ts";
export { sum } from "./reduce/sum.ts";
export { cumprod, cumsum } from "./scan/scan.ts";
export { logSoftmax, softmax } from "./softmax/softmax.ts";
export { glu, sparsemax } from "./softmax/sparsemax.ts";
export { argsort, searchsorted, sort, topK } from "./sort/sort.ts";
export { full, ones, zeros } from "./tensor.ts";
