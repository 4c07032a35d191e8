/**
 * What `compile` was told, put against what a model gives: which loss and which metrics belong to which output, how
 * targets and weights reach them, and what the results are called.
 */
import type { TypedArray } from "../core/dtype.ts";
import { didYouMean, OptionError, ShapeError, show } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves, type Structure } from "../core/tree.ts";
import type { Loss } from "../losses/loss.ts";
import { type LossFunction, type LossName, resolveLoss } from "../losses/resolve.ts";
import type { Metric } from "../metrics/metric.ts";
import { Mean } from "../metrics/reduction.ts";
import { loadRareMetrics, type MetricName, mustBeLoaded, resolveMetric } from "../metrics/resolve.ts";
import { add, multiply } from "../ops/elementwise/binary.ts";
import { inContext } from "./data.ts";
import { quoted } from "./inputs.ts";

/** A loss: by name, as an object, or as a function of targets and predictions. */
export type LossLike = LossName | Loss | LossFunction;
/** A metric: by name, as an object, or as a function of targets and predictions. */
export type MetricLike = MetricName | Metric | LossFunction;

/** One for all outputs, one for each in a list, or some by the outputs' names. */
export type PerOutput<T> = T | readonly (T | null | undefined)[] | { readonly [output: string]: T | null | undefined };

type Metrics = MetricLike | readonly MetricLike[];

/** Metrics of a single output in a list; for several outputs a list or an object of such lists. */
export type MetricsLike = Metrics | readonly (Metrics | null)[] | { readonly [output: string]: Metrics | null };

type Names = readonly string[];

/** Which outputs a subclassed model has is seen from what it gives. */
function outputNamesOf(outputs: Structure<unknown>): Names {
  if (isPlainObject(outputs)) return Object.keys(outputs).sort();
  return Array.isArray(outputs) && outputs.length > 1 ? outputs.map((_, index) => `output_${index + 1}`) : ["output"];
}

/** The outputs, in the order of their names. */
function listed<T>(outputs: Structure<T>, names: Names): readonly T[] {
  if (Array.isArray(outputs)) return outputs as T[];
  return isPlainObject(outputs) ? names.map((name) => outputs[name] as T) : [outputs as T];
}

function refuseOtherNames(given: object, names: Names, where: string): void {
  const other = Object.keys(given).find((key) => !names.includes(key));
  if (other !== undefined) {
    throw new OptionError(`${where}: there is no output "${other}"; ${didYouMean(other, names)}`);
  }
}

function perOutput<T>(given: PerOutput<T> | null | undefined, names: Names, where: string): (T | undefined)[] {
  if (given === undefined || given === null) return names.map(() => undefined);
  if (Array.isArray(given)) {
    if (given.length !== names.length) {
      throw new OptionError(`${where}: a list has one entry for each output (${quoted(names)}), got ${given.length}`);
    }
    return given.map((each) => each ?? undefined);
  }
  if (isPlainObject(given)) {
    refuseOtherNames(given, names, where);
    return names.map((name) => (given[name] as T | null | undefined) ?? undefined);
  }
  return names.map(() => given as T);
}

/** Targets or weights in the order of the outputs; `wanted` says which outputs need them. */
function inOrderOfOutputs(
  given: Structure<Tensor> | undefined,
  names: Names,
  wanted: readonly boolean[],
  where: string,
): (Tensor | undefined)[] {
  if (given === undefined) return names.map(() => undefined);
  if (isPlainObject(given)) {
    refuseOtherNames(given, names, where);
    return names.map((name) => given[name] as Tensor | undefined);
  }
  const list = listed(given, names);
  if (list.length === names.length) return [...list];
  if (list.length === wanted.filter(Boolean).length) {
    let next = 0;
    return wanted.map((needs) => (needs ? list[next++] : undefined));
  }
  throw new ShapeError(
    `${where}: ${list.length === 1 ? "one array was" : `${list.length} arrays were`} given for the outputs ${quoted(names)}; give a list of ${names.length}, or an object with these names`,
  );
}

interface Head {
  readonly given: LossLike;
  readonly weight: number | undefined;
  /** The mean of this loss over an epoch; where there is one loss only, it is the total. */
  readonly tracker: Mean | undefined;
  loss: Loss | undefined;
}

/** Names whose meaning depends on the shapes of targets and predictions. */
const decidedByShapes = ["crossentropy", "ce", "accuracy", "acc"];

const dependsOnShapes = (given: unknown) => typeof given === "string" && decidedByShapes.includes(given.toLowerCase());

const shapesOf = (yTrue: Tensor, yPred: Tensor) => ({ yTrue: yTrue.shape, yPred: yPred.shape });

