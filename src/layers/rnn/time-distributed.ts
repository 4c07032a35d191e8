/**
 * TimeDistributed: one layer at every step.
 */

import { inScope } from "../../core/scope.ts";
import type { PartialShape } from "../../core/shape.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { shapesDevice } from "../../core/shapes-device.ts";
import { Tensor } from "../../core/tensor.ts";
import { stack } from "../../ops/movement/concatenate.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import { stepAt, stepsOf } from "../../ops/recurrent/steps.ts";
import { Wrapper } from "../core/wrapper.ts";
import { type CallContext, factory, type InputSpec, layerOn } from "../layer.ts";

/**
 * Calls the inner layer on every step of a sequence, with the same weights: `y[:, t] = layer(x[:, t])`. What the inner
 * layer does while training it does step by step; batch normalization, say, takes statistics of each step.
 *
 * - Input: [batch, steps, …], and a mask [batch, steps, …] whose steps go to the inner layer.
 * - Output: [batch, steps, …], of each step what the inner layer gives.
 * - Weights: those of the inner layer.
 *
 * @throws ShapeError where the input has fewer than three axes, or the mask belongs to another input.
 *
 * @example
 * ```ts
 * import { Dense, tensor, TimeDistributed } from "varve";
 * const layer = new TimeDistributed({ layer: new Dense({ units: 1, kernelInitializer: "ones" }) });
 * await layer.apply(tensor([[[1, 2], [3, 4]]])).array() // => [[[3], [7]]]
 * ```
 */
export class TimeDistributed extends layerOn(Wrapper, "TimeDistributed", {}) {
  protected override inputSpec: InputSpec = { minRank: 3 };

  override build(shape: PartialShape): void {
    this.layer.build(shape.toSpliced(1, 1));
  }

  override call(x: Tensor, { training, mask }: CallContext): Tensor {
    if (mask && (mask.rank < 2 || !sameShape(mask.shape.slice(0, 2), x.shape.slice(0, 2)))) {
      this.refuse(
        `a mask begins with [batch, steps], so ${formatShape(x.shape.slice(0, 2))} for an input of shape ${formatShape(x.shape)}, got ${formatShape(mask.shape)}`,
      );
    }
    const steps = x.shape[1] as number;
    if (steps === 0) this.refuse(`needs one step at least, got shape ${formatShape(x.shape)}`);
    const step = (input: Tensor, counts: Tensor | undefined): Tensor => {
      const y = this.layer.call(input, { training, mask: counts, masks: [counts] });
      if (!(y instanceof Tensor)) this.refuse(`${this.layer.label} gives several tensors; it must give one`);
      return y;
    };
    // Shapes alone need one step, however many there are.
    if (x.device === shapesDevice) {
      const { shape, dtype } = step(stepAt(x, 0), mask && stepAt(mask, 0));
      return Tensor.allocate(x.device, shape.toSpliced(1, 0, steps), dtype);
    }
    // Who writes down what is computed gets all steps as one batch: at inference no sample knows of the others.
    if (!x.device.concrete && !training) {
      const [batch, , ...rest] = x.shape as [number, number, ...number[]];
      const y = step(
        reshape(x, [batch * steps, ...rest]),
        mask && reshape(mask, [batch * steps, ...mask.shape.slice(2)]),
      );
      return reshape(y, [batch, steps, ...y.shape.slice(1)]);
    }
    const masks = mask ? stepsOf(mask) : [];
    const outputs = stepsOf(x).map((input, index) => inScope(() => step(input, masks[index])));
    return stack(outputs, 1);
  }

  /** `call` checks them: it knows what each of them is for. */
  protected override checkMasks(): void {}

  /** The steps keep their mask. */
  override computeMask(_inputs: unknown, [mask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return mask;
  }
}

export const timeDistributed = factory(TimeDistributed);
