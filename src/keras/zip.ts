/**
 * Zip archives: what Keras's `.keras` files are. Sizes are checked against a limit before anything is unpacked, and
 * checksums afterwards, so what comes out is what went in.
 * What it is not: a way to unpack an archive to files; entries are read into memory, one at a time.
 *
 * @see PKWARE, APPNOTE.TXT 6.3.10: the end record, the central directory, local headers, zip64 fields.
 */
import type { ZipInputFile } from "fflate";
import { VarveError } from "../core/errors.ts";
import { type Content, inMemory, partOf } from "./content.ts";
import { FileError } from "./file-error.ts";
import type { Loading } from "./loading.ts";
import type { Outgoing } from "./outgoing.ts";
import { pieceBytes } from "./stored-array.ts";

/** The bytes of a zip's first entry: how a file of that kind is told from others. */
export const zipMark = [0x50, 0x4b, 0x03, 0x04];

interface Entry {
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/** An archive that was looked into, but not unpacked. */
export interface Archive {
  /** The names of all entries. */
  readonly names: readonly string[];
  /** How large an entry says it is when unpacked. */
  sizeOf(name: string): number;
  /** What an entry holds, its checksum checked; undefined where there is none of that name. */
  open(name: string): Promise<Content | undefined>;
  /** The same as bytes, for what is small. */
  read(name: string): Promise<Uint8Array | undefined>;
}

const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const locator64Mark = 0x07064b50;
const directoryMark = 0x02014b50;
const localMark = 0x04034b50;
const unknown32 = 0xffffffff;

let tables: ReturnType<typeof makeTables> | undefined;

/** Tables of CRC-32 (polynomial 0xEDB88320): what a byte does, and what it does with 1, 2 and 3 bytes behind it. */
function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = new Uint32Array(256);
  for (let index = 0; index < 256; index++) {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    first[index] = value;
  }
  const after = (table: Uint32Array) => table.map((value) => (value >>> 8) ^ (first[value & 0xff] as number));
  const second = after(first);
  const third = after(second);
  return [first, second, third, after(third)];
}

/**
 * The checksum of zip, CRC-32, four bytes at a time.
 *
 * @param before The checksum of what stands in front of these bytes. Default: there is nothing.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables();
  const [one, two, three, four] = tables;
  let checksum = ~before;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    checksum ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    checksum =
      (four[checksum & 0xff] as number) ^
      (three[(checksum >>> 8) & 0xff] as number) ^
      (two[(checksum >>> 16) & 0xff] as number) ^
      (one[checksum >>> 24] as number);
  }
  for (; at < bytes.length; at++) {
    checksum = (checksum >>> 8) ^ (one[(checksum ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~checksum >>> 0;
}

/** Sizes beyond 32 bits stand in a field of their own, in the order of the fields that say so. */
function zip64Field(view: DataView, from: number, to: number, wanted: readonly number[]): number[] {
  for (let at = from; at + 4 <= to; ) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (id === 1) {
      let next = at + 4;
      return wanted.map((value) => {
        if (value !== unknown32) return value;
        next += 8;
        return Number(view.getBigUint64(next - 8, true));
      });
    }
    at += 4 + length;
  }
  return [...wanted];
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Looks for the end record, which a comment may follow: it says where the directory is. */
function findEnd(content: Content, where: string): { count: number; at: number; size: number } {
  const begin = Math.max(0, content.size - 22 - 0xffff - 20);
  const view = viewOf(content.read(begin, content.size));
  const last = view.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) !== endMark) continue;
    const end = {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      at: view.getUint32(at + 16, true),
    };
    if (end.at !== unknown32 && end.size !== unknown32 && end.count !== 0xffff) return end;
    if (at < 20 || view.getUint32(at - 20, true) !== locator64Mark) return end;
    const at64 = Number(view.getBigUint64(at - 12, true));
    const end64 = viewOf(content.read(at64, at64 + 56));
    if (end64.getUint32(0, true) !== end64Mark) break;
    const [count, size, place] = [32, 40, 48].map((offset) => Number(end64.getBigUint64(offset, true)));
    return { count: count as number, size: size as number, at: place as number };
  }
  throw new FileError(`${where}: this zip has no end; was the file cut off while it was copied?`);
}

