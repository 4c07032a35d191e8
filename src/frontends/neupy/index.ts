/**
 * `varve/neupy`: networks as NeuPy writes them, on Varve's layers' mathematics and training. Names, defaults and checks
 * of its own, no mathematics.
 */
export * as algorithms from "./algorithms.ts";
export { LayerConnectionError, WeightInitializationError } from "./errors.ts";
export {
  BaseGraph,
  GraphLayer,
  join,
  LayerGraph,
  type NetworkLike,
  type OutputOptions,
  type PredictOptions,
  parallel,
  repeat,
} from "./graph.ts";
export * as init from "./init.ts";
export { BaseLayer, type ComputeContext, type OptionEntry } from "./layer.ts";
export {
  Elu,
  Gelu,
  HardSigmoid,
  LeakyRelu,
  Linear,
  PRelu,
  Relu,
  Sigmoid,
  Softmax,
  Softplus,
  Tanh,
} from "./layers/activations.ts";
export { Convolution, Deconvolution, type Padding } from "./layers/convolutions.ts";
export { Embedding } from "./layers/embedding.ts";
export { Identity, Input } from "./layers/input.ts";
export { Concatenate, Elementwise, GatedAverage, type MergeFunction } from "./layers/merge.ts";
export { BatchNorm, GroupNorm, LocalResponseNorm } from "./layers/normalization.ts";
export { AveragePooling, GlobalPooling, MaxPooling, type PoolingFunction, Upscale } from "./layers/pooling.ts";
export { type GateFunction, GRU, LSTM } from "./layers/recurrent.ts";
export { Reshape, Transpose } from "./layers/reshape.ts";
export { DropBlock, Dropout, GaussianNoise } from "./layers/stochastic.ts";
export { resetNames } from "./names.ts";
export type { Parameter } from "./options.ts";
export type { LayerShape } from "./shapes.ts";
