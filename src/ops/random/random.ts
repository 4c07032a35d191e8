/**
 * Random tensors: the functions of `keras.random`. Each is one draw from the stream of `philox.ts`, so that a seed
 * gives the same bits on every device; arithmetic is that of `portable.ts`.
 */
import { checkDType, checkFloat, type DType } from "../../core/dtype.ts";
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { inspect } from "../../core/observer.ts";
import { call, type Pointer, type View } from "../../core/op.ts";
import { checkFinite, checkNames } from "../../core/options.ts";
import {
  broadcastsTo,
  checkRank,
  checkShape,
  checkWhole,
  formatShape,
  normalizeAxis,
  type Shape,
  sameShape,
  stridesOf,
} from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import * as f from "../elementwise/formula.ts";
import { kernelCall, programOf } from "../elementwise/program.ts";
import { reindex } from "../indexing/gather.ts";
import { broadcastTo } from "../movement/broadcast.ts";
import { between, fillWith } from "../movement/copy.ts";
import { copy } from "../movement/reshape.ts";
import { coalesce, eachRun } from "../movement/strided.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { fractionsOf, type Seed } from "./philox.ts";
import { exp, log, normalQuantile } from "./portable.ts";
import { drawSeed, type SeedLike } from "./seed.ts";

/** What every draw takes. */
export interface DrawOptions {
  /** A number gives the same draw every time, a `SeedGenerator` a new one. Default: the global generator. */
  readonly seed?: SeedLike;
}

interface Drawn {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly seed: Seed;
}

const specOf = ({ shape, dtype }: Drawn) => ({ y: { shape, dtype } });

/** Fractions as fine as the dtype can use. */
const fractionsFor = ({ dtype, seed }: Drawn) => fractionsOf(seed, dtype === "float64");

/** Kernels draw so many elements as one piece. */
const elementsPerPiece = 1024;

const piecesOf = ({ size }: Pointer) => ({ pieces: Math.ceil(size / elementsPerPiece) });

/** Shape, dtype and seed of a draw of real numbers. */
function drawOf(shape: Shape, dtype: DType, seed: SeedLike, where: string): Drawn {
  checkShape(shape, where);
  checkFloat(checkDType(dtype, where), where);
  return { shape, dtype, seed: drawSeed(seed, where) };
}

const uniformOp = op<Record<never, never>, "y", Drawn & { minval: number; maxval: number }>({
  name: "uniform",
  shape: (_inputs, drawn) => specOf(drawn),
  loops(_inputs, { y }, drawn) {
    const fraction = fractionsFor(drawn);
    const { minval, maxval } = drawn;
    for (let index = 0; index < y.size; index++) {
      y.data[index] = minval + fraction(index) * (maxval - minval);
      // Rounding to float32 may reach the end, which does not belong to the interval.
      if ((y.data[index] as number) >= maxval) y.data[index] = minval;
    }
  },
  wasm: (_inputs, { y }, { seed, minval, maxval, dtype }) =>
    call(dtype === "float64" ? "uniform64" : "uniform32", [y.at, y.size, ...seed, minval, maxval], piecesOf(y)),
  gradient: "none",
});

/** What `uniform` takes. */
export interface UniformOptions extends DrawOptions {
  /** Default 0. */
  readonly minval?: number;
  /** Default 1. It is not drawn itself. */
  readonly maxval?: number;
  /** "float32" (default) or "float64"; "int32" draws whole numbers. */
  readonly dtype?: DType;
}

/**
 * Numbers spread evenly from `minval` to before `maxval`.
 *
 * @throws OptionError where a bound is not finite; DTypeError where the dtype is no float and not "int32".
 *
 * @example
 * ```ts
 * import { random } from "varve";
 * const [x] = await random.uniform([1], { minval: 2, maxval: 3, seed: 1 }).array();
 * x >= 2 && x < 3 // => true
 * ```
 */
export function uniform(shape: Shape, options: UniformOptions = {}): Tensor {
  const names = ["minval", "maxval", "dtype", "seed"] as const;
  const { minval = 0, maxval = 1, dtype = "float32", seed } = checkNames(options, names, "uniform");
  if (dtype === "int32") return randint(shape, minval, maxval, seed === undefined ? {} : { seed });
  checkFinite(minval, "minval", "uniform");
  checkFinite(maxval, "maxval", "uniform");
  return uniformOp({}, { ...drawOf(shape, dtype, seed, "uniform"), minval, maxval }).y;
}

/** How often a standard normal variable is below −2. */
const belowMinusTwo = 0.022750131948179212;

