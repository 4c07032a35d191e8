/**
 * Sizes that are not known when a model is written, like that of the batch. A model is traced several times with other
 * numbers in their place; from what comes out everywhere follows which numbers hang on them, and how.
 */
import { isPlainObject } from "../../core/tree.ts";

/** What stands for an unknown size, and how it is called in the file. */
export interface Unknown {
  readonly name: string;
  /** Which input, and which of its axes, has it. */
  readonly input: number;
  readonly axis: number;
}

/**
 * A number that hangs on unknown sizes: `offset` plus for each term its factor times the product of unknowns; undefined
 * terms where it hangs on them in another way, of which its values in the traces tell. Equal ones have equal texts.
 */
export interface Size {
  readonly text: string;
  readonly offset: number;
  readonly terms: readonly { readonly factor: number; readonly unknowns: readonly Unknown[] }[] | undefined;
  readonly values: readonly number[];
}

/** A size, or any number that is the same whatever the unknown ones are. */
export type Dim = number | Size;

export const isKnown = (dim: Dim): dim is number => typeof dim === "number";

export const sameDim = (a: Dim, b: Dim): boolean => a === b || (!isKnown(a) && !isKnown(b) && a.text === b.text);

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis] as Dim));
}

/** What the traces tell apart was not a number: what is computed hangs on a size in a way that no graph can say. */
export class NotTheSame extends Error {}

/**
 * The numbers that stand for unknown sizes in each trace: first some, then for each unknown once more with that one
 * changed, and at last all changed, to check what follows from the others.
 */
export class Unknowns {
  readonly list: readonly Unknown[];
  /** The numbers of each trace, in the order of `list`. */
  readonly traces: readonly (readonly number[])[];

  /** `choose` gives three different numbers for each unknown. */
  constructor(list: readonly Unknown[], choose: (unknown: Unknown) => readonly [number, number, number]) {
    const numbers = list.map(choose);
    this.list = list;
    const [first, last] = [numbers.map(([a]) => a), numbers.map(([, , c]) => c)];
    this.traces =
      list.length === 0 ? [[]] : [first, ...numbers.map(([, changed], index) => first.with(index, changed)), last];
  }

  /** The number that took these values in the traces. */
  fit(values: readonly number[]): Dim {
    const [base] = values as [number];
    if (values.every((value) => Object.is(value, base))) return base;
    const changes = this.list.flatMap((unknown, index) => {
      const from = this.traces[0]?.[index] as number;
      const to = this.traces[index + 1]?.[index] as number;
      const value = values[index + 1] as number;
      return value === base ? [] : [{ unknown, index, from, to, value }];
    });
    const last = this.traces.at(-1) as readonly number[];
    const factor = changes.reduce((rest, { from }) => rest / from, base);
    const isProduct =
      Number.isInteger(factor) &&
      changes.every(({ from, to, value }) => value * from === base * to) &&
      changes.reduce((product, { index }) => product * (last[index] as number), factor) === values.at(-1);
    if (isProduct) return size(values, 0, [{ factor, unknowns: changes.map(({ unknown }) => unknown) }]);
    const slopes = changes.map((change) => ({ ...change, slope: (change.value - base) / (change.to - change.from) }));
    const offset = slopes.reduce((rest, { slope, from }) => rest - slope * from, base);
    const isSum =
      slopes.every(({ slope }) => Number.isInteger(slope)) &&
      slopes.reduce((sum, { slope, index }) => sum + slope * (last[index] as number), offset) === values.at(-1);
    if (!isSum) return { text: `? ${values.join()}`, offset: 0, terms: undefined, values };
    return size(
      values,
      offset,
      slopes.map(({ slope, unknown }) => ({ factor: slope, unknowns: [unknown] })),
    );
  }

  /** One structure for those of all traces, the numbers in it fitted. */
  merge<T>(structures: readonly T[]): Merged<T> {
    return this.#merge(structures) as Merged<T>;
  }

  #merge(structures: readonly unknown[]): unknown {
    const [first, ...others] = structures;
    if (typeof first === "number") {
      if (!others.every((other) => typeof other === "number")) throw new NotTheSame();
      return this.fit(structures as number[]);
    }
    if (Array.isArray(first)) {
      if (!others.every((other) => Array.isArray(other) && other.length === first.length)) throw new NotTheSame();
      return first.map((_, index) => this.#merge(structures.map((each) => (each as unknown[])[index])));
    }
    if (isPlainObject(first)) {
      return Object.fromEntries(
        Object.keys(first).map((key) => [
          key,
          this.#merge(structures.map((each) => (each as Record<string, unknown> | undefined)?.[key])),
        ]),
      );
    }
    if (!others.every((other) => other === first)) throw new NotTheSame();
    return first;
  }
}

/** A structure with the numbers in it fitted. */
export type Merged<T> = T extends number
  ? Dim
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { readonly [K in keyof T]: Merged<T[K]> }
    : T;

function size(
  values: readonly number[],
  offset: number,
  terms: readonly { factor: number; unknowns: readonly Unknown[] }[],
): Size {
  const words = terms.map(({ factor, unknowns }) =>
    [...(factor === 1 ? [] : [factor]), ...unknowns.map(({ name }) => name)].join("*"),
  );
  return { text: [...words, ...(offset === 0 ? [] : [offset])].join(" + "), offset, terms, values };
}
