/**
 * `groupNorm`, `instanceNorm` and `layerNorm` as tf.contrib.layers has them: which axes they mean, the variables they
 * own, and where both are put. What is not here is the mathematics: that is `ops/normalize`.
 */
import { type ActivationOption, activation } from "../../activations.ts";
import { checkFloat, type DType } from "../../core/dtype.ts";
import { ShapeError, VarveError } from "../../core/errors.ts";
import {
  axes,
  boolean,
  choice,
  integer,
  type Json,
  number,
  option,
  parseOptions,
  type ValuesOf,
} from "../../core/options.ts";
import { inScope } from "../../core/scope.ts";
import { formatShape, normalizeAxes, type PartialShape, type Shape } from "../../core/shape.ts";
import { SymbolicTensor, shapeBeforeProbing } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { Layer } from "../../layers/layer.ts";
import { nearestGroups, normalizeInGroups } from "../../ops/normalize/normalizations.ts";
import { normalize } from "../../ops/normalize/normalize.ts";
import type { TensorLike } from "../../ops/op.ts";
import { toTensor } from "../../ops/tensor.ts";
import { type ArgScoped, addArgScope } from "./arg-scope.ts";
import { VariableScope } from "./graph.ts";
import {
  type CollectionNames,
  collections,
  collectionsFor,
  kind,
  listOf,
  type ParamInitializers,
  paramInitializers,
  type Reuse,
  reuse,
  unsaved,
  type VariablesCollections,
  variablesCollections,
} from "./options.ts";
import { graphOf, UnrankedPlaceholder } from "./placeholder.ts";
import { openScope } from "./scope.ts";
import { modelVariable } from "./variables.ts";

/** The options that all three share. */
export interface NormalizationOptions {
  /** Whether there is a beta, which is added. Default true. */
  readonly center?: boolean | undefined;
  /** Whether there is a gamma, which is multiplied by. Default true. */
  readonly scale?: boolean | undefined;
  /** Applied to the result: a function of `ops` or `activations`, its name, or one of your own. Default: none. */
  readonly activationFn?: ActivationOption | undefined;
  /** Whether the variables of a scope are shared that was used before; needs `scope`. Default: as the scopes around say. */
  readonly reuse?: Reuse | null | undefined;
  /** Collections for the variables, or for each: `{ gamma: "scales" }`. They are in the usual ones as well. */
  readonly variablesCollections?: VariablesCollections | null | undefined;
  /** The collections that the result is put into. */
  readonly outputsCollections?: CollectionNames | null | undefined;
  /** Whether training changes the variables. Default true. */
  readonly trainable?: boolean | undefined;
  /** The variable scope. Default: named after the function, differently each time (`GroupNorm`, `GroupNorm_1`). */
  readonly scope?: string | VariableScope | null | undefined;
}

/** What `groupNorm` takes. */
export interface GroupNormOptions extends NormalizationOptions {
  /** How many groups the channels are split into. Default 32. */
  readonly groups?: number | undefined;
  /** The axis of the channels, from the front or, negative, from the back. Default -1. */
  readonly channelsAxis?: number | undefined;
  /** The other axes that share statistics. May be none; must not name the channels. Default [-3, -2]. */
  readonly reductionAxes?: readonly number[] | undefined;
  /** Added to the variance before its square root. Default 1e-6. */
  readonly epsilon?: number | undefined;
  /** How beta and gamma begin. Default zeros and ones. */
  readonly paramInitializers?: ParamInitializers | null | undefined;
  /** Accepted, and without effect: the one algorithm here is exact for means near 0 and far from it. Default false. */
  readonly meanCloseToZero?: boolean | undefined;
}

/** What `instanceNorm` takes. */
export interface InstanceNormOptions extends NormalizationOptions {
  /** Added to the variance before its square root. Default 1e-6. */
  readonly epsilon?: number | undefined;
  /** How beta and gamma begin. Default zeros and ones. */
  readonly paramInitializers?: ParamInitializers | null | undefined;
  /** "NHWC", the channels last, or "NCHW", the channels behind the batch. Default "NHWC". */
  readonly dataFormat?: "NHWC" | "NCHW" | undefined;
}

