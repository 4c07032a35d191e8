/**
 * Softmax attention as one op, which never holds all scores: neither forward nor for its gradient does memory grow with
 * the product of the lengths (Dao et al., FlashAttention, 2022; Rabe & Staats, 2021). What the layers do around it,
 * projections, dropout and returned scores, is not known here.
 */
import { checkFloat, isFloat } from "../../core/dtype.ts";
import { DTypeError, OptionError, ShapeError, show } from "../../core/errors.ts";
import { call, type KernelCall, type Pointer, type Spec, type View, type Workspace } from "../../core/op.ts";
import { broadcastsTo, formatShape, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { arange } from "../creation/creation.ts";
import { add, divide, multiply, subtract } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { greaterEqual, less, logicalAnd, where } from "../elementwise/compare.ts";
import { abs } from "../elementwise/unary.ts";
import { throughReference } from "../grad.ts";
import { einsum } from "../matmul/einsum.ts";
import { type Panels, panelsOf } from "../matmul/product.ts";
import { reshape } from "../movement/reshape.ts";
import { transpose } from "../movement/transpose.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { sum } from "../reduce/sum.ts";
import { softmax } from "../softmax/softmax.ts";
import { toTensor } from "../tensor.ts";
import { kernels } from "./kernels.generated.ts";

/** Which keys a query may see, and what their scores are multiplied with. */
export interface AttentionAttributes {
  readonly scale: number;
  /** Only keys at the query's own place or before it. */
  readonly causal: boolean;
  /** Only keys less than this many places away; null for all. */
  readonly window: number | null;
  /** What a query gets that may see nothing: the average of all values, or 0. */
  readonly unseeing: "average" | "zero";
}

/** q [batch, queries, heads, size], k and v [batch, keys, heads of keys, size]; mask and bias broadcast to the scores. */
interface Operands<T> {
  readonly q: T;
  readonly k: T;
  readonly v: T;
  readonly mask?: T | undefined;
  readonly bias?: T | undefined;
}

type Given = { q: Tensor; k: Tensor; v: Tensor; mask?: Tensor | undefined; bias?: Tensor | undefined };

interface Sizes {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly keySize: number;
  readonly valueSize: number;
}

function sizesOf({ q, k, v }: Operands<Spec>): Sizes {
  const [batch, queries, heads, keySize] = q.shape as [number, number, number, number];
  const [, keys, keyHeads] = k.shape as [number, number, number, number];
  return { batch, queries, keys, heads, keyHeads, keySize, valueSize: v.shape[3] as number };
}

const scoresShape = ({ batch, heads, queries, keys }: Sizes): Shape => [batch, heads, queries, keys];

function check(operands: Operands<Spec>): Sizes {
  const { q, k, v, mask, bias } = operands;
  const name = "dotProductAttention";
  const shapes = [q, k, v].map(({ shape }) => formatShape(shape));
  const given = `query, key and value of shapes ${shapes.join(", ")}`;
  if ([q, k, v].some(({ shape }) => shape.length !== 4)) {
    throw new ShapeError(`${name}: needs [batch, length, heads, size] for all, got ${given}`);
  }
  for (const { dtype } of [q, k, v]) checkFloat(dtype, name);
  const sizes = sizesOf(operands);
  if (k.shape[0] !== sizes.batch || v.shape[0] !== sizes.batch) {
    throw new ShapeError(`${name}: the batches differ: ${given}`);
  }
  if (k.shape[3] !== sizes.keySize) {
    throw new ShapeError(`${name}: queries and keys meet in their last axis, whose sizes differ: ${given}`);
  }
  if (v.shape[1] !== sizes.keys || v.shape[2] !== sizes.keyHeads) {
    throw new ShapeError(`${name}: there is a value for every key, but lengths or heads differ: ${given}`);
  }
  if (sizes.heads % Math.max(1, sizes.keyHeads) !== 0) {
    throw new ShapeError(
      `${name}: ${sizes.heads} heads of queries cannot share ${sizes.keyHeads} heads of keys; the first must be a multiple: ${given}`,
    );
  }
  for (const [what, operand] of Object.entries({ mask, bias })) {
    if (operand && (operand.shape.length !== 4 || !broadcastsTo(operand.shape, scoresShape(sizes)))) {
      throw new ShapeError(
        `${name}: the ${what} must broadcast to the scores' shape [batch, heads, queries, keys] = ${formatShape(scoresShape(sizes))}, got ${formatShape(operand.shape)}`,
      );
    }
  }
  if (mask && mask.dtype !== "bool") throw new DTypeError(`${name}: the mask must be bool, got ${mask.dtype}`);
  return sizes;
}

/** The steps of an operand that broadcasts to the scores. */
function stepsOf(operand: Spec | undefined): [batch: number, heads: number, queries: number, keys: number] {
  if (!operand) return [0, 0, 0, 0];
  const strides = stridesOf(operand.shape);
  return strides.map((stride, axis) => (operand.shape[axis] === 1 ? 0 : stride)) as [number, number, number, number];
}

const sees = (query: number, key: number, { causal, window }: AttentionAttributes) =>
  (!causal || key <= query) && (window === null || Math.abs(query - key) < window);

/** The weights of one query in float64 over all keys, and the logarithm of their sum (−∞ where it sees nothing). */
function weightsOf(
  { q, k, mask, bias }: Operands<View>,
  sizes: Sizes,
  attributes: AttentionAttributes,
  [b, n, t]: readonly [number, number, number],
  weights: Float64Array,
): number {
  const { queries, keys, heads, keyHeads, keySize } = sizes;
  const [maskSteps, biasSteps] = [stepsOf(mask), stepsOf(bias)];
  const place = (steps: readonly number[], s: number) =>
    [b, n, t, s].reduce((offset, index, axis) => offset + index * (steps[axis] as number), 0);
  const query = ((b * queries + t) * heads + n) * keySize;
  let largest = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < keys; s++) {
    const key = ((b * keys + s) * keyHeads + Math.floor(n / (heads / keyHeads))) * keySize;
    let score = 0;
    for (let i = 0; i < keySize; i++) score += (q.data[query + i] as number) * (k.data[key + i] as number);
    score *= attributes.scale;
    if (bias) score += bias.data[place(biasSteps, s)] as number;
    const seen = sees(t, s, attributes) && mask?.data[place(maskSteps, s)] !== 0;
    weights[s] = seen ? score : Number.NEGATIVE_INFINITY;
    largest = Math.max(largest, weights[s] as number);
  }
  if (largest === Number.NEGATIVE_INFINITY) {
    weights.fill(attributes.unseeing === "average" ? 1 / keys : 0);
    return largest;
  }
  const total = weights.reduce((before, score) => before + Math.exp(score - largest), 0);
  for (let s = 0; s < keys; s++) weights[s] = Math.exp((weights[s] as number) - largest) / total;
  return largest + Math.log(total);
}

