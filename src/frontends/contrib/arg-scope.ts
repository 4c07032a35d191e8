/**
 * Argument scopes: other defaults for the options of some functions, as long as the scope is open.
 */
import { OptionError, show } from "../../core/errors.ts";
import { isPlainObject } from "../../core/tree.ts";
import { atOnce } from "./graph.ts";

type AnyFunction = (...args: never[]) => unknown;

/** Which defaults hold for which functions; `argScope` hands it to its function, and it can be used again. */
export type ArgScope = ReadonlyMap<AnyFunction, Readonly<Record<string, unknown>>>;

let current: ArgScope | undefined;

/** A function of something and options, whose options `argScope` can give other defaults. */
export type ArgScoped<F extends AnyFunction> = F & {
  /** @internal */
  readonly argScoped: true;
};

/**
 * Makes a function obey argument scopes. It takes its options as the second argument; those that it is given win over
 * those of the scope.
 *
 * @example
 * ```ts
 * import { addArgScope, argScope } from "varve/contrib";
 * const power = addArgScope((x, { exponent = 2 } = {}) => x ** exponent);
 * [power(3), argScope([power], { exponent: 3 }, () => power(3))] // => [9, 27]
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export function addArgScope<F extends AnyFunction>(fn: F): ArgScoped<F> {
  const scoped = (first: never, options?: unknown, ...rest: never[]): unknown => {
    const defaults = current?.get(scoped as AnyFunction);
    const given = defaults && (options === undefined || isPlainObject(options)) ? { ...defaults, ...options } : options;
    return fn(first, given as never, ...rest);
  };
  return Object.assign(scoped, { argScoped: true }) as unknown as ArgScoped<F>;
}

/**
 * Runs a function while others have different defaults, and gives what it gives. Scopes nest: inner defaults are added
 * to outer ones and win over them.
 *
 * @param functions Functions of this module that take options, and those made with `addArgScope`; or, with no defaults
 *   after it, the scope that an earlier `argScope` gave its function.
 * @param defaults Every function must know all of these options.
 * @param fn What to do; it is given the scope. It must be done when it returns: no promises.
 * @throws OptionError where a function takes no argument scopes.
 *
 * @example
 * ```ts
 * import { argScope, getVariablesByName, groupNorm, instanceNorm, placeholder } from "varve/contrib";
 * const x = placeholder("float32", [null, 8, 8, 4]);
 * argScope([groupNorm, instanceNorm], { center: false }, () => instanceNorm(groupNorm(x, { groups: 2 })));
 * [getVariablesByName("gamma").length, getVariablesByName("beta").length] // => [2, 0]
 * ```
 */
export function argScope<R>(
  functions: readonly AnyFunction[],
  defaults: Readonly<Record<string, unknown>>,
  fn: (scope: ArgScope) => R,
): R;
export function argScope<R>(scope: ArgScope, fn: (scope: ArgScope) => R): R;
export function argScope<R>(...args: readonly unknown[]): R {
  const [what, defaults] = args;
  const fn = args.at(-1) as (scope: ArgScope) => R;
  const before = current;
  if (what instanceof Map && args.length === 2) {
    current = what;
  } else {
    if (!Array.isArray(what) || !isPlainObject(defaults) || typeof fn !== "function") {
      throw new OptionError(
        "argScope: takes a list of functions, an object of defaults and a function to run; or a scope and a function",
      );
    }
    const unable = what.find((each) => !(typeof each === "function" && "argScoped" in each));
    if (unable !== undefined) {
      throw new OptionError(`argScope: ${show(unable)} takes no argument scopes; make it with addArgScope`);
    }
    current = new Map([
      ...(before ?? []),
      ...what.map((each: AnyFunction) => [each, { ...before?.get(each), ...defaults }] as const),
    ]);
  }
  const scope = current as ArgScope;
  try {
    return atOnce("argScope", () => fn(scope));
  } finally {
    current = before;
  }
}
