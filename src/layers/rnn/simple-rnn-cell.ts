/**
 * SimpleRNNCell: one step of a SimpleRNN.
 */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { recurrence } from "../../ops/recurrent/recurrence.ts";
import { type CallContext, factory, layerOn } from "../layer.ts";
import { maskedProduct, type StateHistory, type Step } from "./cell.ts";
import { KernelCell } from "./kernel-cell.ts";

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
export class SimpleRNNCell extends layerOn(KernelCell, "SimpleRNNCell", {}) {
  override stepper(shape: Shape, context: CallContext): Step {
    const [kernel, recurrent, bias] = [this.kernel as Variable, this.recurrentKernel as Variable, this.bias];
    const { ofInput, ofState } = this.masks(shape, context);
    return (x, [h]) => {
      const fed = maskedProduct(h as Tensor, recurrent.value, undefined, ofState);
      const next = this.activation(add(maskedProduct(x, kernel.value, bias?.value, ofInput), fed));
      return [next, next];
    };
  }

  /** All steps at once, by the kernel that has tanh. */
  history(x: Tensor, [h]: readonly Tensor[], mask: Tensor | undefined, context: CallContext): StateHistory | undefined {
    const given = this.activation === tanh ? this.atOnce(x, context) : undefined;
    return given && [recurrence("simple", { ...given, bias: this.bias?.value, h: h as Tensor, mask }).h];
  }
}

export const simpleRNNCell = factory(SimpleRNNCell);
