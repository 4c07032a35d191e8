import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcasting, given, randomGiven, randomIntegers, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { onDevice } from "../../core/device.ts";
import type { Tensor } from "../../core/tensor.ts";
import { info } from "../../devices/current.ts";
import { createWasmDevice } from "../../devices/wasm/wasm.ts";
import { relu } from "../elementwise/activations.ts";
import { square } from "../elementwise/unary.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor, zeros } from "../tensor.ts";
import { einsum } from "./einsum.ts";
import { affine, dot, inner, matmul, outer, product, tensordot, vdot } from "./matmul.ts";

const size = fc.integer({ min: 1, max: 9 });
// sums that may cancel
const float32 = { relative: 1e-6, scale: 1e-6 };

opContract("matmul", matmul, {
  cases: fc
    .tuple(broadcasting(2, shapes({ maxRank: 2, max: 3 })), size, size, size, fc.nat({ max: 3 }), seeds)
    .map(([[first, second], m, k, n, vectors, seed]) => {
      const a = vectors & 1 ? [k] : [...(first as number[]), m, k];
      const b = vectors & 2 ? [k] : [...(second as number[]), k, n];
      return [randomGiven(a, seed), randomGiven(b, seed + 1)];
    }),
  examples: [
    { args: [randomGiven([5, 7], 1), randomGiven([7, 10], 2)], batch: [0] },
    { args: [randomGiven([5, 3, 7], 3), randomGiven([7, 10], 4)], batch: [0] },
    { args: [randomGiven([3, 2, 4], 5), randomGiven([3, 4, 9], 6)], batch: [0, 1] },
    [given([0, 3], []), randomGiven([3, 2], 7)],
    [randomGiven([2, 3], 8), given([3, 0], [])],
    [given([2, 0], []), given([0, 3], [])],
    [given([0, 2, 3], []), randomGiven([3, 2], 9)],
    [randomIntegers([3, 4], 1, -5, 5), randomIntegers([4, 2], 2, 0, 255, "uint8")],
    { args: [given([2, 2], [1, Number.POSITIVE_INFINITY, 3, 4]), given([2, 1], [1, 2])], gradient: false },
    { args: [given([1, 2], [1e30, 1e-30]), given([2, 2], [1e-30, 0, 1, 1e30])], gradient: false },
  ],
  float32,
});

opContract("dot", dot, {
  cases: fc
    .tuple(shapes({ maxRank: 2, max: 4 }), shapes({ maxRank: 2, max: 4 }), size, seeds)
    .map(([first, second, k, seed]) => [
      randomGiven([...first, k], seed),
      randomGiven(second.length < 1 ? [k] : [...second.slice(0, -1), k, second.at(-1) as number], seed + 1),
    ]),
  examples: [
    [given([], [3]), randomGiven([2, 3], 1)],
    [randomGiven([2, 3], 1), given([], [3])],
  ],
  float32,
});

opContract("inner", inner, {
  cases: fc
    .tuple(shapes({ maxRank: 2, max: 4 }), shapes({ maxRank: 2, max: 4 }), size, seeds)
    .map(([first, second, k, seed]) => [randomGiven([...first, k], seed), randomGiven([...second, k], seed + 1)]),
  examples: [[given([], [3]), randomGiven([2, 3], 1)]],
  float32,
});

opContract("outer", outer, {
  cases: fc
    .tuple(shapes({ maxRank: 3, max: 4 }), shapes({ maxRank: 3, max: 4 }), seeds)
    .map(([first, second, seed]) => [randomGiven(first, seed), randomGiven(second, seed + 1)]),
  examples: [[given([0], []), randomGiven([3], 1)]],
});

opContract("vdot", vdot, {
  cases: fc
    .tuple(shapes({ maxRank: 3, max: 4 }), seeds)
    .map(([shape, seed]) => [randomGiven(shape, seed), randomGiven([...shape].reverse(), seed + 1)]),
  float32,
});

