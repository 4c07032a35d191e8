/**
 * `loadModel`: the way in. What reads and writes files is loaded when the first file is touched, so that programs
 * without files do not carry it.
 */
import { OptionError, show } from "../core/errors.ts";
import type { LambdaFunction } from "../layers/core/lambda.ts";
import * as layers from "../layers/index.ts";
import type { Source, Waiting } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import * as ops from "../ops/index.ts";

export type { FileHandle, FileProgress, LoadWeightsOptions, Source, Target } from "../models/files.ts";
export { FileError } from "./file-error.ts";

/** What `loadModel` takes. */
export interface LoadOptions extends Waiting {
  /**
   * Your own classes (layers, models, initializers, losses, …) and functions (activations, losses, metrics), by the
   * names that the file has for them.
   */
  readonly customObjects?: Readonly<Record<string, unknown>> | undefined;
  /** The functions of Lambda layers, by the names of the layers. Files hold them as Python code, which is never run. */
  readonly lambdas?: Readonly<Record<string, LambdaFunction>> | undefined;
  /** Whether to compile the model as it was when it was saved, with the state of its optimizer. Default true. */
  readonly compile?: boolean | undefined;
  /** The most that the file may take, packed and unpacked. Default 4 GiB. */
  readonly maxBytes?: number | undefined;
}

const known = ["customObjects", "lambdas", "compile", "maxBytes", "onProgress", "signal"];

/**
 * Reads a model with its weights, and compiles it as it was, with the state of its optimizer: training goes on where
 * it stopped. Reads `.keras` files of Keras 3, whole-model `.h5` files of all versions, and TensorFlow.js layers models.
 *
 * Nothing in a file is ever executed. Sizes and checksums are checked. Where anything is unknown, damaged or does not
 * fit there is no model, and nothing stays in memory.
 *
 * @param source A path (in Node), an address, bytes, a Blob such as the File of an input element, or a file handle of OPFS.
 * @param options See `LoadOptions`.
 * @throws FileError where the file cannot be read, and says why: all unknown layers at once, all weights that do not fit.
 *
 * @example
 * ```ts
 * import { layers, loadModel, sequential } from "varve";
 * const saved = await sequential([layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [2] })]).toKeras();
 * const model = await loadModel(saved);
 * await model.apply([[1, 2]]).array() // => [[3]]
 * ```
 */
export async function loadModel(source: Source, options: LoadOptions = {}): Promise<Model> {
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new OptionError(`loadModel: option "${other}" is unknown; there are ${known.map(show).join(", ")}`);
  }
  const { read } = await import("./read.ts");
  return read(source, options, { layers, ops });
}
