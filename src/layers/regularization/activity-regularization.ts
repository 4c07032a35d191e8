/**
 * ActivityRegularization: a penalty on the input.
 */
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { l1l2 } from "../../regularizers.ts";
import { factory, layer } from "../layer.ts";

/**
 * Gives its input as it is and adds `(l1 · Σ|x| + l2 · Σx²) / batch` to the loss. Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { ActivityRegularization, tensor } from "varve";
 * const penalty = new ActivityRegularization({ l1: 0.5 });
 * penalty.apply(tensor([[1, -3]]));
 * await penalty.losses[0].array() // => 2
 * ```
 */
export class ActivityRegularization extends layer("ActivityRegularization", {
  /** The factor of Σ|x|. Default 0. */
  l1: number({ default: 0, min: 0 }),
  /** The factor of Σx². Default 0. */
  l2: number({ default: 0, min: 0 }),
}) {
  override readonly supportsMasking = true;
  readonly #penalty = l1l2({ l1: this.l1, l2: this.l2 });

  override call(x: Tensor): Tensor {
    this.penalize([x], this.#penalty);
    return x;
  }
}

export const activityRegularization = factory(ActivityRegularization);
