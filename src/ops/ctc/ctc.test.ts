/**
 * Connectionist temporal classification against its definition: the sum over all paths, each by itself.
 */
import { expect, test } from "vitest";
import { given, randomGiven } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { tensor } from "../tensor.ts";
import { ctc } from "./ctc.ts";

const lossOf = (labels: Tensor, logits: Tensor) => ctc({ labels, logits }, undefined).loss;

opContract("ctc", lossOf, {
  examples: [
    { args: [given([2, 3], [1, 2, 1, 2, 2, 3], "int32"), randomGiven([2, 7, 4], 1)], batch: [0, 1] },
    [given([1, 2], [1, 1], "int32"), randomGiven([1, 3, 2], 2)],
    [given([1, 3], [2, 0, 0], "int32"), randomGiven([1, 4, 3], 3)],
    [given([1, 2], [0, 0], "int32"), randomGiven([1, 4, 3], 4)],
    { args: [given([1, 1], [1], "int32"), given([1, 2, 2], [1000, -1000, 0, 0])], gradient: false },
  ],
  derivatives: "first",
});

/** What a path says: repetitions as one, blanks left out. */
const said = (path: readonly number[]) => path.filter((label, t) => label !== 0 && label !== path[t - 1]);

test.each([
  [[1, 2], 4, 3],
  [[1, 1], 4, 2],
  [[2], 3, 3],
  [[], 3, 2],
])("labels %j in %d frames of %d classes", (labels, frames, classes) => {
  const logits = Array.from({ length: frames }, (_, t) =>
    Array.from({ length: classes }, (_, k) => Math.sin(3 * t + 7 * k)),
  );
  const probabilities = logits.map((frame) => {
    const total = frame.reduce((sum, x) => sum + Math.exp(x), 0);
    return frame.map((x) => Math.exp(x) / total);
  });
  let sum = 0;
  for (let number = 0; number < classes ** frames; number++) {
    const path = logits.map((_, t) => Math.floor(number / classes ** t) % classes);
    if (String(said(path)) !== String(labels)) continue;
    sum += path.reduce((product, label, t) => product * (probabilities[t]?.[label] as number), 1);
  }
  const padded = [...labels, 0, 0].slice(0, 2);
  const loss = inScope(
    () => lossOf(tensor([padded], [1, 2], "int32"), tensor([logits], undefined, "float64")).arraySync()[0],
  );
  expect(loss).toBeCloseTo(-Math.log(sum), 12);
});
