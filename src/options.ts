/**
 * The kinds of options that a layer declares in its schema: `options.integer({ default: 1 })` and the like.
 */
export { activation } from "./activations.ts";
export { constraint } from "./constraints.ts";
export { axes, boolean, choice, integer, number, option, shape, sizes, string, unlessNull } from "./core/options.ts";
export { initializer } from "./initializers.ts";
export { tensorOption as tensor } from "./layers/call-options.ts";
export { dataFormat } from "./layers/spatial.ts";
export { regularizer } from "./regularizers.ts";
