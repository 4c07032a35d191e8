import fc from "fast-check";
import { expect, test } from "vitest";
import { type Given, given, randomGiven, randomIntegers, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { info } from "../../devices/current.ts";
import { grad } from "../grad.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { sum } from "../reduce/sum.ts";
import { tensor, toTensor } from "../tensor.ts";
import { crossEntropy } from "./cross-entropy.ts";

const entropy = publicOp("crossEntropy", (x: TensorLike, target: TensorLike) =>
  crossEntropy(toTensor(x), toTensor(target)),
);

const bounds = {
  float32: { relative: 1e-6, absolute: 1e-6 },
  gradient32: { relative: 1e-5, scale: 2e-6, absolute: 1e-7 },
};

const batch = (shape: readonly number[]) => (shape.length > 1 ? [0, 1] : []);
const logits = shapes({ minRank: 1, maxRank: 3 });

opContract("cross-entropy of probabilities", entropy, {
  cases: fc.tuple(logits, seeds).map(([shape, seed]) => ({
    args: [randomGiven(shape, seed), randomGiven(shape, seed + 1)],
    batch: batch(shape),
  })),
  examples: [
    [given([2, 3], [1000, 0, -1000, 3e5, 3e5 + 1, 3e5]), given([2, 3], [0, 1, 0, 0.25, 0.5, 0.25])],
    { args: [randomGiven([3, 70], 4), randomGiven([3, 70], 5)], batch: [0, 1] },
    [given([0, 3], []), given([0, 3], [])],
    { args: [given([2, 2], [Number.NaN, 1, 0, 1]), given([2, 2], [0, 1, 0, 1])], gradient: false },
  ],
  ...bounds,
});

const labelled = (shape: number[], seed: number): [Given, Given] => [
  randomGiven(shape, seed),
  randomIntegers(shape.slice(0, -1), seed + 1, 0, (shape.at(-1) as number) - 1),
];

opContract("cross-entropy of labels", entropy, {
  cases: fc.tuple(logits, seeds).map(([shape, seed]) => ({ args: labelled(shape, seed), batch: batch(shape) })),
  examples: [
    [given([2, 3], [1000, 0, -1000, 3e5, 3e5 + 1, 3e5]), given([2], [2, 1], "int32")],
    { args: labelled([3, 70], 4), batch: [0, 1] },
    [given([0, 3], []), given([0], [], "int32")],
  ],
  ...bounds,
});

test("labels and one-hot targets give the same bits, forwards and back", async () => {
  const x = tensor([0.5, -2, 3, 1, 1, 1, -1, 40, 7, 0.1], [2, 5]);
  const labels = tensor(new Int32Array([4, 2]));
  const hot = tensor([0, 0, 0, 0, 1, 0, 0, 1, 0, 0], [2, 5]);
  expect(await crossEntropy(x, labels).array()).toEqual(await crossEntropy(x, hot).array());
  const gradient = (target: typeof hot) => grad((logits) => sum(crossEntropy(logits, target)))(x).array();
  expect(await gradient(labels)).toEqual(await gradient(hot));
});

test("the gradient needs no more memory than its result and two numbers for each row", () => {
  const [rows, classes] = [256, 1000];
  const x = tensor(new Float32Array(rows * classes), [rows, classes]);
  const labels = tensor(new Int32Array(rows));
  const before = info().memory.bytes;
  let most = 0;
  const gradient = grad((logits) => {
    const y = sum(crossEntropy(logits, labels));
    most = info().memory.bytes;
    return y;
  })(x);
  expect(most - before).toBeLessThan(rows * classes * 4);
  gradient.dispose();
});
