/**
 * What every metric is: a state of sums, which batches add to, and a result that is worked out from it. The sums are
 * float64 whatever the data, so that an epoch of a million batches loses nothing.
 * The metrics stand in the other files of this folder.
 */
import { Configurable, type ConfigurableClass, configurable } from "../core/configurable.ts";
import { type Device, onDevice } from "../core/device.ts";
import { ShapeError, VarveError } from "../core/errors.ts";
import { uniqueName } from "../core/names.ts";
import { choice, type Option, type OptionsOf, type Schema, string } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import { currentDevice } from "../devices/current.ts";
import { alignRanks, alignWeight, checkValuesOfSamples } from "../losses/loss.ts";
import { add, divideNoNan, multiply } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { broadcastTo } from "../ops/movement/broadcast.ts";
import type { TensorLike } from "../ops/op.ts";
import { mean } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { toTensor, zeros } from "../ops/tensor.ts";

/** The options that every metric takes. */
export interface MetricOptions {
  /** What the metric is called in logs. Default: made from the class name. */
  name?: string | null | undefined;
  /** The dtype of the result. Default "float32". */
  dtype?: "float32" | "float64" | undefined;
}

/** Sums by name. */
export type State = Readonly<Record<string, Tensor>>;

/**
 * The base of all metrics: sums that batches add to, and the result that is worked out from them. One of your own says
 * what its sums are called, what a batch adds to them, and what comes out; where that is the mean of a value for each
 * sample, `MeanMetricWrapper` or a plain function does as well.
 *
 * @example
 * ```ts
 * import { metrics, ops, tensor } from "varve";
 * class Bias extends metrics.metric(metrics.Metric, "Bias", "bias", {}) {
 *   shapes() {
 *     return { total: [], count: [] };
 *   }
 *   updateState(yTrue, yPred) {
 *     this.accumulate(yPred, () => ({ total: ops.sum(ops.subtract(yPred, yTrue)), count: yPred.size }));
 *   }
 *   compute({ total, count }) {
 *     return ops.divide(total, count);
 *   }
 * }
 * const bias = new Bias();
 * bias.updateState(tensor([1, 2]), tensor([2, 5]));
 * await bias.result().array() // => 2
 * ```
 */
export abstract class Metric extends Configurable {
  static override readonly module: string = "keras.metrics";

  declare readonly name: string;
  declare readonly dtype: "float32" | "float64" | "int32";
  /** Whether less or more of it is better, where that is known; for callbacks that look for the best epoch. */
  readonly direction: "min" | "max" | undefined = undefined;

  #state: ReadonlyMap<string, Variable> | undefined;

  /** The shapes of the sums, by name, for predictions of that shape; undefined where it has to be known and is not. */
  protected abstract shapes(yPred: Shape | undefined): Readonly<Record<string, Shape>> | undefined;

  /** What comes out of the sums. */
  protected abstract compute(state: State): Tensor;

  /** Adds a batch: targets, predictions, and how much each sample counts. */
  abstract updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void;

  /** Class and name, as error messages have it. */
  protected get label(): string {
    const { className } = this.constructor as typeof Metric;
    return `${className} "${this.name}"`;
  }

