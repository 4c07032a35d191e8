/**
 * Concatenate: inputs one after the other along an axis.
 */
import { axes } from "../../core/options.ts";
import { normalizeAxis } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { broadcastTo } from "../../ops/movement/broadcast.ts";
import { concatenate as join } from "../../ops/movement/concatenate.ts";
import { any } from "../../ops/reduce/reduce.ts";
import { ones } from "../../ops/tensor.ts";
import { factory, layer } from "../layer.ts";
import { checkList, maskFor, refuseShapes, settled } from "./merge.ts";

/**
 * Puts its inputs one after the other along an axis: shapes [batch, …, aᵢ, …] → [batch, …, a₁ + a₂ + …, …]. Masks are
 * put together likewise; an input without one counts entirely.
 *
 * @throws ShapeError where ranks or the sizes of other axes differ.
 *
 * @example
 * ```ts
 * import { Concatenate, tensor } from "varve";
 * await new Concatenate().apply([tensor([[1, 2]]), tensor([[3]])]).array() // => [[1, 2, 3]]
 * ```
 */
export class Concatenate extends layer("Concatenate", {
  /** The axis along which inputs are joined. Default -1, the last. */
  axis: axes({ default: -1 }),
}) {
  override readonly supportsMasking = true;

  override call(inputs: readonly Tensor[]): Tensor {
    const axis = normalizeAxis(this.axis, checkList(this, inputs)[0].rank, this.label);
    const ready = settled(inputs, axis);
    const [first] = ready as readonly [Tensor];
    const fits = (x: Tensor) =>
      x.rank === first.rank && x.shape.every((size, other) => other === axis || size === first.shape[other]);
    if (!ready.every(fits)) refuseShapes(this, inputs, `only the sizes of axis ${axis} may differ`);
    return join(ready, axis);
  }

  override computeMask(inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]): Tensor | undefined {
    if (masks.every((mask) => mask === undefined)) return undefined;
    const whole = inputs.map((x, index) => {
      const mask = masks[index];
      return mask ? broadcastTo(maskFor(x, mask), x.shape) : ones(x.shape, "bool");
    });
    return any(join(whole, this.axis), -1);
  }
}

export const concatenate = factory(Concatenate);