/** What `layerNorm` takes. */
export interface LayerNormOptions extends NormalizationOptions {
  /** The first axis that shares statistics; all behind it do too. Default 1. */
  readonly beginNormAxis?: number | undefined;
  /** The first axis that beta and gamma span; all behind it too. Default -1. */
  readonly beginParamsAxis?: number | undefined;
}

/** A normalization: on tensors it computes; on symbolic tensors it becomes a node of their graph. */
export interface NormalizationFunction<O> {
  (inputs: SymbolicTensor | UnrankedPlaceholder, options?: O): SymbolicTensor;
  (inputs: TensorLike, options?: O): Tensor;
}

const shared = {
  center: boolean({ default: true }),
  scale: boolean({ default: true }),
  activationFn: activation({ default: null }),
  reuse,
  variablesCollections,
  outputsCollections: collections,
  trainable: boolean({ default: true }),
  scope: kind<string | VariableScope, string | VariableScope>("a name or a VariableScope", (given, refuse) =>
    typeof given === "string" || given instanceof VariableScope ? given : refuse(),
  ),
};

const withEpsilon = { ...shared, epsilon: number({ default: 1e-6, min: 0 }), paramInitializers };

const groupSchema = {
  ...withEpsilon,
  groups: integer({ default: 32, min: 1 }),
  channelsAxis: axes({ default: -1 }),
  reductionAxes: option(
    { default: [-3, -2] },
    unsaved<readonly number[], readonly number[]>("a list of whole numbers", (given, refuse) =>
      Array.isArray(given) && given.every(Number.isSafeInteger) ? given : refuse(),
    ),
  ),
  meanCloseToZero: boolean({ default: false }),
};

const instanceSchema = { ...withEpsilon, dataFormat: choice(["NHWC", "NCHW"], { default: "NHWC" }) };

const layerSchema = { ...shared, beginNormAxis: axes({ default: 1 }), beginParamsAxis: axes({ default: -1 }) };

type Parameters = { readonly gamma?: Tensor | undefined; readonly beta?: Tensor | undefined };

/** A call on symbolic tensors, as the layer that models see: it has the variables, but they belong to their graph. */
class Call extends Layer {
  static override readonly className = "contrib";
  override readonly supportsMasking = true;
  readonly #variables: readonly Variable[];
  readonly #compute: (x: Tensor) => Tensor;

  constructor(name: string, dtype: DType, variables: readonly Variable[], compute: (x: Tensor) => Tensor) {
    super({ name, dtype });
    this.#variables = variables;
    this.#compute = compute;
  }

  protected override get ownWeights(): readonly Variable[] {
    return this.#variables;
  }

  override call(x: Tensor): Tensor {
    return this.#compute(x);
  }

  override getConfig(): Record<string, Json> {
    throw new VarveError(
      `${this.label}: what varve/contrib makes has no Keras config; save the weights, or build the model of layers (layers.groupNormalization)`,
    );
  }
}

type Inputs = SymbolicTensor | Tensor;

/** The input as messages call it. */
function describe(inputs: Inputs | UnrankedPlaceholder): string {
  const name = "name" in inputs ? ` "${inputs.name}"` : "";
  return inputs.shape ? `inputs${name} of shape ${formatShape(shapeBeforeProbing(inputs as Inputs))}` : `inputs${name}`;
}

/** The input and what is known of its shape; refuses one of which nothing is known. */
function ranked(given: unknown, where: string): { inputs: Inputs; shape: PartialShape } {
  if (given instanceof UnrankedPlaceholder) {
    throw new ShapeError(
      `${where}: ${describe(given)} has undefined rank; give the placeholder a shape, with null for sizes that are not known: placeholder("${given.dtype}", [null, …])`,
    );
  }
  const inputs = given instanceof SymbolicTensor ? given : toTensor(given as TensorLike);
  checkFloat(inputs.dtype, where);
  return { inputs, shape: shapeBeforeProbing(inputs) };
}

