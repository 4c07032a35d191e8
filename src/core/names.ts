/**
 * Generated names: of layers, optimizers, losses and metrics that were given none.
 */

const counts = new Map<string, number>();

type IsUpper<C extends string> = C extends Lowercase<C> ? false : true;
type IsLower<C extends string> = C extends Uppercase<C> ? false : true;
/** What stands between a character and the one before it: a capital begins a word after or before a small letter. */
type Between<Before extends string, C extends string, Rest extends string> = Before extends ""
  ? ""
  : IsUpper<C> extends false
    ? ""
    : IsLower<Before> extends true
      ? "_"
      : Rest extends `${infer Next}${string}`
        ? IsLower<Next> extends true
          ? "_"
          : ""
        : "";
type Underscored<Name extends string, Before extends string = ""> = Name extends `${infer C}${infer Rest}`
  ? `${Between<Before, C, Rest>}${C}${Underscored<Rest, C>}`
  : "";

/** What `keywordOf` makes of a name, as a type. */
export type Keyword<ClassName extends string> = Lowercase<Underscored<ClassName>>;

/** Where a name is taken: those that an editor offers. Other spellings are taken too. */
export type KnownName<Offered extends string> = Offered | (string & Record<never, never>);

/** `GroupNormalization` → `group_normalization`, as Keras writes class names in snake case. */
export function keywordOf(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** `GroupNormalization` → `group_normalization`, and `group_normalization_1` the next time, as Keras names layers. */
export function uniqueName(className: string): string {
  const base = keywordOf(className);
  const count = counts.get(base) ?? 0;
  counts.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}

/** Starts the numbering of generated names anew (Keras: `clear_session`). */
export function resetNames(): void {
  counts.clear();
}
