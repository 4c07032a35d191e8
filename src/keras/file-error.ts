import { VarveError } from "../core/errors.ts";

/** A file that is damaged, unsafe, of another kind than it should be, or that does not fit its model. */
export class FileError extends VarveError {
  override name = "FileError";
  /** What a model needs that is not here: names of classes, with the names of the layers that are of them. */
  readonly missing: Readonly<Record<string, readonly string[]>> | undefined;

  constructor(message: string, options: ErrorOptions & Partial<Pick<FileError, "missing">> = {}) {
    super(message, options);
    this.missing = options.missing;
  }
}
