/**
 * The public surface of Varve. Importing it computes nothing and touches nothing: devices start on first use.
 */

export type { CallbackHooks, CallbackLike, Logs } from "./callbacks/callback.ts";
export { History } from "./callbacks/history.ts";
export * as callbacks from "./callbacks/index.ts";
export type { DType, TypedArray } from "./core/dtype.ts";
export {
  DisposedError,
  DTypeError,
  OptionError,
  OutOfMemoryError,
  ShapeError,
  VarveError,
} from "./core/errors.ts";
export { resetNames } from "./core/names.ts";
export { tidy } from "./core/scope.ts";
export type { PartialShape, Shape } from "./core/shape.ts";
export { SymbolicTensor } from "./core/symbolic.ts";
export { type NestedArray, Tensor } from "./core/tensor.ts";
export { Variable, type VariableOptions } from "./core/variable.ts";
export { type DeviceName, type Info, info, setDevice, setThreads } from "./devices/current.ts";
export {
  FileError,
  type FileHandle,
  type FileProgress,
  type LoadOptions,
  type LoadWeightsOptions,
  loadModel,
  type Source,
  type Target,
} from "./keras/index.ts";
export { InputLayer, type InputOptions, input } from "./layers/core/input-layer.ts";
export * as layers from "./layers/index.ts";
export {
  Activation,
  ActivityRegularization,
  AdaptiveAveragePooling1D,
  AdaptiveAveragePooling2D,
  AdaptiveAveragePooling3D,
  AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D,
  AdaptiveMaxPooling3D,
  Add,
  AdditiveAttention,
  AlphaDropout,
  Attention,
  Average,
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  BatchNormalization,
  Bidirectional,
  Concatenate,
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  ConvLSTM1D,
  ConvLSTM2D,
  ConvLSTM3D,
  Cropping1D,
  Cropping2D,
  Cropping3D,
  Dense,
  DepthwiseConv1D,
  DepthwiseConv2D,
  Dot,
  Dropout,
  EinsumDense,
  ELU,
  Embedding,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  GRU,
  GRUCell,
  GroupNormalization,
  GroupQueryAttention,
  Identity,
  Lambda,
  LayerNormalization,
  LeakyReLU,
  LSTM,
  LSTMCell,
  Masking,
  Maximum,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  Minimum,
  MultiHeadAttention,
  Multiply,
  Normalization,
  Permute,
  PReLU,
  ReLU,
  RepeatVector,
  Rescaling,
  Reshape,
  ReversibleEmbedding,
  RMSNormalization,
  RNN,
  SeparableConv1D,
  SeparableConv2D,
  SimpleRNN,
  SimpleRNNCell,
  Softmax,
  SpatialDropout1D,
  SpatialDropout2D,
  SpatialDropout3D,
  SpectralNormalization,
  StackedRNNCells,
  Subtract,
  TernaryDense,
  TimeDistributed,
  UnitNormalization,
  UpSampling1D,
  UpSampling2D,
  UpSampling3D,
  Wrapper,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from "./layers/index.ts";
export {
  type CallContext,
  type CallOptions,
  factory,
  type InputShape,
  type InputSpec,
  Layer,
  type LayerOptions,
  layer,
  type WeightOptions,
} from "./layers/layer.ts";
export type { GivenStates, RecurrentCell, StateSize, Step } from "./layers/rnn/cell.ts";
export type { SequenceCallOptions } from "./layers/rnn/recurrent.ts";
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export type { Arrays, Batches, BatchLike } from "./models/data.ts";
export { Functional, type FunctionalOptions, model } from "./models/functional.ts";
export { Model, type ModelOptions, type SummaryOptions } from "./models/model.ts";
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  OnBatchOptions,
  PredictOptions,
} from "./models/run-options.ts";
export { Sequential, type SequentialPart, sequential } from "./models/sequential.ts";
export * as activations from "./namespaces/activations.ts";
export * as constraints from "./namespaces/constraints.ts";
export * as initializers from "./namespaces/initializers.ts";
export * as regularizers from "./namespaces/regularizers.ts";
export { grad, valueAndGrad } from "./ops/grad.ts";
export * as ops from "./ops/index.ts";
export type { TensorLike } from "./ops/op.ts";
export * as random from "./ops/random/index.ts";
export { setRandomSeed } from "./ops/random/seed.ts";
export { ones, tensor, zeros } from "./ops/tensor.ts";
export * as optimizers from "./optimizers/index.ts";
export * as options from "./options.ts";
