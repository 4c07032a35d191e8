/**
 * Changing the learning rate from epoch to epoch. Schedules that change it from step to step are in `optimizers`.
 */
import { maker } from "../core/configurable.ts";
import { OptionError, show } from "../core/errors.ts";
import { integer, number, option } from "../core/options.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { type CallbackModel, callback, type Logs } from "./callback.ts";
import { Monitor, monitorOptions } from "./monitor.ts";

type Schedule = (epoch: number, learningRate: number) => number;

const scheduleOption = option(
  {},
  {
    expected: "a function (epoch, learningRate) => number",
    parse: (given, refuse): Schedule => (typeof given === "function" ? (given as Schedule) : refuse()),
    toConfig: () => null,
    fromConfig: (): Schedule => (_epoch, rate) => rate,
  },
);

function optimizerOf(model: CallbackModel, owner: string): Optimizer {
  if (!model.optimizer) throw new OptionError(`${owner}: the model was compiled without an optimizer`);
  return model.optimizer;
}

/**
 * Sets the learning rate at the beginning of every epoch. The epoch's logs then hold it as `learning_rate`.
 *
 * Options: `schedule`, a function of the epoch (from 0) and the present learning rate; `verbose` (0).
 *
 * @throws OptionError where the function does not give a finite number ≥ 0.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * const halve = callbacks.learningRateScheduler({ schedule: (epoch, rate) => (epoch === 0 ? rate : rate / 2) });
 * halve.schedule(1, 0.5) // => 0.25
 * ```
 *
 * @see Keras 3, `keras.callbacks.LearningRateScheduler`
 */
export class LearningRateScheduler extends callback("LearningRateScheduler", {
  /** The learning rate of an epoch, from its number and the rate before. */
  schedule: scheduleOption,
  /** 1 says every rate that is set. */
  verbose: integer({ default: 0, min: 0, max: 1 }),
}) {
  override onEpochBegin(epoch: number): void {
    const optimizer = optimizerOf(this.model, "LearningRateScheduler");
    const rate = this.schedule(epoch, optimizer.learningRate);
    if (!Number.isFinite(rate) || rate < 0) {
      throw new OptionError(
        `LearningRateScheduler: schedule must give a finite number ≥ 0, got ${show(rate)} for epoch ${epoch}`,
      );
    }
    optimizer.learningRate = rate;
    if (this.verbose > 0) console.log(`Epoch ${epoch + 1}: learning rate ${rate}`);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    logs.learning_rate = optimizerOf(this.model, "LearningRateScheduler").learningRate;
  }
}

/** Makes a `LearningRateScheduler`. */
export const learningRateScheduler = maker(LearningRateScheduler);

/**
 * Lowers the learning rate once a number has not become better for `patience` epochs.
 *
 * Options: `monitor` (default "val_loss"), `factor` (0.1), `patience` (10), `verbose` (0), `mode` ("auto"), `minDelta`
 * (1e-4), `cooldown` (epochs after a change that do not count; 0), `minLr` (0).
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * callbacks.reduceLROnPlateau({ factor: 0.5, patience: 2 }).factor // => 0.5
 * ```
 *
 * @see Keras 3, `keras.callbacks.ReduceLROnPlateau`
 */
export class ReduceLROnPlateau extends callback("ReduceLROnPlateau", {
  ...monitorOptions,
  /** How much better counts as better. */
  minDelta: number({ default: 1e-4 }),
  /** What the learning rate is multiplied by. */
  factor: number({ default: 0.1, above: 0, below: 1 }),
  /** How many epochs without progress are borne. */
  patience: integer({ default: 10, min: 0 }),
  /** 1 says every change. */
  verbose: integer({ default: 0, min: 0, max: 1 }),
  /** How many epochs after a change do not count. */
  cooldown: integer({ default: 0, min: 0 }),
  /** The learning rate goes no lower. */
  minLr: number({ default: 0, min: 0 }),
}) {
  #best: number | undefined;
  #wait = 0;
  #cooldown = 0;
  #monitor: Monitor | undefined;

  override onTrainBegin(): void {
    this.#best = undefined;
    this.#wait = 0;
    this.#cooldown = 0;
    this.#monitor = undefined;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#monitor ??= new Monitor(this, this.model, "ReduceLROnPlateau");
    const optimizer = optimizerOf(this.model, "ReduceLROnPlateau");
    logs.learning_rate = optimizer.learningRate;
    const current = this.#monitor.read(logs, "ReduceLROnPlateau");
    if (current === undefined) return;
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#wait = 0;
    }
    if (this.#monitor.isBetter(current, this.#best)) {
      this.#best = current;
      this.#wait = 0;
      return;
    }
    if (this.#cooldown > 0) return;
    this.#wait++;
    const rate = optimizer.learningRate;
    if (this.#wait < this.patience || rate <= this.minLr) return;
    optimizer.learningRate = Math.max(rate * this.factor, this.minLr);
    if (this.verbose > 0) console.log(`Epoch ${epoch + 1}: learning rate lowered to ${optimizer.learningRate}`);
    this.#cooldown = this.cooldown;
    this.#wait = 0;
  }
}

/** Makes a `ReduceLROnPlateau`. */
export const reduceLROnPlateau = maker(ReduceLROnPlateau);
