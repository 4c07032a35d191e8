/**
 * Reshape: each sample with another shape.
 */
import { type Json, option } from "../../core/options.ts";
import { formatShape, isProbe, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { reshape as reshapeTensor } from "../../ops/movement/reshape.ts";
import { factory, layer } from "../layer.ts";

const isTarget = (given: unknown): given is readonly number[] =>
  Array.isArray(given) &&
  given.every((size) => size === -1 || (Number.isSafeInteger(size) && size >= 0)) &&
  given.filter((size) => size === -1).length <= 1;

/**
 * Gives each sample another shape, in row-major order: `[batch, …] → [batch, …targetShape]`.
 *
 * @throws ShapeError where a sample has another number of elements.
 *
 * @example
 * ```ts
 * import { Reshape, zeros } from "varve";
 * new Reshape({ targetShape: [3, -1] }).apply(zeros([5, 12])).shape // => [5, 3, 4]
 * ```
 */
export class Reshape extends layer("Reshape", {
  /** The shape of one sample; one size may be -1 and is then worked out. */
  targetShape: option<readonly number[], readonly number[], Record<never, never>>(
    {},
    {
      expected: "a list of whole numbers ≥ 0, one of which may be -1",
      parse: (given, refuse) => (isTarget(given) ? Object.freeze([...given]) : refuse()),
      toConfig: (value) => value as Json,
      fromConfig: (json) => json as readonly number[],
    },
  ),
}) {
  protected override inputSpec = { minRank: 1 };

  override call(x: Tensor): Tensor {
    const sample = x.shape.slice(1);
    const size = sizeOf(sample);
    const known = sizeOf(this.targetShape.filter((length) => length !== -1));
    const missing = known === 0 ? 0 : size / known;
    const target = this.targetShape.map((length) => (length === -1 ? missing : length));
    if (!target.every(Number.isInteger) || sizeOf(target) !== size) {
      const many = sample.some(isProbe) ? "a size that is not known" : `${size} elements`;
      this.refuse(
        `samples of shape ${formatShape(sample)} have ${many}, which do not fill targetShape ${formatShape(this.targetShape)}`,
      );
    }
    return reshapeTensor(x, [x.shape[0] as number, ...target]);
  }
}

export const reshape = factory(Reshape);
