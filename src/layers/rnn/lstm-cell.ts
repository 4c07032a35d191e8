/**
 * LSTMCell: one step of an LSTM.
 */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { sigmoid } from "../../ops/elementwise/activations.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { recurrence } from "../../ops/recurrent/recurrence.ts";
import { type CallContext, factory, type InputShape, layer } from "../layer.ts";
import { weight } from "../weights.ts";
import {
  dropoutMasks,
  forgetBias,
  lstmCellOptions,
  lstmGates,
  maskedProduct,
  maskedSequence,
  partOf,
  recurrentWeight,
  type StateHistory,
  type Step,
  stepInputShape,
  stepInputs,
} from "./cell.ts";

/**
 * One step of an LSTM (Hochreiter & Schmidhuber, 1997; with the forget gate of Gers et al., 2000). With
 * `i, f, g, o` the four parts of `x · kernel + h · recurrentKernel + bias`,
 *
 *     c' = σ(f) c + σ(i) activation(g)        h' = σ(o) activation(c')
 *
 * where σ is `recurrentActivation`. Called on `[x, h, c]`, x [batch, inputs], h and c [batch, units], it gives
 * `[h', h', c']`: the output and the new states.
 * Weights: `kernel` [inputs, 4 · units], `recurrentKernel` [units, 4 · units], `bias` [4 · units].
 *
 * @throws ShapeError where a state has another batch size or width.
 *
 * @example
 * ```ts
 * import { LSTMCell, zeros } from "varve";
 * const cell = new LSTMCell({ units: 2 });
 * const [y, h, c] = cell.apply([zeros([1, 3]), zeros([1, 2]), zeros([1, 2])]);
 * [y.shape, h.shape, await c.array()] // => [[1, 2], [1, 2], [[0, 0]]]
 * ```
 */
export class LSTMCell extends layer("LSTMCell", lstmCellOptions()) {
  kernel: Variable | undefined = undefined;
  recurrentKernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  #seeds: SeedGenerator | undefined;

  get stateSize(): readonly number[] {
    return [this.units, this.units];
  }

  override build(shape: InputShape): void {
    const inputs = this.sizeAt(stepInputShape(shape), -1);
    const width = 4 * this.units;
    this.kernel = this.addWeight(weight(this, "kernel", [inputs, width]));
    this.recurrentKernel = this.addWeight(recurrentWeight(this, [this.units, width]));
    if (this.useBias) {
      const bias = weight(this, "bias", [width]);
      this.bias = this.addWeight(
        this.unitForgetBias ? { ...bias, initializer: forgetBias(this.biasInitializer, this.units) } : bias,
      );
    }
    this.#seeds = this.addSeedGenerator(this.seed);
    this.inputSpec = [{ rank: 2, axes: { [-1]: inputs } }];
  }

  stepper(shape: Shape, context: CallContext): Step {
    const [kernel, recurrent, bias] = [this.kernel as Variable, this.recurrentKernel as Variable, this.bias];
    const ofInput = this.#inputMasks(shape, context);
    const ofState = dropoutMasks(
      partOf(this.recurrentDropout),
      4,
      [shape[0] as number, this.units],
      this,
      this.#seeds,
      context,
    );
    return (x, [h, c]) => {
      const fed = maskedProduct(h as Tensor, recurrent.value, undefined, ofState);
      return lstmGates(add(maskedProduct(x, kernel.value, bias?.value, ofInput), fed), c as Tensor, -1, this);
    };
  }

  /** All steps at once, by the kernel that has sigmoid and tanh. */
  history(
    x: Tensor,
    [h, c]: readonly Tensor[],
    mask: Tensor | undefined,
    context: CallContext,
  ): StateHistory | undefined {
    if (this.activation !== tanh || this.recurrentActivation !== sigmoid) return undefined;
    if (context.training && this.recurrentDropout > 0) return undefined;
    const masks = this.#inputMasks(x.shape.toSpliced(1, 1), context);
    const states = recurrence("lstm", {
      x: maskedSequence(x, masks),
      kernel: (this.kernel as Variable).value,
      bias: this.bias?.value,
      recurrent: (this.recurrentKernel as Variable).value,
      h: h as Tensor,
      c: c as Tensor,
      mask,
    });
    return [states.h, states.c as Tensor];
  }

  /** Each gate sees its own part of the input only where it sees its own part of the state, as in Keras. */
  #inputMasks(shape: Shape, context: CallContext): readonly Tensor[] {
    return dropoutMasks(partOf(this.dropout), this.recurrentDropout > 0 ? 4 : 1, shape, this, this.#seeds, context);
  }

  override call(inputs: readonly Tensor[], context: CallContext): Tensor[] {
    const [x, states] = stepInputs(this, inputs);
    return [...this.stepper(x.shape, context)(x, states)];
  }
}

export const lstmCell = factory(LSTMCell);