opContract("tensordot", tensordot, {
  cases: fc
    .tuple(
      shapes({ minRank: 1, maxRank: 4, max: 4 }),
      shapes({ maxRank: 2, max: 4 }),
      fc.nat({ max: 3 }),
      fc.boolean(),
      seeds,
    )
    .map(([shape, free, count, lists, seed]) => {
      const axes = [...shape.keys()].slice(-Math.min(count, shape.length));
      const summed = axes.map((axis) => shape[axis] as number);
      const x = randomGiven(shape, seed);
      if (!lists) return [x, randomGiven([...summed, ...free], seed + 1), axes.length];
      // the same axes in another order, at the back
      return [
        x,
        randomGiven([...free, ...summed.reverse()], seed + 1),
        [[...axes].reverse(), axes.map((_, i) => i - axes.length)],
      ];
    }),
  examples: [
    [randomGiven([2, 3], 1), randomGiven([4, 2], 2), [0, 1]],
    [randomGiven([2, 3], 1), randomGiven([4, 2], 2), 0],
  ],
  float32,
});

opContract("einsum", einsum, {
  examples: [
    ["ij,jk->ik", randomGiven([2, 3], 1), randomGiven([3, 4], 2)],
    ["ij,kj->ik", randomGiven([2, 3], 1), randomGiven([4, 3], 2)],
    ["abcd,aecd->aceb", randomGiven([2, 3, 4, 5], 3), randomGiven([2, 3, 4, 5], 4)],
    ["aecd,abcd->acbe", randomGiven([2, 3, 2, 5], 3), randomGiven([2, 4, 2, 5], 4)],
    ["...x,xy->...y", randomGiven([2, 3, 4], 5), randomGiven([4, 2], 6)],
    ["...ij,...jk->...ik", randomGiven([3, 1, 2, 2], 5), randomGiven([4, 2, 3], 6)],
    ["ij,jk,kl->il", randomGiven([2, 3], 7), randomGiven([3, 4], 8), randomGiven([4, 2], 9)],
    ["i,j,k->kji", randomGiven([2], 7), randomGiven([3], 8), randomGiven([4], 9)],
    ["ii->i", randomGiven([3, 3], 1)],
    ["ii", randomGiven([3, 3], 1)],
    ["iji->j", randomGiven([3, 2, 3], 1)],
    ["ba", randomGiven([2, 3], 1)],
    ["ij,ij->", randomGiven([2, 3], 1), randomGiven([2, 3], 2)],
    ["ij,k->i", randomGiven([2, 3], 1), randomGiven([2], 2)],
    ["...,...->...", randomGiven([2, 1], 1), randomGiven([3], 2)],
    ["bij,bjk->bik", given([0, 2, 3], []), given([0, 3, 1], [])],
    ["ij,jk->ik", randomIntegers([2, 3], 1, -5, 5), randomIntegers([3, 2], 2, -5, 5)],
  ],
  float32,
});

// What NumPy 2.4 gives: np.einsum(subscripts, x, …) with x = arange(1, …).reshape(…).
test.each([
  [
    "ij,kj->ik",
    [
      [2, 2],
      [2, 2],
    ],
    [
      [5, 11],
      [11, 25],
    ],
  ],
  [
    "ji",
    [[2, 2]],
    [
      [1, 3],
      [2, 4],
    ],
  ],
  [
    "i,j,k->kij",
    [[2], [2], [2]],
    [
      [
        [1, 2],
        [2, 4],
      ],
      [
        [2, 4],
        [4, 8],
      ],
    ],
  ],
  [
    "...i,...i->...",
    [
      [2, 1, 2],
      [2, 2],
    ],
    [
      [5, 11],
      [11, 25],
    ],
  ],
  [
    "bij,bjk->bki",
    [
      [2, 2, 2],
      [2, 2, 2],
    ],
    [
      [
        [7, 15],
        [10, 22],
      ],
      [
        [67, 91],
        [78, 106],
      ],
    ],
  ],
])("einsum %s of %j is %j", (subscripts, operandShapes, want) => {
  const operands = operandShapes.map((shape) => {
    const count = shape.reduce((a, b) => a * b);
    return tensor(
      Array.from({ length: count }, (_, index) => index + 1),
      shape,
    );
  });
  expect(einsum(subscripts, ...operands).arraySync()).toEqual(want);
});

