/**
 * Keeping what a training has reached: the model, or its weights, in a file after every epoch or every few batches.
 */
import { maker } from "../core/configurable.ts";
import { didYouMean, OptionError, show } from "../core/errors.ts";
import { boolean, integer, number, option, string } from "../core/options.ts";
import { platform } from "../platform/platform.ts";
import { callback, type Logs } from "./callback.ts";
import { Monitor, monitorOptions } from "./monitor.ts";

const { monitor, mode } = monitorOptions;

/** Python's `{epoch:02d}` and `{val_loss:.2f}`, as far as numbers of epochs, batches and logs need them. */
const placeholder = /\{(\w+)(?::(?:(0?)(\d+)d|\.(\d+)f))?\}/g;

const saveFreq = option(
  { default: "epoch" as "epoch" | number },
  {
    expected: '"epoch", or after how many batches',
    parse: (given, refuse): "epoch" | number =>
      given === "epoch" || (Number.isSafeInteger(given) && (given as number) >= 1)
        ? (given as "epoch" | number)
        : refuse(),
    toConfig: (value) => value,
    fromConfig: (json) => json as "epoch" | number,
  },
);

/**
 * Saves the model, with the state of its optimizer, or its weights alone, after every epoch or after every `saveFreq`
 * batches. `loadModel` opens the file and `fit` with `initialEpoch` goes on. A file is exchanged whole: when the program
 * is ended while it saves, the one before is still there.
 *
 * Options: `filepath`, in which `{epoch}`, `{batch}` and the names of the logs stand for numbers, as in
 * `"{epoch:02d}-{val_loss:.2f}.keras"`; `monitor` (default "val_loss"), `saveBestOnly` (false), `mode` ("auto"),
 * `initialValueThreshold` (only what is better counts as better; null), `saveWeightsOnly` (false), `saveFreq` ("epoch"),
 * `verbose` (0). Epochs and batches count from 1 in names.
 *
 * @throws OptionError where weights alone shall go into another kind of file than `.weights.h5` or `.safetensors`, or
 *   `filepath` names something that is not in the logs.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * callbacks.modelCheckpoint({ filepath: "best.keras", saveBestOnly: true }).monitor // => "val_loss"
 * ```
 *
 * @see Keras 3, `keras.callbacks.ModelCheckpoint`
 */
export class ModelCheckpoint extends callback("ModelCheckpoint", {
  /** The path of the file; `{epoch}`, `{batch}` and the names of logs in it stand for numbers. */
  filepath: string(),
  monitor,
  /** 1 says every file that is written. */
  verbose: integer({ default: 0, min: 0, max: 1 }),
  /** Whether only what is better than everything before is saved. */
  saveBestOnly: boolean({ default: false }),
  /** Whether the weights are saved without the model. */
  saveWeightsOnly: boolean({ default: false }),
  mode,
  /** "epoch", or after how many batches. */
  saveFreq,
  /** With `saveBestOnly`: only what is better than this is saved. */
  initialValueThreshold: number({ default: null }),
}) {
  /** The best value so far. */
  best: number | undefined = undefined;
  #epoch = 0;
  #batches = 0;
  #monitor: Monitor | undefined;

  override onTrainBegin(): void {
    this.#monitor = undefined;
    if (!this.saveWeightsOnly || /\.(weights\.h5|safetensors)$/.test(this.filepath)) return;
    throw new OptionError(
      `ModelCheckpoint: with saveWeightsOnly, filepath must end in .weights.h5 or .safetensors, got ${show(this.filepath)}`,
    );
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override wantsBatchLogs(): boolean {
    return this.saveFreq !== "epoch" && (this.#batches + 1) % this.saveFreq === 0;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (this.wantsBatchLogs()) await this.#save({ ...logs, batch: batch + 1 });
    this.#batches++;
  }

  override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === "epoch") await this.#save(logs);
  }

  async #save(logs: Logs): Promise<void> {
    const path = this.#pathFor({ ...logs, epoch: this.#epoch + 1 });
    const reached = this.saveBestOnly ? this.#judge(logs) : "";
    if (reached === undefined) return;
    await (await platform()).makeFolderOf(path);
    await (this.saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    if (this.verbose > 0) console.log(`Epoch ${this.#epoch + 1}: ${reached}saved to ${path}`);
  }

  /** What there is to say of these logs where they are better than all before; undefined where they are not. */
  #judge(logs: Logs): string | undefined {
    this.#monitor ??= new Monitor({ ...this, minDelta: 0 }, this.model, "ModelCheckpoint");
    const current = this.#monitor.read(logs, "ModelCheckpoint");
    if (current === undefined) return "";
    const best = this.best ?? this.initialValueThreshold ?? undefined;
    if (!this.#monitor.isBetter(current, best)) return undefined;
    this.best = current;
    return `${this.monitor} ${best === undefined ? "is" : `went from ${best} to`} ${current}, `;
  }

  #pathFor(numbers: Logs): string {
    return this.filepath.replace(placeholder, (_, name: string, zero: string, width: string, digits: string) => {
      const value = numbers[name];
      if (value === undefined) {
        throw new OptionError(
          `ModelCheckpoint: filepath ${show(this.filepath)} names "${name}", which is not there; ${didYouMean(name, Object.keys(numbers))}`,
        );
      }
      if (digits !== undefined) return value.toFixed(Number(digits));
      return String(value).padStart(Number(width ?? 0), zero === "0" ? "0" : " ");
    });
  }
}

/** Makes a `ModelCheckpoint`. */
export const modelCheckpoint = maker(ModelCheckpoint);
