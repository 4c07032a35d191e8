/**
 * Everywhere but in Node: no terminal, no files.
 */
import { VarveError } from "../core/errors.ts";
import type { Platform } from "./platform.ts";

function noFiles(): never {
  throw new VarveError("Files can be read and written in Node only");
}

export const platform: Platform = {
  processors: globalThis.navigator?.hardwareConcurrency ?? 1,

  async startWorker(source, data) {
    if (typeof Worker === "undefined") return undefined;
    const text = `${source}\nonmessage = ({ data }) => start(data);`;
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      const worker = new Worker(url);
      worker.postMessage(data);
      return worker;
    } finally {
      URL.revokeObjectURL(url);
    }
  },

  openBar: async () => undefined,
  appendToFile: async () => noFiles(),
  replaceFile: async () => noFiles(),
  removeFile: async () => noFiles(),
  openFile: async () => noFiles(),
  readFile: async () => noFiles(),
};
