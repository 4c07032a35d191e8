import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { info } from "../../devices/current.ts";
import { tensor } from "../../ops/tensor.ts";
import { Embedding, embedding } from "./embedding.ts";

/** Calls a layer that refuses, and gives its weights back. */
function look(numbers: number[][], options = {}): unknown {
  const layer = embedding({ inputDim: 3, outputDim: 2, name: "words", ...options });
  try {
    return layer.apply(numbers);
  } finally {
    layer.dispose();
  }
}

await layerContract(Embedding, embedding, {
  // Keras forgets a loraAlpha given to the constructor when it builds; here it counts as documented.
  comparable: ({ name }) => name !== "low-rank adaptation",
  // A constraint makes vectors 0, where JAX takes 1 as the slope of |x| in the L1 penalty; here it is 0, as in TensorFlow.
  comparableSteps: ({ name }) => name !== "l1 regularizer, non_neg",
  refuses: {
    "no sizes": () => embedding({} as never),
    "a size of 0": () => embedding({ inputDim: 0, outputDim: 2 }),
    "a number without a vector": () => look([[0, 3]]),
    "a negative number": () => look([[-1]]),
    "weights of another shape": () => look([[0]], { weights: [[1, 2]] }),
    "weights beside adaptation, which has matrices of its own": () =>
      look([[0]], {
        weights: [
          [
            [0, 0],
            [1, 2],
            [3, 4],
          ],
        ],
        loraRank: 1,
      }),
    "adaptation of constrained vectors": () =>
      embedding({ inputDim: 3, outputDim: 2, loraRank: 1, embeddingsConstraint: "non_neg" }),
  },
});

test("given weights are the vectors it begins with", () => {
  const before = info().memory.storages;
  const layer = new Embedding({
    inputDim: 2,
    outputDim: 2,
    weights: [
      [1, 2],
      [3, 4],
    ],
  });
  const y = layer.apply([[1, 0]]);
  expect(y.arraySync()).toEqual([
    [
      [3, 4],
      [1, 2],
    ],
  ]);
  layer.dispose();
  y.dispose();
  expect(info().memory.storages).toBe(before);
});

test("given weights may be in a list, as Keras has them, and a tensor of another dtype", () => {
  const before = info().memory.storages;
  const given = tensor([1, 2], [1, 2], "float64");
  for (const weights of [[given], given, [[1, 2]], [[[1, 2]]]]) {
    using layer = new Embedding({ inputDim: 1, outputDim: 2, weights });
    using y = layer.apply([0]);
    expect(y.arraySync()).toEqual([[1, 2]]);
    expect(layer.getConfig()).not.toHaveProperty("weights");
  }
  given.dispose();
  expect(info().memory.storages).toBe(before);
});

test("loraAlpha scales what the thin matrices add", () => {
  const layer = new Embedding({ inputDim: 1, outputDim: 1, loraRank: 2, loraAlpha: 6, embeddingsInitializer: "ones" });
  layer.build();
  layer.setWeights([[[1]], [[1, 1]], [[1], [10]]]);
  const y = layer.apply([0]);
  expect(y.arraySync()).toEqual([[1 + 3 * 11]]);
  layer.dispose();
  y.dispose();
});
