/**
 * Matrix products: `matmul` and the contractions of one or all axes that come down to one product. Every one of them
 * is the same record, which multiplies batches of matrices, either operand transposed as it is read, so that the
 * gradients of a product are products and nothing is ever transposed for them. How it is fast stands in `product.ts`.
 */
import { bytesOf, type DType, isFloat, promote } from "../../core/dtype.ts";
import { ShapeError, show } from "../../core/errors.ts";
import { broadcastShapes, formatShape, normalizeAxis, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { behindRelu } from "../elementwise/activations.ts";
import { cast } from "../elementwise/cast.ts";
import { reshape } from "../movement/reshape.ts";
import { transpose } from "../movement/transpose.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { sumTo } from "../reduce/sum.ts";
import { toTensor } from "../tensor.ts";
import { columnsFor, type Job, productCall, thinProductCall } from "./product.ts";

/** Which operands are read as their transposes. */
interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** How the product is taken, and whether negative results become 0. */
interface ProductAttributes extends Transposes {
  readonly relu?: boolean | undefined;
}

/** The sizes of a batch of products: c[m, n] = Σ over k of a[m, k] · b[k, n]. */
interface Sizes {
  readonly batch: Shape;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** The sizes of the product of operands with these shapes; messages show them as the user gave them. */
function sizesOf(a: Shape, b: Shape, { transposeA, transposeB }: Transposes, given: readonly Shape[] = [a, b]): Sizes {
  const shapes = () => `shapes ${given.map(formatShape).join(" and ")}`;
  const rows = a.at(transposeA ? -1 : -2) as number;
  const inner = a.at(transposeA ? -2 : -1) as number;
  const otherInner = b.at(transposeB ? -1 : -2) as number;
  const columns = b.at(transposeB ? -2 : -1) as number;
  if (inner !== otherInner) {
    const last = inner === a.at(-1) ? "columns" : "rows";
    const first = otherInner === b.at(-2) ? "rows" : "columns";
    throw new ShapeError(
      `matmul: ${shapes()} do not multiply: ${inner} ${last} of the first meet ${otherInner} ${first} of the second; both must be equal`,
    );
  }
  const batch =
    a.length === 2 && b.length === 2
      ? []
      : broadcastShapes(a.slice(0, -2), b.slice(0, -2), `matmul: the batches of ${shapes()}`);
  return { batch, m: rows, k: inner, n: columns };
}

/** For each product of the batch the number of the matrix in an operand whose batch shape broadcasts to it. */
function matrixNumbers(shape: Shape, batch: Shape): Int32Array {
  const own = shape.slice(0, -2);
  const ownStrides = stridesOf(own);
  const offset = batch.length - own.length;
  let numbers = Int32Array.of(0);
  batch.forEach((size, axis) => {
    const stride = axis < offset || own[axis - offset] === 1 ? 0 : (ownStrides[axis - offset] as number);
    const next = new Int32Array(numbers.length * size);
    for (let i = 0; i < next.length; i++) next[i] = (numbers[Math.floor(i / size)] as number) + (i % size) * stride;
    numbers = next;
  });
  return numbers;
}

/** One of the products, and the number of its matrix of b. */
interface BatchJob extends Job {
  readonly matrix: number;
}

const onlyJob: readonly BatchJob[] = [{ a: 0, b: 0, c: 0, taps: 1, matrix: 0 }];

/** Where the products of a batch begin in operands and result, whose matrices take so many bytes. */
function jobsOf(
  a: Shape,
  b: Shape,
  batch: Shape,
  [aBytes, bBytes, cBytes]: readonly [number, number, number],
): readonly BatchJob[] {
  if (batch.length === 0) return onlyJob;
  const bNumbers = matrixNumbers(b, batch);
  return Array.from(matrixNumbers(a, batch), (number, index) => {
    const matrix = bNumbers[index] as number;
    return { a: number * aBytes, b: matrix * bBytes, c: index * cBytes, taps: 1, matrix };
  });
}

/** Sums of products are exact in integers, but too large for the small ones. */
function productDType(a: DType, b: DType): DType {
  const dtype = promote(a, b);
  return isFloat(dtype) ? dtype : "int32";
}

/**
 * c = a · b + bias, or with `relu` max(a · b + bias, 0), over batches that broadcast; a is [..., m, k], or [..., k, m] when it is read transposed, b is
 * [..., k, n] or [..., n, k], bias is [n]. @internal
 */
export const product = op<{ a: Tensor; b: Tensor; bias?: Tensor | undefined }, "c", ProductAttributes>({
  name: "matmul",
  activation: "relu",
  shape({ a, b, bias }, transposes) {
    for (const { shape } of [a, b]) {
      if (shape.length < 2) throw new ShapeError(`matmul: needs matrices, got shape ${formatShape(shape)}`);
    }
    const { batch, m, n } = sizesOf(a.shape, b.shape, transposes);
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== n)) {
      throw new ShapeError(`matmul: ${n} columns need a bias of shape [${n}], got ${formatShape(bias.shape)}`);
    }
    return { c: { shape: [...batch, m, n], dtype: productDType(a.dtype, b.dtype) } };
  },
  loops({ a, b, bias }, { c }, transposes) {
    const { batch, m, k, n } = sizesOf(a.shape, b.shape, transposes);
    const [aRow, aColumn] = transposes.transposeA ? [1, m] : [k, 1];
    const [bRow, bColumn] = transposes.transposeB ? [1, k] : [n, 1];
    const aNumbers = matrixNumbers(a.shape, batch);
    const bNumbers = matrixNumbers(b.shape, batch);
    const row = new Float64Array(n);
    for (let matrix = 0; matrix < aNumbers.length; matrix++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) row[j] = (bias?.data[j] as number | undefined) ?? 0;
        for (let l = 0; l < k; l++) {
          const value = a.data[(aNumbers[matrix] as number) * m * k + i * aRow + l * aColumn] as number;
          const start = (bNumbers[matrix] as number) * k * n + l * bRow;
          for (let j = 0; j < n; j++) (row[j] as number) += value * (b.data[start + j * bColumn] as number);
        }
        c.data.set(transposes.relu ? row.map((value) => Math.max(value, 0)) : row, (matrix * m + i) * n);
      }
    }
  },
  wasm({ a, b, bias }, { c }, transposes, workspace) {
    const { dtype } = c;
    if (!isFloat(dtype) || a.dtype !== dtype || b.dtype !== dtype) return undefined;
    const { batch, m, k, n } = sizesOf(a.shape, b.shape, transposes);
    const bytes = bytesOf(dtype);
    const [aRow, aColumn] = transposes.transposeA ? [bytes, m * bytes] : [k * bytes, bytes];
    const [bRow, bColumn] = transposes.transposeB ? [bytes, k * bytes] : [n * bytes, bytes];
    const jobs = jobsOf(a.shape, b.shape, batch, [m * k * bytes, k * n * bytes, m * n * bytes]);
    const sizes = { rows: m, columns: n, products: k };
    const steps = { aSteps: [aRow, aColumn], bSteps: [bRow, bColumn], cStep: n * bytes } as const;
    const { relu } = transposes;
    const thin = { ...sizes, ...steps, a: a.at, b: b.at, c: c.at, bias: bias?.at, jobs, relu };
    const thinCall = thinProductCall(thin, dtype, workspace);
    if (thinCall) return thinCall;
    const matrices = sizeOf(b.shape.slice(0, -2));
    const panels = columnsFor(
      {
        at: b.at,
        columns: n,
        run: k,
        step: bRow,
        columnStep: bColumn,
        taps: [0],
        jobs: Array.from({ length: matrices }, (_, matrix) => matrix * k * n * bytes),
      },
      m * (c.size / (m * n * matrices)),
      dtype,
      workspace,
    );
    const call = productCall(
      {
        a: a.at,
        c: c.at,
        bias: bias?.at,
        rows: [1, 1, 1, m],
        aSteps: [0, 0, 0, aRow],
        cSteps: [0, 0, 0, n * bytes],
        run: k,
        step: aColumn,
        taps: [0],
        jobs: jobs.map((job) => ({ ...job, b: panels.jobs[job.matrix] as number })),
        relu,
      },
      panels,
      dtype,
      workspace,
    );
    return "calls" in panels ? [...panels.calls, call] : call;
  },
  gradient({ c }, { inputs: { a, b, bias }, outputs }, { transposeA, transposeB, relu }) {
    const dc = relu ? behindRelu(outputs.c, c as Tensor) : (c as Tensor);
    const multiply = (first: Tensor, second: Tensor, transposeFirst: boolean, transposeSecond: boolean): Tensor =>
      product({ a: first, b: second }, { transposeA: transposeFirst, transposeB: transposeSecond }).c;
    return {
      a: () => sumTo(transposeA ? multiply(b, dc, transposeB, true) : multiply(dc, b, false, !transposeB), a.shape),
      b: () => sumTo(transposeB ? multiply(dc, a, true, transposeA) : multiply(a, dc, !transposeA, false), b.shape),
      bias: bias ? () => sumTo(dc, bias.shape) : "none",
    };
  },
});

