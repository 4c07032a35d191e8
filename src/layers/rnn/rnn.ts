/**
 * RNN: goes over time with any cell.
 */
import { option } from "../../core/options.ts";
import { factory } from "../layer.ts";
import { describeLayer, deserializeLayer } from "../serialize.ts";
import { isCell, type RecurrentCell } from "./cell.ts";
import { recurrent } from "./recurrent.ts";
import { StackedRNNCells } from "./stacked-rnn-cells.ts";

const cellOption = option<RecurrentCell | readonly RecurrentCell[], RecurrentCell, Record<never, never>>(
  {},
  {
    expected: "a recurrent cell (a layer with a stateSize), or a list of them to stack",
    parse: (given, refuse) => {
      if (Array.isArray(given) && given.length > 0 && given.every(isCell)) return new StackedRNNCells({ cells: given });
      return isCell(given) ? given : refuse();
    },
    toConfig: describeLayer,
    fromConfig: (json, classes) => deserializeLayer(json, classes) as RecurrentCell,
  },
);

/**
 * Calls a cell on one step after the other, each time with the states that the step before gave:
 * `[yₜ, ...sₜ] = cell([xₜ, ...sₜ₋₁])`.
 *
 * - Input: [batch, steps, …]; or a list of it and the initial states, which `initialState` gives as well.
 * - Output: that of the last step [batch, …], or with `returnSequences` of all steps [batch, steps, …]. With
 *   `returnState` a list: the output, then the states.
 * - A mask [batch, steps] says which steps count: over the others the states stay as they are, and the output is that of
 *   the step before, or 0 with `zeroOutputForMask`.
 * - `stateful` keeps the states for the next call, so the batch size is fixed; `resetState()` forgets them.
 *
 * A cell is a layer with a `stateSize` (a number, or a list of them), called on `[x, ...states]`, that gives
 * `[y, ...new states]`. It may have an `outputSize`, where the output is not as wide as the first state, and
 * `initialState(shape)`, where states do not begin as zeros [batch, size].
 *
 * @throws ShapeError where states, mask or batch size do not fit.
 *
 * @example
 * ```ts
 * import { layer, ops, options, RNN, tensor } from "varve";
 * class Sum extends layer("Sum", { units: options.integer() }) {
 *   get stateSize() {
 *     return this.units;
 *   }
 *   call([x, total]) {
 *     const next = ops.add(x, total);
 *     return [next, next];
 *   }
 * }
 * const sums = new RNN({ cell: new Sum({ units: 1 }), returnSequences: true });
 * await sums.apply(tensor([[[1], [2], [3]]])).array() // => [[[1], [3], [6]]]
 * ```
 */
export class RNN extends recurrent("RNN", {
  /** What takes the steps; a list of cells is stacked. */
  cell: cellOption,
}) {}

export const rnn = factory(RNN);
