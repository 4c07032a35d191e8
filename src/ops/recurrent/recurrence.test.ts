import fc from "fast-check";
import { type Given, given, randomGiven, seeds } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { concatenate } from "../movement/concatenate.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { type RecurrenceKind, recurrence } from "./recurrence.ts";

const parts = { simple: 1, lstm: 4, gru: 3 } as const;

/** All states of a recurrence in one tensor, so that each has its part in the gradient. */
const statesOf = (kind: RecurrenceKind) =>
  publicOp(
    kind,
    (
      x: TensorLike,
      kernel: TensorLike,
      bias: TensorLike | null,
      recurrent: TensorLike,
      recurrentBias: TensorLike | null,
      h: TensorLike,
      c: TensorLike,
      mask: TensorLike | null,
    ) => {
      const biases = { bias: bias ?? undefined, recurrentBias: recurrentBias ?? undefined };
      const operands = { x, kernel, recurrent, ...biases, h, mask: mask ?? undefined };
      const states = recurrence(kind, { ...operands, ...(kind === "lstm" ? { c } : {}) } as never);
      return states.c ? concatenate([states.h, states.c], 1) : states.h;
    },
  );

/** Which steps count, all sorts of them. */
function maskOf(batch: number, steps: number, seed: number): Given {
  const values = Array.from({ length: batch * steps }, (_, index) => ((seed >> (index % 11)) + index) % 3 !== 0);
  return given([batch, steps], values.map(Number), "bool");
}

function argumentsOf(
  kind: RecurrenceKind,
  [batch, steps, units]: readonly [number, number, number],
  seed: number,
  masked: boolean,
  /** The largest element of the recurrent matrix: sums of many are as uncertain as their terms are large. */
  largest = 3,
) {
  const width = parts[kind] * units;
  const features = 1 + (units % 4);
  return {
    args: [
      randomGiven([batch, steps, features], seed),
      randomGiven([features, width], seed + 5, { min: -1, max: 1 }),
      seed % 2 === 0 ? null : randomGiven([width], seed + 6),
      randomGiven([units, width], seed + 1, { min: -largest, max: largest }),
      kind === "gru" ? randomGiven([width], seed + 2) : null,
      randomGiven([batch, units], seed + 3),
      randomGiven([batch, units], seed + 4),
      masked ? maskOf(batch, steps, seed) : null,
    ],
    batch: masked ? [0, 5, 6, 7] : [0, 5, 6],
  };
}

const sizes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }));

for (const kind of ["simple", "lstm", "gru"] as const) {
  opContract(kind, statesOf(kind), {
    runs: 8,
    cases: fc.tuple(sizes, seeds, fc.boolean()).map(([shape, seed, masked]) => argumentsOf(kind, shape, seed, masked)),
    examples: [
      argumentsOf(kind, [2, 3, 9], 5, true),
      argumentsOf(kind, [2, 0, 3], 5, false),
      { ...argumentsOf(kind, [0, 2, 3], 5, true), batch: [] },
      { ...argumentsOf(kind, [33, 2, 4], 7, false), gradient: false },
      // A recurrent matrix of more than a megabyte, and sums in more than one part.
      { ...argumentsOf(kind, [38, 1, kind === "simple" ? 520 : 303], 9, false, 0.1), gradient: false },
    ],
    float32: { relative: 1e-5, scale: 2e-6, absolute: 1e-6 },
    gradient32: { relative: 1e-4, scale: 1e-5, absolute: 1e-6 },
  });
}