/** The losses of a model. */
export class CompiledLoss {
  readonly #given: PerOutput<LossLike>;
  readonly #weights: PerOutput<number> | null | undefined;
  #heads: (Head | undefined)[] | undefined;
  #names: Names = [];

  /** With known output names everything is checked at once. */
  constructor(given: PerOutput<LossLike>, weights: PerOutput<number> | null | undefined, names: Names, where: string) {
    this.#given = given;
    this.#weights = weights;
    if (names.length > 0) this.#resolve(names, where);
  }

  #resolve(names: Names, where: string): (Head | undefined)[] {
    if (this.#heads) return this.#heads;
    const losses = perOutput(this.#given, names, `${where}: loss`);
    const weights = perOutput(this.#weights, names, `${where}: lossWeights`);
    const bad = weights.find((weight) => weight !== undefined && !Number.isFinite(weight));
    if (bad !== undefined) throw new OptionError(`${where}: lossWeights are finite numbers, got ${show(bad)}`);
    const early = losses.map((given) =>
      given === undefined || dependsOnShapes(given) ? undefined : resolveLoss(given),
    );
    const several = losses.filter((given) => given !== undefined).length > 1;
    this.#names = names;
    this.#heads = losses.map((given, index) =>
      given === undefined
        ? undefined
        : {
            given,
            weight: weights[index],
            tracker: several ? new Mean({ name: `${names[index]}_loss` }) : undefined,
            loss: early[index],
          },
    );
    return this.#heads;
  }

  /** The means of the single losses, where there are several. */
  get trackers(): readonly Mean[] {
    return (this.#heads ?? []).flatMap((head) => head?.tracker ?? []);
  }

  /** The weighted sum of all losses, or undefined where no output has one. */
  total(
    y: Structure<Tensor> | undefined,
    predictions: Structure<Tensor>,
    sampleWeight: Structure<Tensor> | undefined,
    where: string,
  ): Tensor | undefined {
    let total: Tensor | undefined;
    for (const { value, head, yPred } of this.#values(y, predictions, sampleWeight, where)) {
      head.tracker?.updateState(value, yPred.shape[0] ?? 1);
      const weighted = head.weight === undefined ? value : multiply(value, head.weight);
      total = total ? add(total, weighted) : weighted;
    }
    return total;
  }

  /**
   * Refuses targets and weights that the losses cannot take: on tensors that have shapes only, and by the values of
   * the targets, which `valuesOf` knows.
   */
  check(
    y: Structure<Tensor> | undefined,
    predictions: Structure<Tensor>,
    sampleWeight: Structure<Tensor> | undefined,
    valuesOf: (target: Tensor) => TypedArray,
    where: string,
  ): void {
    for (const { head, yTrue, yPred, inside } of this.#values(y, predictions, sampleWeight, where)) {
      inContext(inside, () => head.loss?.checkValues?.(valuesOf(yTrue), yPred.shape));
    }
  }

  /** The loss of each output that has one. */
  *#values(
    y: Structure<Tensor> | undefined,
    predictions: Structure<Tensor>,
    sampleWeight: Structure<Tensor> | undefined,
    where: string,
  ) {
    const heads = this.#resolve(outputNamesOf(predictions), where);
    const names = this.#names;
    const outputs = listed(predictions, names);
    const wanted = heads.map((head) => head !== undefined);
    const targets = inOrderOfOutputs(y, names, wanted, `${where}: y`);
    const weights = weightsOf(sampleWeight, names, wanted, where);
    for (const [index, head] of heads.entries()) {
      if (!head) continue;
      const inside = names.length > 1 ? `${where}: output "${names[index]}"` : where;
      const [yTrue, yPred] = [targets[index], outputs[index] as Tensor];
      if (!yTrue) throw new OptionError(`${inside}: there are no targets, which the loss needs; give y`);
      head.loss ??= resolveLoss(head.given, shapesOf(yTrue, yPred));
      const { loss } = head;
      const value = inContext(inside, () =>
        loss.apply(yTrue, yPred, { sampleWeight: weights[index], mask: yPred.mask }),
      );
      if (value.size !== 1) {
        throw new OptionError(
          `${inside}: loss "${loss.name}" gave shape [${value.shape.join(", ")}]; training needs one number, so reduction must not be "none"`,
        );
      }
      yield { head, value, yTrue, yPred, inside };
    }
  }
}

/** One array of weights serves all outputs. */
function weightsOf(
  sampleWeight: Structure<Tensor> | undefined,
  names: Names,
  wanted: readonly boolean[],
  where: string,
): (Tensor | undefined)[] {
  const single = sampleWeight !== undefined && !Array.isArray(sampleWeight) && !isPlainObject(sampleWeight);
  if (single) return names.map(() => sampleWeight as Tensor);
  return inOrderOfOutputs(sampleWeight, names, wanted, `${where}: sampleWeight`);
}

interface MetricHead {
  readonly given: MetricLike;
  readonly output: number;
  readonly weighted: boolean;
  metric: Metric | undefined;
}

/** The metrics of a model. */
export class CompiledMetrics {
  readonly #metrics: MetricsLike | null | undefined;
  readonly #weightedMetrics: MetricsLike | null | undefined;
  #heads: MetricHead[] | undefined;
  #names: Names = [];
  #ready = false;

