/**
 * What the normalization layers with gamma and beta share: the options for both, and making them.
 */
import { constraint } from "../../constraints.ts";
import { boolean } from "../../core/options.ts";
import { type Axes, normalizeAxes, type PartialShape } from "../../core/shape.ts";
import { initializer } from "../../initializers.ts";
import { regularizer } from "../../regularizers.ts";

/** The options of a scale, gamma, and a shift, beta. */
export const affineOptions = {
  /** Whether there is a beta, which is added. Default true. */
  center: boolean({ default: true }),
  /** Whether there is a gamma, which is multiplied by. Default true. */
  scale: boolean({ default: true }),
  /** How beta begins. Default "zeros". */
  betaInitializer: initializer({ default: "zeros" }),
  /** How gamma begins. Default "ones". */
  gammaInitializer: initializer({ default: "ones" }),
  /** The penalty on beta. Default: none. */
  betaRegularizer: regularizer({ default: null }),
  /** The penalty on gamma. Default: none. */
  gammaRegularizer: regularizer({ default: null }),
  /** What beta must satisfy. Default: nothing. */
  betaConstraint: constraint({ default: null }),
  /** What gamma must satisfy. Default: nothing. */
  gammaConstraint: constraint({ default: null }),
};

/**
 * The shape of a parameter that spans `axes`: their sizes, in the order of the numbers as they were written, as Keras
 * has it. Refuses axes that do not exist or are named twice.
 */
export function parameterShape(
  given: Axes,
  shape: PartialShape,
  where: string,
  sizeAt: (axis: number) => number,
): number[] {
  normalizeAxes(given, shape.length, where);
  const list = typeof given === "number" ? [given] : [...given];
  return list.sort((a, b) => a - b).map(sizeAt);
}
