/**
 * Option schemas: from one description of an option come its types, default, check, message, and its form in a Keras
 * config. Kinds that name objects (initializers, activations, …) stand with those objects and implement the same
 * `Option`.
 */
import { didYouMean, nearNames, OptionError, show } from "./errors.ts";
import { isPlainObject } from "./tree.ts";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Classes by their Keras names. */
export type Classes = Readonly<Record<string, unknown>>;

/** One option: what a user may give, and what the owner then has. */
export interface Option<Given, Value, Required extends boolean = boolean> {
  readonly required: Required;
  /** What is meant when nothing is given; undefined when required. */
  readonly default?: Given | undefined;
  /** What may be given, in words: "a whole number ≥ 1, or -1". */
  readonly expected: string;
  /** The value, or an OptionError that `refuse` words. */
  parse(given: unknown, refuse: (expected?: string) => never): Value;
  /** The value as Keras's config has it. */
  toConfig(value: Value): Json;
  /** What a user would give, from a config; what that names by class and Keras does not have is among `classes`. */
  fromConfig(json: Json, classes?: Classes): Given;
  /** The words that may be given, where it is one of a few: one like what was given is named when that is refused. */
  readonly words?: readonly string[];
  /** The key in the config, where it is not the option's name in snake case. */
  readonly configKey?: string;
  /** Whether the config leaves the option out where it would be null. */
  readonly omitNull?: boolean;
  /** False where configs do not have the option, neither here nor in Keras. */
  readonly inConfig?: false;
  /** Whether the value is a real number: Python tells 1.0 from 1, and files have to. */
  readonly real?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a schema holds options of all kinds
export type AnyOption = Option<any, any, boolean>;
export type Schema = { readonly [name: string]: AnyOption };

type GivenOf<O> = O extends Option<infer Given, infer _V, boolean> ? Given : never;
type ValueOf<O> = O extends Option<infer _G, infer Value, boolean> ? Value : never;

/** What a user writes. */
export type OptionsOf<S extends Schema> = {
  [K in keyof S as S[K]["required"] extends true ? K : never]: GivenOf<S[K]>;
} & {
  [K in keyof S as S[K]["required"] extends true ? never : K]?: GivenOf<S[K]> | undefined;
};

/** What the owner has after the check. */
export type ValuesOf<S extends Schema> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** Reads given options by a schema: unknown names, missing ones and bad values are refused, defaults filled in. */
export function parseOptions<S extends Schema>(schema: S, given: unknown, owner: string, kind = "option"): ValuesOf<S> {
  if (given !== undefined && !isPlainObject(given)) {
    const names = Object.keys(schema);
    const example = names.find((name) => schema[name]?.required) ?? names[0] ?? "name";
    throw new OptionError(`${owner}: ${kind}s are an object like { ${example}: … }, got ${show(given)}`);
  }
  const options: Record<string, unknown> = given ?? {};
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(schema, name)) {
      throw new OptionError(`${owner}: ${kind} "${name}" is unknown; ${didYouMean(name, Object.keys(schema))}`);
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(schema)) {
    const value = options[name] === undefined ? option.default : options[name];
    if (value === undefined && option.required) {
      throw new OptionError(`${owner}: ${kind} "${name}" is required: ${option.expected}`);
    }
    values[name] = option.parse(value, (expected = option.expected) => {
      throw new OptionError(
        `${owner}: ${kind} "${name}" must be ${expected}, got ${show(value)}${likeWords(value, option.words)}`,
      );
    });
  }
  return values as ValuesOf<S>;
}

/** `; did you mean "bilinear"?` where a text that is none of the words is near some of them. */
function likeWords(given: unknown, words: readonly string[] = []): string {
  const near = typeof given === "string" ? nearNames(given, words).length : 0;
  return near > 0 && near < words.length ? `; ${didYouMean(given as string, words)}` : "";
}

/** `poolSize` → `pool_size`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `pool_size` → `poolSize`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The values as a Keras config. */
export function toConfig<S extends Schema>(schema: S, values: ValuesOf<S>): Record<string, Json> {
  const config: Record<string, Json> = {};
  for (const [name, option] of Object.entries(schema)) {
    if (option.inConfig === false) continue;
    const json = option.toConfig((values as Record<string, unknown>)[name]);
    if (json !== null || !option.omitNull) config[option.configKey ?? snakeCase(name)] = json;
  }
  return config;
}

