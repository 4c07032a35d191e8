import { VarveError } from "../core/errors.ts";

/** A file that is damaged, unsafe, of another kind than it should be, or that does not fit its model. */
export class FileError extends VarveError {
  override name = "FileError";
}