/** The product in float64, element by element, from what the operands hold. */
function direct(
  a: (i: number, l: number) => number,
  b: (l: number, j: number) => number,
  [m, k, n]: readonly number[],
) {
  const c = new Float64Array((m as number) * (n as number));
  for (let i = 0; i < (m as number); i++) {
    for (let j = 0; j < (n as number); j++) {
      for (let l = 0; l < (k as number); l++) (c[i * (n as number) + j] as number) += a(i, l) * b(l, j);
    }
  }
  return c;
}

describe.each([false, true])("products beyond one block (relaxed SIMD where there is: %s)", (relaxed) => {
  const device = createWasmDevice({ relaxed, poison: true });
  const sizes = [
    [97, 300, 17],
    [1, 513, 40],
    [193, 5, 1],
    [4, 257, 8],
    [101, 256, 33],
    [5, 1000, 64],
  ] as const;
  const cases = sizes.flatMap((each) =>
    [0, 1, 2, 3].flatMap((flags) => (["float32", "float64"] as const).map((dtype) => [...each, flags, dtype] as const)),
  );
  test.each(cases)("%i × %i × %i, transposes %i, %s", (m, k, n, flags, dtype) => {
    onDevice(device, () => {
      const [transposeA, transposeB] = [Boolean(flags & 1), Boolean(flags & 2)];
      const rows = randomGiven(transposeA ? [k, m] : [m, k], 1, { min: -1, max: 1 });
      const columns = randomGiven(transposeB ? [n, k] : [k, n], 2, { min: -1, max: 1 });
      const start = randomGiven([n], 3);
      const want = direct(
        (i, l) => rows.values[transposeA ? l * m + i : i * k + l] as number,
        (l, j) => columns.values[transposeB ? j * k + l : l * n + j] as number,
        [m, k, n],
      );
      const [a, b, bias] = [rows, columns, start].map((each) => tensor([...each.values], each.shape, dtype));
      const { c } = product({ a: a as never, b: b as never, bias }, { transposeA, transposeB });
      // Sums of k products of at most 1 in blocks of 256: a rounding error for each addition of one of them.
      const bound = (dtype === "float32" ? 2 ** -24 : 2 ** -53) * 2 * Math.sqrt(k) * 16;
      c.dataSync().forEach((value, index) => {
        const exact = (want[index] as number) + (start.values[index % n] as number);
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(bound);
      });
    });
  });

  test("a row alone gives the bits it gives among others", () => {
    onDevice(device, () => {
      const [m, k, n] = [103, 700, 37];
      const a = randomGiven([m, k], 1);
      const b = tensor([...randomGiven([k, n], 2).values], [k, n]);
      const whole = matmul(tensor([...a.values], [m, k]), b).dataSync();
      for (const row of [0, 1, 50, 95, 96, 102]) {
        const alone = matmul(tensor(a.values.slice(row * k, (row + 1) * k), [1, k]), b).dataSync();
        expect([...alone]).toEqual([...whole.slice(row * n, (row + 1) * n)]);
      }
      // and so does a column
      const columns = Array.from({ length: k }, (_, index) => randomGiven([k, n], 2).values[index * n + 5] as number);
      const column = matmul(tensor([...a.values], [m, k]), tensor(columns, [k, 1])).dataSync();
      expect([...column]).toEqual(Array.from({ length: m }, (_, index) => whole[index * n + 5]));
    });
  });
});

test("long sums keep their digits: 100,000 products in blocks, against one float32 sum in a row", () => {
  const count = 100_000;
  const x = tensor(new Float32Array(count).fill(0.1));
  // One float32 sum in a row is off by 3e-4 of the result.
  const exact = Math.fround(0.1) ** 2 * count;
  expect(Math.abs((vdot(x, x).dataSync()[0] as number) - exact)).toBeLessThan(2e-6 * exact);
});

