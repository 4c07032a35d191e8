/**
 * Everywhere but in Node: no terminal, no files.
 */
import { VarveError } from "../core/errors.ts";
import type { Platform } from "./platform.ts";

function noFiles(): never {
  throw new VarveError("Files can be read and written in Node only");
}

export const platform: Platform = {
  openBar: () => undefined,
  appendToFile: async () => noFiles(),
  replaceFile: async () => noFiles(),
  readFile: async () => noFiles(),
};
