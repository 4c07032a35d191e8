/**
 * What models ask of the file formats. `#keras` in package.json names the module that offers it, which is loaded when
 * the first model is saved, and which no module here imports: it builds on all of them.
 */
import type { WritableHandle } from "../platform/handles.ts";
import type { Model } from "./model.ts";

/** What a page is given for a file that it may read, by OPFS or by its user: `FileSystemFileHandle`. */
export interface FileHandle {
  readonly name: string;
  getFile(): Promise<Blob>;
}

/**
 * What can be read: in Node a path; everywhere an address, bytes, a Blob such as a File from an input element, a file
 * handle; in pages `opfs:` in front of a path in the page's own file system.
 */
export type Source = string | URL | Uint8Array | ArrayBuffer | Blob | FileHandle;

/** Where files are written: a path; on a page the name of a download, `opfs:` in front of a path, or a file handle. */
export type Target = string | WritableHandle;

/** How far the reading or writing of a file is. */
export interface FileProgress {
  /** How much of all of it is done, from 0 to 1; it never goes back. */
  readonly fraction: number;
  /**
   * "fetch" while the file comes from an address or a Blob, "check" while checksums are, "read" while weights are read,
   * "write" while a file is written.
   */
  readonly stage: "fetch" | "check" | "read" | "write";
  /** How many bytes of the stage are done. */
  readonly done: number;
  /** Of how many; undefined where the server does not say. */
  readonly total: number | undefined;
}

/** What those who wait for a file may want: to be told how far it is, and to end it. */
export interface Waiting {
  /**
   * Told how far it is: at the begin of each stage, every few hundredths of a second where it takes long, and at the
   * end with the fraction 1.
   */
  readonly onProgress?: ((progress: FileProgress) => void) | undefined;
  /** Ends it: it fails with the signal's reason, and nothing is changed. */
  readonly signal?: AbortSignal | undefined;
}

/** What `toOnnx` takes. */
export interface OnnxOptions {
  /** The version of ONNX's operators, from 17 to 23. Default 17, which all runtimes since 2022 have. */
  readonly opset?: number | undefined;
}

/** What `save` takes. */
export interface SaveOptions extends Waiting, OnnxOptions {}

/** What `loadWeights` takes. */
export interface LoadWeightsOptions extends Waiting {
  /** The most that the file may take, packed and unpacked. Default 4 GiB. */
  readonly maxBytes?: number | undefined;
}

export interface Files {
  /** The bytes of a `.keras` file. */
  toKeras(model: Model): Promise<Uint8Array>;
  /** The files of a TensorFlow.js layers model, by their names. */
  toTfjs(model: Model): Promise<Record<string, Uint8Array>>;
  /** The bytes of an ONNX file. */
  toOnnx(model: Model, options?: OnnxOptions): Promise<Uint8Array>;
  /** Writes a file; its kind is that of its name. */
  save(model: Model, target: Target, options?: SaveOptions): Promise<void>;
  /** Writes a file of weights; its kind is that of its name. */
  saveWeights(model: Model, target: Target, options?: Waiting): Promise<void>;
  /** Takes the weights from a file, all of them or none. */
  loadWeights(model: Model, source: Source, options?: LoadWeightsOptions): Promise<void>;
}

/** The file formats. */
export async function files(): Promise<Files> {
  return (await import("#keras")).files;
}
