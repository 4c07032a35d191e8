/**
 * safetensors: weights by name, a JSON header in front of plain numbers. The names are the paths of the variables.
 *
 * @see https://github.com/huggingface/safetensors: eight bytes of length, the header, the numbers.
 */
import { isPlainObject } from "../core/tree.ts";
import type { Content } from "./content.ts";
import { FileError } from "./file-error.ts";
import type { Outgoing, OutgoingArray } from "./outgoing.ts";
import { arrayIn, type StoredArray } from "./stored-array.ts";

/** What a header calls the element types. */
const kinds: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

const nameOf: Readonly<Record<string, string>> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** Whether a file looks like one: a length that fits, and a header that begins as JSON. */
export function isSafetensors(content: Content): boolean {
  if (content.size < 10) return false;
  const begin = content.read(0, 9);
  const length = new DataView(begin.buffer, begin.byteOffset).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(content.size - 8) && begin[8] === 0x7b;
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);

/** The arrays of a file by their names. */
export function readSafetensors(content: Content, where: string): ReadonlyMap<string, StoredArray> {
  const bad = (problem: string) => new FileError(`${where}: this safetensors file is damaged: ${problem}`);
  if (!isSafetensors(content)) throw new FileError(`${where}: this is no safetensors file`);
  const start = content.read(0, 8);
  const begin = 8 + Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(content.read(8, begin)));
  } catch {
    throw bad("its header is no JSON");
  }
  if (!isPlainObject(header)) throw bad("its header is no object");
  const found = new Map<string, StoredArray>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const {
      dtype: kind,
      shape,
      data_offsets: offsets,
    } = (isPlainObject(entry) ? entry : {}) as Record<string, unknown>;
    const dtype = typeof kind === "string" && Object.hasOwn(kinds, kind) ? (kinds[kind] as string) : undefined;
    if (dtype === undefined) {
      throw new FileError(`${where}: "${name}" is ${String(kind)}; read are ${Object.keys(kinds).join(", ")}`);
    }
    if (!isSizes(shape) || !isSizes(offsets)) throw bad(`"${name}" has no shape`);
    const [from, to] = offsets as [number, number];
    const array = arrayIn(content, begin + from, shape, dtype);
    if (to - from !== array.bytes || begin + to > content.size) {
      throw bad(`"${name}" does not have the size of its shape`);
    }
    found.set(name, array);
  }
  return found;
}

/** A file with these arrays by their names. */
export function writeSafetensors(arrays: ReadonlyMap<string, OutgoingArray>): Outgoing {
  const header: Record<string, unknown> = { __metadata__: { format: "keras" } };
  let at = 0;
  for (const [name, { shape, dtype, size }] of arrays) {
    header[name] = { dtype: nameOf[dtype], shape, data_offsets: [at, at + size] };
    at += size;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The numbers begin at a multiple of eight; the header ends in spaces until there.
  const length = Math.ceil(json.length / 8) * 8;
  const begin = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(begin.buffer).setBigUint64(0, BigInt(length), true);
  begin.set(json, 8);
  return {
    size: begin.length + at,
    async *pieces() {
      yield begin;
      for (const array of arrays.values()) yield* array.pieces();
    },
  };
}
