/**
 * What the merging layers share: they are called on a list of tensors, which they check and bring to one rank.
 */
import { ShapeError } from "../../core/errors.ts";
import { formatShape, isProbe, sameShape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { logicalOr, where } from "../../ops/elementwise/compare.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import { type CallContext, type Layer, layer } from "../layer.ts";

/** Refuses inputs, with the shapes of all of them. */
export function refuseShapes({ label }: Layer, inputs: readonly Tensor[], problem: string): never {
  const shapes = inputs.map(({ shape }) => formatShape(shape));
  throw new ShapeError(`${label}: inputs of shapes ${shapes.join(", ")} cannot be merged: ${problem}`);
}

/** Refuses anything but a list of one tensor or more. */
export function checkList({ label }: Layer, inputs: readonly Tensor[]): readonly [Tensor, ...Tensor[]] {
  if (!Array.isArray(inputs)) {
    const { shape } = inputs as unknown as Tensor;
    throw new ShapeError(`${label}: is called on a list of tensors, got one tensor of shape ${formatShape(shape)}`);
  }
  if (inputs.length === 0) throw new ShapeError(`${label}: is called on a list of tensors, got an empty one`);
  return inputs as unknown as readonly [Tensor, ...Tensor[]];
}

/**
 * While only shapes are worked out: the inputs with each unknown size taken as what another input says of its axis,
 * since there they will have to agree.
 */
export function settled(inputs: readonly Tensor[], skipped?: number): readonly Tensor[] {
  if (inputs.every(({ device }) => device.concrete)) return inputs;
  const known = (axis: number) =>
    inputs.map(({ shape }) => shape[axis]).find((size) => size !== 1 && !isProbe(size ?? 1));
  return inputs.map((x) => {
    const shape = x.shape.map((size, axis) => (isProbe(size) && axis !== skipped ? (known(axis) ?? size) : size));
    return sameShape(shape, x.shape) ? x : Tensor.allocate(x.device, shape, x.dtype);
  });
}

/** A layer that merges element by element; shorter shapes get axes of size 1 behind the batch, and sizes of 1 stretch. */
export abstract class ElementwiseMerge extends layer("ElementwiseMerge", {}) {
  override readonly supportsMasking = true;

  /** The merged tensor, of inputs whose shapes broadcast; `masks` has the mask of each. */
  protected abstract combine(inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]): Tensor;

  override call(inputs: readonly Tensor[], { masks }: CallContext): Tensor {
    checkList(this, inputs);
    const rank = Math.max(...inputs.map((x) => x.rank));
    if (inputs.some((x) => x.rank === 0)) refuseShapes(this, inputs, "scalars have no batch");
    const aligned = settled(
      inputs.map((x) =>
        x.rank === rank
          ? x
          : reshape(x, [x.shape[0] as number, ...new Array<number>(rank - x.rank).fill(1), ...x.shape.slice(1)]),
      ),
    );
    if (new Set(aligned.map((x) => x.shape[0])).size > 1) refuseShapes(this, inputs, "their batches differ");
    for (let axis = 1; axis < rank; axis++) {
      const sizes = new Set(aligned.map((x) => x.shape[axis]).filter((size) => size !== 1));
      if (sizes.size > 1) {
        refuseShapes(this, inputs, `sizes must be equal or 1, but one axis has ${[...sizes].join(" and ")}`);
      }
    }
    return this.combine(
      aligned,
      // A mask speaks of the axes its input had.
      inputs.map((x, index) => (x.rank === rank ? masks[index] : undefined)),
    );
  }

  /** A step counts where it counts in any input; without a mask for each of them there is none. */
  override computeMask(_inputs: unknown, masks: readonly (Tensor | undefined)[]): Tensor | undefined {
    if (masks.some((mask) => mask === undefined)) return undefined;
    return (masks as readonly Tensor[]).reduce((either, mask) => logicalOr(either, mask));
  }
}

/** A mask over [batch, steps] as one over an input's axes: axes of size 1 behind. */
export function maskFor(x: Tensor, mask: Tensor): Tensor {
  return reshape(mask, [...mask.shape, ...new Array<number>(x.rank - mask.rank).fill(1)]);
}

/**
 * Inputs combined two by two, where both count; where one alone counts, it is the result so far. Once an input without
 * a mask has joined, everything counts.
 */
export function combineWhereCounted(
  combine: (a: Tensor, b: Tensor) => Tensor,
  inputs: readonly Tensor[],
  masks: readonly (Tensor | undefined)[],
): Tensor {
  let [result, ...others] = inputs as [Tensor, ...Tensor[]];
  let counted = masks[0] && maskFor(result, masks[0]);
  others.forEach((other, index) => {
    const mask = masks[index + 1];
    const counts = mask && maskFor(other, mask);
    const next = counts ? where(counts, other, result) : other;
    if (counted) result = where(counted, result, next);
    counted = counts && counted ? logicalOr(counted, counts) : undefined;
    result = combine(result, next);
  });
  return result;
}
