/**
 * SimpleRNNCell: one step of a SimpleRNN.
 */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { recurrence } from "../../ops/recurrent/recurrence.ts";
import { type CallContext, factory, type InputShape, layer } from "../layer.ts";
import { weight } from "../weights.ts";
import {
  dropoutMasks,
  maskedProduct,
  maskedSequence,
  recurrentWeight,
  type StateHistory,
  type Step,
  simpleCellOptions,
  stepInputShape,
  stepInputs,
} from "./cell.ts";

/**
 * One step of a SimpleRNN (Elman, 1990): `h' = activation(x · kernel + bias + h · recurrentKernel)`.
 *
 * Called on `[x, h]`, x [batch, inputs] and h [batch, units], it gives `[h', h']`: the output and the new state.
 * Weights: `kernel` [inputs, units], `recurrentKernel` [units, units], `bias` [units].
 *
 * @throws ShapeError where the state has another batch size or width.
 *
 * @example
 * ```ts
 * import { SimpleRNNCell, tensor } from "varve";
 * const cell = new SimpleRNNCell({ units: 1, kernelInitializer: "ones", recurrentInitializer: "ones", activation: null });
 * const [y, h] = cell.apply([tensor([[1, 2]]), tensor([[10]])]);
 * [await y.array(), await h.array()] // => [[[13]], [[13]]]
 * ```
 */
export class SimpleRNNCell extends layer("SimpleRNNCell", simpleCellOptions()) {
  kernel: Variable | undefined = undefined;
  recurrentKernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  #seeds: SeedGenerator | undefined;

  get stateSize(): number {
    return this.units;
  }

  override build(shape: InputShape): void {
    const inputs = this.sizeAt(stepInputShape(shape), -1);
    this.kernel = this.addWeight(weight(this, "kernel", [inputs, this.units]));
    this.recurrentKernel = this.addWeight(recurrentWeight(this, [this.units, this.units]));
    if (this.useBias) this.bias = this.addWeight(weight(this, "bias", [this.units]));
    this.#seeds = this.addSeedGenerator(this.seed);
    this.inputSpec = [{ rank: 2, axes: { [-1]: inputs } }];
  }

  stepper(shape: Shape, context: CallContext): Step {
    const [kernel, recurrent, bias] = [this.kernel as Variable, this.recurrentKernel as Variable, this.bias];
    const ofInput = dropoutMasks(this.dropout, 1, shape, this, this.#seeds, context);
    const ofState = dropoutMasks(
      this.recurrentDropout,
      1,
      [shape[0] as number, this.units],
      this,
      this.#seeds,
      context,
    );
    return (x, [h]) => {
      const fed = maskedProduct(h as Tensor, recurrent.value, undefined, ofState);
      const next = this.activation(add(maskedProduct(x, kernel.value, bias?.value, ofInput), fed));
      return [next, next];
    };
  }

  /** All steps at once, by the kernel that has tanh. */
  history(x: Tensor, [h]: readonly Tensor[], mask: Tensor | undefined, context: CallContext): StateHistory | undefined {
    if (this.activation !== tanh || (context.training && this.recurrentDropout > 0)) return undefined;
    const masks = dropoutMasks(this.dropout, 1, x.shape.toSpliced(1, 1), this, this.#seeds, context);
    const states = recurrence("simple", {
      x: maskedSequence(x, masks),
      kernel: (this.kernel as Variable).value,
      bias: this.bias?.value,
      recurrent: (this.recurrentKernel as Variable).value,
      h: h as Tensor,
      mask,
    });
    return [states.h];
  }

  override call(inputs: readonly Tensor[], context: CallContext): Tensor[] {
    const [x, states] = stepInputs(this, inputs);
    return [...this.stepper(x.shape, context)(x, states)];
  }
}

export const simpleRNNCell = factory(SimpleRNNCell);
