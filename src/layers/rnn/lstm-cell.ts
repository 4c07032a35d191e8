/**
 * LSTMCell: one step of an LSTM.
 */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { sigmoid } from "../../ops/elementwise/activations.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { recurrence } from "../../ops/recurrent/recurrence.ts";
import { type CallContext, factory, layerOn, type WeightOptions } from "../layer.ts";
import { forgetBias, forgetOptions, lstmGates, maskedProduct, type StateHistory, type Step } from "./cell.ts";
import { KernelCell } from "./kernel-cell.ts";

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
export class LSTMCell extends layerOn(KernelCell, "LSTMCell", forgetOptions()) {
  protected override readonly parts = 4;

  override get stateSize(): readonly number[] {
    return [this.units, this.units];
  }

  protected override biasWeight(): WeightOptions {
    return forgetBias(this, this.units);
  }

  override stepper(shape: Shape, context: CallContext): Step {
    const [kernel, recurrent, bias] = [this.kernel as Variable, this.recurrentKernel as Variable, this.bias];
    const { ofInput, ofState } = this.masks(shape, context);
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
    const isKnown = this.activation === tanh && this.recurrentActivation === sigmoid;
    const given = isKnown ? this.atOnce(x, context) : undefined;
    if (!given) return undefined;
    const bias = this.bias?.value;
    const states = recurrence("lstm", { ...given, bias, h: h as Tensor, c: c as Tensor, mask });
    return [states.h, states.c as Tensor];
  }
}

export const lstmCell = factory(LSTMCell);
