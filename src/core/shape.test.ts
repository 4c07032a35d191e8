import { expect, test } from "vitest";
import {
  broadcastShapes,
  broadcastsTo,
  checkRank,
  checkShape,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  reduceShape,
  sizeOf,
  standingIn,
  stridesOf,
} from "./shape.ts";

test("axes count from both ends and stay in range", () => {
  expect(normalizeAxis(-1, 4, "sum")).toBe(3);
  expect(normalizeAxis(0, 4, "sum")).toBe(0);
  expect(normalizeAxes([-1, 1], 4, "sum")).toEqual([1, 3]);
  expect(normalizeAxes(undefined, 3, "sum")).toEqual([0, 1, 2]);
  expect(() => normalizeAxis(4, 4, "sum")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axis 4 is out of range; axes of rank 4 go from -4 to 3]`,
  );
  expect(() => normalizeAxis(0, 0, "sum")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axis 0 is out of range; a scalar has no axes]`,
  );
  expect(() => normalizeAxis(Number.NaN, 2, "sum")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axis NaN is out of range; axes of rank 2 go from -2 to 1]`,
  );
  expect(() => normalizeAxes([1, -1], 2, "sum")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axes [1, -1] name an axis of rank 2 twice; name each once]`,
  );
});

// The examples of NumPy's documentation, "General broadcasting rules".
test.each([
  [[256, 256, 3], [3], [256, 256, 3]],
  [
    [8, 1, 6, 1],
    [7, 1, 5],
    [8, 7, 6, 5],
  ],
  [[5, 4], [1], [5, 4]],
  [
    [15, 3, 5],
    [15, 1, 5],
    [15, 3, 5],
  ],
  [
    [15, 3, 5],
    [3, 1],
    [15, 3, 5],
  ],
  [[], [2, 3], [2, 3]],
  [
    [0, 3],
    [1, 1],
    [0, 3],
  ],
])("%j and %j broadcast to %j", (a, b, both) => {
  expect(broadcastShapes(a, b, "add")).toEqual(both);
  expect(broadcastShapes(b, a, "add")).toEqual(both);
  expect(broadcastsTo(a, both)).toBe(true);
});

test("shapes that do not broadcast are named", () => {
  expect(() => broadcastShapes([2, 1], [8, 4, 3], "add")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: add: shapes [2, 1] and [8, 4, 3] do not broadcast; aligned at the back, sizes must be equal or 1]`,
  );
  expect(broadcastsTo([2, 3], [3])).toBe(false);
});

test("sizes, strides, reductions and ranks", () => {
  expect(sizeOf([])).toBe(1);
  expect(sizeOf([3, 0, 2])).toBe(0);
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  expect(reduceShape([2, 3, 4], [1], false)).toEqual([2, 4]);
  expect(reduceShape([2, 3, 4], [0, 2], true)).toEqual([1, 3, 1]);
  expect(() => checkRank([2, 3], [3, 4], "Conv2D")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Conv2D: needs rank 3 or 4, got rank 2, shape [2, 3]]`,
  );
  expect(() => checkShape([2, -1], "zeros")).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: zeros: a shape is an array of whole numbers ≥ 0, got [2, -1]]`,
  );
  expect(formatShape([null, 3, 27720])).toBe("[?, 3, 27720]");
  expect(standingIn(27720, () => formatShape([null, 3, 27720]))).toBe("[?, 3, ?]");
});
