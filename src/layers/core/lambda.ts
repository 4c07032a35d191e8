/**
 * Lambda: any function of tensors as a layer.
 */
import { didYouMean, OptionError } from "../../core/errors.ts";
import { type Json, type Option, option, shape, unlessNull } from "../../core/options.ts";
import { formatShape, isProbe } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { type CallContext, factory, layer } from "../layer.ts";

/** What a Lambda's function is told beside its inputs: the layer's `arguments`, and the call's training and mask. */
export type LambdaContext = Pick<CallContext, "training" | "mask"> & Readonly<Record<string, unknown>>;

/** A function of a tensor, or of a list of them where the layer is called on a list. */
// biome-ignore lint/suspicious/noExplicitAny: whether it takes one tensor or several is the user's to say
export type LambdaFunction = (inputs: any, context: LambdaContext) => Tensor;

/** The functions that have a name in files. */
const registered = new Map<string, LambdaFunction>();

const functionKind = {
  expected: "a function of tensors, or the name of one that was registered with Lambda.register",
  parse(given: unknown, refuse: (expected?: string) => never): LambdaFunction {
    if (typeof given === "function") return given as LambdaFunction;
    const named = typeof given === "string" ? registered.get(given) : undefined;
    if (named || typeof given !== "string") return named ?? refuse();
    const known = registered.size > 0 ? `; ${didYouMean(given, registered.keys())}` : "";
    return refuse(`a function, or the name of a registered one${known}; register it: Lambda.register("${given}", f)`);
  },
  toConfig(value: LambdaFunction): Json {
    const name = [...registered].find(([, known]) => known === value)?.[0];
    if (name !== undefined) return { module: "builtins", class_name: "function", config: name, registered_name: name };
    throw new OptionError(
      'Lambda: its function has no name, so no config can hold it; register it first: Lambda.register("name", f)',
    );
  },
  fromConfig(json: Json): LambdaFunction | string {
    if (typeof json === "function") return json as LambdaFunction;
    if (isPlainObject(json) && json.class_name === "function") return json.config as string;
    if (typeof json === "string") return json;
    throw new OptionError(
      "Lambda: this config holds Python code, which cannot run here; register a function and name it in the config",
    );
  },
};

const optionalFunction = option<LambdaFunction | string | null, LambdaFunction | null, { readonly default: null }>(
  { default: null },
  functionKind as never,
) as Option<LambdaFunction | string | null, LambdaFunction | null, false>;

/**
 * `y = function(x, { training, mask, …arguments })`. Without weights: for functions with weights, write a layer (see
 * docs/custom-layers.md). Symbolic shapes come from running the function, so it must not read values.
 *
 * @throws OptionError where a config is asked for and the function was not registered.
 *
 * @example
 * ```ts
 * import { Lambda, ops, tensor } from "varve";
 * const double = new Lambda({ function: (x, { factor }) => ops.multiply(x, factor), arguments: { factor: 2 } });
 * await double.apply(tensor([1, 2])).array() // => [2, 4]
 * ```
 */
export class Lambda extends layer("Lambda", {
  /** What to compute: a function, or the name of a registered one. */
  function: option<LambdaFunction | string, LambdaFunction, Record<never, never>>({}, functionKind),
  /** The shape of one output sample, `null` where unknown; checked where given. Default null: whatever comes out. */
  outputShape: unlessNull(shape({ default: null, unknown: true })),
  /** A function that gives the mask of the output from `(inputs, { mask })`. Default null: no mask comes out. */
  mask: unlessNull(optionalFunction),
  /** Further arguments of the function, anything that JSON can hold. */
  arguments: option<Readonly<Record<string, Json>> | null, Readonly<Record<string, Json>>, { readonly default: null }>(
    { default: {} } as never,
    {
      expected: "an object of values that JSON can hold",
      parse: (given, refuse) =>
        (given === null ? {} : isPlainObject(given) ? Object.freeze({ ...given }) : refuse()) as never,
      toConfig: (value) => value,
      fromConfig: (json) => json as Readonly<Record<string, Json>>,
    },
  ),
}) {
  override readonly supportsMasking = this.mask !== null;

  /** Gives a function a name, under which configs hold it. */
  static register(name: string, fn: LambdaFunction): void {
    registered.set(name, fn);
  }

  override call(inputs: Tensor | readonly Tensor[], { training, mask }: CallContext): Tensor {
    const y = this.function(inputs, { ...this.arguments, training, mask });
    const sample = y.shape.slice(1);
    const { outputShape } = this;
    const fits = (size: number, axis: number) =>
      isProbe(size) || outputShape?.[axis] === null || outputShape?.[axis] === size;
    if (outputShape && (outputShape.length !== sample.length || !sample.every(fits))) {
      this.refuse(
        `the function gave samples of shape ${formatShape(sample)}, not outputShape ${formatShape(outputShape)}`,
      );
    }
    return y;
  }

  override computeMask(
    inputs: Tensor | readonly Tensor[],
    [mask]: readonly (Tensor | undefined)[],
  ): Tensor | undefined {
    return this.mask?.(inputs, { training: false, mask });
  }
}

export const lambda = factory(Lambda);
