/**
 * Files that a page was handed, by OPFS (the page's own file system) or by its user.
 */

/** What is used of a `FileSystemFileHandle` that may be written. */
export interface WritableHandle {
  readonly name: string;
  createWritable(): Promise<{
    write(content: string | Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}

/** Exchanges what a file holds: what is written stands beside it until it is closed, and goes away where that fails. */
export async function writeToHandle(handle: WritableHandle, content: string | Uint8Array): Promise<void> {
  const writable = await handle.createWritable();
  try {
    await writable.write(content);
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
  await writable.close();
}