/** The operands as tensors of the dtype that their product has. @internal */
export function operandsOf<const L extends readonly TensorLike[]>(given: L): { [K in keyof L]: Tensor } {
  const tensors = given.map((each) => toTensor(each));
  const dtype = tensors.map((each) => each.dtype).reduce(productDType, "bool");
  return tensors.map((each) => cast(each, dtype)) as { [K in keyof L]: Tensor };
}

/** `x · kernel + bias` over the last axis of `x`, whatever its rank: what a dense layer does. @internal */
export function affine(x: Tensor, kernel: Tensor, bias?: Tensor | undefined): Tensor {
  const [inner, units] = kernel.shape as [number, number];
  if (x.rank < 1 || x.shape.at(-1) !== inner) {
    sizesOf([1, ...x.shape], kernel.shape, untransposed, [x.shape, kernel.shape]);
  }
  const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), inner]);
  return reshape(product({ a: rows, b: kernel, bias }, untransposed).c, [...x.shape.slice(0, -1), units]);
}

const untransposed: Transposes = { transposeA: false, transposeB: false };

/**
 * The matrix product, as NumPy has it: `y[…, i, j] = Σ over k of x1[…, i, k] · x2[…, k, j]`. Axes before the last two
 * are a batch and broadcast. A vector in front is a row, one behind a column, and that axis is not in the result.
 * Integers give int32.
 *
 * @throws ShapeError where the inner sizes differ, the batches do not broadcast, or an operand is a scalar.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 4]]);
 * await ops.matmul(x, tensor([[1, 0], [1, 1]])).array() // => [[3, 2], [7, 4]]
 * ```
 */
