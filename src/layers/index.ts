/**
 * Every layer: its class, and its factory under the name that `layers.*` has it. Loading looks class names up here.
 */

export { InputLayer, inputLayer } from "./core/input-layer.ts";
export { Layer, layer } from "./layer.ts";