/** Runs over all queries of all heads. */
function eachQuery({ batch, heads, queries }: Sizes, visit: (place: readonly [number, number, number]) => void): void {
  for (let b = 0; b < batch; b++) for (let n = 0; n < heads; n++) for (let t = 0; t < queries; t++) visit([b, n, t]);
}

/** Rows of a block and columns of a tile in the kernels, and pieces at most. */
const [blockRows, tileColumns, mostPieces] = [32, 64, 64];

const padded = (size: number) => Math.ceil(size / 8) * 8;

/** How units of work are shared out among pieces. */
function share(units: number): { unitsOfPiece: number; pieces: number } {
  const unitsOfPiece = Math.max(1, Math.ceil(units / mostPieces));
  return { unitsOfPiece, pieces: Math.ceil(units / unitsOfPiece) };
}

/** Each head of [batch, length, heads, size] as panels: by rows as they are, or with rows and columns exchanged. */
function headPanels(x: Pointer, exchanged: boolean, rows: number, workspace: Workspace): Panels {
  const [batch, length, heads, size] = x.shape as [number, number, number, number];
  const [along, step] = [4, heads * size * 4];
  const jobs = Array.from({ length: batch * heads }, (_, job) => {
    return (Math.floor(job / heads) * length * heads + (job % heads)) * size * 4;
  });
  const [columns, run, runStep, columnStep] = exchanged ? [length, size, along, step] : [size, length, step, along];
  return panelsOf({ at: x.at, columns, run, step: runStep, columnStep, taps: [0], jobs }, rows, "float32", workspace);
}

const describePanels = ({ step, panelStep, jobs }: Panels, workspace: Workspace) => [
  step,
  panelStep,
  workspace.int32(jobs),
];

function servesKernel(operands: readonly (Pointer | undefined)[], sizes: Sizes): boolean {
  return operands.every((x) => !x || !isFloat(x.dtype) || x.dtype === "float32") && sizeOf(Object.values(sizes)) > 0;
}

