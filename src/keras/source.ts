/**
 * Where files come from: a path, an address, bytes, a Blob, a file handle. What is on disk is read where it is asked
 * for; all else becomes bytes in memory, without copies where there are bytes already.
 */
import { show } from "../core/errors.ts";
import type { FileHandle } from "../models/files.ts";
import { platform } from "../platform/platform.ts";
import { type Content, inMemory } from "./content.ts";
import { FileError } from "./file-error.ts";
import type { Loading } from "./loading.ts";

/** How large files may be unless the caller says otherwise. */
export const maxBytesAtFirst = 2 ** 32;

const isHandle = (source: unknown): source is FileHandle =>
  typeof source === "object" && source !== null && typeof (source as FileHandle).getFile === "function";

/** Whether a text is a path in the file system of a page. */
const isStored = (source: string) => source.startsWith("opfs:");

/** What a source is called in messages. */
export function nameOf(source: unknown, otherwise = "loadModel"): string {
  if (typeof source === "string" && source !== "") return source;
  if (source instanceof URL) return source.href;
  if (isHandle(source) || (typeof File !== "undefined" && source instanceof File)) return source.name;
  return otherwise;
}

const inNode = () => typeof process !== "undefined" && process.versions?.node !== undefined;

const isAddress = (source: string) => /^(https?|blob|data):/.test(source);

/**
 * What is in a source; refuses more than `maxBytes`. A file on disk is opened, everything else comes into memory. Whoever
 * calls this closes it.
 */
export async function contentOf(source: unknown, maxBytes: number, where: string, loading: Loading): Promise<Content> {
  const check = (size: number) => {
    if (size <= maxBytes) return;
    throw new FileError(
      `${where}: ${size} bytes are more than the ${maxBytes} allowed; raise maxBytes if you trust the file`,
    );
  };
  const content = await openContent(source, where, check, loading);
  try {
    check(content.size);
  } catch (error) {
    content.close();
    throw error;
  }
  return content;
}

async function openContent(
  source: unknown,
  where: string,
  check: (size: number) => void,
  loading: Loading,
): Promise<Content> {
  if (source instanceof Uint8Array) return inMemory(source);
  if (source instanceof ArrayBuffer) return inMemory(new Uint8Array(source));
  if (source instanceof Blob) {
    check(source.size);
    return inMemory(await gathered(source.stream(), source.size, check, loading));
  }
  if (isHandle(source)) return openContent(await source.getFile(), where, check, loading);
  const isText = typeof source === "string" && source !== "";
  if (!isText && !(source instanceof URL)) {
    throw new FileError(
      `${where}: a file is a path, a URL, a Uint8Array, an ArrayBuffer, a Blob or a FileSystemFileHandle; got ${show(source)}`,
    );
  }
  if (source instanceof URL ? source.protocol !== "file:" : isAddress(source) || !(inNode() || isStored(source))) {
    const answer = await fetch(source, loading.signal ? { signal: loading.signal } : {}).catch((error: Error) => {
      loading.signal?.throwIfAborted();
      const { code } = (error.cause ?? {}) as { code?: string };
      throw new FileError(`${where}: cannot be fetched: ${code ?? error.message}`);
    });
    if (!answer.ok) throw new FileError(`${where}: the server answered ${answer.status} ${answer.statusText}`);
    // What is packed on its way has another length there.
    const told = answer.headers.has("content-encoding") ? null : answer.headers.get("content-length");
    if (told !== null) check(Number(told));
    if (!answer.body) return inMemory(new Uint8Array(await answer.arrayBuffer()));
    return inMemory(await gathered(answer.body, told === null ? undefined : Number(told), check, loading));
  }
  try {
    const opened = await (await platform()).openFile(source);
    return opened instanceof Blob ? openContent(opened, where, check, loading) : opened;
  } catch (error) {
    throw new FileError(`${where}: cannot be read: ${(error as Error).message}`);
  }
}

/** All that comes out of a stream, in one array, which is made at once where its size is known. */
async function gathered(
  stream: ReadableStream<Uint8Array>,
  size: number | undefined,
  check: (size: number) => void,
  loading: Loading,
): Promise<Uint8Array> {
  loading.begin("fetch", size);
  let whole = new Uint8Array(size ?? 1 << 16);
  let done = 0;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value } = await reader.read();
      if (!value) break;
      check(done + value.length);
      if (done + value.length > whole.length) {
        const wider = new Uint8Array(Math.max(done + value.length, 2 * whole.length));
        wider.set(whole.subarray(0, done));
        whole = wider;
      }
      whole.set(value, done);
      done += value.length;
      await loading.advance(value.length);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error;
  }
  return whole.subarray(0, done);
}

/** A file beside the one at an address, asked for with the same query, where keys stand for all files. */
function besideAddress(name: string, address: string | URL): URL {
  const found = new URL(name, address);
  found.search = new URL(address).search;
  return found;
}

/** The file of that name in the folder of a source, which has to be a path or an address. */
export function beside(source: unknown, name: string, where: string): string | URL {
  if (source instanceof URL) return besideAddress(name, source);
  if (typeof source !== "string") {
    throw new FileError(
      `${where}: its weights are in files beside it, so give its path or address rather than its bytes`,
    );
  }
  if (isAddress(source)) return besideAddress(name, source);
  return source.replace(/[^/\\]*$/, "") + name;
}
