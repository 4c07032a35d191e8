/**
 * Elements picked by index along an axis, and their adjoint, elements added by index. `take`, `takeAlongAxis`,
 * embeddings, sorting and segment sums all stand on these two records, each the gradient of the other.
 */
import { bytesOf, isFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { call, type KernelCall, type View } from "../../core/op.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import * as f from "../elementwise/formula.ts";
import { copying, kernelCall, programOf } from "../elementwise/program.ts";
import { between, numbersFrom0 } from "../movement/copy.ts";
import { op } from "../op.ts";
import { toTensor } from "../tensor.ts";

/** How indices meet the tensor they pick from. */
export interface Picking {
  readonly axis: number;
  /**
   * False: every index picks a whole slice, and the indices' axes stand where `axis` was.
   * True: indices have the shape of the result, each picking one element of its own line along `axis`.
   */
  readonly aligned: boolean;
  /** Whether −1 means the last element. What is out of range picks 0, and nothing is added there. */
  readonly wrap: boolean;
}

/** The loop bounds: lines before the axis, its size, elements after it, and how the indices run through them. */
function extents(shape: Shape, indices: View["shape"], { axis, aligned }: Picking) {
  const outer = sizeOf(shape.slice(0, axis));
  const size = shape[axis] as number;
  const inner = sizeOf(shape.slice(axis + 1));
  const count = aligned ? (indices[axis] as number) : sizeOf(indices);
  return { outer, size, inner, count, strides: aligned ? [count * inner, inner, 1] : [0, 1, 0] };
}

/** The shape of what is picked. */
function pickedShape(shape: Shape, indices: Shape, { axis, aligned }: Picking): Shape {
  return aligned ? indices : [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
}

/** Visits every picked element: its place in the result, and where it lies, or −1 where that is nowhere. */
function eachPick(shape: Shape, indices: View, picking: Picking, visit: (to: number, from: number) => void): void {
  const { outer, size, inner, count, strides } = extents(shape, indices.shape, picking);
  const [a, b, c] = strides as [number, number, number];
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let m = 0; m < count; m++) {
      for (let i = 0; i < inner; i++) {
        let index = indices.data[o * a + m * b + i * c] as number;
        if (picking.wrap && index < 0) index += size;
        visit(to++, index >= 0 && index < size ? (o * size + index) * inner + i : -1);
      }
    }
  }
}

/** Elements of `x` by index. @internal */
export const gather = op<{ x: Tensor; indices: Tensor }, "y", Picking>({
  name: "gather",
  shape: ({ x, indices }, picking) => ({
    y: { shape: pickedShape(x.shape, indices.shape, picking), dtype: x.dtype },
  }),
  loops({ x, indices }, { y }, picking) {
    eachPick(x.shape, indices, picking, (to, from) => {
      y.data[to] = from < 0 ? 0 : (x.data[from] as number);
    });
  },
  wasm({ x, indices }, { y }, picking) {
    const { outer, size, inner, count } = extents(x.shape, indices.shape, picking);
    if (indices.dtype !== "int32" || (picking.aligned && inner !== 1)) return undefined;
    const args = [size, count, inner * bytesOf(x.dtype), picking.aligned ? count : 0, Number(picking.wrap)] as const;
    return call("gatherSlices", [x.at, indices.at, y.at, ...args], { pieces: inner === 0 ? 0 : outer * count });
  },
  gradient: ({ y: dy }, { inputs: { x, indices } }, picking) => ({
    x: (): Tensor => scatterAdd({ x: dy as Tensor, indices }, { ...picking, shape: x.shape }).y,
    indices: "none",
  }),
});

/** The value where its place, or the one that counts from the back, is this one; else 0. */
const atPlace = /* @__PURE__ */ programOf(
  () => {
    const [value, place, own] = [f.input(0), f.input(1), f.input(2)];
    return f.select(f.or(f.equal(place, own), f.equal(f.add(place, f.parameter(0)), own)), value, 0);
  },
  3,
  1,
);

/** Zeros of a shape, to which the elements of `x` are added by index; sums are formed in float64, in order. @internal */
export const scatterAdd = op<{ x: Tensor; indices: Tensor }, "y", Picking & { readonly shape: Shape }>({
  name: "scatterAdd",
  shape({ x, indices }, { shape, ...picking }) {
    const wanted = pickedShape(shape, indices.shape, picking);
    if (!sameShape(x.shape, wanted)) {
      throw new ShapeError(
        `scatterAdd: indices of shape ${formatShape(indices.shape)} into ${formatShape(shape)} need values of shape ${formatShape(wanted)}, got ${formatShape(x.shape)}`,
      );
    }
    return { y: { shape, dtype: x.dtype } };
  },
  loops({ x, indices }, { y }, picking) {
    const sums = new Float64Array(y.size);
    eachPick(y.shape, indices, picking, (from, to) => {
      if (to >= 0) (sums[to] as number) += x.data[from] as number;
    });
    y.data.set(sums);
  },
  wasm({ x, indices }, { y }, picking, workspace) {
    const { outer, size, inner, count } = extents(y.shape, indices.shape, picking);
    if (indices.dtype !== "int32" || !isFloat(x.dtype)) return undefined;
    if (picking.aligned) {
      // float32 tells whole numbers apart up to here
      if (count !== 1 || size > 2 ** 24) return undefined;
      // One place of each line: every place asks whether it is the one.
      const lines = [outer, 1, inner];
      const places = between(lines, x.dtype, workspace);
      const operands = [{ ...x, shape: lines }, places, numbersFrom0([size, 1], x.dtype, workspace)];
      const result = { ...y, shape: [outer, size, inner] };
      const calls = [
        kernelCall(copying(), [{ ...indices, shape: lines }], [], places, workspace),
        kernelCall(atPlace(), operands, [picking.wrap ? size : Number.NaN], result, workspace),
      ];
      return calls as KernelCall[];
    }
    const starts = workspace.temporary((size + 1) * bytesOf("int32"));
    const order = workspace.temporary(count * bytesOf("int32"));
    return [
      call("groupByIndex", [indices.at, count, size, Number(picking.wrap), starts, order], { pieces: 1 }),
      call(x.dtype === "float32" ? "addSlices32" : "addSlices64", [x.at, y.at, starts, order, size, count, inner], {
        pieces: outer * size,
      }),
    ];
  },
  gradient: ({ y: dy }, { inputs: { indices } }, { axis, aligned, wrap }) => ({
    x: (): Tensor => gather({ x: dy as Tensor, indices }, { axis, aligned, wrap }).y,
    indices: "none",
  }),
});

/** `x` with its indices along an axis replaced by these. @internal */
export function reindex(x: Tensor, axis: number, indices: readonly number[]): Tensor {
  const picks = toTensor(Int32Array.from(indices), { device: x.device });
  return gather({ x, indices: picks }, { axis, aligned: false, wrap: false }).y;
}
