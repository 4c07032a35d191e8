/**
 * Nested structures: arrays and plain objects with leaves of any kind, as arguments and results of models are.
 * A plain object is one made by `{}`; every other object is a leaf.
 */

/** One, a list of them, or some by name: what goes into models and comes out of them. */
export type Structure<T> = T | readonly T[] | { readonly [name: string]: T };

/** Whether `value` is an object made by `{}`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The leaves of a structure, in order. */
export function leaves(structure: unknown): unknown[] {
  const found: unknown[] = [];
  collect(structure, found);
  return found;
}

function collect(structure: unknown, found: unknown[]): void {
  if (Array.isArray(structure)) for (const item of structure) collect(item, found);
  else if (isPlainObject(structure)) for (const key of Object.keys(structure)) collect(structure[key], found);
  else found.push(structure);
}

/** The leaves as Keras orders them: those of objects by the alphabet of their names. */
export function sortedLeaves(structure: unknown): unknown[] {
  if (Array.isArray(structure)) return structure.flatMap(sortedLeaves);
  if (!isPlainObject(structure)) return [structure];
  return Object.keys(structure)
    .sort()
    .flatMap((key) => sortedLeaves(structure[key]));
}

/** The same structure with every leaf replaced. */
export function mapLeaves(structure: unknown, replace: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(structure)) return structure.map((item) => mapLeaves(item, replace));
  if (isPlainObject(structure)) {
    return Object.fromEntries(Object.entries(structure).map(([key, item]) => [key, mapLeaves(item, replace)]));
  }
  return replace(structure);
}
