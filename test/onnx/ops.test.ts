/**
 * Ops between layers in ONNX Runtime, beside those that layers use (`layers.test.ts`): what they give there is what they
 * give here, for another size of the batch than any that the file was traced with.
 */
import { describe, expect, test } from "vitest";
import type { SymbolicTensor } from "../../src/core/symbolic.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { leaves } from "../../src/core/tree.ts";
import { input } from "../../src/layers/core/input-layer.ts";
import { model } from "../../src/models/functional.ts";
import * as ops from "../../src/ops/index.ts";
import { uniform } from "../../src/ops/random/random.ts";
import { tensor } from "../../src/ops/tensor.ts";
import { runOnnx } from "./runtime.ts";

const x = input({ shape: [4, 6], name: "x" });
const n = input({ shape: [4, 6], name: "n", dtype: "int32" });
const positive = ops.add(ops.abs(x), 0.1);

const values = {
  x: uniform([3, 4, 6], { minval: -2, maxval: 2, seed: 7 }),
  n: tensor(
    Int32Array.from({ length: 72 }, (_, index) => ((index * 7) % 11) - 5),
    [3, 4, 6],
  ),
};

type Made = SymbolicTensor | readonly SymbolicTensor[];

const cases: Readonly<Record<string, Made>> = {
  flip: ops.flip(x, [1, 2]),
  "flip of the samples": ops.flip(x, 0),
  "roll, transpose": ops.transpose(ops.roll(x, [1, -2], [1, 2]), [2, 0, 1]),
  "every second": ops.flip(ops.slice(x, [0, 1, 2], [-1, 2, 3]), 2),
  tile: ops.tile(x, [1, 2, 2]),
  "tile of the samples": ops.tile(x, [2, 1, 1]),
  repeat: [ops.repeat(x, 3, 1), ops.repeat(x, [1, 0, 2, 1], 1)],
  diagonal: ops.diagonal(x, 1, 1, 2),
  pad: [
    ops.pad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 3],
      ],
      "constant",
      1.5,
    ),
    ops.pad(
      x,
      [
        [0, 0],
        [1, 2],
        [2, 1],
      ],
      "reflect",
    ),
    ops.pad(
      x,
      [
        [0, 0],
        [3, 0],
        [0, 1],
      ],
      "edge",
    ),
    ops.pad(x, [
      [1, 0],
      [0, 0],
      [0, 0],
    ]),
    ops.pad(
      n,
      [
        [0, 0],
        [1, 1],
        [1, 1],
      ],
      "constant",
      7,
    ),
  ],
  sliceUpdate: ops.sliceUpdate(x, [0, 1, 2], ops.slice(positive, [0, 0, 0], [-1, 2, 3])),
  split: ops.split(x, [1, 3], 2) as unknown as SymbolicTensor[],
  stack: [ops.stack([x, positive], 0), ops.stack([x, positive], -1)],
  concatenate: [ops.concatenate([x, positive], 0), ops.concatenate([x, n], 1)],
  takeAlongAxis: ops.takeAlongAxis(x, tensor([[[2, 0, -1]]], [1, 1, 3], "int32"), 2),
  "topK, argsort": [...(ops.topK(x, 2) as unknown as SymbolicTensor[]), ops.argsort(x, 1), ops.sort(x)],
  "argmax, argmin": [ops.argmax(x, 1), ops.argmin(x, -1, true), ops.argmax(n, 2)],
  cumsum: ops.cumsum(x, 1),
  sums: [
    ops.sum(x, [0, 2]),
    ops.sum(x),
    ops.sum(n, 1),
    ops.mean(x, [1, 2], true),
    ops.mean(n, 0),
    ops.prod(positive, 1),
  ],
  extremes: [ops.max(x, [1, 2]), ops.min(n, 0, true), ops.any(ops.greater(n, 4), 1), ops.all(ops.less(n, 4), [1, 2])],
  spreads: [ops.variance(x, 1), ops.std(x, [0, 1]), ops.norm(x, 2, 1), ops.norm(x, 1, 2), ops.logsumexp(x, [1, 2])],
  "whole numbers": [
    ops.add(n, 3),
    ops.multiply(n, n),
    ops.floorDivide(n, 3),
    ops.mod(n, 4),
    ops.maximum(n, 0),
    ops.abs(n),
    ops.negative(n),
    ops.divide(n, 4),
    ops.sign(n),
    ops.clip(n, -2, 3),
  ],
  comparisons: [
    ops.equal(n, 2),
    ops.notEqual(x, n),
    ops.lessEqual(x, 0.25),
    ops.logicalAnd(ops.greater(x, 0), ops.less(n, 2)),
    ops.logicalOr(ops.greater(x, 1), ops.less(n, -2)),
    ops.logicalNot(ops.greater(x, 0)),
    ops.isfinite(ops.log(x)),
    ops.isnan(ops.sqrt(x)),
  ],
  choices: [ops.where(ops.greater(x, 0), x, n), ops.where(ops.greater(n, 0), n, 0), ops.clip(x, -1, 0.5)],
  roots: [ops.sqrt(positive), ops.rsqrt(positive), ops.square(x), ops.power(positive, 1.7), ops.reciprocal(positive)],
  exponentials: [ops.exp(x), ops.expm1(ops.multiply(x, 1e-3)), ops.expm1(x), ops.expm1(ops.multiply(x, 60))],
  logarithms: [
    ops.log(positive),
    ops.log1p(ops.multiply(positive, 1e-4)),
    ops.log1p(positive),
    ops.logaddexp(x, positive),
  ],
  circular: [
    ops.sin(x),
    ops.cos(x),
    ops.tan(x),
    ops.arctan(x),
    ops.arcsin(ops.divide(x, 3)),
    ops.arccos(ops.divide(x, 3)),
  ],
  hyperbolic: [
    ops.sinh(x),
    ops.cosh(x),
    ops.tanh(x),
    ops.arcsinh(x),
    ops.arccosh(ops.add(positive, 1)),
    ops.arctanh(ops.divide(x, 3)),
  ],
  rounding: [
    ops.floor(x),
    ops.ceil(x),
    ops.round(ops.multiply(x, 2)),
    ops.trunc(x),
    ops.sign(x),
    ops.mod(x, 0.7),
    ops.hypot(x, positive),
  ],
  errors: [ops.erf(x), ops.gelu(x), ops.gelu(x, false)],
  gates: [
    ops.softplus(x),
    ops.logSigmoid(x),
    ops.mish(x),
    ops.silu(x),
    ops.glu(x),
    ops.sparsemax(x, 1),
    ops.softmax(x, [1, 2]),
    ops.logSoftmax(x, [1, 2]),
  ],
  classes: [ops.oneHot(n, 4), ops.oneHot(n, 3, 1), ops.multiHot(n, 5)],
  triangles: [ops.tril(x), ops.triu(x, 1)],
  products: [
    ops.einsum("bij,bkj->bik", x, positive),
    ops.einsum("bij,bkj->ik", x, positive),
    ops.matmul(x, ops.transpose(positive, [0, 2, 1])),
    ops.matmul(n, ops.transpose(n, [0, 2, 1])),
    ops.tensordot(x, tensor([1, -1, 2, 0, 1, 3], [6, 1]), 1),
  ],
  casts: [ops.cast(x, "int32"), ops.cast(x, "bool"), ops.cast(ops.abs(n), "uint8"), ops.cast(n, "float32")],
  "one input, as it is": x,
  "one output, twice": [positive, positive],
};