/** The axis counted from the front. */
function boundedAxis(axis: number, shape: PartialShape, option: string, where: string): number {
  if (axis < -shape.length || axis >= shape.length) {
    throw new ShapeError(
      `${where}: ${option} ${axis} is out of bounds; the axes of shape ${formatShape(shape)} go from ${-shape.length} to ${shape.length - 1}`,
    );
  }
  return axis < 0 ? axis + shape.length : axis;
}

/** What one of the three has to say for itself. */
interface Plan {
  /** Of beta and gamma. */
  readonly parameterShape: Shape;
  readonly initializers?: ParamInitializers | null;
  readonly compute: (x: Tensor, parameters: Parameters) => Tensor;
}

/** The variables, the computation, the activation and the collections of one call. */
function run(
  where: string,
  defaultName: string,
  inputs: Inputs,
  { parameterShape, initializers, compute }: Plan,
  options: ValuesOf<typeof shared>,
): Inputs {
  const variable = (name: "beta" | "gamma", initializer: string) =>
    modelVariable(name, {
      shape: parameterShape,
      dtype: inputs.dtype,
      initializer: initializers?.[name] ?? initializer,
      trainable: options.trainable,
      collections: collectionsFor(options.variablesCollections, name),
    });
  const inside = (scope: VariableScope) => {
    const beta = options.center ? variable("beta", "zeros") : undefined;
    const gamma = options.scale ? variable("gamma", "ones") : undefined;
    const normalized = (x: Tensor) => compute(x, { gamma: gamma?.value, beta: beta?.value });
    let outputs: Inputs;
    if (inputs instanceof SymbolicTensor) {
      const variables = [gamma, beta].filter((each) => each !== undefined);
      outputs = new Call(scope.nameScope, inputs.dtype, variables, normalized).apply(inputs);
    } else {
      outputs = normalized(inputs);
    }
    // Activations take symbolic tensors too, and are nodes of their own.
    outputs = options.activationFn(outputs as Tensor) as Inputs;
    scope.graph.addToCollections(listOf(options.outputsCollections), outputs);
    return outputs;
  };
  const { scope, reuse } = options;
  return graphOf(inputs).asDefault(() => openScope(scope, { reuse, defaultName }, where, inside));
}

/** Makes one of the three: `plan` checks what is its own and says which axes are meant. */
/* @__NO_SIDE_EFFECTS__ */
function normalization<O, S extends typeof shared>(
  where: string,
  defaultName: string,
  schema: S,
  plan: (shape: PartialShape, options: ValuesOf<S>, inputs: Inputs) => Plan,
): ArgScoped<NormalizationFunction<O>> {
  const normalize = (given: unknown, givenOptions?: O) =>
    inScope(() => {
      const options = parseOptions(schema, givenOptions, where);
      const { inputs, shape } = ranked(given, where);
      return run(where, defaultName, inputs, plan(shape, options, inputs), options as ValuesOf<typeof shared>);
    });
  return addArgScope(normalize as NormalizationFunction<O>);
}

