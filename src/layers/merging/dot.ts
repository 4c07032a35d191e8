/**
 * Dot: sums of products of two inputs, sample by sample.
 */
import { boolean, type Json, option } from "../../core/options.ts";
import { formatShape, normalizeAxis } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { maximum, multiply } from "../../ops/elementwise/binary.ts";
import { rsqrt, square } from "../../ops/elementwise/unary.ts";
import { contract } from "../../ops/matmul/matmul.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { factory, layer } from "../layer.ts";
import { checkList, refuseShapes } from "./merge.ts";

type Axes = number | readonly [number, number];

/**
 * The dot product of two inputs along one axis of each, for every sample: [batch, a…, k, b…] and [batch, c…, k, d…] →
 * [batch, a…, b…, c…, d…], and [batch, 1] where both are vectors. No mask comes out.
 *
 * @throws ShapeError where there are not two inputs, or the sizes of the axes or batches differ.
 *
 * @example
 * ```ts
 * import { Dot, tensor } from "varve";
 * const x = tensor([[1, 2, 3]]);
 * await new Dot({ axes: 1 }).apply([x, tensor([[4, 5, 6]])]).array() // => [[32]]
 * ```
 */
export class Dot extends layer("Dot", {
  /** The axis to sum over, not 0 (the batch): one for both inputs, or [of the first, of the second]. */
  axes: option<Axes, Axes, Record<never, never>>(
    {},
    {
      expected: "a whole number other than 0, or a list of two of them",
      parse(given, refuse) {
        const fits = (axis: unknown) => Number.isSafeInteger(axis) && axis !== 0;
        if (fits(given)) return given as number;
        if (Array.isArray(given) && given.length === 2 && given.every(fits))
          return Object.freeze([given[0], given[1]] as const);
        return refuse();
      },
      toConfig: (axes) => axes as Json,
      fromConfig: (json) => json as Axes,
    },
  ),
  /** Whether samples are scaled to length 1 along the axis first, which gives the cosine of their angle. Default false. */
  normalize: boolean({ default: false }),
}) {
  override readonly supportsMasking = true;

  override call(inputs: readonly Tensor[]): Tensor {
    const [first, second] = checkList(this, inputs);
    if (!second || inputs.length !== 2) return refuseShapes(this, inputs, "it takes exactly two");
    const [a, b] = [first, second].map((x, index) => {
      const axis = typeof this.axes === "number" ? this.axes : (this.axes[index] as number);
      const summed = normalizeAxis(axis, x.rank, this.label);
      if (summed === 0) refuseShapes(this, inputs, `axis ${axis} of ${formatShape(x.shape)} is the batch`);
      const free = [...x.shape.keys()].slice(1).filter((other) => other !== summed);
      return { x: this.normalize ? unit(x, summed) : x, roles: { batch: [0], free, summed: [summed] } };
    }) as [Summand, Summand];
    const [m, n] = [first.shape[a.roles.summed[0]], second.shape[b.roles.summed[0]]];
    if (m !== n) refuseShapes(this, inputs, `the axes to sum over have sizes ${m} and ${n}`);
    if (first.shape[0] !== second.shape[0]) refuseShapes(this, inputs, "their batches differ");
    const y = contract(a.x, a.roles, b.x, b.roles);
    return y.rank === 1 ? reshape(y, [...y.shape, 1]) : y;
  }

  override computeMask(): undefined {}
}

interface Summand {
  readonly x: Tensor;
  readonly roles: { readonly batch: [number]; readonly free: number[]; readonly summed: [number] };
}

/** `x` scaled to length 1 along an axis; what is shorter than 1e-7 is scaled by 1e7, so that 0 stays 0. */
function unit(x: Tensor, axis: number): Tensor {
  return multiply(x, rsqrt(maximum(sum(square(x), axis, true), 1e-14)));
}

export const dot = factory(Dot);
