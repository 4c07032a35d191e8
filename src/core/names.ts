/**
 * Generated names: of layers, optimizers, losses and metrics that were given none.
 */

const counts = new Map<string, number>();

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
