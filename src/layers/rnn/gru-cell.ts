/**
 * GRUCell: one step of a GRU.
 */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { sigmoid } from "../../ops/elementwise/activations.ts";
import { add, multiply, subtract } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { affine } from "../../ops/matmul/matmul.ts";
import { sliceAlong, split, unstack } from "../../ops/movement/slice.ts";
import { recurrence } from "../../ops/recurrent/recurrence.ts";
import { type CallContext, factory, layerOn, type WeightOptions } from "../layer.ts";
import { weight } from "../weights.ts";
import { maskedProduct, resetOptions, type StateHistory, type Step } from "./cell.ts";
import { KernelCell } from "./kernel-cell.ts";

/**
 * One step of a GRU (Cho et al., 2014). With `x₀, x₁, x₂` the three parts of `x · kernel + bias`, `p₀, p₁, p₂` those of
 * `h · recurrentKernel + recurrent bias`, and σ the `recurrentActivation`,
 *
 *     z = σ(x₀ + p₀)        r = σ(x₁ + p₁)        n = activation(x₂ + r p₂)        h' = z h + (1 − z) n
 *
 * Without `resetAfter`, as in the paper's first version, `r p₂` is the product of `r h` with the last part of the
 * recurrent kernel, and there is no recurrent bias. Called on `[x, h]`, x [batch, inputs] and h [batch, units], it gives
 * `[h', h']`: the output and the new state.
 * Weights: `kernel` [inputs, 3 · units], `recurrentKernel` [units, 3 · units], `bias` [2, 3 · units] (the input's and
 * the recurrent one), or [3 · units] without `resetAfter`.
 *
 * @throws ShapeError where the state has another batch size or width.
 *
 * @example
 * ```ts
 * import { GRUCell, tensor, zeros } from "varve";
 * const cell = new GRUCell({ units: 2, kernelInitializer: "zeros", recurrentInitializer: "zeros" });
 * const [y] = cell.apply([zeros([1, 3]), tensor([[2, 4]])]); // both gates are half open
 * await y.array() // => [[1, 2]]
 * ```
 */
export class GRUCell extends layerOn(KernelCell, "GRUCell", resetOptions()) {
  protected override readonly parts = 3;

  protected override biasWeight(width: number): WeightOptions {
    return weight(this, "bias", this.resetAfter ? [2, width] : [width]);
  }

  /** The input's bias and the recurrent one. */
  #biases(): readonly [Tensor?, Tensor?] {
    if (!this.bias) return [];
    const bias = this.bias.value;
    return this.resetAfter ? (unstack(bias) as [Tensor, Tensor]) : [bias];
  }

  override stepper(shape: Shape, context: CallContext): Step {
    const [kernel, recurrent] = [this.kernel as Variable, this.recurrentKernel as Variable];
    const { ofInput, ofState } = this.masks(shape, context);
    return (x, states) => {
      const h = states[0] as Tensor;
      const [bias, recurrentBias] = this.#biases();
      const given = maskedProduct(x, kernel.value, bias, ofInput);
      const [x0, x1, x2] = split(given, 3, -1) as [Tensor, Tensor, Tensor];
      if (this.resetAfter) {
        const fed = maskedProduct(h, recurrent.value, recurrentBias, ofState);
        const [p0, p1, p2] = split(fed, 3, -1) as [Tensor, Tensor, Tensor];
        const r = this.recurrentActivation(add(x1, p1));
        return this.#mixed(h, add(x0, p0), add(x2, multiply(r, p2)));
      }
      const cut = 2 * this.units;
      const gates = maskedProduct(h, sliceAlong(recurrent.value, 1, 0, cut), undefined, ofState.slice(0, 2));
      const [p0, p1] = split(gates, 2, -1) as [Tensor, Tensor];
      const r = this.recurrentActivation(add(x1, p1));
      const p2 = affine(multiply(r, h), sliceAlong(recurrent.value, 1, cut, 3 * this.units));
      return this.#mixed(h, add(x0, p0), add(x2, p2));
    };
  }

  #mixed(h: Tensor, update: Tensor, candidate: Tensor): readonly Tensor[] {
    const z = this.recurrentActivation(update);
    const next = add(multiply(z, h), multiply(subtract(1, z), this.activation(candidate)));
    return [next, next];
  }

  /** All steps at once, by the kernel that has sigmoid and tanh and resets after the product. */
  history(x: Tensor, [h]: readonly Tensor[], mask: Tensor | undefined, context: CallContext): StateHistory | undefined {
    const isKnown = this.resetAfter && this.activation === tanh && this.recurrentActivation === sigmoid;
    const given = isKnown ? this.atOnce(x, context) : undefined;
    if (!given) return undefined;
    const [bias, recurrentBias] = this.#biases();
    return [recurrence("gru", { ...given, bias, recurrentBias, h: h as Tensor, mask }).h];
  }
}

export const gruCell = factory(GRUCell);
