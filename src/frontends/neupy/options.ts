/**
 * The kinds of options that only layers and algorithms here take, and reading arguments as Python does: by place first,
 * by name in an object last. No file ever holds them, so they have no form in a config.
 */
import type { Given } from "../../core/configurable.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { OptionError } from "../../core/errors.ts";
import { type AnyOption, type Json, type Option, type OptionFor, option, sameWord, sizes } from "../../core/options.ts";
import { type NestedArray, Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { Variable } from "../../core/variable.ts";
import { Initializer } from "../../initializers.ts";

type Refuse = (expected?: string) => never;

/** What a parameter can be given as. A Variable is used itself, so that layers can share one; a Tensor is copied. */
export type Parameter = number | NestedArray | TypedArray | Tensor | Variable | Initializer;

/** An option kind without a config. */
/* @__NO_SIDE_EFFECTS__ */
export function kind<V, const S extends { readonly default?: unknown } = Record<never, never>>(
  spec: S,
  expected: string,
  parse: (given: unknown, refuse: Refuse) => V,
): OptionFor<V, V, S> {
  return option<V, V, S>(spec, { expected, parse, toConfig: () => null as Json, fromConfig: () => null as V });
}

function isParameter(given: unknown): given is Parameter {
  if (Array.isArray(given)) return given.every((item) => Array.isArray(item) || Number.isFinite(item));
  return (
    Number.isFinite(given) ||
    given instanceof Tensor ||
    given instanceof Variable ||
    given instanceof Initializer ||
    (ArrayBuffer.isView(given) && !(given instanceof DataView))
  );
}

const parameterOptions = new WeakSet<object>();

/** Whether an option is what a variable begins with. */
export function isParameterOption(option: object | undefined): boolean {
  return option !== undefined && parameterOptions.has(option);
}

type ParameterOf<S> = S extends { readonly nullable: true } ? Parameter | null : Parameter;

/** A parameter: what a variable begins with; with `nullable`, null for no variable. */
/* @__NO_SIDE_EFFECTS__ */
export function parameter<
  const S extends { readonly default: Exclude<Parameter, Variable | Tensor>; readonly nullable?: boolean },
>(spec: S): Option<ParameterOf<S>, ParameterOf<S>, false> {
  const made = kind<Parameter, S>(
    spec,
    "a number, an array, a typed array, a Tensor, a Variable or an initializer",
    (given, refuse) => (isParameter(given) ? given : refuse()),
  );
  parameterOptions.add(made);
  return made as never;
}

/** A size for rows and columns; one number stands for both, a list of one leaves the columns at 1. */
/* @__NO_SIDE_EFFECTS__ */
export function spatial<const S extends { readonly default?: number | readonly number[] | null }>(
  spec: S,
): OptionFor<number | readonly number[], readonly number[], S> {
  const both: AnyOption = sizes({ rank: 2, ...spec });
  const parse: AnyOption["parse"] = (given, refuse) =>
    both.parse(Array.isArray(given) && given.length === 1 ? [given[0], 1] : given, refuse);
  return { ...both, parse } as never;
}

/** A function, or the name of a known one. */
/* @__NO_SIDE_EFFECTS__ */
export function functionOr<F, const N extends string, const S extends { readonly default?: N }>(
  names: readonly N[],
  takes: string,
  spec: S,
): OptionFor<N | F, N | F, S> {
  const expected = `${names.map((name) => `"${name}"`).join(", ")} or a function of ${takes}`;
  return kind<N | F, S>(spec, expected, (given, refuse) => {
    if (typeof given === "function") return given as F;
    return (typeof given === "string" ? names.find((name) => sameWord(name, given)) : undefined) ?? refuse();
  });
}

/** What a constructor takes: its options by place, in NeuPy's order, the rest by name in an object behind them. */
export type Arguments<O, Names extends readonly (keyof O)[]> =
  | Given<O>
  | (Names extends readonly [infer First extends keyof O, ...infer Rest extends readonly (keyof O)[]]
      ? [
          first: O[First],
          ...rest: Arguments<Omit<O, First>, Rest extends readonly (keyof Omit<O, First>)[] ? Rest : []>,
        ]
      : never);

/** The options that arguments mean. */
export function readArguments(
  args: readonly unknown[],
  places: readonly string[],
  owner: string,
): Record<string, unknown> {
  const last = args.at(-1);
  const named = isPlainObject(last) ? last : {};
  const placed = isPlainObject(last) ? args.slice(0, -1) : args;
  if (placed.length > places.length) {
    throw new OptionError(`${owner}: takes by place at most ${places.join(", ")}; got ${placed.length} of them`);
  }
  const options: Record<string, unknown> = {};
  placed.forEach((value, index) => {
    options[places[index] as string] = value;
  });
  for (const [name, value] of Object.entries(named)) {
    if (Object.hasOwn(options, name) && options[name] !== undefined) {
      throw new OptionError(`${owner}: option "${name}" is given twice, by place and by name; give it once`);
    }
    options[name] = value;
  }
  return options;
}

/** A class that can be called without `new`, as in Python. */
export type Callable<C extends abstract new (...args: never) => unknown> = C &
  (C extends abstract new (...args: infer A) => infer T ? (...args: A) => T : never);

const published = new WeakSet<object>();

/** Whether a class is one that `callable` gave out, rather than one that somebody made of it. */
export function isPublished(made: object): boolean {
  return published.has(made);
}

/** Makes a class callable without `new`; it can still be extended, and `instanceof` knows it. */
/* @__NO_SIDE_EFFECTS__ */
export function callable<C extends abstract new (...args: never) => unknown>(made: C): Callable<C> {
  const given = new Proxy(made, {
    apply: (target, _this, args) => Reflect.construct(target as unknown as new () => object, args),
  });
  published.add(made).add(given);
  return given as Callable<C>;
}
