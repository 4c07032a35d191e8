/**
 * Permute: the axes of each sample in another order.
 */
import { type Json, option } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { transpose } from "../../ops/movement/transpose.ts";
import { factory, layer } from "../layer.ts";

const isOrder = (given: unknown): given is readonly number[] =>
  Array.isArray(given) &&
  given.length > 0 &&
  [...given].sort((a, b) => a - b).every((axis, index) => axis === index + 1);

/**
 * Reorders the axes of each sample: axis `i` of the output, counted from 1 after the batch, is axis `dims[i - 1]` of
 * the input.
 *
 * @throws ShapeError where the input has not one axis more than `dims`.
 *
 * @example
 * ```ts
 * import { Permute, zeros } from "varve";
 * new Permute({ dims: [3, 1, 2] }).apply(zeros([8, 10, 20, 30])).shape // => [8, 30, 10, 20]
 * ```
 */
export class Permute extends layer("Permute", {
  /** Every axis of a sample once, counted from 1. */
  dims: option<readonly number[], readonly number[], Record<never, never>>(
    {},
    {
      expected: "a list that holds each of 1, 2, … (the axes after the batch) once",
      parse: (given, refuse) => (isOrder(given) ? Object.freeze([...given]) : refuse()),
      toConfig: (value) => value as Json,
      fromConfig: (json) => json as readonly number[],
    },
  ),
}) {
  protected override inputSpec = { rank: this.dims.length + 1 };

  override call(x: Tensor): Tensor {
    return transpose(x, [0, ...this.dims]);
  }
}

export const permute = factory(Permute);