export const matmul = publicOp("matmul", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = operandsOf([x1, x2]);
  for (const x of [a, b]) {
    if (x.rank === 0) throw new ShapeError("matmul: got a scalar; use ops.multiply for products with numbers");
  }
  const left = a.rank === 1 ? reshape(a, [1, ...a.shape]) : a;
  const right = b.rank === 1 ? reshape(b, [...b.shape, 1]) : b;
  const { batch, m, n } = sizesOf(left.shape, right.shape, untransposed, [a.shape, b.shape]);
  // One matrix for the whole batch: then all rows are those of one product.
  const y = right.rank === 2 ? affine(left, right) : product({ a: left, b: right }, untransposed).c;
  return reshape(y, [...batch, ...(a.rank === 1 ? [] : [m]), ...(b.rank === 1 ? [] : [n])]);
});

/** How the axes of an operand of a contraction are grouped. */
interface Roles {
  readonly batch: readonly number[];
  readonly free: readonly number[];
  readonly summed: readonly number[];
}

/** The operand as a batch of matrices [free, summed], which are stored transposed where that spares moving it. */
function asMatrices(x: Tensor, { batch, free, summed }: Roles, prefer: "rows" | "columns") {
  const sizesAt = (axes: readonly number[]) => axes.map((axis) => x.shape[axis] as number);
  const inOrder = (axes: readonly number[]) => axes.every((axis, index) => axis === index);
  const rows = [...batch, ...free, ...summed];
  const columns = [...batch, ...summed, ...free];
  const transposed = !inOrder(rows) && (inOrder(columns) || prefer === "columns");
  const order = transposed ? columns : rows;
  const matrix = [sizeOf(sizesAt(free)), sizeOf(sizesAt(summed))];
  return {
    matrices: reshape(inOrder(order) ? x : transpose(x, order), [
      ...sizesAt(batch),
      ...(transposed ? matrix.reverse() : matrix),
    ]),
    transposed,
    freeSizes: sizesAt(free),
    batchSizes: sizesAt(batch),
  };
}

/**
 * The sums over the summed axes of all products: axes [batch…, free of x1…, free of x2…]. Summed and batch axes are
 * listed in the same order for both and have equal sizes. @internal
 */
export function contract(x1: Tensor, roles1: Roles, x2: Tensor, roles2: Roles): Tensor {
  const a = asMatrices(x1, roles1, "rows");
  const b = asMatrices(x2, roles2, "columns");
  const { c } = product({ a: a.matrices, b: b.matrices }, { transposeA: a.transposed, transposeB: !b.transposed });
  return reshape(c, [...a.batchSizes, ...a.freeSizes, ...b.freeSizes]);
}

