/**
 * What the normalization layers with gamma and beta share: the options for both, and making them.
 */
import { constraint } from "../../constraints.ts";
import { boolean } from "../../core/options.ts";
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
