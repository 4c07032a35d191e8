/**
 * PReLU: a slope below 0 that is learned, one for each place or shared along axes.
 */
import { constraint } from "../../constraints.ts";
import { option } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { initializer } from "../../initializers.ts";
import { elementwise } from "../../ops/elementwise/elementwise.ts";
import * as f from "../../ops/elementwise/formula.ts";
import { regularizer } from "../../regularizers.ts";
import { factory, layer } from "../layer.ts";
import { weight } from "../weights.ts";

/** x above 0, alpha · x below, for any alpha that broadcasts. @internal */
export const preluOf = elementwise({
  name: "prelu",
  dtype: "float",
  inputs: 2,
  formula: (x, alpha) =>
    f.subtract(f.maximumOfConstant(x, 0), f.multiply(alpha, f.maximumOfConstant(f.negative(x), 0))),
});

/**
 * `y = x` where x > 0, else `alpha · x`, with alpha learned. Any shape; the output has the same.
 * Weights: `alpha`, of the shape of a sample, with size 1 on the shared axes.
 *
 * @throws ShapeError where the size of an axis that is not shared is unknown, or a shared axis does not exist.
 *
 * @example
 * ```ts
 * import { initializers, PReLU, tensor } from "varve";
 * const prelu = new PReLU({ alphaInitializer: initializers.constant({ value: 0.25 }) });
 * await prelu.apply(tensor([[-4, 8]])).array() // => [[-1, 8]]
 * ```
 *
 * He et al. (2015), Delving deep into rectifiers.
 */
export class PReLU extends layer("PReLU", {
  /** How alpha begins. Default "zeros". */
  alphaInitializer: initializer({ default: "zeros" }),
  /** A penalty on alpha. */
  alphaRegularizer: regularizer({ default: null }),
  /** What alpha must satisfy after each update. */
  alphaConstraint: constraint({ default: null }),
  /** Axes, counted with the batch as 0, along which alpha is the same: [1, 2] for one alpha for each channel of images. */
  sharedAxes: option<number | readonly number[] | null, readonly number[] | null, { readonly default: null }>(
    { default: null },
    {
      expected: "an axis or a list of different axes, counted from 1 (0 is the batch)",
      parse(given, refuse) {
        const list = Array.isArray(given) ? given : [given];
        const fits =
          list.every((axis) => Number.isSafeInteger(axis) && axis >= 1) && new Set(list).size === list.length;
        return fits ? Object.freeze([...list]) : refuse();
      },
      toConfig: (axes) => axes,
      fromConfig: (json) => json as readonly number[],
    },
  ),
}) {
  override readonly supportsMasking = true;
  /** The slope below 0. */
  alpha: Variable | undefined = undefined;

  override build(shape: PartialShape): void {
    const shared = this.sharedAxes ?? [];
    for (const axis of shared) {
      if (axis >= shape.length)
        this.refuse(`sharedAxes names axis ${axis}, which an input of rank ${shape.length} has not`);
    }
    const sizes = shape.slice(1).map((_, index) => (shared.includes(index + 1) ? 1 : this.sizeAt(shape, index + 1)));
    this.alpha = this.addWeight(weight(this, "alpha", sizes));
    this.inputSpec = {
      rank: shape.length,
      axes: Object.fromEntries(sizes.flatMap((size, index) => (shared.includes(index + 1) ? [] : [[index + 1, size]]))),
    };
  }

  override call(x: Tensor): Tensor {
    return preluOf([x, (this.alpha as Variable).value], []);
  }
}

export const prelu = factory(PReLU);
