/**
 * Losses of probabilities: cross-entropies, from probabilities or exactly from logits, their focal kin, the
 * Kullback-Leibler divergence, and Poisson's.
 */
import { maker } from "../core/configurable.ts";
import type { TypedArray } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { axes, boolean, integer, number, option } from "../core/options.ts";
import { formatShape, normalizeAxis, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { notEqual, where } from "../ops/elementwise/compare.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { expandDims } from "../ops/movement/reshape.ts";
import { moveaxis } from "../ops/movement/transpose.ts";
import { mean } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { crossEntropy } from "../ops/softmax/cross-entropy.ts";
import { logSoftmax } from "../ops/softmax/softmax.ts";
import { toTensor } from "../ops/tensor.ts";
import { atLabels, checkLabels, toLabels } from "./labels.ts";
import { checkSameShape, Loss, loss, unlisted } from "./loss.ts";
import { epsilon, meanOf } from "./regression.ts";

/** What probabilities are clipped to: 1 − epsilon in their own dtype, so that 1 minus it is as Keras has it. */
function upperBound({ dtype }: Tensor): number {
  return dtype === "float32" ? Math.fround(1 - epsilon) : 1 - epsilon;
}

const clipped = (p: f.Term, most: f.Term) => f.minimumOfConstant(f.maximumOfConstant(p, epsilon), most);

const divergence = elementwise({
  name: "klDivergence",
  dtype: "float",
  inputs: 2,
  formula: (t, p) => {
    const [target, output] = [clipped(t, 1), clipped(p, 1)];
    return f.multiply(target, f.log(f.divide(target, output)));
  },
});

/**
 * Σ yTrue · log(yTrue / yPred) over the last axis, both clipped to 10⁻⁷ … 1 (Kullback & Leibler 1951).
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.klDivergence().apply(tensor([[0.5, 0.5]]), tensor([[0.5, 0.5]])).array() // => 0
 * ```
 */
export class KLDivergence extends loss("KLDivergence", "kl_divergence", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sum(divergence([yTrue, yPred], []), -1);
  }
}

const poissonError = meanOf("poisson", (t, p) => f.subtract(p, f.multiply(t, f.log(f.add(p, epsilon)))));

/**
 * mean(yPred − yTrue · log(yPred + 10⁻⁷)) over the last axis: the negative logarithm of Poisson's likelihood of counts
 * yTrue where yPred is expected, up to a constant.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.poisson().apply(tensor([[0, 0]]), tensor([[1, 3]])).array() // => 2
 * ```
 */
export class Poisson extends loss("Poisson", "poisson", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return poissonError(yTrue, yPred);
  }
}

/** t with the part `s` taken off and spread evenly over both outcomes, or over n classes. */
const smoothed = (t: f.Term, s: f.Term, classes: f.Term) =>
  f.add(f.multiply(t, f.subtract(1, s)), f.divide(s, classes));

const binaryOfLogits = elementwise({
  name: "binaryCrossentropyOfLogits",
  dtype: "float",
  inputs: 2,
  parameters: 1,
  formula: (t, x, s) => {
    const target = smoothed(t, s, 2);
    return f.add(f.multiply(target, f.softplus(f.negative(x))), f.multiply(f.subtract(1, target), f.softplus(x)));
  },
});

const binaryOfProbabilities = elementwise({
  name: "binaryCrossentropy",
  dtype: "float",
  inputs: 2,
  parameters: 2,
  formula: (t, p, s, most) => binaryEntropy(smoothed(t, s, 2), p, most),
});

function binaryEntropy(t: f.Formula, p: f.Formula, most: f.Formula): f.Formula {
  const output = clipped(p, most);
  return f.negative(f.add(f.multiply(t, f.log(output)), f.multiply(f.subtract(1, t), f.log(f.subtract(1, output)))));
}

/** The mean over an axis; a scalar stays what it is. */
function meanAlong(x: Tensor, axis: number | readonly number[]): Tensor {
  return x.rank === 0 ? x : mean(x, axis);
}

/** The options of cross-entropies. */
export const smoothing = {
  /** Whether predictions are logits, any real numbers, rather than probabilities. */
  fromLogits: boolean({ default: false }),
  /** This part of every target is spread evenly over all classes. */
  labelSmoothing: number({ default: 0, min: 0, max: 1 }),
};

/**
 * −yTrue · log(yPred) − (1 − yTrue) · log(1 − yPred), the mean over an axis. Probabilities are clipped to
 * 10⁻⁷ … 1 − 10⁻⁷; logits x are used exactly: yTrue · log(1 + e^−x) + (1 − yTrue) · log(1 + e^x).
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.binaryCrossentropy({ fromLogits: true }).apply(tensor([[1, 0]]), tensor([[100, 100]])).array() // => 50
 * ```
 */
