/**
 * Where files come from: a path, an address, bytes, or a Blob. All of it becomes bytes, without copies where there are
 * bytes already.
 */
import { show } from "../core/errors.ts";
import { platform } from "../platform/platform.ts";
import { FileError } from "./file-error.ts";

/** What can be read: in Node a path, everywhere an address, bytes, or a Blob such as a File from an input element. */
export type Source = string | URL | Uint8Array | ArrayBuffer | Blob;

/** What a source is called in messages. */
export function nameOf(source: unknown, otherwise = "loadModel"): string {
  if (typeof source === "string" && source !== "") return source;
  if (source instanceof URL) return source.href;
  if (typeof File !== "undefined" && source instanceof File) return source.name;
  return otherwise;
}

const inNode = () => typeof process !== "undefined" && process.versions?.node !== undefined;

/** The bytes of a source; refuses more than `maxBytes`. */
export async function bytesOf(source: unknown, maxBytes: number, where: string): Promise<Uint8Array> {
  const tooLarge = (bytes: number) =>
    new FileError(
      `${where}: ${bytes} bytes are more than the ${maxBytes} allowed; raise maxBytes if you trust the file`,
    );
  const bytes = await allBytes(source, where, (size) => {
    if (size > maxBytes) throw tooLarge(size);
  });
  if (bytes.length > maxBytes) throw tooLarge(bytes.length);
  return bytes;
}

async function allBytes(source: unknown, where: string, check: (size: number) => void): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) {
    check(source.size);
    return new Uint8Array(await source.arrayBuffer());
  }
  const isText = typeof source === "string" && source !== "";
  if (!isText && !(source instanceof URL)) {
    throw new FileError(
      `${where}: a file is a path, a URL, a Uint8Array, an ArrayBuffer or a Blob; got ${show(source)}`,
    );
  }
  const isAddress = source instanceof URL ? source.protocol !== "file:" : /^(https?|blob|data):/.test(source);
  if (isAddress || !inNode()) {
    const answer = await fetch(source);
    if (!answer.ok) throw new FileError(`${where}: the server answered ${answer.status} ${answer.statusText}`);
    check(Number(answer.headers.get("content-length") ?? 0));
    return new Uint8Array(await answer.arrayBuffer());
  }
  try {
    return await (await platform()).readBytes(source);
  } catch (error) {
    throw new FileError(`${where}: cannot be read: ${(error as Error).message}`);
  }
}

/** The file of that name in the folder of a source, which has to be a path or an address. */
export function beside(source: unknown, name: string, where: string): string | URL {
  if (source instanceof URL) return new URL(name, source);
  if (typeof source !== "string") {
    throw new FileError(
      `${where}: its weights are in files beside it, so give its path or address rather than its bytes`,
    );
  }
  if (/^(https?|blob|data):/.test(source)) return new URL(name, source);
  return source.replace(/[^/\\]*$/, "") + name;
}
