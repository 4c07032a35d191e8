/// <reference types="node" />
/**
 * In Node: the terminal, and files.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { VarveError } from "../core/errors.ts";
import type { Bar, Platform } from "./platform.ts";

/** How many characters a bar is long. */
const barLength = 20;

/** `12/75 ━━━───…`, or without a bar where nobody knows how much there is. */
function barLine(done: number, total: number | undefined, text: string): string {
  if (total === undefined) return `${done}/? ${text}`;
  const filled = Math.round(barLength * Math.min(1, done / Math.max(total, 1)));
  return `${done}/${total} ${"━".repeat(filled)}${"─".repeat(barLength - filled)} ${text}`;
}

export const platform: Platform = {
  processors: availableParallelism(),

  async startWorker(source, data) {
    const { Worker } = await import("node:worker_threads");
    const text = `${source}\nstart(require("node:worker_threads").workerData);`;
    // Workers take none of the program's own flags: those of the engine (`--max-old-space-size`) are refused in a worker,
    // and the text is CommonJS also where the program is a module from the command line.
    const worker = new Worker(text, { execArgv: [], eval: true, workerData: data });
    worker.unref();
    return worker;
  },

  async openBar(title, total, where = "output"): Promise<Bar | undefined> {
    const stream = where === "output" ? process.stdout : process.stderr;
    if (!stream.isTTY) return undefined;
    // Loaded only where there is something to draw: that takes longer than a first prediction.
    const { SingleBar } = (await import("cli-progress")).default;
    if (title) console.log(title);
    let last = { done: 0, text: "" };
    const bar = new SingleBar({
      format: (_options, { value }, { text }) => barLine(value, total, text),
      stream,
      hideCursor: true,
      // While it is drawn again and again the line ends where the terminal does; the last state is printed whole.
      linewrap: false,
      clearOnComplete: true,
      gracefulExit: true,
      forceRedraw: true,
    });
    bar.start(total ?? Number.MAX_SAFE_INTEGER, 0, { text: "" });
    return {
      update(done, text) {
        last = { done, text };
        bar.update(done, { text });
      },
      stop() {
        bar.stop();
        stream.write(`${barLine(last.done, total ?? last.done, last.text)}\n`);
      },
    };
  },

  appendToFile: (path, text) => appendFile(path, text),

  async replaceFile(path, content) {
    const draft = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(draft, content);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (!syscall) throw error;
      const reason = code === "ENOENT" ? "there is no such folder" : (error as Error).message;
      throw new VarveError(`"${path}" cannot be written: ${reason}`, { cause: error });
    }
  },

  async makeFolderOf(path) {
    await mkdir(dirname(path), { recursive: true });
  },

  removeFile: (path) => rm(path, { force: true }),

  async openFile(path) {
    const file = openSync(path, "r");
    const stats = fstatSync(file);
    if (!stats.isFile()) {
      closeSync(file);
      throw new Error("it is no file");
    }
    const { size } = stats;
    return {
      size,
      read(from, to) {
        const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from));
        let done = 0;
        while (done < bytes.length) {
          const count = readSync(file, bytes, done, bytes.length - done, from + done);
          if (count === 0) break;
          done += count;
        }
        return bytes.subarray(0, done);
      },
      close: () => closeSync(file),
    };
  },

  async readFile(path) {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
  },
};
