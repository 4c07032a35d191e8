/**
 * ConvLSTM3D: an LSTM whose products are convolutions over planes, rows and columns.
 */
import { factory } from "../layer.ts";
import { sequenceOptions } from "./cell.ts";
import { ConvLSTM, convLSTMOptions } from "./conv-lstm.ts";

/**
 * A convolutional LSTM (Shi et al., 2015; without its peepholes). With ∗ a convolution over planes, rows and columns and
 * `i, f, g, o` the four parts of the channels of `xₜ ∗ kernel + hₜ₋₁ ∗ recurrentKernel + bias`,
 *
 *     cₜ = σ(f) cₜ₋₁ + σ(i) activation(g)        hₜ = σ(o) activation(cₜ)
 *
 * where σ is `recurrentActivation`; the output of a step is its hₜ. The convolution of h keeps its size whatever the
 * strides, padding and dilation of the input's are.
 *
 * - Input: [batch, steps, planes, rows, columns, channels] (or channels first, behind the steps); or a list
 *   `[x, h, c]` with the initial states.
 * - Output: that of the last step; with `returnSequences` [batch, steps, planes', rows', columns', filters]; with `returnState` the list
 *   `[y, h, c]`.
 * - Weights, of the cell: `kernel` [...kernelSize, channels, 4 · filters], `recurrentKernel` [...kernelSize, filters,
 *   4 · filters], `bias` [4 · filters].
 *
 * Masks, states and directions are those of `RNN`.
 *
 * @throws ShapeError where the channels are unknown, the window fits nowhere, or states, mask or batch size do not fit.
 *
 * @example
 * ```ts
 * import { ConvLSTM3D, zeros } from "varve";
 * new ConvLSTM3D({ filters: 1, kernelSize: 2 }).apply(zeros([1, 2, 4, 4, 4, 1])).shape // => [1, 3, 3, 3, 1]
 * ```
 */
export class ConvLSTM3D extends ConvLSTM {
  static override readonly className = "ConvLSTM3D";
  static override readonly schema = /* @__PURE__ */ { ...convLSTMOptions(3), ...sequenceOptions() };
}

export const convLstm3d = factory(ConvLSTM3D);