/**
 * y = softmax(scale · q · kᵀ + bias) · v for each head, over the keys that a query may see, and the logarithms of the
 * sums of exponentials, from which the gradient finds the weights again.
 */
const attention = op<Given, "y" | "logarithms", AttentionAttributes>({
  name: "dotProductAttention",
  shape(operands) {
    const { batch, queries, heads, valueSize } = check(operands);
    const { dtype } = operands.q;
    return {
      y: { shape: [batch, queries, heads, valueSize], dtype },
      logarithms: { shape: [batch, heads, queries], dtype },
    };
  },
  loops(operands, { y, logarithms }, attributes) {
    const sizes = sizesOf(operands);
    const { queries, keys, heads, keyHeads, valueSize } = sizes;
    const weights = new Float64Array(keys);
    eachQuery(sizes, ([b, n, t]) => {
      logarithms.data[(b * heads + n) * queries + t] = weightsOf(operands, sizes, attributes, [b, n, t], weights);
      for (let i = 0; i < valueSize; i++) {
        let total = 0;
        for (let s = 0; s < keys; s++) {
          const value = ((b * keys + s) * keyHeads + Math.floor(n / (heads / keyHeads))) * valueSize;
          total += (weights[s] as number) * (operands.v.data[value + i] as number);
        }
        y.data[((b * queries + t) * heads + n) * valueSize + i] = total;
      }
    });
  },
  kernels,
  wasm({ q, k, v, mask, bias }, { y, logarithms }, { scale, causal, window, unseeing }, workspace) {
    const sizes = sizesOf({ q, k, v });
    if (!servesKernel([q, bias], sizes)) return undefined;
    const { batch, queries, keys, heads, keyHeads, keySize, valueSize } = sizes;
    const keyPanels = headPanels(k, true, queries, workspace);
    const valuePanels = headPanels(v, false, queries, workspace);
    const units = batch * heads * Math.ceil(queries / blockRows);
    const { unitsOfPiece, pieces } = share(units);
    const geometry = workspace.int32([
      queries,
      keys,
      heads,
      keyHeads,
      keySize,
      valueSize,
      Number(causal),
      window ?? 0,
      Number(unseeing === "average"),
      ...stepsOf(mask),
      ...stepsOf(bias),
      ...describePanels(keyPanels, workspace),
      ...describePanels(valuePanels, workspace),
      unitsOfPiece,
      units,
    ]);
    const scratchBytes = blockRows * 4 * (tileColumns + padded(valueSize) + 3 + keySize);
    return [
      ...keyPanels.calls,
      ...valuePanels.calls,
      call(
        "attention32",
        [
          q.at,
          keyPanels.at,
          valuePanels.at,
          mask?.at ?? 0,
          bias?.at ?? 0,
          y.at,
          logarithms.at,
          geometry,
          workspace.temporary(scratchBytes * pieces),
          scratchBytes,
          scale,
        ],
        { pieces },
      ),
    ];
  },
  decompose: composedAttention,
  gradient({ y }, { inputs, outputs }, attributes) {
    const dy = y as Tensor;
    let solved: { readonly dq: Tensor; readonly dk: Tensor; readonly dv: Tensor } | undefined;
    const solve = () => {
      // Σ over keys of weight · gradient of the weight, for every query.
      const deltas = transpose(sum(multiply(dy, outputs.y), -1), [0, 2, 1]);
      solved ??= attentionGradient({ ...inputs, dy, deltas, logarithms: outputs.logarithms }, attributes);
      return solved;
    };
    return {
      q: () => solve().dq,
      k: () => solve().dk,
      v: () => solve().dv,
      mask: "none",
      bias: throughReference(composedAttention, ["bias"])({ y: dy }, { inputs }, attributes).bias,
    };
  },
});

type GradientGiven = Given & { dy: Tensor; deltas: Tensor; logarithms: Tensor };

/**
 * The gradients of queries, keys and values, from the weights p = e^(score − logarithm):
 *
 *     dv = pᵀ dy    ds = p · (dy vᵀ − delta)    dq = scale · ds k    dk = scale · dsᵀ q
 */
