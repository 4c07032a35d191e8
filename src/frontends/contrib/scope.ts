/**
 * Variable scopes: prefixes for the names of variables, and whether variables are made or shared. The rules are
 * TensorFlow 1's (`tf.variable_scope`).
 */
import { type DType, dtypes } from "../../core/dtype.ts";
import { OptionError, show, VarveError } from "../../core/errors.ts";
import { parseOptions, string } from "../../core/options.ts";
import { atOnce, below, type Graph, getDefaultGraph, VariableScope } from "./graph.ts";
import { kind, type Reuse, reuse, type VariableInitializer, variableInitializer } from "./options.ts";

/** What `variableScope` takes. */
export interface VariableScopeOptions {
  /**
   * `true`: the variables must exist already, here and in the scopes inside. `AUTO_REUSE`: those that exist are shared.
   * Default: as in the scope around this one. A scope inside of one that shares cannot stop sharing.
   */
  readonly reuse?: Reuse | null | undefined;
  /** The name where none is given; made different from those that the scope around has already: `block`, `block_1`. */
  readonly defaultName?: string | null | undefined;
  /** How variables begin where `getVariable` is not told. Default: as in the scope around. */
  readonly initializer?: VariableInitializer | null | undefined;
  /** The dtype of variables where `getVariable` is not told. Default: as in the scope around. */
  readonly dtype?: DType | null | undefined;
}

/** An option that holds a dtype. */
export const dtypeOption = kind<DType, DType>(
  dtypes.map((name) => JSON.stringify(name)).join(" or "),
  (given, refuse) => (dtypes.includes(given as DType) ? (given as DType) : refuse()),
);

const schema = { reuse, defaultName: string({ default: null }), initializer: variableInitializer, dtype: dtypeOption };

/** The default name, or with `_1`, `_2`, … behind it where the open scope has opened one of that name. */
function unusedName({ scope, openings }: Graph, name: string): string {
  let candidate = name;
  for (let count = 1; openings.has(below(scope.name, candidate)); count++) candidate = `${name}_${count}`;
  return candidate;
}

/** The name that a scope adds to that of the one it is opened in. */
function segmentOf(name: string | null, graph: Graph, options: VariableScopeOptions, where: string): string {
  if (typeof name === "string") return name;
  if (name !== null) {
    throw new OptionError(`${where}: a scope is a name, a VariableScope, or null, got ${show(name)}`);
  }
  if (options.reuse) {
    throw new VarveError(
      `${where}: reuse cannot be used without a scope: every call then has a scope of its own, with nothing in it to share; name the scope`,
    );
  }
  if (!options.defaultName) throw new OptionError(`${where}: give the scope a name, or a defaultName to make one from`);
  return unusedName(graph, options.defaultName);
}

/** As `variableScope`, for whoever calls it; `where` is what messages call them. @internal */
export function openScope<R>(
  nameOrScope: string | VariableScope | null,
  given: VariableScopeOptions,
  where: string,
  fn: (scope: VariableScope) => R,
): R {
  const options = parseOptions(schema, given, where);
  const again = nameOrScope instanceof VariableScope ? nameOrScope : undefined;
  const graph = again?.graph ?? getDefaultGraph();
  const outer = graph.scope;
  const segment = again
    ? again.name.slice(again.name.lastIndexOf("/") + 1)
    : segmentOf(nameOrScope as string | null, graph, options, where);
  const model = again ?? outer;
  const scope = new VariableScope(
    graph,
    again?.name ?? below(outer.name, segment),
    {
      reuse: options.reuse || model.reuse,
      initializer: options.initializer ?? model.initializer,
      dtype: options.dtype ?? model.dtype,
    },
    () => {
      const step = segment || options.defaultName;
      return step ? graph.uniqueName(below(outer.nameScope, step)) : outer.nameScope;
    },
  );
  const enter = () =>
    graph.attempt(() => {
      graph.open(scope);
      const before = new Set(graph.openings);
      const result = atOnce(where, () => fn(scope));
      // Default names start anew when a scope is left; one that was entered again leaves their numbers as they were.
      if (again) graph.openings = before;
      else graph.close(scope);
      return result;
    });
  return graph === getDefaultGraph() ? enter() : graph.asDefault(enter);
}

/**
 * Runs a function in a variable scope, and gives what it gives: the variables that are made in it have the scope's
 * name in front, `name/…`. Scopes nest. What TensorFlow 1 writes as `with tf.variable_scope("net"):` is
 * `variableScope("net", () => { … })`.
 *
 * A variable can be made once only; opened again, a scope finds its variables already there, which is an error unless
 * `reuse` is `true` (share them; they must exist) or `AUTO_REUSE` (share those that exist). Scopes inside share as well.
 *
 * Where the function throws, the graph is as it was before: no variable that it made is left.
 *
 * @param nameOrScope The name, a scope that was opened before (its name is used as it is, wherever we are), or null for
 *   `defaultName`, made different from those the scope around has. An empty name opens the scope around itself, to
 *   change its `reuse`.
 * @param fn What to do; it is given the scope. It must be done when it returns: no promises.
 * @throws VarveError where `reuse` is given without a name.
 *
 * @example
 * ```ts
 * import { AUTO_REUSE, getVariable, variableScope } from "varve/contrib";
 * const weight = () => variableScope("net", () => getVariable("w", { shape: [2] }), { reuse: AUTO_REUSE });
 * [weight().path, weight() === weight()] // => ["net/w", true]
 * ```
 */
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  fn: (scope: VariableScope) => R,
  options: VariableScopeOptions = {},
): R {
  return openScope(nameOrScope, options, "variableScope", fn);
}

/**
 * The variable scope that is open; the outermost one, with an empty name, where none is.
 *
 * @example
 * ```ts
 * import { getVariableScope, variableScope } from "varve/contrib";
 * variableScope("a", () => variableScope("b", () => getVariableScope().name)) // => "a/b"
 * ```
 */
export function getVariableScope(): VariableScope {
  return getDefaultGraph().scope;
}
