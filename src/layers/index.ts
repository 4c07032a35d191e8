/**
 * Every layer: its class, and its factory under the name that `layers.*` has it. Loading looks class names up here.
 */
export { Layer, layer } from "./layer.ts";