const attentionGradient = op<GradientGiven, "dq" | "dk" | "dv", AttentionAttributes>({
  name: "dotProductAttentionGradient",
  shape: ({ q, k, v }) => ({ dq: q, dk: k, dv: v }),
  loops({ dy, deltas, ...operands }, { dq, dk, dv }, attributes) {
    const sizes = sizesOf(operands);
    const { q, k, v } = operands;
    const { queries, keys, heads, keyHeads, keySize, valueSize } = sizes;
    const weights = new Float64Array(keys);
    const [slopesOfQ, slopesOfK, slopesOfV] = [q, k, v].map(({ size }) => new Float64Array(size)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    eachQuery(sizes, ([b, n, t]) => {
      const logarithm = weightsOf(operands, sizes, attributes, [b, n, t], weights);
      const delta = deltas.data[(b * heads + n) * queries + t] as number;
      const row = (b * queries + t) * heads + n;
      for (let s = 0; s < keys; s++) {
        const weight = weights[s] as number;
        const place = (b * keys + s) * keyHeads + Math.floor(n / (heads / keyHeads));
        let slope = -delta;
        for (let i = 0; i < valueSize; i++) {
          const adjoint = dy.data[row * valueSize + i] as number;
          slope += adjoint * (v.data[place * valueSize + i] as number);
          (slopesOfV[place * valueSize + i] as number) += weight * adjoint;
        }
        slope *= logarithm === Number.NEGATIVE_INFINITY ? 0 : weight * attributes.scale;
        for (let i = 0; i < keySize; i++) {
          (slopesOfQ[row * keySize + i] as number) += slope * (k.data[place * keySize + i] as number);
          (slopesOfK[place * keySize + i] as number) += slope * (q.data[row * keySize + i] as number);
        }
      }
    });
    dq.data.set(slopesOfQ);
    dk.data.set(slopesOfK);
    dv.data.set(slopesOfV);
  },
  kernels,
  wasm(given, { dq, dk, dv }, attributes, workspace) {
    const { q, k, v, dy, mask, bias } = given;
    const sizes = sizesOf({ q, k, v });
    if (!servesKernel([q, bias], sizes)) return undefined;
    const { queries, keys } = sizes;
    const byQuery = gradientCalls(
      { x: q, dx: dy, columns: k, columns2: v, out: dq },
      given,
      [stepsOf(mask), stepsOf(bias)],
      [queries, keys],
      attributes,
      workspace,
    );
    const exchange = ([batch, heads, rows, columns]: ReturnType<typeof stepsOf>) => [batch, heads, columns, rows];
    const byKey = gradientCalls(
      { x: k, dx: v, columns: q, columns2: dy, out: dk, out2: dv },
      given,
      [exchange(stepsOf(mask)), exchange(stepsOf(bias))],
      [keys, queries],
      attributes,
      workspace,
    );
    return [...byQuery, ...byKey];
  },
  gradient: (dy, saved, attributes) => ({
    mask: "none",
    deltas: "none",
    logarithms: "none",
    ...throughReference(composedGradient, ["q", "k", "v", "bias", "dy"])(dy, saved, attributes),
  }),
});

/** The calls for one side of the gradient; `out2` says that the rows are keys. */
function gradientCalls(
  side: { x: Pointer; dx: Pointer; columns: Pointer; columns2: Pointer; out: Pointer; out2?: Pointer },
  { mask, bias, logarithms, deltas, q, k }: Operands<Pointer> & { logarithms: Pointer; deltas: Pointer },
  [maskSteps, biasSteps]: readonly (readonly number[])[],
  [rows, columns]: readonly [number, number],
  { scale, causal, window, unseeing }: AttentionAttributes,
  workspace: Workspace,
): KernelCall[] {
  const { x, dx, out, out2 } = side;
  const [batch, , heads, size] = x.shape as [number, number, number, number];
  const size2 = dx.shape[3] as number;
  const panels = [
    headPanels(side.columns, true, rows, workspace),
    headPanels(side.columns2, true, rows, workspace),
    headPanels(side.columns, false, rows, workspace),
    ...(out2 ? [headPanels(side.columns2, false, rows, workspace)] : []),
  ];
  const units = batch * heads * Math.ceil(rows / blockRows);
  const { unitsOfPiece, pieces } = share(units);
  const described = panels.flatMap((each) => describePanels(each, workspace));
  const geometry = workspace.int32([
    rows,
    columns,
    heads,
    side.columns.shape[2] as number,
    size,
    size2,
    Number(causal),
    window ?? 0,
    Number(unseeing === "average"),
    ...(maskSteps as readonly number[]),
    ...(biasSteps as readonly number[]),
    ...described,
    ...(out2 ? [] : [0, 0, 0]),
    unitsOfPiece,
    units,
    out2 ? 1 : 0,
    (q.shape[2] as number) / (k.shape[2] as number),
  ]);
  const scratchBytes = blockRows * 4 * (2 * tileColumns + padded(size) + padded(size2) + size + size2);
  const [columns1, columns2, others, others2] = panels as [Panels, Panels, Panels, Panels?];
  return [
    ...panels.flatMap(({ calls }) => calls),
    call(
      "attentionGradient32",
      [
        x.at,
        dx.at,
        columns1.at,
        columns2.at,
        others.at,
        others2?.at ?? 0,
        mask?.at ?? 0,
        bias?.at ?? 0,
        logarithms.at,
        deltas.at,
        out.at,
        out2?.at ?? 0,
        geometry,
        workspace.temporary(scratchBytes * pieces),
        scratchBytes,
        scale,
      ],
      { pieces },
    ),
  ];
}

/** In place of the scores of keys that must not be seen: as good as −∞, and finite, so that none at all can be seen. @internal */
export const unseen = -1e9;

/** Which keys which query sees, [1, 1, queries, keys]; undefined where all see all. @internal */
export function seenPlaces(
  queries: number,
  keys: number,
  { causal, window }: Pick<AttentionAttributes, "causal" | "window">,
): Tensor | undefined {
  if (!causal && window === null) return undefined;
  const query = reshape(arange(queries, undefined, 1, "int32"), [1, 1, queries, 1]);
  const key = reshape(arange(keys, undefined, 1, "int32"), [1, 1, 1, keys]);
  const before = causal ? greaterEqual(query, key) : undefined;
  const near = window === null ? undefined : less(abs(subtract(query, key)), window);
  return before && near ? logicalAnd(before, near) : (before ?? near);
}

/** Which keys which query sees, the mask among what says so. */
function seenBy([queries, keys]: readonly [number, number], attributes: AttentionAttributes, mask: Tensor | undefined) {
  const places = seenPlaces(queries, keys, attributes);
  return places && mask ? logicalAnd(places, mask) : (places ?? mask);
}

/** The weights as smaller ops make them, [batch, heads, queries, keys]. */
function composedWeights(
  { q, k, mask, bias }: Omit<Given, "v">,
  attributes: AttentionAttributes,
  cap?: number,
): Tensor {
  const [batch, queries, heads] = q.shape as [number, number, number, number];
  const [, keys, keyHeads] = k.shape as [number, number, number, number];
  const grouped = reshape(q, [batch, queries, keyHeads, heads / keyHeads, q.shape[3] as number]);
  const products = reshape(einsum("btkrh,bskh->bkrts", grouped, k), [batch, heads, queries, keys]);
  let scores = multiply(products, attributes.scale);
  if (cap !== undefined) scores = divide(scores, add(multiply(abs(scores), 1 / cap), 1));
  if (bias) scores = add(scores, bias);
  const seen = seenBy([queries, keys], attributes, mask);
  if (!seen) return softmax(scores);
  const weights = softmax(where(seen, scores, unseen));
  return attributes.unseeing === "zero" ? where(seen, weights, 0) : weights;
}

/** The weighted sums of the values. */
function composedSums(weights: Tensor, v: Tensor): Tensor {
  const [batch, heads, queries, keys] = weights.shape as [number, number, number, number];
  const keyHeads = v.shape[2] as number;
  const grouped = reshape(weights, [batch, keyHeads, heads / keyHeads, queries, keys]);
  return reshape(einsum("bkrts,bskh->btkrh", grouped, v), [batch, queries, heads, v.shape[3] as number]);
}

function composedAttention({ v, ...given }: Given, attributes: AttentionAttributes, cap?: number): { y: Tensor } {
  return { y: composedSums(composedWeights(given, attributes, cap), v) };
}

function composedGradient({ q, k, v, dy, mask, bias }: GradientGiven, attributes: AttentionAttributes) {
  const weights = composedWeights({ q, k, mask, bias }, attributes);
  const [batch, heads, queries, keys] = weights.shape as [number, number, number, number];
  const keyHeads = k.shape[2] as number;
  const split = (x: Tensor) => reshape(x, [batch, queries, keyHeads, heads / keyHeads, x.shape[3] as number]);
  const splitWeights = reshape(weights, [batch, keyHeads, heads / keyHeads, queries, keys]);
  const slopesOfWeights = einsum("btkrh,bskh->bkrts", split(dy), v);
  const mean = sum(multiply(slopesOfWeights, splitWeights), -1, true);
  const slopesOfScores = reshape(multiply(splitWeights, subtract(slopesOfWeights, mean)), weights.shape);
  // Where nothing is seen there are weights, but no scores that they come from.
  const seen = seenBy([queries, keys], attributes, mask);
  const seenSlopes = seen ? where(seen, slopesOfScores, 0) : slopesOfScores;
  const slopes = reshape(multiply(seenSlopes, attributes.scale), splitWeights.shape);
  return {
    dq: reshape(einsum("bkrts,bskh->btkrh", slopes, k), q.shape),
    dk: einsum("bkrts,btkrh->bskh", slopes, split(q)),
    dv: einsum("bkrts,btkrh->bskh", splitWeights, split(dy)),
  };
}

/** Attention over tensors of one float dtype; for layers. @internal */
export function attend(given: Given, attributes: AttentionAttributes): Tensor {
  return attention(given, attributes).y;
}

/** A mask or bias with axes of size 1 in front, so that it has those of the scores. */
function withRank(x: Tensor, rank = 4): Tensor {
  return x.rank >= rank ? x : reshape(x, [...new Array<number>(rank - x.rank).fill(1), ...x.shape]);
}

/**
 * Attention with softmax for many heads: every query gets the average of the values, weighted by how well their keys
 * fit, `softmax(scale · query · keyᵀ + bias) · value`. Heads of queries may share those of keys: each of K heads of keys
 * then serves the next heads / K of the queries.
 *
 * All scores are never in memory at once, neither for the result nor for its gradient, which computes them again. A
 * query that may see no key gets the average of all values.
 *
 * @param query [batch, queries, heads, size].
 * @param key [batch, keys, heads, size]; as many heads as the query, or a divisor.
 * @param value [batch, keys, heads, any size], heads as the key's.
 * @param bias Added to the scores; broadcasts to [batch, heads, queries, keys]. Its gradient holds all scores.
 * @param mask True where a query may see a key; broadcasts to [batch, heads, queries, keys].
 * @param scale Default 1 / √size.
 * @param isCausal Whether a query sees only keys at its own place and before. Default false.
 * @param flashAttention Nothing to choose here: attention is always computed in tiles.
 * @param attnLogitsSoftCap Scores s become s / (1 + |s| / cap); then all of them are in memory.
 * @returns [batch, queries, heads, size of a value].
 * @throws ShapeError where batches, lengths, heads or sizes do not fit together.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const query = tensor([[[[0]], [[100]]]]);
 * const key = tensor([[[[-1]], [[1]]]]);
 * const value = tensor([[[[1, 2]], [[3, 4]]]]);
 * await ops.dotProductAttention(query, key, value).array() // => [[[[2, 3]], [[3, 4]]]]
 * ```
 *
 * @see Vaswani et al., Attention Is All You Need, 2017, https://arxiv.org/abs/1706.03762
 * @see Dao et al., FlashAttention, 2022, https://arxiv.org/abs/2205.14135
 */
export const dotProductAttention = publicOp(
  "dotProductAttention",
  (
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias?: TensorLike | null,
    mask?: TensorLike | null,
    scale?: number | null,
    isCausal?: boolean,
    _flashAttention?: boolean | null,
    attnLogitsSoftCap?: number | null,
  ): Tensor => {
    const [q, k, v] = [query, key, value].map((each) => toTensor(each)) as [Tensor, Tensor, Tensor];
    const factor = scale ?? 1 / Math.sqrt(Math.max(1, q.shape.at(-1) ?? 1));
    if (!Number.isFinite(factor)) {
      throw new OptionError(`dotProductAttention: scale must be a finite number, got ${show(scale)}`);
    }
    if (attnLogitsSoftCap !== undefined && attnLogitsSoftCap !== null && !(attnLogitsSoftCap > 0)) {
      throw new OptionError(`dotProductAttention: attnLogitsSoftCap must be > 0, got ${show(attnLogitsSoftCap)}`);
    }
    const added = bias === undefined || bias === null ? undefined : withRank(toTensor(bias));
    const seen = mask === undefined || mask === null ? undefined : withRank(cast(toTensor(mask), "bool"));
    const given: Given = { q, k, v, mask: seen, bias: added && cast(added, q.dtype) };
    const attributes = { scale: factor, causal: isCausal ?? false, window: null, unseeing: "average" } as const;
    if (attnLogitsSoftCap === undefined || attnLogitsSoftCap === null) return attend(given, attributes);
    check(given);
    return composedAttention(given, attributes, attnLogitsSoftCap).y;
  },
);
