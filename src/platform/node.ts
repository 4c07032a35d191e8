/// <reference types="node" />
/**
 * In Node: the terminal, and files.
 */
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SingleBar } from "cli-progress";
import type { Bar, Platform } from "./platform.ts";

export const platform: Platform = {
  processors: availableParallelism(),

  startWorker(source, data) {
    const text = `${source}\nstart(require("node:worker_threads").workerData);`;
    const worker = new Worker(text, { eval: true, workerData: data });
    worker.unref();
    return worker;
  },

  openBar(title, total): Bar | undefined {
    if (!process.stdout.isTTY) return undefined;
    if (title) console.log(title);
    const bar = new SingleBar({
      format: total === undefined ? "{value}/? {text}" : "{value}/{total} {bar} {text}",
      barCompleteChar: "━",
      barIncompleteChar: "─",
      barsize: 20,
      stream: process.stdout,
      hideCursor: true,
      linewrap: false,
      gracefulExit: true,
      forceRedraw: true,
    });
    bar.start(total ?? Number.MAX_SAFE_INTEGER, 0, { text: "" });
    return {
      update(done, text) {
        bar.update(done, { text });
      },
      stop: () => bar.stop(),
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
      throw error;
    }
  },

  readBytes: (path) => readFile(path),

  async readFile(path) {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
  },
};
