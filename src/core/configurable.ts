/**
 * Things with options and a Keras config: initializers, regularizers, constraints, losses, metrics, optimizers,
 * schedules. `configurable()` makes the base class of one from its schema; `objectOption()` is the option that names
 * one: by Keras name, by config, or by the object itself.
 */
import { didYouMean, OptionError } from "./errors.ts";
import {
  fromConfig,
  type Json,
  type OptionFor,
  type OptionsOf,
  option,
  parseOptions,
  type Schema,
  toConfig,
  type ValuesOf,
} from "./options.ts";
import { isPlainObject } from "./tree.ts";

/** Makes each option a property that never changes. */
export function defineOptions(owner: object, schema: Schema, values: Readonly<Record<string, unknown>>): void {
  const { name: className } = owner.constructor;
  for (const name of Object.keys(schema)) {
    if (name in owner) throw new OptionError(`${className}: option "${name}" has the name of a member of the class`);
    Object.defineProperty(owner, name, { value: values[name], enumerable: true });
  }
}

export abstract class Configurable {
  /** The Keras class name. */
  static readonly className: string = "Configurable";
  static readonly schema: Schema = {};
  /** Where Keras keeps the class: "keras.initializers". */
  static readonly module: string = "keras";

  constructor(options?: unknown) {
    const { className, schema } = this.constructor as typeof Configurable;
    defineOptions(this, schema, parseOptions(schema, options, className));
  }

  /** The options as Keras's config has them. */
  getConfig(): Record<string, Json> {
    const { schema } = this.constructor as typeof Configurable;
    return toConfig(schema, this as unknown as ValuesOf<Schema>);
  }

  /** An object with the options of a Keras config. */
  static fromConfig<T extends Configurable>(
    this: new (
      options: never,
    ) => T,
    config: Readonly<Record<string, Json>>,
  ): T {
    const { schema } = this as unknown as typeof Configurable;
    return new this(fromConfig(schema, config) as never);
  }
}

/** What a constructor or a factory takes: the options may be left out unless one of them is required. */
export type Given<O> = Partial<O> extends O ? [options?: O] : [options: O];

/** The class that `configurable` gives, to extend. */
export interface ConfigurableClass<S extends Schema, Base, O = OptionsOf<S>> {
  new (...args: Given<O>): Base & ValuesOf<S>;
  readonly className: string;
  readonly schema: S;
  fromConfig<T>(this: new (options: never) => T, config: Readonly<Record<string, Json>>): T;
}

/**
 * Makes the base class of a thing of the kind `base` from its Keras name and its options. `Shared` documents options
 * that the whole kind has, so that their comments reach the type declarations.
 */
/* @__NO_SIDE_EFFECTS__ */
export function configurable<Base extends object, S extends Schema, Shared = unknown>(
  base: abstract new (options?: unknown) => Base,
  className: string,
  schema: S,
): ConfigurableClass<S, Base, OptionsOf<S> & Shared> {
  abstract class Named extends (base as abstract new (options?: unknown) => object) {
    static readonly className = className;
    static readonly schema = schema;
  }
  return Named as unknown as ConfigurableClass<S, Base, OptionsOf<S> & Shared>;
}

/** The function that makes objects of a class: `adam({ learningRate: 1e-3 })` is `new Adam({ learningRate: 1e-3 })`. */
/* @__NO_SIDE_EFFECTS__ */
export function maker<A extends readonly unknown[], T>(made: new (...args: A) => T): (...args: A) => T {
  return (...args) => new made(...args);
}

/** An object as Keras's files have it: `{ module, class_name, config, registered_name }`. */
export function serialize(object: Configurable): Json {
  const { className, module } = object.constructor as typeof Configurable;
  return { module, class_name: className, config: object.getConfig(), registered_name: null };
}

/** Classes by their Keras names, and other names that mean them. */
export type Registry<T> = Readonly<Record<string, new (options?: never) => T>>;

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The class that a name means, however it is written: "GlorotUniform", "glorot_uniform", "glorotUniform". */
export function lookUp<T>(registry: Readonly<Record<string, T>>, name: string): T | undefined {
  if (Object.hasOwn(registry, name)) return registry[name];
  const key = Object.keys(registry).find((candidate) => plain(candidate) === plain(name));
  return key === undefined ? undefined : registry[key];
}

const withArticle = (kind: string) => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;

/** The object that a name, a config or the object itself means; anything else is refused with near names. */
export function resolve<T extends Configurable>(
  kind: string,
  registry: Registry<T>,
  given: unknown,
  isObject: (value: unknown) => value is T,
): T {
  if (isObject(given)) return given;
  const name = isPlainObject(given) ? given.class_name : given;
  if (typeof name !== "string") {
    throw new OptionError(
      `${withArticle(kind)} is named by a text like ${JSON.stringify(Object.keys(registry)[0])}, or given as an object`,
    );
  }
  const found = lookUp(registry, name);
  if (!found) throw new OptionError(`${kind} "${name}" is unknown; ${didYouMean(name, Object.keys(registry))}`);
  if (!isPlainObject(given)) return new found();
  return (found as unknown as typeof Configurable & (new () => T)).fromConfig(
    given.config as Record<string, Json>,
  ) as T;
}

/** An option that holds an object of a kind. */
/* @__NO_SIDE_EFFECTS__ */
export function objectOption<T extends Configurable, const S extends { readonly default?: T | string | null }>(
  kind: string,
  registry: () => Registry<T>,
  isObject: (value: unknown) => value is T,
  spec: S,
): OptionFor<T | string, T, S> {
  return option<T | string, T, S>(spec, {
    expected: withArticle(kind),
    parse(given, refuse) {
      try {
        return resolve(kind, registry(), given, isObject);
      } catch (error) {
        if (error instanceof OptionError) return refuse(`${withArticle(kind)} (${error.message})`);
        throw error;
      }
    },
    toConfig: serialize,
    fromConfig: (json) => json as unknown as T,
  });
}
