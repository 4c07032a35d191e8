/**
 * LSTM: a memory beside the state, which gates write, keep and show.
 */
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { factory, type InputSpec } from "../layer.ts";
import { type FusionOption, fusionOption, type LSTMCellOptions, lstmCellOptions } from "./cell.ts";
import { LSTMCell } from "./lstm-cell.ts";
import { optionsOfCell, recurrent } from "./recurrent.ts";

type LSTMOptions = LSTMCellOptions &
  FusionOption & {
    /** A penalty on the layer's output, divided by the batch size and added to the loss. */
    activityRegularizer: RegularizerOption<{ readonly default: null }>;
  };

const lstmOptions: LSTMOptions = {
  ...lstmCellOptions(),
  ...fusionOption(),
  activityRegularizer: regularizer({ default: null }),
};

/**
 * Long short-term memory (Hochreiter & Schmidhuber, 1997; with the forget gate of Gers et al., 2000). With
 * `i, f, g, o` the four parts of `xₜ · kernel + hₜ₋₁ · recurrentKernel + bias`,
 *
 *     cₜ = σ(f) cₜ₋₁ + σ(i) activation(g)        hₜ = σ(o) activation(cₜ)
 *
 * where σ is `recurrentActivation`; the output of a step is its hₜ.
 *
 * - Input: [batch, steps, inputs]; or a list `[x, h, c]` with the initial states [batch, units].
 * - Output: [batch, units], with `returnSequences` [batch, steps, units]; with `returnState` the list `[y, h, c]`.
 * - Weights, of the cell: `kernel` [inputs, 4 · units], `recurrentKernel` [units, 4 · units], `bias` [4 · units].
 *
 * Masks, states and directions are those of `RNN`. With "tanh" and "sigmoid" and no recurrent dropout a whole sequence
 * is one op.
 *
 * @throws ShapeError where the input has another rank than 3, or states, mask or batch size do not fit.
 *
 * @example
 * ```ts
 * import { LSTM, zeros } from "varve";
 * const layer = new LSTM({ units: 2, returnSequences: true, returnState: true });
 * const [y, h, c] = layer.apply(zeros([1, 3, 4]));
 * [y.shape, await h.array(), await c.array()] // => [[1, 3, 2], [[0, 0]], [[0, 0]]]
 * ```
 */
export class LSTM extends recurrent("LSTM", lstmOptions) {
  protected override inputSpec: readonly InputSpec[] = [{ rank: 3 }];
  override readonly cell = new LSTMCell(optionsOfCell(this, LSTMCell.schema, "lstm_cell"));
}

export const lstm = factory(LSTM);