/**
 * Group normalization: the channels are split into groups, and the values of each group, over the axes in
 * `reductionAxes`, are given mean 0 and variance 1; then every channel is scaled by its gamma and shifted by its beta.
 * What no reduction axis and no group covers (the batch, say) is normalized on its own.
 *
 *     y = activationFn((x − mean) / √(variance + epsilon) · gamma + beta)
 *
 * - Input: float32 or float64, of any rank; the sizes of the channels and of the reduction axes must be known. Output:
 *   the same shape. Images with channels last are the default; for channels first: `channelsAxis: -3,
 *   reductionAxes: [-2, -1]`.
 * - Variables: `beta` [channels] and `gamma` [channels], in the variable scope.
 *
 * `meanCloseToZero` chose between two ways to the variance in TensorFlow: from Σx² and Σx, which loses everything when
 * the mean is far from 0, or from Σ(x − mean)², which suffers when the mean is so near 0 that it is itself inexact. Here
 * it is accepted and changes nothing: the statistics are those of x minus a value near the mean, the mean is kept in
 * two parts, and what is rounded away in one place is added again in the other. Means of 1e-4 and of 1e2 are served alike.
 *
 * @throws ShapeError where the rank is undefined, a size that is needed is undefined, the groups do not divide the
 *   channels, an axis is out of bounds, or `reductionAxes` and `channelsAxis` are not mutually exclusive; VarveError
 *   where the scope has these variables and does not share, or `reuse` is given without a scope.
 *
 * @example
 * ```ts
 * import { tensor } from "varve";
 * import { groupNorm } from "varve/contrib";
 * const x = tensor([[1, 3, 10, 30]]);
 * const y = groupNorm(x, { groups: 2, reductionAxes: [], epsilon: 0 });
 * await y.array() // => [[-1, 1, -1, 1]]
 * ```
 *
 * @see Wu & He, Group Normalization, 2018, https://arxiv.org/abs/1803.08494; TensorFlow 1,
 *   `tf.contrib.layers.group_norm`
 */
export const groupNorm = normalization<GroupNormOptions, typeof groupSchema>(
  "groupNorm",
  "GroupNorm",
  groupSchema,
  (shape, { groups, channelsAxis, reductionAxes, epsilon, paramInitializers: initializers }, inputs) => {
    const where = "groupNorm";
    const channel = boundedAxis(channelsAxis, shape, "channelsAxis", where);
    const channels = shape[channel] ?? null;
    if (channels === null) {
      throw new ShapeError(
        `${where}: ${describe(inputs)} has undefined channel dimension ${channel}; its size must be known to make beta and gamma`,
      );
    }
    for (const axis of reductionAxes) {
      const index = boundedAxis(axis, shape, "reduction axis", where);
      if (shape[index] === null) {
        throw new ShapeError(
          `${where}: ${describe(inputs)} has undefined dimensions: the size of reduction axis ${axis} must be known`,
        );
      }
      if (index === channel) {
        throw new ShapeError(
          `${where}: axis ${axis} is the channels axis of ${describe(inputs)}; reductionAxes must be mutually exclusive with channelsAxis: within a group, channels share statistics anyway`,
        );
      }
    }
    if (groups > channels || channels % groups !== 0) {
      const problem =
        groups > channels
          ? `Invalid groups ${groups} for ${channels} channels`
          : `${channels} channels is not commensurate with ${groups} groups`;
      const near = nearestGroups(groups, channels).join(" or ");
      throw new ShapeError(`${where}: ${problem}${near === "" ? "" : `; choose ${near}`}`);
    }
    const over = normalizeAxes(reductionAxes, shape.length, where);
    return {
      parameterShape: [channels],
      initializers,
      compute: (x, parameters) => normalizeInGroups({ x, ...parameters }, { groups, channel, over, epsilon }),
    };
  },
);

/**
 * Instance normalization: every channel of every sample is given mean 0 and variance 1 over its positions, then scaled
 * by its gamma and shifted by its beta. It is `groupNorm` with as many groups as channels, over all axes but the batch.
 *
 *     y = activationFn((x − mean) / √(variance + epsilon) · gamma + beta)
 *
 * - Input: float32 or float64, batch first, of rank 2 or more; the size of the channels must be known. Output: the same
 *   shape.
 * - Variables: `beta` [channels] and `gamma` [channels], in the variable scope.
 *
 * @throws ShapeError where the rank or the channels dimension is undefined, or the rank is below 2; VarveError where the
 *   scope has these variables and does not share, or `reuse` is given without a scope.
 *
 * @example
 * ```ts
 * import { tensor } from "varve";
 * import { instanceNorm } from "varve/contrib";
 * const x = tensor([[[1, 3], [10, 30]]]); // one sample, two channels, two positions
 * await instanceNorm(x, { dataFormat: "NCHW", epsilon: 0 }).array() // => [[[-1, 1], [-1, 1]]]
 * ```
 *
 * @see Ulyanov et al., Instance Normalization, 2016, https://arxiv.org/abs/1607.08022; TensorFlow 1,
 *   `tf.contrib.layers.instance_norm`
 */
