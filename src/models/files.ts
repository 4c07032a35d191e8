/**
 * What models ask of the file formats. `#keras` in package.json names the module that offers it, which is loaded when
 * the first model is saved, and which no module here imports: it builds on all of them.
 */
import type { Model } from "./model.ts";

/** What `toOnnx` takes. */
export interface OnnxOptions {
  /** The version of ONNX's operators, from 17 to 23. Default 17, which all runtimes since 2022 have. */
  readonly opset?: number | undefined;
}

export interface Files {
  /** The bytes of a `.keras` file. */
  toKeras(model: Model): Promise<Uint8Array>;
  /** The files of a TensorFlow.js layers model, by their names. */
  toTfjs(model: Model): Promise<Record<string, Uint8Array>>;
  /** The bytes of an ONNX file. */
  toOnnx(model: Model, options?: OnnxOptions): Promise<Uint8Array>;
  /** Writes a file, in Node; its kind is that of its name. */
  save(model: Model, path: string, options?: OnnxOptions): Promise<void>;
  /** Writes a file of weights, in Node; its kind is that of its name. */
  saveWeights(model: Model, path: string): Promise<void>;
  /** Takes the weights from a file, all of them or none. */
  loadWeights(model: Model, source: string | URL | Uint8Array | ArrayBuffer | Blob): Promise<void>;
}

/** The file formats. */
export async function files(): Promise<Files> {
  return (await import("#keras")).files;
}