/** The part of the probabilities that is drawn from: where it begins, and how wide it is. */
const withinTwo = [belowMinusTwo, 1 - 2 * belowMinusTwo] as const;
const everywhere = [0, 1] as const;

const normalOp = op<Record<never, never>, "y", Drawn & { mean: number; stddev: number; truncated: boolean }>({
  name: "normal",
  shape: (_inputs, drawn) => specOf(drawn),
  loops(_inputs, { y }, drawn) {
    const fraction = fractionsFor(drawn);
    const { mean, stddev, truncated } = drawn;
    const [from, width] = truncated ? withinTwo : everywhere;
    for (let index = 0; index < y.size; index++) {
      y.data[index] = mean + stddev * normalQuantile(from + width * fraction(index));
    }
  },
  wasm: (_inputs, { y }, { seed, mean, stddev, truncated, dtype }) =>
    call(
      dtype === "float64" ? "normal64" : "normal32",
      [y.at, y.size, ...seed, mean, stddev, ...(truncated ? withinTwo : everywhere)],
      piecesOf(y),
    ),
  gradient: "none",
});

/** What `normal` and `truncatedNormal` take. */
export interface NormalOptions extends DrawOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Default 1. */
  readonly stddev?: number;
  /** "float32" (default) or "float64". */
  readonly dtype?: DType;
}

function drawNormal(shape: Shape, options: NormalOptions, truncated: boolean, where: string): Tensor {
  const names = ["mean", "stddev", "dtype", "seed"] as const;
  const { mean = 0, stddev = 1, dtype = "float32", seed } = checkNames(options, names, where);
  checkFinite(mean, "mean", where);
  checkFinite(stddev, "stddev", where);
  return normalOp({}, { ...drawOf(shape, dtype, seed, where), mean, stddev, truncated }).y;
}

/**
 * Numbers from a normal distribution: uniform ones through the inverse of its distribution function (Wichura 1988).
 *
 * @throws OptionError where `mean` or `stddev` is not finite; DTypeError where the dtype is no float.
 *
 * @example
 * ```ts
 * import { ops, random } from "varve";
 * const x = random.normal([10000], { mean: 5, seed: 1 });
 * Math.round(await ops.mean(x).array()) // => 5
 * ```
 */
export function normal(shape: Shape, options: NormalOptions = {}): Tensor {
  return drawNormal(shape, options, false, "normal");
}

/**
 * Numbers from a normal distribution of which what lies more than two standard deviations from the mean is cut off.
 *
 * @throws OptionError where `mean` or `stddev` is not finite; DTypeError where the dtype is no float.
 *
 * @example
 * ```ts
 * import { ops, random } from "varve";
 * const x = random.truncatedNormal([1000], { seed: 1 });
 * (await ops.max(ops.abs(x)).array()) <= 2 // => true
 * ```
 */
export function truncatedNormal(shape: Shape, options: NormalOptions = {}): Tensor {
  return drawNormal(shape, options, true, "truncatedNormal");
}

const wholeFrom = /* @__PURE__ */ programOf(() => f.add(f.floor(f.input(0)), f.parameter(0)), 1, 1);

const randintOp = op<Record<never, never>, "y", Drawn & { minval: number; maxval: number }>({
  name: "randint",
  shape: (_inputs, drawn) => specOf(drawn),
  loops(_inputs, { y }, { seed, minval, maxval }) {
    const fraction = fractionsOf(seed, true);
    for (let index = 0; index < y.size; index++) {
      y.data[index] = minval + Math.floor(fraction(index) * (maxval - minval));
    }
  },
  wasm(_inputs, { y }, { seed, minval, maxval }, workspace) {
    const drawn = between(y.shape, "float64", workspace);
    const rounded = kernelCall(wholeFrom(), [drawn], [minval], y, workspace);
    return rounded && [call("uniform64", [drawn.at, y.size, ...seed, 0, maxval - minval], piecesOf(y)), rounded];
  },
  gradient: "none",
});

/**
 * Whole numbers spread evenly from `minval` to before `maxval`.
 *
 * @param options `dtype`: "int32" (default) or another; `seed`.
 * @throws ShapeError where a bound is not a whole number, or the range is empty.
 *
 * @example
 * ```ts
 * import { random } from "varve";
 * await random.randint([3], 5, 6).array() // => [5, 5, 5]
 * ```
 */
export function randint(
  shape: Shape,
  minval: number,
  maxval: number,
  options: DrawOptions & { readonly dtype?: DType } = {},
): Tensor {
  const { dtype = "int32", seed } = checkNames(options, ["dtype", "seed"], "randint");
  checkShape(shape, "randint");
  checkWhole(minval, "minval", "randint");
  checkWhole(maxval, "maxval", "randint", minval + 1);
  checkDType(dtype, "randint");
  return randintOp({}, { shape, dtype, seed: drawSeed(seed, "randint"), minval, maxval }).y;
}