  /** The sums. There are none before the first update. */
  get variables(): readonly Variable[] {
    return [...(this.#state?.values() ?? [])];
  }

  /** Adds to the sums; nothing is changed unless everything could be computed. For use in `updateState`. */
  protected accumulate(like: Tensor, increments: () => Readonly<Record<string, Tensor | number>>): void {
    inScope(() => {
      const added = increments();
      const state = this.#stateFor(like.device, like.shape);
      const next = [...state].map(([name, variable]) => {
        const increment = added[name] as Tensor | number;
        return add(variable.value, increment instanceof Tensor ? cast(increment, "float64") : increment);
      });
      this.variables.forEach((variable, index) => {
        variable.assign(next[index] as Tensor);
      });
    }, false);
  }

  #stateFor(device: Device, yPred: Shape | undefined): ReadonlyMap<string, Variable> {
    const shapes = this.shapes(yPred);
    if (!shapes) throw new VarveError(`${this.label} has no result before its first update`);
    if (this.#state) {
      for (const [name, shape] of Object.entries(shapes)) {
        const has = (this.#state.get(name) as Variable).shape;
        if (sameShape(has, shape)) continue;
        throw new ShapeError(
          `${this.label}: its sums have shape ${formatShape(has)} from earlier updates, but these predictions would need ${formatShape(shape)}; use another metric for them`,
        );
      }
      return this.#state;
    }
    this.#state = new Map(
      Object.entries(shapes).map(([name, shape]) => {
        const value = onDevice(device, () => zeros(shape, "float64"));
        const variable = new Variable(value, { name, trainable: false });
        variable.path = `${this.name}/${name}`;
        value.dispose();
        return [name, variable];
      }),
    );
    return this.#state;
  }

  /** The result for all batches since the last `reset`. It is the caller's to dispose of. */
  result(): Tensor {
    return inScope(() => {
      const state = this.#state ?? this.#stateFor(currentDevice(), undefined);
      const value = this.compute(Object.fromEntries([...state].map(([name, variable]) => [name, variable.value])));
      return cast(value, this.dtype === "float64" ? "float64" : "float32");
    }, false);
  }

  /** Forgets all batches. */
  reset(): void {
    inScope(() => {
      for (const variable of this.variables) {
        variable.assign(onDevice(variable.value.device, () => zeros(variable.shape, "float64")));
      }
    }, false);
  }

  /** Gives the memory of the state back; the metric then starts anew. */
  dispose(): void {
    for (const variable of this.variables) variable.dispose();
    this.#state = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The option that names a metric; without a default the class name, numbered where it was there before. */
function nameOption(className: string, byDefault: string | null): Option<string | null, string, false> {
  const text = string({ default: byDefault });
  return {
    ...text,
    parse: (given, refuse) => (given === null ? uniqueName(className) : (text.parse(given, refuse) as string)),
  } as Option<string | null, string, false>;
}

/**
 * Makes the base class of a metric from the kind of metric it is, its class name, its default name (null: made from
 * the class name), and its own options; `Metric` has an example.
 */
/* @__NO_SIDE_EFFECTS__ */
export function metric<Base extends Metric, S extends Schema>(
  base: abstract new (options?: unknown) => Base,
  className: string,
  name: string | null,
  own: S,
): ConfigurableClass<S, Base, OptionsOf<S> & MetricOptions> {
  return configurable<Base, S, MetricOptions>(base, className, {
    name: nameOption(className, name),
    dtype: choice(["float32", "float64"], { default: "float32" }),
    ...own,
  } as unknown as S);
}

/** The values of one sample as one: over all axes but the first. */
function perSample(values: Tensor, reduce: typeof mean): Tensor {
  return values.rank > 1
    ? reduce(
        values,
        values.shape.slice(1).map((_, index) => index + 1),
      )
    : values;
}

/** Values and weights with their ranks aligned, the values reduced to the axes that the weights have. */
export function weighted(values: Tensor, weight: Tensor, reduce: typeof mean, where: string): [Tensor, Tensor] {
  let [x, w] = alignRanks(values, weight);
  if (x.rank > w.rank) {
    const beyond = x.shape.flatMap((_, axis) => (axis >= w.rank ? [axis] : []));
    x = reduce(x, beyond);
  }
  w = broadcastTo(alignWeight(w, x.shape, where), x.shape);
  return [multiply(x, w), w];
}

/** The weights where a mask lets them through, and 0 elsewhere; without weights all that it lets through count 1. */
function masked(weight: Tensor | undefined, mask: Tensor): Tensor {
  const factor = cast(mask, "float64");
  return weight ? multiply(...alignRanks(factor, weight)) : factor;
}

/** The mean of values, each of which counts as its sample's weight says. */
export abstract class MeanOfValues extends Metric {
  /** The values of a batch, one or more for each sample. */
  protected abstract values(yTrue: Tensor, yPred: Tensor): Tensor;

  protected override shapes(): Readonly<Record<string, Shape>> {
    return { total: [], count: [] };
  }

  protected override compute({ total, count }: State): Tensor {
    return divideNoNan(total as Tensor, count as Tensor);
  }

  /** Adds values of their own to the mean. */
  protected addValues(values: Tensor, sampleWeight: Tensor | undefined): void {
    this.accumulate(values, () => {
      const wide = cast(values, "float64");
      if (!sampleWeight) return { total: sum(perSample(wide, mean)), count: values.shape[0] ?? 1 };
      const [total, count] = weighted(wide, cast(sampleWeight, "float64"), mean, this.label);
      return { total: sum(perSample(total, mean)), count: sum(perSample(count, mean)) };
    });
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const output = toTensor(yPred);
      const { device, mask } = output;
      const values = checkValuesOfSamples(this.values(toTensor(yTrue, { device }), output), this.label);
      const given =
        sampleWeight === undefined || sampleWeight === null ? undefined : toTensor(sampleWeight, { device });
      const weight = mask ? masked(given, mask) : given;
      // What the values leave out is 0 among them; as in Keras it counts less only where something else is weighed.
      this.addValues(values, weight && values.mask ? masked(weight, values.mask) : weight);
    }, false);
  }
}
