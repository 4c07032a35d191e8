/**
 * Counting against counting one by one.
 */
import { expect, test } from "vitest";
import { given, randomGiven, randomIntegers } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { tensor } from "../tensor.ts";
import { confusionCounts, confusionMatrix } from "./confusion.ts";

const counts = (yTrue: Tensor, yPred: Tensor, weight: Tensor | undefined, thresholds: number[], columns: boolean) =>
  confusionCounts({ yTrue, yPred, weight }, { thresholds, columns });

const probabilities = { min: 0, max: 1 };

opContract("confusionCounts", (...args: unknown[]) => Object.values(counts(...(args as Parameters<typeof counts>))), {
  examples: [
    [randomIntegers([5, 3], 1, 0, 1), randomGiven([5, 3], 2, probabilities), undefined, [0.3, 0.7, 0.5], false],
    [
      randomIntegers([5, 3], 1, 0, 1),
      randomGiven([5, 3], 2, probabilities),
      randomGiven([5, 3], 3, probabilities),
      [0.5],
      true,
    ],
    [given([0], [], "int32"), given([0], []), undefined, [0.5], false],
  ],
  derivatives: "none",
});

opContract(
  "confusionMatrix",
  (yTrue: Tensor, yPred: Tensor, weight: Tensor | undefined, classes: number, ignored: number | null) =>
    confusionMatrix({ yTrue, yPred, weight }, { classes, ignored }).matrix,
  {
    examples: [
      [randomIntegers([9], 1, -1, 3), randomIntegers([9], 2, 0, 4), undefined, 3, null],
      [randomIntegers([9], 1, 0, 2), randomIntegers([9], 2, 0, 2), randomGiven([9], 3, probabilities), 3, 1],
    ],
    derivatives: "none",
  },
);

test("counts at thresholds in any order, ends and NaN included", () => {
  const yTrue = [0, 1, 1, 0, 1, 0, 1];
  const yPred = [0, 0.25, 0.5, 0.5, 1, 0.75, Number.NaN];
  const weight = [1, 2, 4, 8, 16, 32, 64];
  const thresholds = [0.5, -1e-7, 0.25, 1, 0.5];
  const result = inScope(() => {
    const { tp, fp, tn, fn } = counts(tensor(yTrue), tensor(yPred), tensor(weight), thresholds, false);
    return { tp: tp.arraySync(), fp: fp.arraySync(), tn: tn.arraySync(), fn: fn.arraySync() };
  });
  const byHand = (truth: number, above: boolean) =>
    thresholds.map((threshold) =>
      weight.reduce(
        (sum, w, index) => (yTrue[index] === truth && (yPred[index] as number) > threshold === above ? sum + w : sum),
        0,
      ),
    );
  expect(result).toEqual({ tp: byHand(1, true), fp: byHand(0, true), tn: byHand(0, false), fn: byHand(1, false) });
});