export class BinaryCrossentropy extends loss("BinaryCrossentropy", "binary_crossentropy", {
  ...smoothing,
  /** The axis over which the mean is taken. */
  axis: axes({ default: -1 }),
}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { labelSmoothing: s } = this;
    const entropy = this.fromLogits
      ? binaryOfLogits([yTrue, yPred], [s])
      : binaryOfProbabilities([yTrue, yPred], [s, upperBound(yPred)]);
    return meanAlong(entropy, this.axis);
  }
}

/** (1 − pₜ)^γ times the cross-entropy, pₜ being the probability of what is true, and a weight for class 1 against 0. */
function focal(t: f.Term, miss: f.Term, entropy: f.Term, gamma: f.Term, ones: f.Term, zeros: f.Term): f.Formula {
  const weight = f.add(f.multiply(t, ones), f.multiply(f.subtract(1, t), zeros));
  return f.multiply(weight, f.multiply(f.power(miss, gamma), entropy));
}

const binaryFocalOfProbabilities = elementwise({
  name: "binaryFocalCrossentropy",
  dtype: "float",
  inputs: 2,
  parameters: 5,
  formula: (t, p, s, gamma, ones, zeros, most) => {
    const target = smoothed(t, s, 2);
    const hit = f.add(f.multiply(target, p), f.multiply(f.subtract(1, target), f.subtract(1, p)));
    return focal(target, f.subtract(1, hit), binaryEntropy(target, p, most), gamma, ones, zeros);
  },
});

const binaryFocalOfLogits = elementwise({
  name: "binaryFocalCrossentropyOfLogits",
  dtype: "float",
  inputs: 2,
  parameters: 4,
  formula: (t, x, s, gamma, ones, zeros) => {
    const target = smoothed(t, s, 2);
    const [against, other] = [f.negative(x), f.subtract(1, target)];
    const miss = f.add(f.multiply(target, f.sigmoid(against)), f.multiply(other, f.sigmoid(x)));
    const entropy = f.add(f.multiply(target, f.softplus(against)), f.multiply(other, f.softplus(x)));
    return focal(target, miss, entropy, gamma, ones, zeros);
  },
});

/**
 * The binary cross-entropy times (1 − pₜ)^γ, where pₜ is the probability given to what is true, so that easy samples
 * count less (Lin et al. 2018, focal loss). With class balancing, times alpha for class 1 and 1 − alpha for class 0.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const loss = await losses.binaryFocalCrossentropy({ gamma: 2 }).apply(tensor([[1]]), tensor([[0.5]])).array();
 * loss.toFixed(4) // => "0.1733"
 * ```
 */
export class BinaryFocalCrossentropy extends loss("BinaryFocalCrossentropy", "binary_focal_crossentropy", {
  /** Whether to weigh the classes by alpha. */
  applyClassBalancing: boolean({ default: false }),
  /** The weight of class 1. */
  alpha: number({ default: 0.25 }),
  /** How much less easy samples count; 0 makes all count alike. */
  gamma: number({ default: 2, min: 0 }),
  ...smoothing,
  /** The axis over which the mean is taken. */
  axis: axes({ default: -1 }),
}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { alpha, gamma, labelSmoothing: s } = this;
    const [ones, zeros] = this.applyClassBalancing ? [alpha, 1 - alpha] : [1, 1];
    const values = this.fromLogits
      ? binaryFocalOfLogits([yTrue, yPred], [s, gamma, ones, zeros])
      : binaryFocalOfProbabilities([yTrue, yPred], [s, gamma, ones, zeros, upperBound(yPred)]);
    return meanAlong(values, this.axis);
  }
}

const categoricalTerm = elementwise({
  name: "categoricalCrossentropy",
  dtype: "float",
  inputs: 3,
  parameters: 3,
  formula: (t, p, total, s, classes, most) => {
    return f.negative(f.multiply(smoothed(t, s, classes), f.log(clipped(f.divide(p, total), most))));
  },
});

const smooth = elementwise({
  name: "smoothLabels",
  dtype: "float",
  inputs: 1,
  parameters: 2,
  formula: (t, s, classes) => smoothed(t, s, classes),
});

/** Options of losses whose targets are the probabilities of classes. */
const categorical = {
  ...smoothing,
  /** The axis of the classes. */
  axis: axes({ default: -1 }),
};

/** A loss whose targets are the probabilities of classes. */
abstract class OfClasses extends Loss {
  declare readonly axis: number;

  /** Says what to do where the targets look like class numbers. */
  protected override checkShapes(yTrue: Shape, yPred: Shape): void {
    const looksLikeLabels = yTrue.length < yPred.length || yTrue.at(-1) === 1;
    const wayOut = looksLikeLabels ? "; for class numbers as targets use SparseCategoricalCrossentropy" : "";
    checkSameShape(yTrue, yPred, this.label, wayOut);
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const axis = normalizeAxis(this.axis, yPred.rank, this.label);
    return this.entropy(yTrue, yPred, axis, yPred.shape[axis] as number);
  }

