/**
 * GRU: a state that one gate keeps and another hides.
 */
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { factory, type InputSpec } from "../layer.ts";
import { type FusionOption, fusionOption, type GRUCellOptions, gruCellOptions } from "./cell.ts";
import { GRUCell } from "./gru-cell.ts";
import { optionsOfCell, recurrent } from "./recurrent.ts";

type GRUOptions = GRUCellOptions &
  FusionOption & {
    /** A penalty on the layer's output, divided by the batch size and added to the loss. */
    activityRegularizer: RegularizerOption<{ readonly default: null }>;
  };

const gruOptions: GRUOptions = {
  ...gruCellOptions(),
  ...fusionOption(),
  activityRegularizer: regularizer({ default: null }),
};

/**
 * The gated recurrent unit (Cho et al., 2014). With `x₀, x₁, x₂` the three parts of `xₜ · kernel + bias`, `p₀, p₁, p₂`
 * those of `hₜ₋₁ · recurrentKernel + recurrent bias`, and σ the `recurrentActivation`,
 *
 *     z = σ(x₀ + p₀)        r = σ(x₁ + p₁)        n = activation(x₂ + r p₂)        hₜ = z hₜ₋₁ + (1 − z) n
 *
 * and the output of a step is its hₜ. Without `resetAfter`, as in the paper's first version, `r p₂` is the product of
 * `r hₜ₋₁` with the last part of the recurrent kernel, and there is no recurrent bias.
 *
 * - Input: [batch, steps, inputs]; or a list `[x, h]` with the initial state [batch, units].
 * - Output: [batch, units], with `returnSequences` [batch, steps, units]; with `returnState` the list `[y, h]`.
 * - Weights, of the cell: `kernel` [inputs, 3 · units], `recurrentKernel` [units, 3 · units], `bias` [2, 3 · units] (the
 *   input's and the recurrent one), or [3 · units] without `resetAfter`.
 *
 * Masks, states and directions are those of `RNN`. With "tanh", "sigmoid" and `resetAfter` and no recurrent dropout a
 * whole sequence is one op.
 *
 * @throws ShapeError where the input has another rank than 3, or states, mask or batch size do not fit.
 *
 * @example
 * ```ts
 * import { GRU, tensor, zeros } from "varve";
 * const layer = new GRU({ units: 1, kernelInitializer: "zeros", recurrentInitializer: "zeros" }); // gates half open
 * await layer.apply(zeros([1, 2, 3]), { initialState: tensor([[4]]) }).array() // => [[1]]
 * ```
 */
export class GRU extends recurrent("GRU", gruOptions) {
  protected override inputSpec: readonly InputSpec[] = [{ rank: 3 }];
  override readonly cell = new GRUCell(optionsOfCell(this, GRUCell.schema, "gru_cell"));
}

export const gru = factory(GRU);
