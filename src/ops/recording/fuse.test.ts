import { describe, expect, test } from "vitest";
import { observed } from "../../core/observer.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { currentDevice } from "../../devices/current.ts";
import { convolve, convolveTransposed } from "../convolution/convolution.ts";
import { valueAndGrad } from "../grad.ts";
import * as ops from "../index.ts";
import { affine } from "../matmul/matmul.ts";
import { normalize } from "../normalize/normalize.ts";
import { ones, tensor, zeros } from "../tensor.ts";
import { fuse } from "./fuse.ts";
import { Recording } from "./recording.ts";
import { type OpStep, stepsOf } from "./steps.ts";

/** The ops that are left of what `fn` does with a tensor of that shape. */
function left(shape: readonly number[], fn: (x: Tensor) => Tensor): string[] {
  return inScope(() => {
    const x = zeros(shape);
    const recording = new Recording(currentDevice(), [x]);
    const result = observed(recording, () => fn(x));
    const steps = fuse(stepsOf(recording), new Set([recording.placeOf(result)]));
    recording.dispose();
    return steps.map((step) => (step as OpStep).record.name);
  });
}

const groups = { over: [1, 2], epsilon: 1e-3, kind: "standard" } as const;

describe("what becomes one op", () => {
  test("elementwise ops in a row", () => {
    expect(left([40, 8], (x) => ops.exp(ops.multiply(ops.add(x, x), ops.square(x))))).toEqual(["elementwise"]);
  });

  test("a row or a number among the operands", () => {
    const row = tensor([1, 2, 3]);
    expect(left([5, 3], (x) => ops.relu(ops.add(ops.multiply(x, 2), row)))).toEqual(["elementwise"]);
  });

  test("a normalization and its activation, forward and backward", () => {
    const step = valueAndGrad((x: Tensor) => {
      const { y } = normalize({ x }, groups);
      return ops.sum(ops.multiply(ops.relu(ops.reshape(y, [6, 20])), 3));
    });
    const names = left([6, 4, 5], (x) => step(x).gradients[0] as Tensor);
    expect(names.filter((name) => name.startsWith("normalize"))).toEqual(["normalize", "normalizeGradient"]);
    expect(names.filter((name) => name.startsWith("relu"))).toEqual([]);
  });
});

describe("max(·, 0) behind products and convolutions", () => {
  const kernel = () => ones([3, 3, 2, 3]);
  test.each<[string, readonly number[], (x: Tensor) => Tensor]>([
    ["matmul", [6, 4], (x) => affine(x, ones([4, 5]), ones([5]))],
    ["conv", [2, 6, 6, 2], (x) => convolve(x, kernel(), ones([3]), {}, "conv")],
    ["convInputGradient", [2, 6, 6, 3], (x) => convolveTransposed(x, kernel(), ones([2]), {}, "convTranspose")],
  ])("%s", (name, shape, run) => {
    const forward = left(shape, (x) => ops.relu(run(x)));
    expect(forward.filter((each) => each !== "full")).toEqual([name]);
    const step = valueAndGrad((x: Tensor) => ops.sum(ops.multiply(ops.relu(run(x)), 3)));
    const names = left(shape, (x) => step(x).gradients[0] as Tensor);
    expect(names.filter((each) => each === "relu")).toEqual([]);
    expect(names.filter((each) => each === "reluGradient" || each === "elementwise").length).toBeLessThanOrEqual(1);
  });
});

test("what nobody reads is left out, with all that was only for it", () => {
  expect(
    left([4], (x) => {
      const y = ops.exp(x);
      ops.square(ops.sum(ops.log(y)));
      return y;
    }),
  ).toEqual(["exp"]);
});

describe("what stays apart", () => {
  test("what somebody else reads, or is the result", () => {
    expect(
      left([4], (x) => {
        const y = ops.exp(x);
        return ops.add(ops.sum(y), ops.square(y));
      }),
    ).toEqual(["exp", "sum", "elementwise"]);
  });

  test("another dtype, another shape", () => {
    expect(left([4, 1], (x) => ops.exp(ops.cast(ops.square(x), "float64")))).toEqual(["square", "cast", "exp"]);
    expect(left([4, 1], (x) => ops.add(ops.exp(x), tensor([1, 2, 3])))).toEqual(["exp", "add"]);
    expect(left([4, 2], (x) => ops.exp(ops.reshape(ops.square(x), [2, 4])))).toEqual(["square", "exp"]);
  });

  test("a normalization whose result is used before its activation too", () => {
    expect(
      left([6, 4, 5], (x) => {
        const { y } = normalize({ x }, groups);
        return ops.add(ops.relu(y), y);
      }),
    ).toEqual(["normalize", "elementwise"]);
  });
});