  /** With known output names everything is checked at once. */
  constructor(
    metrics: MetricsLike | null | undefined,
    weightedMetrics: MetricsLike | null | undefined,
    names: Names,
    where: string,
  ) {
    this.#metrics = metrics;
    this.#weightedMetrics = weightedMetrics;
    if (names.length > 0) this.#resolve(names, where);
  }

  #resolve(names: Names, where: string): MetricHead[] {
    if (this.#heads) return this.#heads;
    const heads = (given: MetricsLike | null | undefined, weighted: boolean, what: string): MetricHead[] => {
      if (given === undefined || given === null) return [];
      // A single output may have its metrics in a flat list; several need to say whose they are.
      const flat = names.length === 1 && !isPlainObject(given) ? [[given].flat(2)] : given;
      if (!isPlainObject(flat) && !Array.isArray(flat)) {
        throw new OptionError(
          `${where}: ${what} of several outputs (${quoted(names)}) are a list with an entry for each, or an object with these names; got ${show(given)}`,
        );
      }
      return perOutput<Metrics>(flat as PerOutput<Metrics>, names, `${where}: ${what}`).flatMap((each, output) =>
        [each ?? []].flat().map((one) => ({
          given: one,
          output,
          weighted,
          metric: dependsOnShapes(one) || mustBeLoaded(one) ? undefined : resolveMetric(one),
        })),
      );
    };
    const found = [...heads(this.#metrics, false, "metrics"), ...heads(this.#weightedMetrics, true, "weightedMetrics")];
    this.#names = names;
    this.#heads = found;
    return found;
  }

  /** Loads the code of metrics that are named and not there yet; undefined where nothing is to be waited for. */
  getReady(): Promise<void> | undefined {
    if (this.#ready) return undefined;
    this.#ready = true;
    return leaves([this.#metrics ?? [], this.#weightedMetrics ?? []]).some(mustBeLoaded)
      ? loadRareMetrics()
      : undefined;
  }

  /** All metrics that are there already, in order. */
  get list(): readonly Metric[] {
    return (this.#heads ?? []).flatMap(({ metric }) => metric ?? []);
  }

  update(
    y: Structure<Tensor> | undefined,
    predictions: Structure<Tensor>,
    sampleWeight: Structure<Tensor> | undefined,
    where: string,
  ): void {
    const heads = this.#resolve(outputNamesOf(predictions), where);
    if (heads.length === 0) return;
    const names = this.#names;
    const outputs = listed(predictions, names);
    const wanted = names.map((_, output) => heads.some((head) => head.output === output));
    const targets = inOrderOfOutputs(y, names, wanted, `${where}: y`);
    const weights = weightsOf(sampleWeight, names, wanted, where);
    for (const head of heads) {
      const [yTrue, yPred] = [targets[head.output], outputs[head.output] as Tensor];
      if (!yTrue) {
        throw new OptionError(
          `${where}: there are no targets for output "${names[head.output]}", which has metrics; give y`,
        );
      }
      head.metric ??= resolveMetric(head.given, shapesOf(yTrue, yPred));
      head.metric.updateState(yTrue, yPred, head.weighted ? weights[head.output] : undefined);
    }
  }

  /**
   * The names of the results in logs, as Keras makes them: with the output in front where there are several, and
   * numbered where one is there already.
   */
  named(): { readonly name: string; readonly metric: Metric }[] {
    const counts = new Map<string, number>();
    const count = (name: string) => {
      const before = counts.get(name) ?? 0;
      counts.set(name, before + 1);
      return before;
    };
    return (this.#heads ?? []).flatMap(({ metric, output, weighted }) => {
      if (!metric) return [];
      const whose = this.#names.length > 1 ? `${this.#names[output]}_` : "";
      let name = `${whose}${metric.name}`;
      let before = count(name);
      if (before > 0 && weighted) {
        name = `${whose}weighted_${metric.name}`;
        before = count(name);
      }
      return [{ name: before > 0 ? `${name}_${before}` : name, metric }];
    });
  }
}
