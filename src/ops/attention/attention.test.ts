import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { given, randomGiven, randomIntegers, seeds } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { onDevice } from "../../core/device.ts";
import { live } from "../../core/storage.ts";
import { referenceDevice } from "../../devices/reference/reference.ts";
import { createWasmDevice } from "../../devices/wasm/wasm.ts";
import { multiply } from "../elementwise/binary.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { ones, tensor } from "../tensor.ts";
import { attend, dotProductAttention } from "./attention.ts";

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  queries: fc.integer({ min: 1, max: 6 }),
  keys: fc.integer({ min: 1, max: 6 }),
  keyHeads: fc.integer({ min: 1, max: 2 }),
  repeats: fc.integer({ min: 1, max: 2 }),
  keySize: fc.integer({ min: 1, max: 10 }),
  valueSize: fc.integer({ min: 1, max: 10 }),
  masked: fc.constantFrom("no", "keys", "all"),
  biased: fc.boolean(),
  causal: fc.boolean(),
  seed: seeds,
});

const bounds = {
  float32: { relative: 2e-6, scale: 2e-6 },
  // where a query sees one key alone, differences of equal numbers
  gradient32: { relative: 1e-5, scale: 1e-5, absolute: 1e-6 },
  gradient64: { relative: 1e-10, scale: 1e-11, absolute: 1e-14 },
};

opContract("dotProductAttention", dotProductAttention, {
  ...bounds,
  examples: [
    // one of everything
    [given([1, 1, 1, 1], [2]), given([1, 1, 1, 1], [3]), given([1, 1, 1, 1], [4])],
    // scores that differ by hundreds: what is left of a gradient then is a difference of nearly equal numbers
    {
      args: [
        randomGiven([1, 3, 1, 4], 1, { min: -50, max: 50 }),
        randomGiven([1, 4, 1, 4], 2),
        randomGiven([1, 4, 1, 2], 3),
      ],
      gradient: false,
    },
    // more keys and queries than a tile and a block hold
    [randomGiven([1, 37, 2, 3], 4), randomGiven([1, 131, 1, 3], 5), randomGiven([1, 131, 1, 9], 6)],
    {
      args: [
        randomGiven([2, 35, 2, 4], 7),
        randomGiven([2, 70, 2, 4], 8),
        randomGiven([2, 70, 2, 5], 9),
        randomGiven([2, 1, 35, 70], 10),
        randomIntegers([2, 1, 35, 70], 11, 0, 1, "bool"),
        0.25,
        true,
      ],
      batch: [0, 1, 2, 3, 4],
    },
    // queries that see nothing: the second one
    [
      randomGiven([1, 2, 1, 2], 12),
      randomGiven([1, 3, 1, 2], 13),
      randomGiven([1, 3, 1, 2], 14),
      undefined,
      given([1, 1, 2, 3], [1, 0, 1, 0, 0, 0], "bool"),
    ],
    // capped scores
    [
      randomGiven([1, 3, 2, 2], 15, { away: [0] }),
      randomGiven([1, 3, 2, 2], 16),
      randomGiven([1, 3, 2, 2], 17),
      undefined,
      undefined,
      2,
      true,
      undefined,
      1.5,
    ],
  ],
  cases: sizes.map(({ batch, queries, keys, keyHeads, repeats, keySize, valueSize, masked, biased, causal, seed }) => {
    const heads = keyHeads * repeats;
    const mask = { no: undefined, keys: [batch, 1, 1, keys], all: [1, heads, queries, keys] }[masked];
    return {
      args: [
        randomGiven([batch, queries, heads, keySize], seed),
        randomGiven([batch, keys, keyHeads, keySize], seed + 1),
        randomGiven([batch, keys, keyHeads, valueSize], seed + 2),
        biased ? randomGiven([1, heads, 1, keys], seed + 3) : undefined,
        mask && randomIntegers(mask, seed + 4, 0, 1, "bool"),
        undefined,
        causal,
      ],
      batch: masked === "keys" ? [0, 1, 2, 4] : [0, 1, 2],
    };
  }),
});

describe("attention under a window", () => {
  const windowed = (window: number, causal: boolean, unseeing: "average" | "zero") => (q: never, k: never, v: never) =>
    attend({ q, k, v }, { scale: 0.5, causal, window, unseeing });

  for (const [window, causal] of [
    [1, false],
    [3, true],
    [40, false],
    [40, true],
  ] as const) {
    for (const unseeing of ["average", "zero"] as const) {
      opContract(
        `window ${window}, causal ${causal}, ${unseeing} where nothing is seen`,
        windowed(window, causal, unseeing),
        {
          ...bounds,
          examples: [
            [randomGiven([1, 5, 2, 3], 1), randomGiven([1, 3, 1, 3], 2), randomGiven([1, 3, 1, 2], 3)],
            [randomGiven([1, 150, 1, 2], 4), randomGiven([1, 70, 1, 2], 5), randomGiven([1, 70, 1, 2], 6)],
          ],
        },
      );
    }
  }
});

describe("dotProductAttention", () => {
  test("weights are those of the softmax, by hand", () => {
    // scores 0, log 2 and log 5 before the scale of 1: weights 1/8, 2/8, 5/8
    const y = dotProductAttention(
      tensor([[[[1]]]]),
      tensor([[[[0]], [[Math.log(2)]], [[Math.log(5)]]]]),
      tensor([[[[8]], [[16]], [[24]]]]),
      null,
      null,
      1,
    );
    expect(y.dataSync()[0]).toBeCloseTo(1 + 4 + 15, 5);
    y.dispose();
  });

  test.each([256, 512, 1024])("takes memory that grows with the length %i alone, forward and backward", (length) => {
    onDevice(createWasmDevice({ poison: true }), () => {
      const x = ones([1, length, 2, 8]);
      const before = live.bytes;
      live.peakBytes = before;
      const slope = grad((q) => sum(multiply(dotProductAttention(q, x, x), 2)))(x);
      expect(live.peakBytes - before).toBeLessThanOrEqual(length * 2 * 8 * 4 * 24);
      slope.dispose();
      x.dispose();
    });
  });

  const q = () => ones([2, 3, 4, 5]);
  const refusals: Record<string, () => unknown> = {
    "operands of another rank": () => dotProductAttention(ones([3, 4]), q(), q()),
    "batches that differ": () => dotProductAttention(q(), ones([1, 3, 4, 5]), q()),
    "sizes of queries and keys that differ": () => dotProductAttention(q(), ones([2, 3, 4, 6]), q()),
    "lengths of keys and values that differ": () => dotProductAttention(q(), q(), ones([2, 4, 4, 5])),
    "heads that cannot be shared": () => dotProductAttention(q(), ones([2, 3, 3, 5]), ones([2, 3, 3, 5])),
    "a mask that does not broadcast": () => dotProductAttention(q(), q(), q(), null, ones([2, 1, 3, 2])),
    "a bias that does not broadcast": () => dotProductAttention(q(), q(), q(), ones([3, 1, 3, 3])),
    integers: () => dotProductAttention(tensor([[[[1]]]], undefined, "int32"), [[[[1]]]], [[[[1]]]]),
    "a scale that is no number": () => dotProductAttention(q(), q(), q(), null, null, Number.NaN),
    "a cap of 0": () => dotProductAttention(q(), q(), q(), null, null, null, false, null, 0),
  };
  test.each(Object.entries(refusals))("refuses %s", (_name, act) => {
    onDevice(referenceDevice, () => expect(act).toThrowErrorMatchingSnapshot());
  });
});
