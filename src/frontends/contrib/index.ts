/**
 * `varve/contrib`: normalization as tf.contrib.layers has it, with TensorFlow 1's variable scopes and collections.
 * Names and state of its own, no mathematics.
 */
export { type ArgScope, type ArgScoped, addArgScope, argScope } from "./arg-scope.ts";
export {
  addToCollection,
  addToCollections,
  Graph,
  GraphKeys,
  getCollection,
  getDefaultGraph,
  resetDefaultGraph,
  VariableScope,
} from "./graph.ts";
export {
  type GroupNormOptions,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  type LayerNormOptions,
  layerNorm,
  type NormalizationFunction,
  type NormalizationOptions,
} from "./normalization.ts";
export {
  AUTO_REUSE,
  type CollectionNames,
  type ParamInitializers,
  type Reuse,
  type VariableInitializer,
  type VariablesCollections,
} from "./options.ts";
export { placeholder, UnrankedPlaceholder } from "./placeholder.ts";
export { getVariableScope, type VariableScopeOptions, variableScope } from "./scope.ts";
export { type GetVariableOptions, getVariable, getVariablesByName, modelVariable } from "./variables.ts";
