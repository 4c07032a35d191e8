/**
 * HDF5 files, read and written by the HDF5 library itself (h5wasm), which is loaded when a file is touched. It sees
 * nothing but the file it is given: links to other files lead nowhere, and nothing it does reaches the disk.
 */

import { arrayClassOf, type TypedArray } from "../core/dtype.ts";
import { VarveError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { begins, type Content } from "./content.ts";
import { FileError } from "./file-error.ts";
import type { Dataset, File, Group, guess_metadata, H5Module } from "./h5wasm.ts";
import { collect, type Outgoing, type OutgoingArray } from "./outgoing.ts";
import { elements, pieceBytes, type StoredArray } from "./stored-array.ts";

/** The first bytes of every HDF5 file. */
export const hdf5Mark = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** A file that is open for reading. */
export interface Hdf5File {
  /** The names in a group, in the order of the file; none where there is no such group. */
  keys(group: string): readonly string[];
  /** The array at a path; undefined where there is none. */
  array(path: string): StoredArray | undefined;
  /** The text, or the texts, of an attribute; undefined where there is none. */
  attribute(path: string, name: string): string | readonly string[] | undefined;
  close(): void;
}

interface Library {
  readonly module: H5Module;
  readonly File: new (name: string, mode: "r" | "w") => File;
  readonly guess_metadata: typeof guess_metadata;
}

let loaded: Promise<Library> | undefined;
let files = 0;

async function library(): Promise<Library> {
  loaded ??= (async () => {
    const h5wasm = await import("h5wasm");
    const module = await h5wasm.ready;
    // Failures are thrown rather than printed.
    module.activate_throwing_error_handler();
    return { module, File: h5wasm.File, guess_metadata: h5wasm.guess_metadata };
  })();
  return loaded;
}

const integer = 0;
const float = 1;
const enumeration = 8;

function arrayOf(module: H5Module, dataset: Dataset, where: string): StoredArray {
  const { metadata, path } = dataset;
  const { shape, type, size, signed, littleEndian } = metadata;
  const bad = (problem: string) => new FileError(`${where}: "${path}" ${problem}`);
  if (!shape || shape.some((length) => !Number.isSafeInteger(length) || length < 0)) throw bad("has no shape");
  const kind = type === enumeration ? integer : type;
  const marked = module.get_attribute_names(dataset.file_id, path).includes("dtype")
    ? dataset.attrs.dtype?.value
    : undefined;
  const dtype =
    marked === "bfloat16" && size === 2
      ? "bfloat16"
      : kind === float
        ? `float${size * 8}`
        : kind === integer
          ? `${signed ? "int" : "uint"}${size * 8}`
          : "other";
  const bytes = sizeOf(shape) * size;
  // Pieces are rows of the first axis that has several; of scalars and empty arrays there is one.
  const axis = shape.findIndex((length) => length > 1);
  const rows = shape[axis] ?? 1;
  const step = Math.max(1, Math.floor((pieceBytes / Math.max(1, bytes)) * rows));
  return {
    shape,
    dtype,
    bytes,
    *pieces() {
      const read = Object.hasOwn(elements, dtype) ? elements[dtype]?.[1] : undefined;
      if (!read || (!littleEndian && size > 1)) throw bad("does not hold numbers that can be read");
      if (metadata.virtual_sources?.length) throw bad("has its values in other files");
      if (bytes === 0) return;
      const pointer = module._malloc((bytes / rows) * Math.min(step, rows));
      if (pointer === 0) throw bad(`takes ${bytes} bytes, more than there is memory for`);
      try {
        for (let row = 0; row < rows; row += step) {
          const length = Math.min(step, rows - row);
          const whole = length === rows;
          const count = whole ? null : shape.map((each, index) => BigInt(index === axis ? length : each));
          const begin = whole ? null : shape.map((_, index) => BigInt(index === axis ? row : 0));
          const stride = whole ? null : shape.map(() => 1n);
          let piece: TypedArray;
          try {
            const status = module.get_dataset_data(dataset.file_id, path, count, begin, stride, BigInt(pointer));
            if (status < 0) throw new Error("cannot be read");
            piece = read(module.HEAPU8.subarray(pointer, pointer + (bytes / rows) * length));
          } catch (error) {
            throw bad(`cannot be read: ${messageOf(error)}`);
          }
          yield piece;
        }
      } finally {
        module._free(pointer);
      }
    },
  };
}

/** What the library says. It tells where it noticed from the outside in, so the last place has the cause. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return [...message.matchAll(/\(\): (.+)$/gm)].at(-1)?.[1] ?? (message.split("\n", 1)[0] as string);
}

/** What stands under a name in the file system inside the library, without being in its memory. */
interface Mounted {
  readonly size: number;
  read(memory: Uint8Array, offset: number, length: number, position: number): number;
  /** What is written; files that are only read have none. */
  write?(memory: Uint8Array, offset: number, length: number, position: number): void;
}

function mount(module: H5Module, name: string, file: Mounted): FileNode {
  const { FS } = module as unknown as { FS: FileSystem };
  FS.writeFile(name, new Uint8Array());
  const { node } = FS.lookupPath(name);
  node.usedBytes = file.size;
  node.stream_ops = {
    ...node.stream_ops,
    read: (_stream, memory, offset, length, position) =>
      file.read(memory, offset, Math.max(0, Math.min(length, node.usedBytes - position)), position),
    write(_stream, memory, offset, length, position) {
      file.write?.(memory, offset, length, position);
      node.usedBytes = Math.max(node.usedBytes, position + length);
      return length;
    },
  };
  node.node_ops = {
    ...node.node_ops,
    setattr(_node, { size = node.usedBytes }) {
      node.usedBytes = size;
    },
  };
  return node;
}

/** What is used of the file system inside the library, which Emscripten makes. */
interface FileSystem {
  writeFile(name: string, bytes: Uint8Array): void;
  lookupPath(name: string): { readonly node: FileNode };
}

type Transfer = (stream: unknown, memory: Uint8Array, offset: number, length: number, position: number) => number;

interface FileNode {
  usedBytes: number;
  stream_ops: { read: Transfer; write: Transfer };
  node_ops: { setattr(node: FileNode, attributes: { readonly size?: number }): void };
}

/**
 * Opens a file, which must not change while it is open; it is read where it is.
 *
 * @throws FileError where they are not an HDF5 file, or a damaged one.
 */
export async function openHdf5(content: Content, where: string): Promise<Hdf5File> {
  const { module, File } = await library();
  const name = `read-${files++}.h5`;
  const damaged = (error: unknown) => new FileError(`${where}: this HDF5 file is damaged: ${messageOf(error)}`);
  /** What the library throws says that the file is damaged. */
  const guarded = <R>(read: () => R): R => {
    try {
      return read();
    } catch (error) {
      throw error instanceof VarveError ? error : damaged(error);
    }
  };
  if (!begins(content, hdf5Mark)) throw new FileError(`${where}: this is no HDF5 file`);
  mount(module, name, {
    size: content.size,
    read(memory, offset, length, position) {
      const bytes = content.read(position, position + length);
      memory.set(bytes, offset);
      return bytes.length;
    },
  });
  let file: File;
  try {
    file = guarded(() => {
      const opened = new File(name, "r");
      if (opened.file_id < 0n) throw new Error("it cannot be opened");
      return opened;
    });
  } catch (error) {
    module.FS.unlink(name);
    throw error;
  }
  const { file_id: id } = file;
  /** What is at a path; links are not followed. */
  const find = (path: string): "group" | "dataset" | undefined => {
    let found: "group" | "dataset" | undefined = "group";
    let at = "";
    for (const part of path.split("/").filter((each) => each !== "")) {
      if (found !== "group" || !module.get_names(id, at || "/", false).includes(part)) return undefined;
      at = `${at}/${part}`;
      const type = module.get_type(id, at);
      found = type === module.H5G_GROUP ? "group" : type === module.H5G_DATASET ? "dataset" : undefined;
    }
    return found;
  };
  return {
    keys: (group) => guarded(() => (find(group) === "group" ? module.get_names(id, group || "/", false) : [])),
    array: (path) =>
      guarded(() => (find(path) === "dataset" ? arrayOf(module, file.get(path) as Dataset, where) : undefined)),
    attribute: (path, attribute) =>
      guarded(() => {
        if (!find(path)) return undefined;
        if (!module.get_attribute_names(id, path || "/").includes(attribute)) return undefined;
        const value = (file.get(path || "/") as Group).attrs[attribute]?.value;
        return typeof value === "string" || Array.isArray(value) ? (value as string | string[]) : undefined;
      }),
    close() {
      try {
        file.close();
      } catch {
        // A damaged file may not close; its bytes are let go of all the same.
      } finally {
        module.FS.unlink(name);
      }
    },
  };
}

/** What goes into a file: groups with their attributes, and arrays. */
export interface Hdf5Content {
  readonly groups: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  readonly arrays: readonly (OutgoingArray & { readonly path: string })[];
}

/** Arrays of more bytes than this never enter the library; it copies those that it gathers before it writes them. */
const placedBytes = 1 << 17;

const pageSize = 1 << 12;

/** The parts of pages that a stretch of a file covers. */
function eachPage(
  position: number,
  length: number,
  visit: (index: number, from: number, to: number, done: number) => void,
): void {
  for (let done = 0; done < length; ) {
    const from = (position + done) % pageSize;
    const to = Math.min(pageSize, from + length - done);
    visit((position + done - from) / pageSize, from, to, done);
    done += to - from;
  }
}

/**
 * A file as the library lays it out: what it writes itself, in pages, and the places of large arrays. It is told to write
 * such an array from an address where nothing is, and never looks: it passes on the address, here, where the place in
 * the file is noted. The numbers come in when the file goes out.
 */
class Layout {
  readonly size = 0;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #placed: { readonly at: number; readonly array: Outgoing }[] = [];
  #expected: { readonly address: number; at: number | undefined; done: number } | undefined;

  /** Has `write` put an array into the file from an address. */
  place(array: Outgoing, address: number, write: (address: number) => void): void {
    const expected = { address, at: undefined as number | undefined, done: 0 };
    this.#expected = expected;
    try {
      write(address);
    } finally {
      this.#expected = undefined;
    }
    const { at, done } = expected;
    if (at === undefined || done !== array.size) throw new Error("the HDF5 library does not write arrays as they are");
    this.#placed.push({ at, array });
  }

  write(memory: Uint8Array, offset: number, length: number, position: number): void {
    const expected = this.#expected;
    if (expected && offset === expected.address + expected.done) {
      expected.at ??= position;
      expected.done += length;
      return;
    }
    eachPage(position, length, (index, from, to, done) => {
      const page = this.#pages.get(index) ?? new Uint8Array(pageSize);
      this.#pages.set(index, page);
      page.set(memory.subarray(offset + done, offset + done + to - from), from);
    });
  }

  read(memory: Uint8Array, offset: number, length: number, position: number): number {
    eachPage(position, length, (index, from, to, done) => {
      const page = this.#pages.get(index);
      if (page) memory.set(page.subarray(from, to), offset + done);
      else memory.fill(0, offset + done, offset + done + to - from);
    });
    return length;
  }

  /** The whole file, of so many bytes. */
  async *pieces(size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let at = 0;
    for (const { at: begin, array } of [...this.#placed, { at: size, array: undefined }].sort((a, b) => a.at - b.at)) {
      while (at < begin) {
        const piece = new Uint8Array(Math.min(pieceBytes, begin - at));
        this.read(piece, 0, piece.length, at);
        yield piece;
        at += piece.length;
      }
      if (!array) return;
      yield* array.pieces();
      at += array.size;
    }
  }
}

/** A file with that content. */
export async function writeHdf5({ groups, arrays }: Hdf5Content): Promise<Outgoing> {
  const { module, File, guess_metadata: metadataOf } = await library();
  const name = `write-${files++}.h5`;
  const layout = new Layout();
  const node = mount(module, name, layout);
  const buffer = module._malloc(placedBytes + 1);
  const file = new File(name, "w");
  try {
    const made = new Set<string>([""]);
    const group = (path: string): Group => {
      if (!made.has(path)) {
        group(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
        file.create_group(path);
        made.add(path);
      }
      return file.get(path || "/") as Group;
    };
    for (const [path, attributes] of Object.entries(groups)) {
      const owner = group(path);
      for (const [attribute, value] of Object.entries(attributes)) owner.create_attribute(attribute, value as string);
    }
    for (const array of arrays) {
      const { path, shape, dtype, size } = array;
      group(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
      const extent = shape.map(BigInt);
      const type = metadataOf(arrayClassOf(dtype).from([]));
      const create = (address: number) => {
        const metadata = { ...type, shape: extent, maxshape: extent, chunks: null };
        module.create_dataset(file.file_id, `/${path}`, BigInt(address), metadata);
      };
      if (size > placedBytes) {
        layout.place(array, buffer + placedBytes, create);
      } else {
        module.HEAPU8.set(await collect(array), buffer);
        create(buffer);
      }
    }
    file.flush();
    file.close();
  } finally {
    module._free(buffer);
    module.FS.unlink(name);
  }
  const size = node.usedBytes;
  return { size, pieces: () => layout.pieces(size) };
}
