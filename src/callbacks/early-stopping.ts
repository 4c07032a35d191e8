/**
 * Ending a training that gets no better.
 */
import { maker } from "../core/configurable.ts";
import { boolean, integer, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { callback, type Logs } from "./callback.ts";
import { Monitor, monitorOptions } from "./monitor.ts";

/**
 * Ends the training once a number has not become better for `patience` epochs.
 *
 * Options: `monitor` (default "val_loss"), `minDelta` (0), `patience` (0), `verbose` (0), `mode` ("auto"), `baseline`
 * (only what is better than it counts as progress; null), `restoreBestWeights` (false), `startFromEpoch` (0).
 *
 * @throws OptionError where `mode` is "auto" and nobody knows whether less or more of the number is better.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }).patience // => 3
 * ```
 *
 * @see Keras 3, `keras.callbacks.EarlyStopping`
 */
export class EarlyStopping extends callback("EarlyStopping", {
  ...monitorOptions,
  /** How many epochs without progress are borne. */
  patience: integer({ default: 0, min: 0 }),
  /** 1 says when training ends. */
  verbose: integer({ default: 0, min: 0, max: 1 }),
  /** Progress counts only beyond this value. */
  baseline: number({ default: null }),
  /** Whether the weights of the best epoch are put back at the end. */
  restoreBestWeights: boolean({ default: false }),
  /** Epochs before this one are not looked at. */
  startFromEpoch: integer({ default: 0, min: 0 }),
}) {
  /** The epoch after which training was ended; 0 where it was not. */
  stoppedEpoch = 0;
  /** The epoch with the best value so far. */
  bestEpoch = 0;
  /** The best value so far. */
  best: number | undefined = undefined;
  #wait = 0;
  #weights: Tensor[] | undefined;
  #monitor: Monitor | undefined;

  override onTrainBegin(): void {
    this.#forget();
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.best = undefined;
    this.#wait = 0;
    this.#monitor = undefined;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#monitor ??= new Monitor(this, this.model, "EarlyStopping");
    const current = this.#monitor.read(logs, "EarlyStopping");
    if (current === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && !this.#weights) this.#keep(epoch);
    this.#wait++;
    if (this.#monitor.isBetter(current, this.best)) {
      this.best = current;
      this.#keep(epoch);
      if (this.baseline === null || this.#monitor.isBetter(current, this.baseline)) this.#wait = 0;
      return;
    }
    if (this.#wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.#weights) {
      if (this.verbose > 0) console.log(`Weights are put back to those of the best epoch, ${this.bestEpoch + 1}`);
      this.model.setWeights(this.#weights);
    }
    this.#forget();
  }

  override onAbort(): void {
    this.#forget();
  }

  #keep(epoch: number): void {
    this.bestEpoch = epoch;
    if (!this.restoreBestWeights) return;
    this.#forget();
    this.#weights = this.model.getWeights();
  }

  #forget(): void {
    for (const weight of this.#weights ?? []) weight.dispose();
    this.#weights = undefined;
  }
}

/** Makes an `EarlyStopping`. */
export const earlyStopping = maker(EarlyStopping);