/** What makes up for what is dropped, as the dtype holds it. */
function scaleOf(rate: number, dtype: DType): number {
  const scale = rate === 1 ? 0 : 1 / (1 - rate);
  return dtype === "float32" ? Math.fround(scale) : scale;
}

/** What is dropped is 0 whatever it was. */
const scaleOrDrop = /* @__PURE__ */ programOf(() => f.select(f.input(1), f.multiply(f.input(0), f.input(1)), 0), 2);

const dropoutOp = op<{ x: Tensor }, "y", { rate: number; noise: Shape; seed: Seed }>({
  name: "dropout",
  shape: ({ x }) => ({ y: x }),
  loops({ x }, { y }, { rate, noise, seed }) {
    const fraction = fractionsOf(seed, false);
    const scale = scaleOf(rate, x.dtype);
    const strides = stridesOf(noise).map((stride, axis) => (noise[axis] === 1 ? 0 : stride));
    const runs = coalesce({ shape: x.shape, strides, offset: 0 });
    const length = runs.shape.at(-1) as number;
    const step = runs.strides.at(-1) as number;
    eachRun(runs, (at, index) => {
      for (let i = 0; i < length; i++) {
        y.data[index + i] = fraction(at + i * step) < rate ? 0 : (x.data[index + i] as number) * scale;
      }
    });
  },
  wasm({ x }, { y }, { rate, noise, seed }, workspace) {
    // (word + ½) · 2⁻³² < rate for the words below this.
    const threshold = Math.ceil(rate * 2 ** 32 - 0.5);
    if (x.dtype !== "float32" || threshold >= 2 ** 32) return undefined;
    const drop = (from: Pointer, to: Pointer) =>
      call("dropout32", [from.at, to.at, to.size, ...seed, threshold, scaleOf(rate, x.dtype)], piecesOf(to));
    if (sameShape(noise, x.shape)) return drop(x, y);
    const [whole, scales] = [between(noise, x.dtype, workspace), between(noise, x.dtype, workspace)];
    const scaled = kernelCall(scaleOrDrop(), [x, scales], [], y, workspace);
    return scaled && [fillWith(1, whole, workspace), drop(whole, scales), scaled];
  },
  gradient: ({ y: dy }, _saved, drop) => ({ x: (): Tensor => dropoutOp({ x: dy as Tensor }, drop).y }),
});

/** What `dropout` takes beyond its rate. */
export interface DropoutOptions extends DrawOptions {
  /** The shape of what is drawn; where a size is 1, all along that axis is kept or dropped together. `null`: as the input. */
  readonly noiseShape?: readonly (number | null)[] | null;
}

/**
 * `inputs` with a random part set to 0 and the rest divided by `1 − rate`, so that the expected sum stays.
 *
 * @param rate The part to drop, 0 ≤ rate ≤ 1.
 * @throws OptionError where the rate is out of range; ShapeError where `noiseShape` does not broadcast to the input.
 *
 * @example
 * ```ts
 * import { ones, random } from "varve";
 * const y = await random.dropout(ones([100]), 0.5, { seed: 1 }).array();
 * y.every((value) => value === 0 || value === 2) // => true
 * ```
 */
export const dropout = publicOp("dropout", (inputs: TensorLike, rate: number, options: DropoutOptions = {}): Tensor => {
  const { noiseShape, seed } = checkNames(options, ["noiseShape", "seed"], "dropout");
  const x = toTensor(inputs);
  checkFloat(x.dtype, "dropout");
  if (!(rate >= 0 && rate <= 1)) throw new OptionError(`dropout: rate must be from 0 to 1, got ${show(rate)}`);
  const noise = noiseShape ? noiseShape.map((size, axis) => size ?? x.shape[axis] ?? 1) : x.shape;
  if (noise.length !== x.rank || !broadcastsTo(noise, x.shape)) {
    throw new ShapeError(
      `dropout: noiseShape ${formatShape(noise)} does not broadcast to the input's shape ${formatShape(x.shape)}`,
    );
  }
  if (rate === 0) return copy(x);
  return dropoutOp({ x }, { rate, noise, seed: drawSeed(seed, "dropout") }).y;
});

