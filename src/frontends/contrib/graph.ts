/**
 * What TensorFlow 1 keeps in a graph and the functions here therefore keep too: variables by their names, collections,
 * the current variable scope, and which names are taken. A `Graph` holds that state and nothing else; what is computed
 * from what is known to the symbolic tensors themselves. Graphs do not know of each other, and the rest of Varve knows
 * of none.
 */
import type { DType } from "../../core/dtype.ts";
import { VarveError } from "../../core/errors.ts";
import { SymbolicTensor } from "../../core/symbolic.ts";
import { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { type CheckedInitializer, type CollectionNames, listOf, type Reuse } from "./options.ts";

/** The names of the collections that variables are put into; any other text names a collection too. */
export const GraphKeys = {
  /** Every variable, unless it was made with collections of its own. */
  GLOBAL_VARIABLES: "variables",
  /** For variables that are no part of the model, such as counters: nothing is put here unless you say so. */
  LOCAL_VARIABLES: "local_variables",
  /** The variables of normalizations, and whatever `modelVariable` made. */
  MODEL_VARIABLES: "model_variables",
  /** The variables that training changes. */
  TRAINABLE_VARIABLES: "trainable_variables",
} as const;

/** The collections that hold variables. */
type VariablesKey = (typeof GraphKeys)[keyof typeof GraphKeys];

/** What a scope hands on to `getVariable` and to the scopes inside it. */
export interface ScopeDefaults {
  readonly reuse: Reuse;
  readonly initializer: CheckedInitializer | undefined;
  readonly dtype: DType | undefined;
}

/** A name below a scope, which may be the outermost one. */
export function below(scope: string, name: string): string {
  return scope === "" || name === "" ? scope + name : `${scope}/${name}`;
}

/**
 * A prefix for the names of variables, and what `getVariable` does where it is not told. `variableScope` makes one and
 * hands it to its function; it can be kept, and entered again.
 */
export class VariableScope {
  readonly graph: Graph;
  /** In front of the names of variables: "net/block"; empty for the outermost scope. */
  readonly name: string;
  readonly initializer: CheckedInitializer | undefined;
  readonly dtype: DType | undefined;
  readonly #nameIn: () => string;
  #nameScope: string | undefined;
  #reuse: Reuse;

  /** `nameIn` gives the name scope, which is taken when it is first asked for. @internal */
  constructor(graph: Graph, name: string, defaults: ScopeDefaults, nameIn: () => string) {
    this.graph = graph;
    this.name = name;
    this.initializer = defaults.initializer;
    this.dtype = defaults.dtype;
    this.#reuse = defaults.reuse;
    this.#nameIn = nameIn;
  }

  /** Whether variables are shared here. */
  get reuse(): Reuse {
    return this.#reuse;
  }

  /** From here on, variables of this scope are shared and none is made. */
  reuseVariables(): void {
    this.#reuse = true;
  }

  /** In front of the names of what is computed here; unlike `name`, no two scopes have the same. @internal */
  get nameScope(): string {
    this.#nameScope ??= this.#nameIn();
    return this.#nameScope;
  }

  /** What has a name in a collection and belongs to this scope or one inside it. */
  getCollection(name: VariablesKey): Variable[];
  getCollection(name: string): unknown[];
  getCollection(name: string): unknown[] {
    const prefix = this.name === "" ? "" : `${this.name}/`;
    return this.graph.getCollection(name).filter((item) => nameOf(item)?.startsWith(prefix) ?? false);
  }

  /** The variables of this scope, and those inside it, that training changes. */
  trainableVariables(): Variable[] {
    return this.getCollection(GraphKeys.TRAINABLE_VARIABLES);
  }

  /** All variables of this scope and those inside it. */
  globalVariables(): Variable[] {
    return this.getCollection(GraphKeys.GLOBAL_VARIABLES);
  }

  toString(): string {
    return `VariableScope(${this.name})`;
  }
}

function nameOf(item: unknown): string | undefined {
  if (item instanceof Variable) return item.path;
  return item instanceof SymbolicTensor ? item.name : undefined;
}

function isGone(item: unknown): boolean {
  return (item instanceof Tensor || item instanceof Variable) && item.disposed;
}

/** The graphs entered by `asDefault`, innermost last. */
const entered: Graph[] = [];
/** The default outside of all of them; made when first needed. */
let outermost: Graph | undefined;

/**
 * Variables by name, collections, scopes: one world of names. There is always a default one, so nobody needs to make
 * any; make two to keep two networks apart.
 *
 * @example
 * ```ts
 * import { placeholder, groupNorm, getVariablesByName, Graph } from "varve/contrib";
 * const [first, second] = [new Graph(), new Graph()];
 * for (const graph of [first, second]) {
 *   graph.asDefault(() => groupNorm(placeholder("float32", [null, 8, 8, 4]), { groups: 2 }));
 * }
 * first.asDefault(() => getVariablesByName("beta").map(({ path }) => path)) // => ["GroupNorm/beta"]
 * ```
 */
export class Graph {
  readonly #root: VariableScope;
  /** The scope that is open now. @internal */
  scope: VariableScope;
  /** The names of the scopes that were opened since those around them were. @internal */
  openings = new Set<string>();
  #variables = new Map<string, Variable>();
  #collections = new Map<string, readonly unknown[]>();
  readonly #takenNames = new Map<string, number>();

  constructor() {
    const defaults = { reuse: false, initializer: undefined, dtype: undefined };
    this.#root = new VariableScope(this, "", defaults, () => "");
    this.scope = this.#root;
  }

  /** Whether a variable scope is open. @internal */
  get isOpen(): boolean {
    return this.scope !== this.#root;
  }

  /** Runs a function with this graph as the default one, and gives what it gives. */
  asDefault<R>(fn: () => R): R {
    entered.push(this);
    try {
      return atOnce("asDefault", fn);
    } finally {
      entered.pop();
    }
  }

  /** The variable of that whole name: "net/beta". */
  variable(name: string): Variable | undefined {
    return this.#variables.get(name);
  }

  /** Makes a scope the current one. @internal */
  open(scope: VariableScope): void {
    this.scope = scope;
    this.openings.add(scope.name);
  }

  /** Forgets which scopes were opened inside of one. @internal */
  close({ name }: VariableScope): void {
    for (const opened of this.openings) if (opened.startsWith(`${name}/`)) this.openings.delete(opened);
  }

  /** Takes a new variable in. @internal */
  addVariable(variable: Variable, collections: readonly string[]): void {
    this.#variables.set(variable.path, variable);
    this.addToCollections(collections, variable);
  }

  /** Puts something into a collection, which need not exist yet. */
  addToCollection(name: string, item: unknown): void {
    this.#collections.set(name, [...this.getCollection(name), item]);
  }

  /** Puts something into one collection or several; into one that is named twice, once. */
  addToCollections(names: CollectionNames, item: unknown): void {
    for (const name of new Set(listOf(names))) this.addToCollection(name, item);
  }

  /**
   * What is in a collection, in the order in which it was put there; nothing where there is no such collection.
   * Tensors that were freed since are left out.
   *
   * @param scope Only what has a name (variables and symbolic tensors) and whose name begins with this regular
   *   expression.
   */
  getCollection(name: string, scope?: string | RegExp): unknown[] {
    const items = (this.#collections.get(name) ?? []).filter((item) => !isGone(item));
    if (scope === undefined) return items;
    const pattern = new RegExp(`^(?:${typeof scope === "string" ? scope : scope.source})`);
    return items.filter((item) => pattern.test(nameOf(item) ?? "/"));
  }

  /** A name that nothing in this graph has yet: the one that was asked for, or with `_1`, `_2`, … behind it. @internal */
  uniqueName(name: string): string {
    const key = name.toLowerCase();
    let count = this.#takenNames.get(key) ?? 0;
    this.#takenNames.set(key, count + 1);
    if (count === 0) return name;
    while (this.#takenNames.has(`${key}_${count}`)) count++;
    this.#takenNames.set(`${key}_${count}`, 1);
    return `${name}_${count}`;
  }

  /** Runs `fn`; if it throws, no scope, variable or collection is other than before. @internal */
  attempt<R>(fn: () => R): R {
    const { scope } = this;
    const openings = new Set(this.openings);
    const variables = new Map(this.#variables);
    const collections = new Map(this.#collections);
    try {
      return fn();
    } catch (error) {
      for (const [name, variable] of this.#variables) if (!variables.has(name)) variable.dispose();
      this.openings = openings;
      this.#variables = variables;
      this.#collections = collections;
      throw error;
    } finally {
      this.scope = scope;
    }
  }

  /** Gives the memory of all variables back, so that using one is an error, and forgets all names. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    for (const state of [this.#variables, this.#collections, this.#takenNames, this.openings]) state.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Runs a function that must be done when it returns: what is open around it cannot stay open across an await. */
export function atOnce<R>(where: string, fn: () => R): R {
  const result = fn();
  if (result instanceof Promise) {
    throw new VarveError(
      `${where}: the function gave a promise; nothing can stay open across an await. Build inside, await outside`,
    );
  }
  return result;
}

/**
 * The graph that names belong to now: the innermost one entered with `asDefault`, or else one that is always there.
 *
 * @example
 * ```ts
 * import { getDefaultGraph, Graph } from "varve/contrib";
 * const graph = new Graph();
 * graph.asDefault(() => getDefaultGraph() === graph) // => true
 * ```
 */
export function getDefaultGraph(): Graph {
  const innermost = entered.at(-1);
  if (innermost) return innermost;
  outermost ??= new Graph();
  return outermost;
}

/**
 * Starts anew: no names, no variables, no collections. The memory of the old variables is given back, and using one
 * of them is an error. Graphs made with `new Graph()` are left alone.
 *
 * @throws VarveError inside of `asDefault` or `variableScope`, where something would still belong to the old graph.
 *
 * @example
 * ```ts
 * import { getVariable, getVariablesByName, resetDefaultGraph } from "varve/contrib";
 * getVariable("w", { shape: [2] });
 * resetDefaultGraph();
 * getVariablesByName("w").length // => 0
 * ```
 */
export function resetDefaultGraph(): void {
  if (entered.length > 0) {
    throw new VarveError(
      "resetDefaultGraph: a graph is entered with asDefault; leave it first, or make another: new Graph()",
    );
  }
  if (outermost?.isOpen) {
    throw new VarveError(
      `resetDefaultGraph: variable scope "${outermost.scope.name}" is open; leave it first, or make another graph: new Graph()`,
    );
  }
  outermost?.dispose();
  outermost = undefined;
}

/**
 * Puts something into a collection of the default graph.
 *
 * @example
 * ```ts
 * import { addToCollection, getCollection } from "varve/contrib";
 * addToCollection("notes", "first");
 * addToCollection("notes", "second");
 * getCollection("notes") // => ["first", "second"]
 * ```
 */
export function addToCollection(name: string, item: unknown): void {
  getDefaultGraph().addToCollection(name, item);
}

/**
 * Puts something into one collection of the default graph or several; into one that is named twice, once.
 *
 * @example
 * ```ts
 * import { addToCollections, getCollection } from "varve/contrib";
 * addToCollections(["a", "b", "a"], 1);
 * [getCollection("a"), getCollection("b")] // => [[1], [1]]
 * ```
 */
export function addToCollections(names: CollectionNames, item: unknown): void {
  getDefaultGraph().addToCollections(names, item);
}

/**
 * A copy of what is in a collection of the default graph, in the order in which it was put there; empty where there is
 * no such collection. Tensors that were freed since are left out.
 *
 * @param scope Only what has a name (variables and symbolic tensors) and whose name begins with this regular expression,
 *   so that "net/" gives what scope "net" holds.
 *
 * @example
 * ```ts
 * import { getCollection, getVariable, GraphKeys, variableScope } from "varve/contrib";
 * variableScope("net", () => getVariable("w", { shape: [2] }));
 * getVariable("step", { shape: [], dtype: "int32", trainable: false });
 * const names = (collection) => getCollection(collection).map(({ path }) => path);
 * [names(GraphKeys.GLOBAL_VARIABLES), names(GraphKeys.TRAINABLE_VARIABLES)] // => [["net/w", "step"], ["net/w"]]
 * ```
 */
export function getCollection(name: VariablesKey, scope?: string | RegExp): Variable[];
export function getCollection(name: string, scope?: string | RegExp): unknown[];
export function getCollection(name: string, scope?: string | RegExp): unknown[] {
  return getDefaultGraph().getCollection(name, scope);
}
