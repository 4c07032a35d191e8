/**
 * The kinds of options that a layer declares in its schema: `options.integer({ default: 1 })` and the like.
 */
export { axes, boolean, choice, integer, number, shape, sizes, string } from "./core/options.ts";
