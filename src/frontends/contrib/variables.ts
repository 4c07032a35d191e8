/**
 * Variables by name: made or shared as the open variable scope says, and found again.
 */
import { onDevice } from "../../core/device.ts";
import { type DType, isFloat } from "../../core/dtype.ts";
import { OptionError, ShapeError, show, VarveError } from "../../core/errors.ts";
import { boolean, parseOptions, shape as shapeOption } from "../../core/options.ts";
import { inScope } from "../../core/scope.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { concreteDevice } from "../../devices/current.ts";
import { GlorotUniform, Initializer, Zeros } from "../../initializers.ts";
import { addArgScope } from "./arg-scope.ts";
import { below, GraphKeys, getDefaultGraph, type VariableScope } from "./graph.ts";
import {
  type CheckedInitializer,
  type CollectionNames,
  collections,
  listOf,
  type VariableInitializer,
  variableInitializer,
} from "./options.ts";
import { dtypeOption } from "./scope.ts";

/** What `getVariable` and `modelVariable` take. */
export interface GetVariableOptions {
  /** Needed to make a variable; one that is shared must have it. */
  readonly shape?: Shape | null | undefined;
  /** Default: that of the scope, else "float32". */
  readonly dtype?: DType | null | undefined;
  /** How it begins. Default: that of the scope, else Glorot's uniform numbers, or zeros for whole numbers and bools. */
  readonly initializer?: VariableInitializer | null | undefined;
  /** Whether training changes it; then it is in `GraphKeys.TRAINABLE_VARIABLES` too. Default true. */
  readonly trainable?: boolean | undefined;
  /** Where it is put when it is made. Default: `GraphKeys.GLOBAL_VARIABLES`. */
  readonly collections?: CollectionNames | null | undefined;
}

const schema = {
  shape: shapeOption({ default: null }),
  dtype: dtypeOption,
  initializer: variableInitializer,
  trainable: boolean({ default: true }),
  collections,
};

/** The variable of that name in a scope, if it may be shared there; refuses what the scope does not allow. */
function shared(scope: VariableScope, path: string, shape: Shape | null, dtype: DType | null): Variable | undefined {
  const found = scope.graph.variable(path);
  if (!found) {
    if (scope.reuse === true) {
      throw new VarveError(
        `Variable "${path}" does not exist, and reuse: true makes none; make it first without reuse, or take reuse: AUTO_REUSE`,
      );
    }
    return undefined;
  }
  if (scope.reuse === false) {
    throw new VarveError(
      `Variable "${path}" already exists; share it with reuse: true or reuse: AUTO_REUSE, or give the second one another scope`,
    );
  }
  if ((shape && !sameShape(shape, found.shape)) || (dtype && dtype !== found.dtype)) {
    throw new ShapeError(
      `Variable "${path}" cannot be shared: it is ${formatShape(found.shape)}, ${found.dtype}, and asked for as ${formatShape(shape ?? found.shape)}, ${dtype ?? found.dtype}`,
    );
  }
  return found;
}

/** A new variable of that whole name, in no graph yet. */
function make(path: string, shape: Shape, dtype: DType, initializer: CheckedInitializer, trainable: boolean): Variable {
  const begin = () => {
    const value = initializer instanceof Initializer ? initializer.call(shape, dtype) : initializer(shape, dtype);
    if (!(value instanceof Tensor) || !sameShape(value.shape, shape) || value.dtype !== dtype) {
      throw new ShapeError(
        `Variable "${path}": its initializer must give a tensor of shape ${formatShape(shape)}, ${dtype}; it gave ${show(value)}`,
      );
    }
    return new Variable(value, { name: path, trainable });
  };
  return onDevice(concreteDevice(), () => inScope(begin, false));
}

function obtain(name: string, given: GetVariableOptions | undefined, where: string, also: readonly string[]): Variable {
  if (typeof name !== "string" || name === "") {
    throw new OptionError(`${where}: a variable's name is a text that is not empty, got ${show(name)}`);
  }
  const { scope } = getDefaultGraph();
  const path = below(scope.name, name);
  const options = parseOptions(schema, given, `${where} "${path}"`);
  const shape = options.shape as Shape | null;
  const found = shared(scope, path, shape, options.dtype);
  if (found) return found;
  if (!shape) throw new ShapeError(`${where} "${path}": there is no such variable yet; give a shape to make it`);
  const dtype = options.dtype ?? scope.dtype ?? "float32";
  const initializer = options.initializer ?? scope.initializer ?? (isFloat(dtype) ? new GlorotUniform() : new Zeros());
  const variable = make(path, shape, dtype, initializer, options.trainable);
  const named = [...listOf(options.collections), ...also];
  scope.graph.addVariable(variable, [
    ...(named.length > 0 ? named : [GraphKeys.GLOBAL_VARIABLES]),
    ...(options.trainable ? [GraphKeys.TRAINABLE_VARIABLES] : []),
  ]);
  return variable;
}

/**
 * The variable of that name in the open scope: a new one, or, where the scope has `reuse`, the one that is there.
 *
 * @throws VarveError where it exists and the scope does not share, or does not exist and the scope only shares;
 *   ShapeError where the one that exists has another shape or dtype, or a new one is given no shape.
 *
 * @example
 * ```ts
 * import { getVariable, variableScope } from "varve/contrib";
 * const w = variableScope("dense", () => getVariable("w", { shape: [2], initializer: "ones" }));
 * [w.path, await w.value.array()] // => ["dense/w", [1, 1]]
 * ```
 */
export const getVariable = addArgScope(
  (name: string, options?: GetVariableOptions): Variable => obtain(name, options, "getVariable", []),
);

/**
 * As `getVariable`, for a part of the model: it is always put into `GraphKeys.GLOBAL_VARIABLES` and
 * `GraphKeys.MODEL_VARIABLES`, next to the collections that are named.
 *
 * @example
 * ```ts
 * import { getCollection, GraphKeys, modelVariable } from "varve/contrib";
 * modelVariable("w", { shape: [2], collections: "mine" });
 * ["mine", GraphKeys.MODEL_VARIABLES].map((name) => getCollection(name).length) // => [1, 1]
 * ```
 */
export const modelVariable = addArgScope(
  (name: string, options?: GetVariableOptions): Variable =>
    obtain(name, options, "modelVariable", [GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]),
);

/**
 * The variables of the default graph that have this name, whatever their scopes, in the order in which they were made.
 *
 * @param name The last part of the whole name, or several: "beta", "GroupNorm/beta".
 * @param scope Only those whose whole name begins with this regular expression.
 *
 * @example
 * ```ts
 * import { getVariablesByName, groupNorm, placeholder } from "varve/contrib";
 * const x = placeholder("float32", [null, 8, 8, 4]);
 * groupNorm(groupNorm(x, { groups: 2 }), { groups: 4 });
 * getVariablesByName("gamma").map(({ path }) => path) // => ["GroupNorm/gamma", "GroupNorm_1/gamma"]
 * ```
 */
export function getVariablesByName(name: string, scope?: string | RegExp): Variable[] {
  const variables = getDefaultGraph().getCollection(GraphKeys.GLOBAL_VARIABLES, scope) as Variable[];
  return variables.filter(({ path }) => path === name || path.endsWith(`/${name}`));
}