  /** What `call` gives, the axis counted from 0. */
  protected abstract entropy(yTrue: Tensor, yPred: Tensor, axis: number, classes: number): Tensor;
}

/**
 * −Σ yTrue · log(yPred) over the classes, for targets that are probabilities, one-hot or not. Predictions that are
 * probabilities are made to add up to 1 and clipped to 10⁻⁷ … 1 − 10⁻⁷; logits go exactly through log-softmax, and the
 * gradient for them is softmax(x) − yTrue.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const loss = losses.categoricalCrossentropy({ fromLogits: true });
 * await loss.apply(tensor([[0, 1]]), tensor([[1000, 0]])).array() // => 1000
 * ```
 */
export class CategoricalCrossentropy extends loss(
  "CategoricalCrossentropy",
  "categorical_crossentropy",
  categorical,
  OfClasses,
) {
  protected override entropy(yTrue: Tensor, yPred: Tensor, axis: number, classes: number): Tensor {
    const { labelSmoothing: s } = this;
    if (this.fromLogits) {
      const target = s === 0 ? yTrue : smooth([yTrue], [s, classes]);
      return crossEntropy(moveaxis(yPred, axis, -1), moveaxis(target, axis, -1));
    }
    const total = sum(yPred, axis, true);
    return sum(categoricalTerm([yTrue, yPred, total], [s, classes, upperBound(yPred)]), axis);
  }
}

const focalTerm = elementwise({
  name: "categoricalFocalCrossentropy",
  dtype: "float",
  inputs: 4,
  parameters: 4,
  formula: (t, p, total, alpha, gamma, s, classes, most) => {
    const output = clipped(f.divide(p, total), most);
    const entropy = f.negative(f.multiply(smoothed(t, s, classes), f.log(output)));
    return f.multiply(f.multiply(alpha, f.power(f.subtract(1, output), gamma)), entropy);
  },
});

const focalTermOfLogits = elementwise({
  name: "categoricalFocalCrossentropyOfLogits",
  dtype: "float",
  inputs: 3,
  parameters: 3,
  formula: (t, logarithm, alpha, gamma, s, classes) => {
    const entropy = f.negative(f.multiply(smoothed(t, s, classes), logarithm));
    const miss = f.negative(f.expm1(logarithm));
    return f.multiply(f.multiply(alpha, f.power(miss, gamma)), entropy);
  },
});

const numberOrNumbers = option(
  { default: 0.25 as number | readonly number[] },
  {
    expected: "a finite number, or a list of one for each class",
    parse: (given, refuse): number | readonly number[] => {
      if (Number.isFinite(given)) return given as number;
      const valid = Array.isArray(given) && given.length > 0 && given.every(Number.isFinite);
      return valid ? Object.freeze([...given]) : refuse();
    },
    toConfig: (value: number | readonly number[]) => value,
    fromConfig: (json) => json as number | readonly number[],
  },
);

/**
 * Σ −alpha · (1 − yPred)^γ · yTrue · log(yPred) over the classes: the categorical cross-entropy in which easy samples
 * count less (Lin et al. 2018, focal loss).
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const loss = await losses.categoricalFocalCrossentropy().apply(tensor([[0, 1]]), tensor([[0.5, 0.5]])).array();
 * loss.toFixed(4) // => "0.0433"
 * ```
 */
export class CategoricalFocalCrossentropy extends loss(
  "CategoricalFocalCrossentropy",
  "categorical_focal_crossentropy",
  {
    /** The weight of all classes, or a list of one for each. */
    alpha: numberOrNumbers,
    /** How much less easy samples count; 0 makes all count alike. */
    gamma: number({ default: 2, min: 0 }),
    ...categorical,
  },
  OfClasses,
) {
  protected override entropy(yTrue: Tensor, yPred: Tensor, axis: number, classes: number): Tensor {
    const { gamma, labelSmoothing: s } = this;
    const alpha = this.#alpha(yPred, axis);
    if (this.fromLogits) {
      return sum(focalTermOfLogits([yTrue, logSoftmax(yPred, axis), alpha], [gamma, s, classes]), axis);
    }
    const total = sum(yPred, axis, true);
    return sum(focalTerm([yTrue, yPred, total, alpha], [gamma, s, classes, upperBound(yPred)]), axis);
  }

  /** The weights of the classes, along their axis. */
  #alpha({ shape, dtype, device }: Tensor, axis: number): Tensor {
    const { alpha } = this;
    if (typeof alpha === "number") return toTensor(alpha, { device, dtype });
    if (alpha.length !== shape[axis]) {
      throw new ShapeError(
        `${this.label}: alpha has ${alpha.length} weights, but predictions of shape ${formatShape(shape)} have ${shape[axis]} classes`,
      );
    }
    const list = toTensor(alpha, { device, dtype });
    return axis === shape.length - 1
      ? list
      : expandDims(
          list,
          shape.slice(axis + 1).map((_, index) => index + 1),
        );
  }
}

