/**
 * Writing what happens epoch by epoch into a file that spreadsheets read. In Node only.
 */
import { maker } from "../core/configurable.ts";
import { boolean, string } from "../core/options.ts";
import { platform } from "../platform/platform.ts";
import { callback, type Logs } from "./callback.ts";

/**
 * Writes a line with the logs of every epoch into a file. Every line is written whole; a file that is overwritten is
 * exchanged whole, once the first epoch has ended.
 *
 * Options: `filename`, `separator` (","), `append` (false: what the file held before is lost).
 *
 * @throws VarveError outside of Node, where there are no files.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * callbacks.csvLogger({ filename: "training.csv" }).separator // => ","
 * ```
 *
 * @see Keras 3, `keras.callbacks.CSVLogger`
 */
export class CSVLogger extends callback("CSVLogger", {
  /** The path of the file. */
  filename: string(),
  /** What stands between values. */
  separator: string({ default: "," }),
  /** Whether lines are added to those that the file holds. */
  append: boolean({ default: false }),
}) {
  #keys: string[] | undefined;
  #before = "";
  #started = false;

  override async onTrainBegin(): Promise<void> {
    const files = await platform();
    const held = await files.readFile(this.filename);
    this.#keys = undefined;
    this.#started = this.append && held !== undefined && held !== "";
    this.#before = this.#started && !held?.endsWith("\n") ? "\n" : "";
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const files = await platform();
    this.#keys ??= columnsOf(logs);
    const line = `${this.#before}${this.#row([epoch, ...this.#keys.map((key) => logs[key] ?? "NA")])}`;
    this.#before = "";
    if (this.#started) return files.appendToFile(this.filename, line);
    this.#started = true;
    return files.replaceFile(this.filename, `${this.#row(["epoch", ...this.#keys])}${line}`);
  }

  #row(cells: readonly (string | number)[]): string {
    const written = cells.map((cell) => {
      const text = String(cell);
      return text.includes(this.separator) || /["\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    });
    return `${written.join(this.separator)}\n`;
  }
}

/** The columns, also for the validation that may only come in a later epoch. */
function columnsOf(logs: Logs): string[] {
  const keys = Object.keys(logs).sort();
  return keys.some((key) => key.startsWith("val_")) ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
}

/** Makes a `CSVLogger`. */
export const csvLogger = maker(CSVLogger);
