/**
 * The public surface of Varve. Importing it computes nothing and touches nothing: devices start on first use.
 */
export { setDevice, info, type Info, type DeviceName } from "./devices/current.ts";
export { Tensor, type NestedArray } from "./core/tensor.ts";
export { Variable, type VariableOptions } from "./core/variable.ts";
export { SymbolicTensor } from "./core/symbolic.ts";
export { tidy } from "./core/scope.ts";
export type { DType, TypedArray } from "./core/dtype.ts";
export type { PartialShape, Shape } from "./core/shape.ts";
export {
  DisposedError,
  DTypeError,
  OptionError,
  OutOfMemoryError,
  ShapeError,
  VarveError,
} from "./core/errors.ts";
export * as options from "./options.ts";
export { ones, tensor, zeros } from "./ops/tensor.ts";
export { grad, valueAndGrad } from "./ops/grad.ts";
export type { TensorLike } from "./ops/op.ts";
export * as ops from "./ops/index.ts";
export { factory, Layer, layer, type CallContext, type CallOptions, resetNames } from "./layers/layer.ts";