test.each(Object.entries(cases))("%s", async (_name, outputs) => {
  const list = leaves(outputs) as SymbolicTensor[];
  const net = model({ inputs: [x, n], outputs: list });
  const wanted = leaves(net.apply<never>(values as never)) as Tensor[];
  for (const opset of [17, 21]) {
    const given = Object.fromEntries(
      Object.entries(values).map(([name, { shape, dtype }]) => [
        name,
        { shape, dtype, data: values[name as keyof typeof values].dataSync() },
      ]),
    );
    const found = Object.values(await runOnnx(await net.toOnnx({ opset }), given));
    wanted.forEach((each, index) => {
      const { shape, dtype, data } = found[index] as (typeof found)[number];
      expect([shape, dtype]).toEqual([each.shape, each.dtype]);
      each.dataSync().forEach((value, at) => {
        const got = Number(data[at]);
        const near = Math.abs(got - value) <= 1e-5 * Math.max(Math.abs(value), 1e-2);
        if (!near && !Object.is(got, value) && got !== value) {
          expect.fail(`output ${index}, element ${at}: ${got}, not ${value}`);
        }
      });
    });
  }
});

describe("what ONNX has no word for is named", () => {
  test.each([
    ["arctan2", () => ops.arctan2(x, positive)],
    ["erfinv", () => ops.erfinv(x)],
    ["searchsorted", () => ops.searchsorted(tensor([0, 1]), ops.reshape(x, [-1]))],
    ["cumprod", () => ops.cumprod(x, 1)],
  ])("%s", async (_name, make) => {
    const outputs = make() as SymbolicTensor;
    await expect(model({ inputs: [x, n], outputs }).toOnnx()).rejects.toThrow(/toOnnx: /);
  });
});