const categoricalOp = op<{ logits: Tensor }, "y", { count: number; dtype: DType; seed: Seed }>({
  name: "categorical",
  shape: ({ logits }, { count, dtype }) => {
    checkRank(logits.shape, [2], "categorical");
    checkFloat(logits.dtype, "categorical");
    return { y: { shape: [logits.shape[0] as number, count], dtype } };
  },
  loops({ logits }, { y }, { count, seed }) {
    // The largest of logit + Gumbel noise falls on each class with its probability (Gumbel 1954).
    const classes = logits.shape[1] as number;
    const fraction = fractionsOf(seed, false);
    for (let draw = 0; draw < y.size; draw++) {
      const row = Math.floor(draw / count) * classes;
      let [best, chosen] = [Number.NEGATIVE_INFINITY, 0];
      for (let number = 0; number < classes; number++) {
        const score = (logits.data[row + number] as number) - log(-log(fraction(draw * classes + number)));
        if (score > best) [best, chosen] = [score, number];
      }
      y.data[draw] = chosen;
    }
  },
  gradient: "none",
});

/**
 * Class numbers drawn with the probabilities that logits stand for.
 *
 * @param logits [batch, classes], logarithms of probabilities up to a constant for each row.
 * @param numSamples How many to draw for each row.
 * @param options `dtype`: "int32" (default); `seed`.
 * @returns [batch, numSamples]
 * @throws ShapeError where `logits` is no matrix.
 *
 * @example
 * ```ts
 * import { random, tensor } from "varve";
 * await random.categorical(tensor([[0, 100], [100, 0]]), 2).array() // => [[1, 1], [0, 0]]
 * ```
 */
export const categorical = publicOp(
  "categorical",
  (
    logits: TensorLike,
    numSamples: number,
    { dtype = "int32", seed }: DrawOptions & { readonly dtype?: DType } = {},
  ): Tensor => {
    checkWhole(numSamples, "numSamples", "categorical", 0);
    checkDType(dtype, "categorical");
    return categoricalOp(
      { logits: toTensor(logits) },
      { count: numSamples, dtype, seed: drawSeed(seed, "categorical") },
    ).y;
  },
);

/** The numbers 0 … size − 1 in random order (Fisher & Yates). @internal */
export function permutation(size: number, seed: SeedLike, where = "shuffle"): Int32Array {
  const fraction = fractionsOf(drawSeed(seed, where), true);
  const order = Int32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor(fraction(last) * (last + 1));
    const moved = order[last] as number;
    order[last] = order[other] as number;
    order[other] = moved;
  }
  return order;
}

/** What `shuffle` takes. */
export interface ShuffleOptions extends DrawOptions {
  /** Default 0. */
  readonly axis?: number;
}

/**
 * The slices along an axis in random order.
 *
 * @example
 * ```ts
 * import { ops, random, tensor } from "varve";
 * await ops.sort(random.shuffle(tensor([3, 1, 2]))).array() // => [1, 2, 3]
 * ```
 */
export const shuffle = publicOp("shuffle", (x: TensorLike, options: ShuffleOptions = {}): Tensor => {
  const { axis = 0, seed } = checkNames(options, ["axis", "seed"], "shuffle");
  const given = toTensor(x);
  const along = normalizeAxis(axis, given.rank, "shuffle");
  return reindex(given, along, [...permutation(given.shape[along] as number, seed)]);
});

/** Lanes of an element's randomness: two for each attempt, and one beyond all attempts. */
const boostLane = 2 ** 31;

/**
 * The logarithm of a number from the gamma distribution (Marsaglia & Tsang 2000, by rejection); for alpha < 1 by
 * gamma(alpha) = gamma(alpha + 1) · U^(1/alpha).
 */
function logGamma(alpha: number, fraction: (lane: number) => number): number {
  const shape = alpha < 1 ? alpha + 1 : alpha;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  const boost = alpha < 1 ? log(fraction(boostLane)) / alpha : 0;
  for (let lane = 0; ; lane += 2) {
    const x = normalQuantile(fraction(lane));
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const logV = log(v);
    if (log(fraction(lane + 1)) < 0.5 * x * x + d - d * v + d * logV) return log(d) + logV + boost;
  }
}

/** An operand that tells each element its parameter; refuses what is out of range where it can be read. */
function parameter(
  value: TensorLike,
  drawn: Drawn,
  name: string,
  where: string,
  max = Number.POSITIVE_INFINITY,
): Tensor {
  const given = toTensor(value, { dtype: "float32" });
  if (!broadcastsTo(given.shape, drawn.shape)) {
    throw new ShapeError(
      `${where}: ${name} of shape ${formatShape(given.shape)} does not broadcast to ${formatShape(drawn.shape)}`,
    );
  }
  inspect(given, (values) => {
    const bad = values.find((element) => !(element >= 0 && element <= max));
    if (bad !== undefined) {
      throw new OptionError(`${where}: ${name} must be ≥ 0${max === 1 ? " and ≤ 1" : ""}, got ${show(bad)}`);
    }
  });
  return broadcastTo(given, drawn.shape);
}