/** A loss whose targets are class numbers. */
abstract class OfLabels extends Loss {
  /** The axis of the classes. */
  declare readonly axis: number | undefined;
  /** Targets of this number name no class. */
  declare readonly ignoreClass: number | null | undefined;

  protected axisOf({ length }: Shape): number {
    return normalizeAxis(this.axis ?? -1, length, this.label);
  }

  override checkValues(targets: TypedArray, yPred: Shape): void {
    const wayOut = this.ignoreClass === null ? "; to leave such samples out, name them: ignoreClass" : "";
    checkLabels(targets, yPred[this.axisOf(yPred)] as number, this.label, this.ignoreClass ?? null, wayOut);
  }

  override prepare(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
    return [toLabels(yTrue, yPred, this.axisOf(yPred.shape), this.label), yPred];
  }
}

const ofProbability = elementwise({
  name: "sparseCategoricalCrossentropy",
  dtype: "float",
  inputs: 2,
  parameters: 1,
  formula: (p, total, most) => f.negative(f.log(clipped(f.divide(p, total), most))),
});

/**
 * −log(yPred of the labelled class), for targets that are class numbers. Predictions are treated as
 * `CategoricalCrossentropy` treats them.
 *
 * @throws ShapeError where a label names no class, or where labels do not fit the predictions.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
 * await loss.apply([1, 0], tensor([[1000, 0], [1000, 0]])).array() // => 500
 * ```
 */
export class SparseCategoricalCrossentropy extends loss(
  "SparseCategoricalCrossentropy",
  "sparse_categorical_crossentropy",
  {
    /** Whether predictions are logits, any real numbers, rather than probabilities. */
    fromLogits: boolean({ default: false }),
    /** Samples with this label are left out. */
    ignoreClass: integer({ default: null }),
    /** The axis of the classes. */
    axis: unlisted(axes({ default: -1 })),
  },
  OfLabels,
) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const axis = this.axisOf(yPred.shape);
    if (this.ignoreClass === null) return this.#entropy(yTrue, yPred, axis);
    const counted = notEqual(yTrue, this.ignoreClass);
    // What is left out may be anything, so it is replaced before it can spread.
    const output = where(expandDims(counted, axis), yPred, 1);
    const values = where(counted, this.#entropy(where(counted, yTrue, 0), output, axis), 0);
    values.mask = counted;
    return values;
  }

  #entropy(labels: Tensor, yPred: Tensor, axis: number): Tensor {
    if (this.fromLogits) return crossEntropy(moveaxis(yPred, axis, -1), labels);
    return ofProbability([atLabels(yPred, labels, axis), sum(yPred, axis)], [upperBound(yPred)]);
  }
}

const generalized = elementwise({
  name: "generalizedCrossentropy",
  dtype: "float",
  inputs: 1,
  parameters: 1,
  formula: (p, q) => f.divide(f.subtract(1, f.power(p, q)), q),
});

/**
 * (1 − p^q) / q, p being the probability of the labelled class: between the mean absolute error (q = 1) and the
 * cross-entropy (q → 0), which makes it robust against wrong labels (Zhang & Sabuncu 2018).
 *
 * @throws ShapeError where a label names no class, or where labels do not fit the predictions.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const loss = losses.categoricalGeneralizedCrossEntropy({ q: 0.5 });
 * await loss.apply([0], tensor([[0.25, 0.75]])).array() // => 1
 * ```
 */
export class CategoricalGeneralizedCrossEntropy extends loss(
  "CategoricalGeneralizedCrossEntropy",
  "categorical_generalized_cross_entropy",
  {
    /** Between 0 and 1: how robust. */
    q: number({ default: 0.5, above: 0, below: 1 }),
  },
  OfLabels,
) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return generalized([atLabels(yPred, yTrue, yPred.rank - 1)], [this.q]);
  }
}

export const klDivergence = maker(KLDivergence);
export const poisson = maker(Poisson);
export const binaryCrossentropy = maker(BinaryCrossentropy);
export const binaryFocalCrossentropy = maker(BinaryFocalCrossentropy);
export const categoricalCrossentropy = maker(CategoricalCrossentropy);
export const categoricalFocalCrossentropy = maker(CategoricalFocalCrossentropy);
export const sparseCategoricalCrossentropy = maker(SparseCategoricalCrossentropy);
export const categoricalGeneralizedCrossEntropy = maker(CategoricalGeneralizedCrossEntropy);
