/**
 * The kinds of options that only functions here take. No file ever holds them, so they have no form in a config.
 */
import type { DType } from "../../core/dtype.ts";
import { type OptionFor, option } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { type Initializer, initializer } from "../../initializers.ts";

/** As a `reuse`: variables that exist are shared, others are made. */
export const AUTO_REUSE = "AUTO_REUSE";

/** Whether variables are shared: true means that they must exist, `AUTO_REUSE` that they may. */
export type Reuse = boolean | typeof AUTO_REUSE;

/** An initializer, its name ("glorot_uniform"), or a function that gives a tensor of that shape and dtype. */
export type VariableInitializer = Initializer | string | ((shape: Shape, dtype: DType) => Tensor);

/** A variable initializer once it is checked. */
export type CheckedInitializer = Exclude<VariableInitializer, string>;

type Refuse = (expected?: string) => never;

/** An option kind without a config. */
/* @__NO_SIDE_EFFECTS__ */
export function unsaved<Given, Value>(expected: string, parse: (given: unknown, refuse: Refuse) => Value) {
  return { expected, parse, toConfig: () => null, fromConfig: () => null as Given };
}

/** An option without a config; null where nothing is given. */
/* @__NO_SIDE_EFFECTS__ */
export function kind<Given, Value>(
  expected: string,
  parse: (given: unknown, refuse: Refuse) => Value,
): OptionFor<Given, Value, { readonly default: null }> {
  return option<Given, Value, { readonly default: null }>({ default: null }, unsaved<Given, Value>(expected, parse));
}

const named = initializer({});

function parseInitializer(given: unknown, refuse: Refuse): CheckedInitializer {
  return typeof given === "function" ? (given as CheckedInitializer) : named.parse(given, refuse);
}

/** How a variable begins. */
export const variableInitializer = kind<VariableInitializer, CheckedInitializer>(
  "an initializer, its name, or a function of shape and dtype that gives a tensor",
  parseInitializer,
);

/** How each of a function's variables begins. Batch normalization's names are accepted, and mean nothing here. */
export interface ParamInitializers {
  /** Default: zeros. */
  readonly beta?: VariableInitializer | undefined;
  /** Default: ones. */
  readonly gamma?: VariableInitializer | undefined;
  readonly movingMean?: VariableInitializer | undefined;
  readonly movingVariance?: VariableInitializer | undefined;
}

const parameters = ["beta", "gamma", "movingMean", "movingVariance"];

/** Initializers by the names of parameters. */
export const paramInitializers = kind<ParamInitializers, Readonly<Record<string, CheckedInitializer | undefined>>>(
  "an object of initializers under beta, gamma, movingMean or movingVariance",
  (given, refuse) => {
    if (!isPlainObject(given) || !Object.keys(given).every((name) => parameters.includes(name))) return refuse();
    const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
    return Object.fromEntries(set.map(([name, value]) => [name, parseInitializer(value, refuse)]));
  },
);

/** Whether variables are shared. */
export const reuse = kind<Reuse, Reuse>("true, false or AUTO_REUSE", (given, refuse) =>
  typeof given === "boolean" || given === AUTO_REUSE ? given : refuse(),
);

/** The name of a collection, or several. */
export type CollectionNames = string | readonly string[];

function isNames(given: unknown): given is CollectionNames {
  const isName = (name: unknown) => typeof name === "string" && name !== "";
  return isName(given) || (Array.isArray(given) && given.every(isName));
}

/** One name or several, as a list. */
export function listOf(names: CollectionNames | null | undefined): readonly string[] {
  if (names === null || names === undefined) return [];
  return typeof names === "string" ? [names] : names;
}

/** Where something is put. */
export const collections = kind<CollectionNames, CollectionNames>(
  "the name of a collection or a list of names",
  (given, refuse) => (isNames(given) ? given : refuse()),
);

/** Collections for all variables of a function, or for each by its name. */
export type VariablesCollections =
  | CollectionNames
  | { readonly [parameter: string]: CollectionNames | null | undefined };

/** Where the variables of a function are put. */
export const variablesCollections = kind<VariablesCollections, VariablesCollections>(
  "the name of a collection, a list of names, or an object with these for each variable: { beta: …, gamma: … }",
  (given, refuse) => {
    const byName = isPlainObject(given) && Object.values(given).every((names) => names == null || isNames(names));
    return byName || isNames(given) ? (given as VariablesCollections) : refuse();
  },
);

/** The collections that a `variablesCollections` means for one variable. */
export function collectionsFor(given: VariablesCollections | null, parameter: string): readonly string[] {
  return listOf(isPlainObject(given) ? (given[parameter] as CollectionNames | undefined) : (given as CollectionNames));
}