const gammaOp = op<{ alpha: Tensor; beta?: Tensor | undefined }, "y", Drawn>({
  name: "gamma",
  shape: (_inputs, drawn) => specOf(drawn),
  loops({ alpha, beta }, { y }, drawn) {
    const fraction = fractionsFor({ ...drawn, dtype: "float64" });
    for (let index = 0; index < y.size; index++) {
      const logX = logGamma(alpha.data[index] as number, (lane) => fraction(2 * index, lane));
      if (!beta) y.data[index] = exp(logX);
      else {
        // X / (X + Y) of two gamma variables is a beta variable; from logarithms, so that small ones do not vanish.
        const logY = logGamma((beta as View).data[index] as number, (lane) => fraction(2 * index + 1, lane));
        y.data[index] = 1 / (1 + exp(logY - logX));
      }
    }
  },
  gradient: "none",
});

/**
 * Numbers from gamma distributions of scale 1.
 *
 * @param alpha The shape parameters; broadcast to `shape`.
 * @param options `dtype`: "float32" (default) or "float64"; `seed`.
 * @throws OptionError where an alpha is negative.
 *
 * @example
 * ```ts
 * import { ops, random } from "varve";
 * Math.round(await ops.mean(random.gamma([4000], 3, { seed: 1 })).array()) // => 3
 * ```
 */
export const gamma = publicOp(
  "gamma",
  (
    shape: Shape,
    alpha: TensorLike,
    { dtype = "float32", seed }: DrawOptions & { readonly dtype?: DType } = {},
  ): Tensor => {
    const drawn = drawOf(shape, dtype, seed, "gamma");
    return gammaOp({ alpha: parameter(alpha, drawn, "alpha", "gamma") }, drawn).y;
  },
);

/**
 * Numbers from beta distributions.
 *
 * @param alpha The first shape parameters; broadcast to `shape`.
 * @param beta The second shape parameters; broadcast to `shape`.
 * @param options `dtype`: "float32" (default) or "float64"; `seed`.
 * @throws OptionError where a parameter is negative.
 *
 * @example
 * ```ts
 * import { random } from "varve";
 * const [x] = await random.beta([1], 2, 3).array();
 * x >= 0 && x <= 1 // => true
 * ```
 */
export const beta = publicOp(
  "beta",
  (
    shape: Shape,
    alpha: TensorLike,
    beta: TensorLike,
    { dtype = "float32", seed }: DrawOptions & { readonly dtype?: DType } = {},
  ): Tensor => {
    const drawn = drawOf(shape, dtype, seed, "beta");
    const parameters = {
      alpha: parameter(alpha, drawn, "alpha", "beta"),
      beta: parameter(beta, drawn, "beta", "beta"),
    };
    return gammaOp(parameters, drawn).y;
  },
);

const binomialOp = op<{ counts: Tensor; probabilities: Tensor }, "y", Drawn>({
  name: "binomial",
  shape: (_inputs, drawn) => specOf(drawn),
  loops({ counts, probabilities }, { y }, { seed }) {
    const fraction = fractionsOf(seed, false);
    for (let index = 0; index < y.size; index++) {
      let successes = 0;
      for (let trial = 0; trial < (counts.data[index] as number); trial++) {
        if (fraction(index, trial) < (probabilities.data[index] as number)) successes++;
      }
      y.data[index] = successes;
    }
  },
  gradient: "none",
});

/**
 * How many of `counts` trials succeed, each with the given probability.
 *
 * @param counts Broadcast to `shape`.
 * @param probabilities Broadcast to `shape`.
 * @param options `dtype`: "float32" (default) or "float64"; `seed`.
 * @throws OptionError where a count is negative, or a probability is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { random } from "varve";
 * await random.binomial([3], 5, [0, 1, 1]).array() // => [0, 5, 5]
 * ```
 */
export const binomial = publicOp(
  "binomial",
  (
    shape: Shape,
    counts: TensorLike,
    probabilities: TensorLike,
    { dtype = "float32", seed }: DrawOptions & { readonly dtype?: DType } = {},
  ): Tensor => {
    const drawn = drawOf(shape, dtype, seed, "binomial");
    const parameters = {
      counts: parameter(counts, drawn, "counts", "binomial"),
      probabilities: parameter(probabilities, drawn, "probabilities", "binomial", 1),
    };
    return binomialOp(parameters, drawn).y;
  },
);
