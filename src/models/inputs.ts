/**
 * What goes into a model with a known graph: put into the order of its inputs, and made to fit them.
 */
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { SymbolicTensor } from "../core/symbolic.ts";
import type { Tensor } from "../core/tensor.ts";
import { isPlainObject } from "../core/tree.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { reshape } from "../ops/movement/reshape.ts";

/** Names as messages list them: `"a", "b"`. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}

/** Whether a list holds whole tensors rather than numbers or rows of numbers. Typed arrays are rows, but for a single one. */
export function isListOfTensors(value: unknown): value is readonly unknown[] {
  if (!Array.isArray(value) || typeof value[0] !== "object" || value[0] === null || Array.isArray(value[0]))
    return false;
  return value.length === 1 || !ArrayBuffer.isView(value[0]);
}

/** What was given, in the order of `names`: one thing may come alone, several come as a list or by name. */
export function inOrder(given: unknown, names: readonly string[], what: string, owner: string): readonly unknown[] {
  if (isPlainObject(given)) {
    if (names.some((name) => given[name] === undefined)) {
      throw new ShapeError(`${owner}: has ${what} ${quoted(names)}, got ${quoted(Object.keys(given))}`);
    }
    return names.map((name) => given[name]);
  }
  if (names.length === 1) return [isListOfTensors(given) && given.length === 1 ? given[0] : given];
  if (!Array.isArray(given) || given.length !== names.length) {
    throw new ShapeError(
      `${owner}: has ${names.length} ${what} (${quoted(names)}), got ${Array.isArray(given) ? given.length : 1}; give a list of ${names.length}, or an object with these names`,
    );
  }
  return given;
}

/** Whether data of that shape fits an input; the size of the batch is free. */
function fits(shape: readonly number[], wanted: SymbolicTensor["shape"]): boolean {
  return (
    shape.length === wanted.length && wanted.every((size, axis) => axis === 0 || size === null || size === shape[axis])
  );
}

/** The shape that data of `shape` is taken as by an input: as it is, or with a last axis of size 1 more or less. */
export function fittedShape(
  shape: readonly number[],
  { shape: wanted, name }: SymbolicTensor,
  owner: string,
): readonly number[] {
  if (fits(shape, wanted)) return shape;
  if (wanted.at(-1) === 1 && fits([...shape, 1], wanted)) return [...shape, 1];
  if (shape.at(-1) === 1 && fits(shape.slice(0, -1), wanted)) return shape.slice(0, -1);
  throw new ShapeError(`${owner}: input "${name}" takes shape ${formatShape(wanted)}, got ${formatShape(shape)}`);
}

/** The tensor as an input takes it: of its shape and, unless `castTo` is false, of its dtype. */
export function fitted(tensor: Tensor, input: SymbolicTensor, owner: string, castTo = true): Tensor {
  const shape = fittedShape(tensor.shape, input, owner);
  let ready = shape === tensor.shape ? tensor : reshape(tensor, shape);
  if (castTo && ready.dtype !== input.dtype) ready = cast(ready, input.dtype);
  if (ready !== tensor && tensor.mask) ready.mask = tensor.mask;
  return ready;
}