/** The options a user would write for this config. Keys the schema does not have are refused by `parseOptions`. */
export function fromConfig<S extends Schema>(
  schema: S,
  config: Readonly<Record<string, Json>>,
  classes?: Classes,
): Record<string, unknown> {
  const names = new Map(Object.entries(schema).map(([name, option]) => [option.configKey ?? snakeCase(name), name]));
  const options: Record<string, unknown> = {};
  for (const [key, json] of Object.entries(config)) {
    const name = names.get(key) ?? key;
    const option = schema[name];
    options[name] = option ? option.fromConfig(json, classes) : json;
  }
  return options;
}

/** The option kind that a spec gives: required without a default, nullable with the default null. */
export type OptionFor<Given, Value, S> = S extends { readonly default: infer D }
  ? null extends D
    ? Option<Given | null, Value | null, false>
    : Option<Given, Value, false>
  : Option<Given, Value, true>;

/** Makes an option kind; `null` is accepted exactly when it is the default or `nullable`. */
export function option<Given, Value, const S extends { readonly default?: unknown; readonly nullable?: boolean }>(
  spec: S,
  kind: {
    expected: string;
    parse(given: unknown, refuse: (expected?: string) => never): Value;
    toConfig(value: Value): Json;
    fromConfig(json: Json, classes?: Classes): Given;
    readonly real?: boolean;
  },
): OptionFor<Given, Value, S> {
  const nullable = spec.default === null || spec.nullable === true;
  // Twelve hundred of them are made when the library is loaded: all of one shape, without spreads.
  return {
    default: spec.default,
    required: !("default" in spec),
    real: kind.real === true,
    expected: nullable ? `${kind.expected}, or null` : kind.expected,
    parse: (given: unknown, refuse: (expected?: string) => never) =>
      nullable && given === null ? null : kind.parse(given, refuse),
    toConfig: (value: Value | null) => (value === null ? null : kind.toConfig(value)),
    fromConfig: (json: Json, classes?: Classes) => (json === null ? null : kind.fromConfig(json, classes)),
  } as unknown as OptionFor<Given, Value, S>;
}

/** The same option, which a config names only where it is not null. */
export function unlessNull<O extends AnyOption>(option: O): O {
  return { ...option, omitNull: true };
}

const same = { toConfig: (value: never) => value as Json, fromConfig: (json: Json) => json as never };

/** The same option, which no config names. */
export function withoutConfig<O extends AnyOption>(option: O): O {
  return { ...option, inConfig: false };
}

interface NumberSpec {
  readonly default?: number | null;
  /** Whether null is accepted beside a default that is none. */
  readonly nullable?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** Lower bound that is itself refused. */
  readonly above?: number;
  /** Upper bound that is itself refused. */
  readonly below?: number;
  /** A value outside the range that is accepted all the same. */
  readonly or?: number;
}

function range({ min, max, above, below, or }: NumberSpec): string {
  const lower = min !== undefined ? ` ≥ ${min}` : above !== undefined ? ` > ${above}` : "";
  const upper = max !== undefined ? ` ≤ ${max}` : below !== undefined ? ` < ${below}` : "";
  return `${lower}${lower && upper ? " and" : ""}${upper}${or === undefined ? "" : `, or ${or}`}`;
}

