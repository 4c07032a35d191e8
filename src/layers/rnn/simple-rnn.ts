/**
 * SimpleRNN: the new state is the output.
 */
import type { Json } from "../../core/options.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { factory, type InputSpec } from "../layer.ts";
import { type SimpleCellOptions, simpleCellOptions } from "./cell.ts";
import { optionsOfCell, recurrent } from "./recurrent.ts";
import { SimpleRNNCell } from "./simple-rnn-cell.ts";

type SimpleRNNOptions = SimpleCellOptions & {
  /** A penalty on the layer's output, divided by the batch size and added to the loss. */
  activityRegularizer: RegularizerOption<{ readonly default: null }>;
};

const simpleRNNOptions: SimpleRNNOptions = {
  ...simpleCellOptions(),
  activityRegularizer: regularizer({ default: null }),
};

/**
 * The simplest recurrent layer (Elman, 1990): `hₜ = activation(xₜ · kernel + bias + hₜ₋₁ · recurrentKernel)`, and the
 * output of a step is its hₜ.
 *
 * - Input: [batch, steps, inputs]; or a list `[x, h]` with the initial state [batch, units].
 * - Output: [batch, units], with `returnSequences` [batch, steps, units]; with `returnState` the list `[y, h]`.
 * - Weights, of the cell: `kernel` [inputs, units], `recurrentKernel` [units, units], `bias` [units].
 *
 * Masks, states and directions are those of `RNN`. Keras leaves `seed` out of the config, and so does this.
 *
 * @throws ShapeError where the input has another rank than 3, or states, mask or batch size do not fit.
 *
 * @example
 * ```ts
 * import { SimpleRNN, tensor } from "varve";
 * const ones = { kernelInitializer: "ones", recurrentInitializer: "ones" };
 * const layer = new SimpleRNN({ units: 1, activation: null, returnSequences: true, ...ones });
 * await layer.apply(tensor([[[1], [2], [3]]])).array() // => [[[1], [3], [6]]]
 * ```
 */
export class SimpleRNN extends recurrent("SimpleRNN", simpleRNNOptions) {
  protected override inputSpec: readonly InputSpec[] = [{ rank: 3 }];
  override readonly cell = new SimpleRNNCell(optionsOfCell(this, SimpleRNNCell.schema, "simple_rnn_cell"));

  override getConfig(): Record<string, Json> {
    const { seed: _seed, ...config } = super.getConfig();
    return config;
  }
}

export const simpleRNN = factory(SimpleRNN);