export const instanceNorm = normalization<InstanceNormOptions, typeof instanceSchema>(
  "instanceNorm",
  "InstanceNorm",
  instanceSchema,
  (shape, { dataFormat, epsilon, paramInitializers: initializers }, inputs) => {
    if (shape.length < 2) {
      throw new ShapeError(`instanceNorm: needs rank 2 or more, batch and channels, got ${describe(inputs)}`);
    }
    const channel = dataFormat === "NCHW" ? 1 : shape.length - 1;
    const channels = shape[channel] ?? null;
    if (channels === null) {
      throw new ShapeError(
        `instanceNorm: ${describe(inputs)} has undefined channels dimension ${channel}; its size must be known to make beta and gamma`,
      );
    }
    const over = shape.flatMap((_, axis) => (axis === 0 || axis === channel ? [] : [axis]));
    return {
      parameterShape: [channels],
      initializers,
      compute: (x, parameters) => normalizeInGroups({ x, ...parameters }, { groups: channels, channel, over, epsilon }),
    };
  },
);

/** What tf.contrib.layers.layer_norm adds to the variance; it has no option for it. */
const layerEpsilon = 1e-12;

/**
 * Layer normalization: the values of each sample, over all axes from `beginNormAxis` on, are given mean 0 and variance
 * 1; then gamma and beta, which span the axes from `beginParamsAxis` on, scale and shift them.
 *
 *     y = activationFn((x − mean) / √(variance + 1e-12) · gamma + beta)
 *
 * - Input: float32 or float64; the sizes of the axes from `beginParamsAxis` on must be known. Output: the same shape.
 * - Variables: `beta` and `gamma` of the shape of those axes, in the variable scope.
 *
 * @throws ShapeError where the rank is undefined, an axis is out of bounds, or a size is not known that beta and gamma
 *   need; VarveError where the scope has these variables and does not share, or `reuse` is given without a scope.
 *
 * @example
 * ```ts
 * import { tensor } from "varve";
 * import { layerNorm } from "varve/contrib";
 * await layerNorm(tensor([[1, 3], [10, 30]])).array() // => [[-1, 1], [-1, 1]]
 * ```
 *
 * @see Ba et al., Layer Normalization, 2016, https://arxiv.org/abs/1607.06450; TensorFlow 1,
 *   `tf.contrib.layers.layer_norm`
 */
export const layerNorm = normalization<LayerNormOptions, typeof layerSchema>(
  "layerNorm",
  "LayerNorm",
  layerSchema,
  (shape, { beginNormAxis, beginParamsAxis }, inputs) => {
    const first = boundedAxis(beginNormAxis, shape, "beginNormAxis", "layerNorm");
    const spanned = boundedAxis(beginParamsAxis, shape, "beginParamsAxis", "layerNorm");
    const parameterShape = shape.slice(spanned);
    if (parameterShape.includes(null)) {
      throw new ShapeError(
        `layerNorm: ${describe(inputs)} has undefined dimensions: the sizes from axis ${spanned} on must be known to make beta and gamma`,
      );
    }
    const over = shape.flatMap((_, axis) => (axis >= first ? [axis] : []));
    return {
      parameterShape: parameterShape as Shape,
      compute: (x, parameters) => normalize({ x, ...parameters }, { over, epsilon: layerEpsilon, kind: "standard" }).y,
    };
  },
);
