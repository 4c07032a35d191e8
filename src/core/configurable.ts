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

/** The constructor of a class that a schema gave: options are required where one of them is. */
export interface ConfigurableClass<S extends Schema, Base> {
  new (
    ...args: Partial<OptionsOf<S>> extends OptionsOf<S> ? [options?: OptionsOf<S>] : [options: OptionsOf<S>]
  ): Base & ValuesOf<S>;
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
      `a ${kind} is named by a text like ${JSON.stringify(Object.keys(registry)[0])}, or given as an object`,
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
    expected: `a ${kind}`,
    parse(given, refuse) {
      try {
        return resolve(kind, registry(), given, isObject);
      } catch (error) {
        if (error instanceof OptionError) return refuse(`a ${kind} (${error.message})`);
        throw error;
      }
    },
    toConfig: serialize,
    fromConfig: (json) => json as unknown as T,
  });
}
