/**
 * Files that a page was handed, by OPFS (the page's own file system) or by its user.
 */

import type { FileContent } from "./platform.ts";

/** What is used of a `FileSystemFileHandle` that may be written. */
export interface WritableHandle {
  readonly name: string;
  createWritable(): Promise<{
    write(content: string | Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}

/** A text and bytes as the one piece that they are. */
export function piecesOf(content: FileContent): AsyncIterable<Uint8Array> | readonly [string | Uint8Array] {
  return typeof content === "string" || content instanceof Uint8Array ? [content] : content;
}

/** Exchanges what a file holds: what is written stands beside it until it is closed, and goes away where that fails. */
export async function writeToHandle(handle: WritableHandle, content: FileContent): Promise<void> {
  const writable = await handle.createWritable();
  try {
    for await (const piece of piecesOf(content)) await writable.write(piece);
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
  await writable.close();
}
