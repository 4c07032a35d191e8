/**
 * Watching what runs: a recording of a step is told of every op, every assignment, every look at values and every
 * draw while it lasts. There is one observer at a time; without one, nothing is told.
 * What is done with it stands in `ops/recording/`.
 */
import type { TypedArray } from "./dtype.ts";
import type { OpRecord } from "./op.ts";
import type { Tensor } from "./tensor.ts";
import type { Variable } from "./variable.ts";

type Operands = Readonly<Record<string, Tensor | undefined>>;
type Outputs = Readonly<Record<string, Tensor>>;

/** Two words: what random functions draw with. */
export type Draw = readonly [seed: number, draw: number];

export interface Observer {
  /** Whether nothing shall really happen: draws give any words, and looks at values look at nothing. */
  readonly dry?: true;
  /** Outputs to take in place of computing the op; undefined lets it run. */
  replace?(record: OpRecord, inputs: Operands, attributes: unknown): Outputs | undefined;
  /** An op ran on its device. */
  ran?(record: OpRecord, inputs: Operands, outputs: Outputs, attributes: unknown): void;
  /** A variable's value is read. */
  used?(variable: Variable, value: Tensor): void;
  /** A variable is about to take a value; true says that it has been seen to. */
  assigned?(variable: Variable, value: Tensor): boolean;
  /** Values are looked at, to refuse bad ones. */
  inspected?(tensor: Tensor, check: (values: TypedArray) => void): void;
  /** Values are read, for something that cannot be known. */
  read?(tensor: Tensor): void;
  /** Random numbers are drawn; `again` gives the words of the next time, `counter` counts the draws. */
  drew?(draw: Draw, again: () => Draw, counter: Variable | undefined): void;
}

/** The recorded steps there are, what they need together, and what of that each has in use at once at most. */
export const recorded = { steps: 0, bytes: 0, neededBytes: 0 };

let current: Observer | undefined;

/** Who is watching. @internal */
export function currentObserver(): Observer | undefined {
  return current;
}

/** Runs `fn` under that observer, or unobserved. @internal */
export function observed<R>(observer: Observer | undefined, fn: () => R): R {
  const before = current;
  current = observer;
  try {
    return fn();
  } finally {
    current = before;
  }
}

/**
 * Looks at the values of a tensor to refuse bad ones: `check` throws. Whoever repeats the step repeats the look.
 * Where values cannot be read at once, nothing is done. @internal
 */
export function inspect(tensor: Tensor, check: (values: TypedArray) => void): void {
  if (!tensor.device.concrete || !tensor.device.synchronous) return;
  current?.inspected?.(tensor, check);
  if (current?.dry) return;
  observed(undefined, () => check(tensor.dataSync()));
}
