/**
 * StackedRNNCells: several cells as one, each fed with the output of the one below.
 */
import { OptionError } from "../../core/errors.ts";
import { type Json, option } from "../../core/options.ts";
import type { PartialShape, Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type CallContext, factory, type InputShape, layer } from "../layer.ts";
import { describeLayer, deserializeLayer } from "../serialize.ts";
import {
  initialStates,
  isCell,
  outputSize,
  type RecurrentCell,
  type StateSize,
  type Step,
  stateSizes,
  stepInputShape,
  stepInputs,
  stepperOf,
} from "./cell.ts";

const cellsOption = option<readonly RecurrentCell[], readonly RecurrentCell[], Record<never, never>>(
  {},
  {
    expected: "a list of one recurrent cell or more",
    parse: (given, refuse) =>
      Array.isArray(given) && given.length > 0 && given.every(isCell) ? Object.freeze([...given]) : refuse(),
    toConfig: (cells) => cells.map(describeLayer),
    fromConfig: (json, classes) =>
      (json as readonly Json[]).map((cell) => deserializeLayer(cell, classes) as RecurrentCell),
  },
);

/**
 * Several cells as one: the input goes to the first, the output of each to the next, and that of the last comes out.
 *
 * Called on `[x, ...states]`, the states of all cells one after the other, it gives `[y, ...new states]`. A recurrent
 * layer around it takes `initialState` and gives states in one list for each cell.
 * Weights: those of the cells.
 *
 * @throws OptionError where something in the list is no recurrent cell, or a cell is listed twice.
 *
 * @example
 * ```ts
 * import { GRUCell, LSTMCell, RNN, StackedRNNCells, zeros } from "varve";
 * const cell = new StackedRNNCells({ cells: [new LSTMCell({ units: 2 }), new GRUCell({ units: 3 })] });
 * const [y, lstm, gru] = new RNN({ cell, returnState: true }).apply(zeros([1, 4, 5]));
 * [y.shape, lstm.map(({ shape }) => shape), gru.map(({ shape }) => shape)] // => [[1, 3], [[1, 2], [1, 2]], [[1, 3]]]
 * ```
 */
export class StackedRNNCells extends layer("StackedRNNCells", {
  /** The cells, the first of which gets the input. */
  cells: cellsOption,
}) {
  protected override checkOptions(): void {
    if (new Set(this.cells).size < this.cells.length) {
      throw new OptionError(
        `${this.label}: a cell is listed twice; each has a state and weights of its own, so make two`,
      );
    }
  }

  /** One list for each cell. */
  get stateSize(): readonly StateSize[] {
    return this.cells.map((cell) => stateSizes(cell.stateSize));
  }

  get outputSize(): number {
    return outputSize(this.cells.at(-1) as RecurrentCell);
  }

  override build(shape: InputShape): void {
    let below: PartialShape = stepInputShape(shape);
    for (const cell of this.cells) {
      cell.build(below);
      below = [below[0] as number | null, outputSize(cell)];
    }
  }

  /** The shapes of what goes into each cell. */
  #inputShapes(shape: Shape): readonly Shape[] {
    const batch = shape[0] as number;
    return [shape, ...this.cells.slice(0, -1).map((cell) => [batch, outputSize(cell)])];
  }

  initialState(shape: Shape): readonly Tensor[] {
    const shapes = this.#inputShapes(shape);
    return this.cells.flatMap((cell, index) => initialStates(cell, shapes[index] as Shape));
  }

  stepper(shape: Shape, context: CallContext): Step {
    const shapes = this.#inputShapes(shape);
    const steps = this.cells.map((cell, index) => stepperOf(cell, shapes[index] as Shape, context));
    const counts = this.cells.map((cell) => stateSizes(cell.stateSize).length);
    return (x, states) => {
      const next: Tensor[] = [];
      let below = x;
      let used = 0;
      steps.forEach((step, index) => {
        const count = counts[index] as number;
        const [y, ...own] = step(below, states.slice(used, used + count));
        used += count;
        below = y as Tensor;
        next.push(...own);
      });
      return [below, ...next];
    };
  }

  override call(inputs: readonly Tensor[], context: CallContext): Tensor[] {
    const [x, states] = stepInputs(this, inputs);
    return [...this.stepper(x.shape, context)(x, states)];
  }
}

export const stackedRNNCells = factory(StackedRNNCells);