test("an affine map takes inputs of any rank, its bias with it", () => {
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  const kernel = tensor([
    [1, 0, 2],
    [0, 1, 3],
  ]);
  const bias = tensor([10, 20, 30]);
  const y = [
    [
      [11, 22, 38],
      [13, 24, 48],
    ],
    [
      [15, 26, 58],
      [17, 28, 68],
    ],
  ];
  expect(affine(x, kernel, bias).arraySync()).toEqual(y);
  expect(grad((b) => sum(affine(x, kernel, b)))(bias).arraySync()).toEqual([4, 4, 4]);
  expect(grad((w) => sum(affine(x, w, bias)))(kernel).arraySync()).toEqual([
    [16, 16, 16],
    [20, 20, 20],
  ]);
  expect(() => affine(zeros([2, 3]), kernel)).toThrowErrorMatchingSnapshot();
});

test.each(["float32", "float64"] as const)(
  "max(·, 0) where a product is stored: the bits of both in turn, forward and back, in %s",
  (dtype) => {
    const of = (shape: number[], seed: number) => {
      const { values } = randomGiven(shape, seed, { min: -1, max: 1 });
      return tensor(values as number[], shape, dtype);
    };
    // 21 columns: whole panels and part of one; 300 products: two blocks
    const inputs = [of([13, 300], 1), of([300, 21], 2), of([21], 3)] as const;
    const results = (joined: boolean) => {
      const run = (a: Tensor, b: Tensor, bias: Tensor) => {
        const { c } = product({ a, b, bias }, { transposeA: false, transposeB: false, relu: joined });
        return joined ? c : relu(c);
      };
      const gradients = grad((a: Tensor, b: Tensor, bias: Tensor) => sum(square(run(a, b, bias))))(...inputs);
      return [run(...inputs), ...gradients].map((each) => each.dataSync());
    };
    expect(results(true)).toEqual(results(false));
  },
);

test("products leave nothing behind", () => {
  const before = info().memory.storages;
  const [a, b] = [zeros([3, 4, 5]), zeros([5, 2])];
  for (const y of [matmul(a, b), einsum("abc,cd->dab", a, b), tensordot(a, b, 1), dot(a, b)]) y.dispose();
  a.dispose();
  b.dispose();
  expect(info().memory.storages).toBe(before);
});

test.each([
  ["inner sizes that differ", () => matmul(zeros([2, 3]), zeros([4, 5]))],
  ["batches that do not broadcast", () => matmul(zeros([2, 3, 4]), zeros([3, 4, 5]))],
  ["a vector of another length", () => matmul(zeros([3]), zeros([4, 5]))],
  ["a scalar", () => matmul(zeros([2, 3]), 3)],
  ["dot of sizes that differ", () => dot(zeros([2, 3]), zeros([4]))],
  ["tensordot over sizes that differ", () => tensordot(zeros([2, 3]), zeros([4, 3]))],
  ["tensordot over too many axes", () => tensordot(zeros([2]), zeros([2, 3]))],
  ["tensordot over axes that do not exist", () => tensordot(zeros([2]), zeros([2, 3]), [[1], [0]])],
  [
    "tensordot over an axis twice",
    () =>
      tensordot(zeros([2, 2]), zeros([2, 2]), [
        [0, 0],
        [0, 1],
      ]),
  ],
  ["vdot of sizes that differ", () => vdot(zeros([2, 3]), zeros([5]))],
  ["einsum with too few operands", () => einsum("ij,jk->ik", zeros([2, 3]))],
  ["einsum with a rank that does not fit", () => einsum("ij->i", zeros([2]))],
  ["einsum with too small a rank for dots", () => einsum("...ij->i", zeros([2]))],
  ["einsum with sizes that differ", () => einsum("ij,jk->ik", zeros([2, 3]), zeros([4, 2]))],
  ["einsum with dots that do not broadcast", () => einsum("...,...", zeros([2]), zeros([3]))],
  ["einsum with a letter from nowhere", () => einsum("ij->ik", zeros([2, 3]))],
  ["einsum with a letter twice in the result", () => einsum("ij->ii", zeros([2, 3]))],
  ["einsum of nonsense", () => einsum("i1->i", zeros([2, 3]))],
  ["einsum with two arrows", () => einsum("i->i->i", zeros([2]))],
  ["einsum of nothing", () => einsum("->")],
  ["bias of a wrong size", () => affine(zeros([2, 3]), zeros([3, 4]), zeros([3]))],
])("refuses %s", (_what, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
