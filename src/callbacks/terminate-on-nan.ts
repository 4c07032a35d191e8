/**
 * Ending a training whose loss is no number any more.
 */
import { maker } from "../core/configurable.ts";
import { VarveError } from "../core/errors.ts";
import { boolean } from "../core/options.ts";
import { callback, type Logs } from "./callback.ts";

/**
 * Ends the training when the loss becomes NaN or infinite.
 *
 * Options: `raiseError` (default false), whether `fit` then fails rather than ends.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * callbacks.terminateOnNaN().raiseError // => false
 * ```
 *
 * @see Keras 3, `keras.callbacks.TerminateOnNaN`
 */
export class TerminateOnNaN extends callback("TerminateOnNaN", {
  /** Whether `fit` fails rather than ends. */
  raiseError: boolean({ default: false }),
}) {
  override onTrainBatchEnd(batch: number, { loss }: Logs): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) throw new VarveError(`TerminateOnNaN: after batch ${batch} the loss is ${loss}`);
    console.log(`Batch ${batch}: the loss is ${loss}, training ends`);
    this.model.stopTraining = true;
  }
}

/** Makes a `TerminateOnNaN`. */
export const terminateOnNaN = maker(TerminateOnNaN);
