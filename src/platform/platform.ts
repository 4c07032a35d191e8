/**
 * What differs between the places that a program runs in: a terminal, files, workers. `#platform` in package.json names the module
 * that offers it: `node.ts` in Node, `other.ts` everywhere else, so that browsers never load the former.
 */

/** A line in a terminal that is drawn again and again. */
export interface Bar {
  /** Shows how many of how many steps are done, and what else there is to say. */
  update(done: number, text: string): void;
  /** Draws the last state and leaves the line. */
  stop(): void;
}

/** A thread of its own. */
export interface StartedWorker {
  terminate(): void;
}

/** A file that is open for reading. */
export interface OpenFile {
  readonly size: number;
  /** The bytes from a place up to another, in an array of their own; fewer where the file ends before. */
  read(from: number, to: number): Uint8Array;
  close(): void;
}

/** What is written: a text, bytes, or bytes that come a piece at a time. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface Platform {
  /** How many threads the processor runs at once. */
  readonly processors: number;
  /**
   * A worker that runs a text which defines a function `start`, and calls that with `data`; it does not keep the
   * process alive. Undefined where workers cannot be made.
   */
  startWorker(source: string, data: object): Promise<StartedWorker | undefined>;
  /**
   * A bar of so many steps (undefined: nobody knows how many) below a title, where there is one; undefined where there
   * is no terminal. Where what is printed may go into a file, the bar is drawn among the errors.
   */
  openBar(title: string, total: number | undefined, where?: "output" | "errors"): Promise<Bar | undefined>;
  /** Adds text at the end of a file, in one piece. */
  appendToFile(path: string, text: string): Promise<void>;
  /**
   * Exchanges what a file holds, in one piece: nobody ever sees half of it. On a page, paths that begin with `opfs:` are
   * in its own file system, and everything else is a download.
   */
  replaceFile(path: string, content: FileContent): Promise<void>;
  /** Makes the folder of a path, where there is none; on a page writing does that. */
  makeFolderOf(path: string): Promise<void>;
  /** Takes a file away, where there is one. */
  removeFile(path: string): Promise<void>;
  /** Opens a file to read it where it is, or as a Blob; fails where there is none. `file:` URLs are paths too. */
  openFile(path: string | URL): Promise<OpenFile | Blob>;
  /** What a file holds, or undefined where there is none. */
  readFile(path: string): Promise<string | undefined>;
}

let found: Platform | undefined;

/** What there is here. */
export async function platform(): Promise<Platform> {
  found ??= (await import("#platform")).platform;
  return found;
}