function inRange(value: number, { min, max, above, below, or }: NumberSpec): boolean {
  if (value === or) return true;
  return (
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

/** A whole number. */
export function integer<const S extends NumberSpec>(spec: S = {} as S): OptionFor<number, number, S> {
  return option<number, number, S>(spec, {
    expected: `a whole number${range(spec)}`,
    parse: (given, refuse) =>
      Number.isSafeInteger(given) && inRange(given as number, spec) ? (given as number) : refuse(),
    ...same,
  });
}

/** A finite number. */
export function number<const S extends NumberSpec>(spec: S = {} as S): OptionFor<number, number, S> {
  return option<number, number, S>(spec, {
    expected: `a finite number${range(spec)}`,
    parse: (given, refuse) => (Number.isFinite(given) && inRange(given as number, spec) ? (given as number) : refuse()),
    real: true,
    ...same,
  });
}

/** true or false. */
export function boolean<const S extends { readonly default?: boolean | null }>(
  spec: S = {} as S,
): OptionFor<boolean, boolean, S> {
  return option<boolean, boolean, S>(spec, {
    expected: "true or false",
    parse: (given, refuse) => (typeof given === "boolean" ? given : refuse()),
    ...same,
  });
}

/** Any text that is not empty. */
export function string<const S extends { readonly default?: string | null }>(
  spec: S = {} as S,
): OptionFor<string, string, S> {
  return option<string, string, S>(spec, {
    expected: "a text that is not empty",
    parse: (given, refuse) => (typeof given === "string" && given !== "" ? given : refuse()),
    ...same,
  });
}

/** `channels_last` for `channelsLast` too: values are accepted as Keras writes them and in camelCase. */
export function sameWord(a: string, b: string): boolean {
  return snakeCase(a) === snakeCase(b);
}

/** The word that was meant, as Keras writes it; refuses what is none of them. For arguments of functions. */
export function checkWord<const W extends string>(words: readonly W[], given: unknown, what: string, where: string): W {
  const word = typeof given === "string" ? words.find((candidate) => sameWord(candidate, given)) : undefined;
  if (word) return word;
  throw new OptionError(
    `${where}: ${what} must be ${words.map(show).join(" or ")}, got ${show(given)}${likeWords(given, words)}`,
  );
}

/** Options of a function as they were given; refuses what is no object, and names that the function does not know. */
export function checkNames<O extends object>(given: O, known: readonly (keyof O & string)[], where: string): O {
  if (!isPlainObject(given)) {
    throw new OptionError(`${where}: options are an object like { ${known[0]}: … }, got ${show(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return given;
  throw new OptionError(`${where}: option "${unknown}" is unknown; ${didYouMean(unknown, known)}`);
}

/** Refuses what is not a finite number, for functions that take one as an argument. */
export function checkFinite(given: unknown, what: string, where: string): number {
  if (!Number.isFinite(given)) throw new OptionError(`${where}: ${what} must be a finite number, got ${show(given)}`);
  return given as number;
}

/** One of a few words, as Keras writes them or in camelCase; the value is Keras's. */
export function choice<const W extends readonly string[], const S extends { readonly default?: W[number] | null }>(
  words: W,
  spec: S = {} as S,
): OptionFor<W[number], W[number], S> {
  const kind = option<W[number], W[number], S>(spec, {
    expected: words.map((word) => JSON.stringify(word)).join(" or "),
    parse: (given, refuse) => {
      const word = typeof given === "string" ? words.find((candidate) => sameWord(candidate, given)) : undefined;
      return word ?? refuse();
    },
    ...same,
  });
  return { ...kind, words };
}

/** One axis, or several where `list` says so. Whether they exist is seen when the rank is known. */
export function axes<const S extends { readonly default?: number | readonly number[] | null; readonly list?: boolean }>(
  spec: S = {} as S,
): OptionFor<
  S extends { readonly list: true } ? number | readonly number[] : number,
  S extends { readonly list: true } ? number | readonly number[] : number,
  S
> {
  return option(spec, {
    expected: spec.list ? "a whole number or a list of different whole numbers" : "a whole number",
    parse: (given, refuse) => {
      if (Number.isSafeInteger(given)) return given as number;
      if (
        !spec.list ||
        !Array.isArray(given) ||
        given.length === 0 ||
        !given.every((axis) => Number.isSafeInteger(axis))
      ) {
        return refuse();
      }
      if (new Set(given).size !== given.length) return refuse("a list of axes without duplicates");
      return Object.freeze([...given]) as readonly number[];
    },
    ...same,
  }) as never;
}

/** `rank` whole numbers ≥ `min`, or one that stands for all of them: kernel sizes, strides. The value is the list. */
export function sizes<
  const S extends {
    readonly rank: number;
    readonly default?: number | readonly number[] | null;
    readonly min?: number;
  },
>(spec: S): OptionFor<number | readonly number[], readonly number[], S> {
  const min = spec.min ?? 1;
  const fits = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= min;
  return option<number | readonly number[], readonly number[], S>(spec, {
    expected:
      spec.rank === 1 ? `a whole number ≥ ${min}` : `a whole number ≥ ${min}, or a list of ${spec.rank} of them`,
    parse: (given, refuse) => {
      const list = Array.isArray(given) ? given : new Array(spec.rank).fill(given);
      return list.length === spec.rank && list.every(fits) ? Object.freeze([...list]) : refuse();
    },
    ...same,
  });
}

/** A list of sizes; with `unknown`, null stands for a size that is not known yet. */
export function shape<
  const S extends {
    readonly default?: readonly (number | null)[] | null;
    readonly min?: number;
    readonly unknown?: boolean;
  },
>(spec: S = {} as S): OptionFor<readonly (number | null)[], readonly (number | null)[], S> {
  const min = spec.min ?? 0;
  return option<readonly (number | null)[], readonly (number | null)[], S>(spec, {
    expected: `a list of whole numbers ≥ ${min}${spec.unknown ? " or null" : ""}`,
    parse: (given, refuse) =>
      Array.isArray(given) &&
      given.every((size) => (Number.isSafeInteger(size) && size >= min) || (spec.unknown && size === null))
        ? Object.freeze([...given])
        : refuse(),
    ...same,
  });
}