/** The sums over pairs of axes, axes [free of x1…, free of x2…]. */
function contractAxes(x1: Tensor, axes1: readonly number[], x2: Tensor, axes2: readonly number[], where: string) {
  const roles = (x: Tensor, axes: readonly number[]): Roles => {
    const summed = axes.map((axis) => normalizeAxis(axis, x.rank, where));
    if (new Set(summed).size !== summed.length) {
      throw new ShapeError(`${where}: axes ${show(axes)} name an axis of rank ${x.rank} twice; name each once`);
    }
    return { batch: [], free: [...x.shape.keys()].filter((axis) => !summed.includes(axis)), summed };
  };
  const [roles1, roles2] = [roles(x1, axes1), roles(x2, axes2)];
  const sizes = (x: Tensor, axes: readonly number[]): Shape => axes.map((axis) => x.shape[axis] as number);
  const [sizes1, sizes2] = [sizes(x1, roles1.summed), sizes(x2, roles2.summed)];
  if (sizes1.length !== sizes2.length || sizes1.some((size, index) => size !== sizes2[index])) {
    throw new ShapeError(
      `${where}: axes ${show(axes1)} of ${formatShape(x1.shape)} have sizes ${formatShape(sizes1)}, axes ${show(axes2)} of ${formatShape(x2.shape)} have ${formatShape(sizes2)}; both must be equal`,
    );
  }
  return contract(x1, roles1, x2, roles2);
}

/**
 * The sums of products over pairs of axes, as NumPy has it. The result has the other axes of `x1`, then those of `x2`.
 *
 * @param axes How many axes are summed, the last of `x1` with the first of `x2`; or two lists of as many axes each,
 *   `[ofX1, ofX2]`; or two single axes. Default 2.
 * @throws ShapeError where axes do not exist, or paired ones differ in size.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 4]]);
 * await ops.tensordot(x, x, [[0], [0]]).array() // => [[10, 14], [14, 20]]
 * ```
 */
export const tensordot = publicOp(
  "tensordot",
  (
    x1: TensorLike,
    x2: TensorLike,
    axes: number | readonly [number | readonly number[], number | readonly number[]] = 2,
  ): Tensor => {
    const [a, b] = operandsOf([x1, x2]);
    if (typeof axes === "number") {
      if (!Number.isInteger(axes) || axes < 0 || axes > a.rank || axes > b.rank) {
        throw new ShapeError(
          `tensordot: cannot sum ${show(axes)} axes of shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
        );
      }
      const count = Array.from({ length: axes }, (_, axis) => axis);
      return contractAxes(
        a,
        count.map((axis) => a.rank - axes + axis),
        b,
        count,
        "tensordot",
      );
    }
    if (!Array.isArray(axes) || axes.length !== 2) {
      throw new ShapeError(`tensordot: axes are a number or two lists, [ofX1, ofX2], got ${show(axes)}`);
    }
    const [axes1, axes2] = axes.map((each) => (typeof each === "number" ? [each] : each)) as [number[], number[]];
    return contractAxes(a, axes1, b, axes2, "tensordot");
  },
);

/**
 * The sum of products over the last axis of `x1` and the last but one of `x2` (the only one of a vector), as NumPy
 * has it: for two vectors their scalar product, for two matrices the matrix product, with a scalar the multiple.
 *
 * @throws ShapeError where the two axes differ in size.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.dot(tensor([1, 2, 3]), tensor([4, 5, 6])).array() // => 32
 * ```
 */
export const dot = publicOp("dot", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = operandsOf([x1, x2]);
  const scalar = a.rank === 0 || b.rank === 0;
  return contractAxes(a, scalar ? [] : [-1], b, scalar ? [] : [b.rank === 1 ? 0 : -2], "dot");
});

/**
 * The sum of products over the last axes of both operands, as NumPy has it; with a scalar the multiple.
 *
 * @throws ShapeError where the last axes differ in size.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.inner(tensor([[1, 2], [3, 4]]), tensor([10, 1])).array() // => [12, 34]
 * ```
 */
export const inner = publicOp("inner", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = operandsOf([x1, x2]);
  const axes = a.rank === 0 || b.rank === 0 ? [] : [-1];
  return contractAxes(a, axes, b, axes, "inner");
});

/**
 * All products of an element of `x1` with one of `x2`, both seen as vectors: `y[i, j] = x1[i] · x2[j]`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.outer(tensor([1, 2]), tensor([3, 4, 5])).array() // => [[3, 4, 5], [6, 8, 10]]
 * ```
 */
export const outer = publicOp("outer", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = operandsOf([x1, x2]);
  return contractAxes(reshape(a, [a.size]), [], reshape(b, [b.size]), [], "outer");
});

/**
 * The scalar product of two tensors of as many elements, seen as vectors.
 *
 * @throws ShapeError where they have different numbers of elements.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.vdot(tensor([[1, 2], [3, 4]]), tensor([[4, 3], [2, 1]])).array() // => 20
 * ```
 */
export const vdot = publicOp("vdot", (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = operandsOf([x1, x2]);
  return contractAxes(reshape(a, [a.size]), [0], reshape(b, [b.size]), [0], "vdot");
});
