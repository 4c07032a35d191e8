/**
 * Arrays in files that people have at hand: `.npy` of NumPy, nested lists in JSON, numbers in lines of CSV.
 */
import { VarveError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { tensor } from "../ops/tensor.ts";

const kinds = { "<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array, "|u1": Uint8Array } as const;

/** What a `.npy` file holds: a mark, the length of a header, the header, the numbers. */
function fromNpy(bytes: Uint8Array, where: string): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d) throw new VarveError(`${where}: this is no .npy file`);
  const wide = (bytes[6] as number) > 1;
  const begin = wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, begin));
  const dtype = /'descr': '([^']*)'/.exec(header)?.[1] ?? "";
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  if (/'fortran_order': True/.test(header))
    throw new VarveError(`${where}: save it in C order: np.ascontiguousarray(x)`);
  if (!Object.hasOwn(kinds, dtype)) {
    throw new VarveError(`${where}: holds ${dtype}; read are float32, float64, int32 and uint8: x.astype("float32")`);
  }
  const kind = kinds[dtype as keyof typeof kinds];
  return tensor(new kind(Uint8Array.from(bytes.subarray(begin)).buffer), shape);
}

function fromJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new VarveError(`${where}: is no JSON: ${(error as Error).message}`);
  }
}

function rowsOf(text: string, where: string): number[][] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "") return [];
    return [
      line.split(",").map((cell) => {
        const value = cell.trim() === "" ? Number.NaN : Number(cell);
        if (!Number.isNaN(value) || /^\s*nan\s*$/i.test(cell)) return value;
        throw new VarveError(
          `${where}: line ${index + 1} holds "${cell.trim()}", which is no number; lines of numbers are read, without headings`,
        );
      }),
    ];
  });
}

/** The array in a file, by the end of its name. */
export function arrayFrom(path: string, bytes: Uint8Array): Tensor {
  if (path.endsWith(".npy")) return fromNpy(bytes, path);
  const text = new TextDecoder().decode(bytes);
  if (path.endsWith(".json") || path.endsWith(".csv")) {
    const rows = path.endsWith(".csv") ? rowsOf(text, path) : fromJson(text, path);
    try {
      return tensor(rows as never);
    } catch (error) {
      throw new VarveError(`${path}: holds no array: ${(error as Error).message}`);
    }
  }
  throw new VarveError(`${path}: arrays are read from .npy, .json and .csv files`);
}
