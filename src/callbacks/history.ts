/**
 * What happened in a training, epoch by epoch: `fit` gives it.
 */
import { Callback, type Logs } from "./callback.ts";

/**
 * The record of a training.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * const history = new callbacks.History();
 * history.onTrainBegin();
 * history.onEpochEnd(0, { loss: 2 });
 * history.onEpochEnd(1, { loss: 1 });
 * history.history.loss // => [2, 1]
 * ```
 */
export class History extends Callback {
  /** Which epochs there were, counted from 0. */
  epoch: number[] = [];
  /** Loss and metrics by name, one number for each epoch; those of the validation data begin with `val_`. */
  history: Record<string, number[]> = {};

  override onTrainBegin(): void {
    this.epoch = [];
    this.history = {};
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}
