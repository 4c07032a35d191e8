/**
 * sparsemax against the definition: the threshold found by bisection, and the gradient by central differences.
 */
import { describe, expect, test } from "vitest";
import { given, randomGiven } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply } from "../elementwise/binary.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import { glu, sparsemax } from "./sparsemax.ts";

/** max(x − τ, 0), with the τ at which the sum is 1 enclosed ever more tightly. */
function truth(x: readonly number[]): number[] {
  let [low, high] = [Math.min(...x) - 1, Math.max(...x)];
  for (let k = 0; k < 100; k++) {
    const middle = (low + high) / 2;
    if (x.reduce((total, value) => total + Math.max(value - middle, 0), 0) > 1) low = middle;
    else high = middle;
  }
  return x.map((value) => Math.max(value - low, 0));
}

const rows = [
  [1, 0.5, -1],
  [0.1, 0.2, 0.3, 0.25],
  [-100, -100, -100, -100],
  [88, 89, 90, 100],
  [0.3],
  [2, -1, 1.75, 1.5, 1.6, 0],
];

opContract("sparsemax", sparsemax, {
  examples: [
    { args: [randomGiven([4, 5], 1)], batch: [0] },
    { args: [randomGiven([2, 3, 4], 2), 1], batch: [0] },
    [randomGiven([3], 3), 0],
    [given([1, 4], [100, -100, 0, 50])],
    [given([2, 1], [3, -3])],
  ],
});

opContract("glu", glu, {
  examples: [
    { args: [randomGiven([4, 6], 1)], batch: [0] },
    { args: [randomGiven([2, 4, 3], 2), 1], batch: [0] },
    [given([4], [1, 2, 100, -100])],
  ],
});

describe("sparsemax", () => {
  test.each(rows.map((row) => [row]))("of %j", (row) => {
    inScope(() => {
      const y = sparsemax(tensor(row, undefined, "float64")).dataSync();
      truth(row).forEach((value, index) => {
        expect(y[index]).toBeCloseTo(value, 12);
      });
      const weights = row.map((_, index) => Math.sin(index + 1));
      const loss = (x: readonly number[]) =>
        truth(x).reduce((total, value, k) => total + value * (weights[k] as number), 0);
      const dx = grad((x: Tensor) => sum(multiply(sparsemax(x), tensor(weights, undefined, "float64"))))(
        tensor(row, undefined, "float64"),
      ).dataSync();
      // Equal elements meet at a kink only where they are at the threshold; none are here.
      row.forEach((_, index) => {
        const moved = (by: number) => row.map((value, k) => (k === index ? value + by : value));
        expect(dx[index]).toBeCloseTo((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 6);
      });
    });
  });

  test("over another axis", () => {
    const y = inScope(() =>
      sparsemax(
        tensor([
          [1, 5],
          [0.5, 1],
        ]),
        0,
      ).arraySync(),
    );
    expect(y).toEqual([
      [0.75, 1],
      [0.25, 0],
    ]);
  });

  test("refuses integers and axes that do not exist", () => {
    expect(() => sparsemax(tensor([1, 2], undefined, "int32"))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: sparsemax: needs float32 or float64, got int32; cast it first: ops.cast(x, "float32")]`,
    );
    expect(() => sparsemax([1, 2], 1)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sparsemax: axis 1 is out of range; axes of rank 1 go from -1 to 0]`,
    );
  });
});

test("glu refuses odd sizes", () => {
  expect(() => glu([1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: glu: axis -1 of shape [3] must have an even size, to be halved]`,
  );
});
