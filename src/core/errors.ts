/**
 * The errors Varve raises, and the near-name search their messages use.
 * What is not here: the checks themselves; they stand with what they check (`shape.ts`, `options.ts`, …).
 */

/** Every error that Varve raises on purpose; catch this one to catch them all. */
export class VarveError extends Error {
  override name = "VarveError";
}

/** Ranks, sizes or axes that do not fit. */
export class ShapeError extends VarveError {
  override name = "ShapeError";
}

/** A dtype that the operation does not take. */
export class DTypeError extends VarveError {
  override name = "DTypeError";
}

/** An option that is unknown, missing, or out of its range. */
export class OptionError extends VarveError {
  override name = "OptionError";
}

/** A tensor, variable or model that is used after it was disposed. */
export class DisposedError extends VarveError {
  override name = "DisposedError";
}

/** The device could not give the memory that was asked for. */
export class OutOfMemoryError extends VarveError {
  override name = "OutOfMemoryError";
}

/** How many slips turn `a` into `b`: a character too many, missing, wrong, or swapped with the next (Damerau 1964). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (before[j - 2] as number) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(substitution, swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}

/** The candidates that look like `name`, nearest first: at most three, none further than a third of its length. */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const wanted = plain(name);
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(wanted, plain(candidate)) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `; did you mean "a" or "b"?` when something is near, else the whole list. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const all = [...candidates];
  const near = nearNames(name, all);
  if (near.length > 0) return `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?`;
  return `known are ${all.map((n) => `"${n}"`).join(", ")}`;
}

/** A value as an error message shows it: short, strings quoted, NaN and functions by name. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || value === undefined || value === null) return String(value);
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(show).join(", ");
    return `[${shown}${value.length > 8 ? ", …" : ""}]`;
  }
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${(value as unknown as { length?: number }).length ?? value.byteLength})`;
  }
  if (typeof value === "object") {
    if (value.toString !== Object.prototype.toString) return String(value);
    const className = value.constructor?.name ?? "Object";
    if (className !== "Object") return `a ${className}`;
    const keys = Object.keys(value);
    return `{${keys.slice(0, 4).join(", ")}${keys.length > 4 ? ", …" : ""}}`;
  }
  return String(value);
}
