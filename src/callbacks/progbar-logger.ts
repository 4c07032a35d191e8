/**
 * Showing how far a training, evaluation or prediction is: a bar in a terminal, a line per epoch elsewhere.
 */
import { type Bar, platform } from "../platform/platform.ts";
import { Callback, type Logs } from "./callback.ts";

/** "auto" and 1: a bar where there is a terminal, else lines. 2: lines. 0: nothing. */
export type Verbosity = "auto" | 0 | 1 | 2;

/** Four significant digits: 0.1234, 12.35, 1.235e-5; whole numbers from 10,000 on. */
export function formatNumber(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatNumber).join(", ")}]`;
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(3);
  return size >= 9999.5 && size < 1e15 ? value.toFixed(0) : value.toPrecision(4);
}

/** "42s", "3:05", "1:00:09". */
function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  if (hours > 0) return `${hours}:${two(minutes)}:${two(rest)}`;
  return minutes > 0 ? `${minutes}:${two(rest)}` : `${rest}s`;
}

function formatStepTime(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1)}s/step`;
  return seconds >= 1e-3 ? `${Math.round(seconds * 1e3)}ms/step` : `${Math.round(seconds * 1e6)}us/step`;
}

function formatLogs(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => ` - ${name}: ${formatNumber(value)}`)
    .join("");
}

const now = () => performance.now() / 1000;

/** How often a bar is drawn again, in seconds. */
const interval = 0.1;

/**
 * Shows steps done, time per step, time left, loss and metrics. `fit`, `evaluate` and `predict` add one unless
 * `verbose` is 0.
 *
 * @see Keras 3, `keras.callbacks.ProgbarLogger`
 */
export class ProgbarLogger extends Callback {
  readonly #verbose: Verbosity;
  #bar: Bar | undefined;
  #title = "";
  #begun = 0;
  #steps = 0;
  #lastDrawn = 0;
  /** Whether the bar is drawn again after this step. */
  #due = false;
  #training = false;

  constructor(verbose: Verbosity = "auto") {
    super();
    this.#verbose = verbose;
  }

  override wantsBatchLogs(): boolean {
    this.#due = this.#bar !== undefined && now() - this.#lastDrawn >= interval;
    return this.#due;
  }

  async #begin(title: string): Promise<void> {
    this.#title = title;
    this.#begun = now();
    this.#steps = 0;
    this.#lastDrawn = 0;
    this.#close();
    if (this.#verbose !== 2) this.#bar = await (await platform()).openBar(title, this.params.steps);
  }

  #step(batch: number, logs: Logs): void {
    this.#steps = batch + 1;
    if (!this.#bar || !this.#due) return;
    const time = now();
    this.#lastDrawn = time;
    const perStep = (time - this.#begun) / this.#steps;
    const { steps } = this.params;
    const left = steps === undefined ? "" : ` ${formatDuration(perStep * (steps - this.#steps))} left`;
    this.#bar.update(this.#steps, `${formatStepTime(perStep)}${left}${formatLogs(logs)}`);
  }

  #end(logs: Logs, lines = true): void {
    const seconds = now() - this.#begun;
    const times = [formatDuration(seconds), formatStepTime(seconds / Math.max(this.#steps, 1))];
    if (this.#bar) {
      this.#bar.update(this.#steps, `${times.join(" ")}${formatLogs(logs)}`);
      this.#close();
    } else if (lines) {
      const steps = this.params.steps === undefined ? `${this.#steps} steps` : `${this.#steps}/${this.params.steps}`;
      console.log([...(this.#title ? [this.#title] : []), steps, ...times].join(" - ") + formatLogs(logs));
    }
  }

  #close(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  override onTrainBegin(): void {
    this.#training = true;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    await this.#begin(`Epoch ${epoch + 1}/${this.params.epochs}`);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#step(batch, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#end(logs);
  }

  override onTrainEnd(): void {
    this.#training = false;
  }

  override onAbort(): void {
    this.#training = false;
    this.#close();
  }

  override async onTestBegin(): Promise<void> {
    if (!this.#training) await this.#begin("");
  }

  override onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.#training) this.#step(batch, logs);
  }

  override onTestEnd(logs: Logs): void {
    if (!this.#training) this.#end(logs);
  }

  override async onPredictBegin(): Promise<void> {
    await this.#begin("");
  }

  override onPredictBatchEnd(batch: number): void {
    this.#step(batch, {});
  }

  override onPredictEnd(): void {
    // Programs that predict again and again do not want a line each time.
    this.#end({}, this.#verbose !== "auto");
  }
}
