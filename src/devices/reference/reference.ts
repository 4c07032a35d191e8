/**
 * The reference device: every op as the plain loops of its record, in float64 arithmetic, in ordinary typed arrays.
 * It is the oracle of the others, not a fast way to compute. Ops without loops are their `reference`, in smaller ops.
 */
import type { Device, Operand } from "../../core/device.ts";
import { arrayClassOf, type DType, type TypedArray } from "../../core/dtype.ts";
import { OutOfMemoryError } from "../../core/errors.ts";
import type { OpRecord, View } from "../../core/op.ts";
import { live } from "../../core/storage.ts";

function view(handle: unknown, dtype: DType, length: number): TypedArray {
  return new (arrayClassOf(dtype))(handle as ArrayBuffer, 0, length);
}

/** The operands of an op as `loops` takes them. */
export function viewsOf(
  operands: Readonly<Record<string, Operand | undefined>>,
  dataOf: (operand: Operand) => TypedArray,
): Record<string, View | undefined> {
  const views: Record<string, View | undefined> = {};
  for (const [name, operand] of Object.entries(operands)) {
    if (operand)
      views[name] = { data: dataOf(operand), shape: operand.shape, dtype: operand.dtype, size: operand.size };
  }
  return views;
}

export const referenceDevice: Device = {
  name: "reference",
  synchronous: true,
  concrete: true,
  allocate(byteLength) {
    try {
      return new ArrayBuffer(byteLength);
    } catch {
      throw new OutOfMemoryError(`reference: cannot allocate ${byteLength} bytes; ${live.bytes} bytes are live`);
    }
  },
  free() {},
  write(handle, values, at = 0) {
    new (values.constructor as Uint8ArrayConstructor)(handle as ArrayBuffer).set(values, at);
  },
  copy(from, to, byteLength) {
    new Uint8Array(to as ArrayBuffer).set(new Uint8Array(from as ArrayBuffer, 0, byteLength));
  },
  readSync: (handle, dtype, length) => view(handle, dtype, length).slice() as TypedArray,
  read: async (handle, dtype, length, at = 0) => view(handle, dtype, at + length).slice(at) as TypedArray,
  execute(record: OpRecord, inputs, outputs, attributes) {
    if (!record.loops) return false;
    const dataOf = (operand: Operand) => view(operand.handle, operand.dtype, operand.size);
    record.loops(viewsOf(inputs, dataOf), viewsOf(outputs, dataOf) as Record<string, View>, attributes);
    return true;
  },
  describe: () => ({ name: "reference" }),
};
