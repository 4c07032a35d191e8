/**
 * Rescaling: inputs on another scale, like pixels from 0 … 255 to 0 … 1.
 */
import { type Json, option } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { tensor } from "../../ops/tensor.ts";
import { factory, layer } from "../layer.ts";

type Factor = number | readonly number[];

/** A finite number, or one for each place of the last axis. */
/* @__NO_SIDE_EFFECTS__ */
function factor<const S extends { readonly default?: Factor }>(spec: S) {
  return option<Factor, Factor, S>(spec, {
    expected: "a finite number, or a list of them for the last axis",
    parse(given, refuse) {
      if (Number.isFinite(given)) return given as number;
      const fits = Array.isArray(given) && given.length > 0 && given.every((each) => Number.isFinite(each));
      return fits ? Object.freeze([...given]) : refuse();
    },
    toConfig: (value) => value as Json,
    fromConfig: (json) => json as Factor,
  });
}

/**
 * `y = x · scale + offset`, in training and otherwise. Any shape and dtype; the output has the same shape and the
 * layer's dtype.
 *
 * @throws ShapeError where a list is not as long as the last axis.
 *
 * @example
 * ```ts
 * import { Rescaling, tensor } from "varve";
 * await new Rescaling({ scale: 1 / 127.5, offset: -1 }).apply(tensor([0, 255])).array() // => [-1, 1]
 * ```
 */
export class Rescaling extends layer("Rescaling", {
  /** What the input is multiplied with. */
  scale: factor({}),
  /** What is added then. Default 0. */
  offset: factor({ default: 0 }),
}) {
  override readonly supportsMasking = true;

  override call(x: Tensor): Tensor {
    const [scale, offset] = [this.scale, this.offset].map((value) =>
      typeof value === "number" ? value : tensor(value as number[], undefined, this.dtype),
    ) as [number | Tensor, number | Tensor];
    return add(multiply(cast(x, this.dtype), scale), offset);
  }
}

export const rescaling = factory(Rescaling);