function readDirectory(content: Content, where: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const { count, at: start, size: length } = findEnd(content, where);
  const bytes = content.read(start, start + length);
  const view = viewOf(bytes);
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== directoryMark) throw new RangeError("no directory entry");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const nameAt = at + 46;
    const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + nameLength));
    const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    const [size, packed, local] = zip64Field(view, nameAt + nameLength, nameAt + nameLength + extraLength, fields) as [
      number,
      number,
      number,
    ];
    if (view.getUint16(at + 8, true) & 1) throw new FileError(`${where}: "${name}" is encrypted; save it without`);
    if (name.split(/[/\\]/).includes("..") || /^([/\\]|[A-Za-z]:)/.test(name)) {
      throw new FileError(`${where}: the zip has an entry "${name}", which leads out of it; it is not a Keras file`);
    }
    if (entries.has(name)) throw new FileError(`${where}: the zip has two entries called "${name}"`);
    const header = viewOf(content.read(local, local + 30));
    if (header.getUint32(0, true) !== localMark) throw new RangeError("no local header");
    const dataAt = local + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (dataAt + packed > content.size) throw new RangeError("entry beyond the end");
    const [method, checksum] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    entries.set(name, { method, checksum, packed, size, at: dataAt });
    at = nameAt + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** Unpacks, but never more than what the directory says. */
async function inflate(packed: Content, size: number): Promise<Uint8Array> {
  const { Inflate } = await import("fflate");
  const out = new Uint8Array(size);
  let done = 0;
  const stream = new Inflate((piece) => {
    if (done + piece.length > size) throw new RangeError("larger than it says");
    out.set(piece, done);
    done += piece.length;
  });
  const step = 1 << 16;
  for (let at = 0; at < packed.size; at += step) stream.push(packed.read(at, at + step), at + step >= packed.size);
  if (done !== size) throw new RangeError("smaller than it says");
  return out;
}

/**
 * Opens an archive. Entries that are not packed, as Keras writes them, are read where they are, without a copy.
 *
 * @param loading Told what is checked; files are large where that takes time.
 * @throws FileError where the archive is damaged, or says it is larger than `maxBytes` when unpacked.
 */
export function openZip(content: Content, maxBytes: number, where: string, loading?: Loading): Archive {
  let entries: Map<string, Entry>;
  try {
    entries = readDirectory(content, where);
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`${where}: the directory of this zip is damaged; was the file changed or cut off?`);
  }
  const total = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
  if (!(total <= maxBytes)) {
    throw new FileError(
      `${where}: unpacked, this zip would take ${total} bytes, more than the ${maxBytes} allowed; raise maxBytes if you trust the file`,
    );
  }
  const open = async (name: string): Promise<Content | undefined> => {
    const entry = entries.get(name);
    if (!entry) return undefined;
    const { method, checksum, packed, size, at } = entry;
    const stored = partOf(content, at, at + packed);
    if (method !== 0 && method !== 8) {
      throw new FileError(`${where}: "${name}" is packed by method ${method}; only stored and deflated are read`);
    }
    let held: Content;
    try {
      if (method === 0 && packed !== size) throw new RangeError("sizes differ");
      held = method === 0 ? stored : inMemory(await inflate(stored, size));
    } catch {
      throw new FileError(`${where}: "${name}" in this zip is damaged: its size is not what it says`);
    }
    let found = 0;
    if (size > pieceBytes) loading?.begin("check", size);
    for (let from = 0; from < size; from += pieceBytes) {
      const piece = held.read(from, from + pieceBytes);
      found = crc32(piece, found);
      if (size > pieceBytes) await loading?.advance(piece.length);
    }
    if (found !== checksum) {
      throw new FileError(`${where}: "${name}" in this zip is damaged: its checksum is wrong`);
    }
    return held;
  };
  return {
    names: [...entries.keys()],
    sizeOf: (name) => entries.get(name)?.size ?? 0,
    open,
    async read(name) {
      const found = await open(name);
      return found?.read(0, found.size);
    },
  };
}

/** How many bytes an entry takes beside its name and what it holds: the header before it, the sizes behind, the directory. */
const entryBytes = 30 + 16 + 46;
const endBytes = 22;

/** An archive of these entries, not packed, as Keras writes them; it is read by its directory, at the end. */
export function writeZip(entries: Readonly<Record<string, Outgoing>>): Outgoing {
  const size = Object.entries(entries).reduce(
    (sum, [name, entry]) => sum + entryBytes + 2 * new TextEncoder().encode(name).length + entry.size,
    endBytes,
  );
  return {
    size,
    async *pieces() {
      if (size > unknown32)
        throw new VarveError(`A zip of ${size} bytes would be larger than the 4 GiB that it can be`);
      const { Zip } = await import("fflate");
      const done: Uint8Array<ArrayBuffer>[] = [];
      const zip = new Zip((_error, piece) => done.push(piece as Uint8Array<ArrayBuffer>));
      for (const [filename, { size, pieces }] of Object.entries(entries)) {
        const entry: ZipInputFile = { filename, size, crc: 0, compression: 0 };
        zip.add(entry);
        for await (const piece of pieces()) {
          entry.crc = crc32(piece, entry.crc);
          entry.ondata?.(null, piece, false);
          yield* done.splice(0);
        }
        entry.ondata?.(null, new Uint8Array(), true);
      }
      zip.end();
      yield* done;
    },
  };
}
