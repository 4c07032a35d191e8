/**
 * safetensors: weights by name, a JSON header in front of plain numbers. The names are the paths of the variables.
 *
 * @see https://github.com/huggingface/safetensors: eight bytes of length, the header, the numbers.
 */
import { isPlainObject } from "../core/tree.ts";
import type { Variable } from "../core/variable.ts";
import { FileError } from "./file-error.ts";
import { halfToFloat, type StoredArray, upperHalfToFloat } from "./stored-array.ts";

/** Their names in a header, how many bytes an element has, and how it is read from bytes of its own. */
const kinds: Readonly<Record<string, readonly [dtype: string, bytes: number, read: (own: ArrayBuffer) => unknown]>> = {
  F64: ["float64", 8, (own) => new Float64Array(own)],
  F32: ["float32", 4, (own) => new Float32Array(own)],
  F16: ["float16", 2, (own) => halfToFloat(new Uint16Array(own))],
  BF16: ["bfloat16", 2, (own) => upperHalfToFloat(new Uint16Array(own))],
  I32: ["int32", 4, (own) => new Int32Array(own)],
  U8: ["uint8", 1, (own) => new Uint8Array(own)],
  BOOL: ["uint8", 1, (own) => new Uint8Array(own)],
};

const nameOf: Readonly<Record<string, string>> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** Whether bytes look like such a file: a length that fits, and a header that begins as JSON. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(bytes.length - 8) && bytes[8] === 0x7b;
}

/** The arrays of a file by their names. */
export function readSafetensors(bytes: Uint8Array, where: string): ReadonlyMap<string, StoredArray> {
  const bad = (problem: string) => new FileError(`${where}: this safetensors file is damaged: ${problem}`);
  if (!isSafetensors(bytes)) throw new FileError(`${where}: this is no safetensors file`);
  const begin = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begin)));
  } catch {
    throw bad("its header is no JSON");
  }
  if (!isPlainObject(header)) throw bad("its header is no object");
  const found = new Map<string, StoredArray>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = (isPlainObject(entry) ? entry : {}) as Record<string, unknown>;
    const kind = typeof dtype === "string" && Object.hasOwn(kinds, dtype) ? kinds[dtype] : undefined;
    if (!kind)
      throw new FileError(`${where}: "${name}" is ${String(dtype)}; read are ${Object.keys(kinds).join(", ")}`);
    const isSizes = (value: unknown): value is number[] =>
      Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
    if (!isSizes(shape) || !isSizes(offsets)) throw bad(`"${name}" has no shape`);
    const [from, to] = offsets as [number, number];
    const size = shape.reduce((product, each) => product * each, 1) * kind[1];
    if (to - from !== size || begin + to > bytes.length) throw bad(`"${name}" does not have the size of its shape`);
    const read = () => kind[2](Uint8Array.from(bytes.subarray(begin + from, begin + to)).buffer) as Float32Array;
    found.set(name, { shape, dtype: kind[0], bytes: size, read });
  }
  return found;
}

/** The bytes of a file with these variables by their names. */
export async function writeSafetensors(variables: ReadonlyMap<string, Variable>): Promise<Uint8Array> {
  const header: Record<string, unknown> = { __metadata__: { format: "keras" } };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { value, shape, dtype }] of variables) {
    const { buffer, byteOffset, byteLength } = await value.data();
    parts.push(new Uint8Array(buffer, byteOffset, byteLength));
    header[name] = { dtype: nameOf[dtype], shape, data_offsets: [at, at + byteLength] };
    at += byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The numbers begin at a multiple of eight; the header ends in spaces until there.
  const length = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(json, 8);
  let next = 8 + length;
  for (const part of parts) {
    file.set(part, next);
    next += part.length;
  }
  return file;
}
