/**
 * Everywhere but in Node: no terminal; files are those of the page's own file system (OPFS), by paths that begin with
 * `opfs:`, and what is written under any other name is a download.
 */
import { VarveError } from "../core/errors.ts";
import { piecesOf, type WritableHandle, writeToHandle } from "./handles.ts";
import type { FileContent, Platform } from "./platform.ts";

function noFiles(): never {
  throw new VarveError("Files can be added to in Node only");
}

/** What is used of the page's own file system. */
interface Folder {
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options: { create: boolean }): Promise<WritableHandle & { getFile(): Promise<Blob> }>;
  removeEntry(name: string): Promise<void>;
}

const stored = /^opfs:\/*/;

const isMissing = (error: unknown) => (error as Error).name === "NotFoundError";

/** The folder of a path in the page's own file system, and the name in it. */
async function placeOf(path: string, create: boolean): Promise<{ folder: Folder; name: string }> {
  const names = path.replace(stored, "").split("/");
  const name = names.pop();
  if (!name || names.some((each) => each === "" || each === "..")) {
    throw new VarveError(`"${path}" is no path of a file, as opfs:/models/net.keras is`);
  }
  const storage = (globalThis.navigator as { storage?: { getDirectory?(): Promise<unknown> } } | undefined)?.storage;
  if (!storage?.getDirectory) {
    throw new VarveError(`"${path}": this page has no file system of its own; browsers give one to secure pages only`);
  }
  let folder = (await storage.getDirectory()) as Folder;
  for (const each of names) folder = await folder.getDirectoryHandle(each, { create });
  return { folder, name };
}

async function handleOf(path: string, create: boolean) {
  const { folder, name } = await placeOf(path, create);
  return folder.getFileHandle(name, { create });
}

/** How long the bytes of a download are kept for the browser to take them, in milliseconds. */
const keptFor = 60_000;

async function download(path: string, content: FileContent): Promise<void> {
  if (typeof document === "undefined") {
    throw new VarveError(
      `"${path}": only pages can offer a download; in a worker save to opfs:/${path}, or to a file handle`,
    );
  }
  // What is in a Blob need not be in memory.
  const parts: Blob[] = [];
  for await (const piece of piecesOf(content)) parts.push(new Blob([piece as BlobPart]));
  const url = URL.createObjectURL(new Blob(parts));
  const link = document.createElement("a");
  link.href = url;
  link.download = path.replace(/^.*[/\\]/, "");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), keptFor);
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

  async replaceFile(path, content) {
    if (stored.test(path)) await writeToHandle(await handleOf(path, true), content);
    else await download(path, content);
  },

  async makeFolderOf() {},

  async removeFile(path) {
    try {
      const { folder, name } = await placeOf(path, false);
      await folder.removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  },

  openFile: async (path) => (await handleOf(String(path), false)).getFile(),

  async readFile(path) {
    if (!stored.test(path)) return undefined;
    try {
      return await (await (await handleOf(path, false)).getFile()).text();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
};
