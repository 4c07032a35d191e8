/**
 * The optimizers' updates: kernels against loops, at every place of a vector and of a block, and what they refuse.
 * That the formulas are the right ones is proved by `optimizers/optimizers.test.ts`, against Keras.
 */
import { describe, expect, test } from "vitest";
import { type Given, randomGiven } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { tensor } from "../tensor.ts";
import { adafactor } from "./adafactor.ts";
import { lamb } from "./lamb.ts";
import { muon } from "./muon.ts";
import * as rules from "./rules.ts";

/** Sizes around vectors and blocks of the kernels. */
const shapes = [[], [1], [3], [4], [5], [2, 3], [67], [4095], [4097], [8193], [0]];

const positive = ["v", "vHat", "u", "a", "d"];

/** x, g and slots, with what is a square or a size being positive. */
function operands(shape: readonly number[], slots: readonly string[]): Given[] {
  return ["x", "g", ...slots].map((name, index) =>
    randomGiven(shape, 100 * index + shape.length, positive.includes(name) ? { min: 0.01, max: 3 } : {}),
  );
}

type AnyRule = (inputs: Record<string, Tensor | undefined>, attributes: never) => Readonly<Record<string, Tensor>>;

/** The rule as a function of tensors by position. */
const positional =
  (rule: unknown, slots: readonly string[]) =>
  (x: Tensor, g: Tensor, ...rest: unknown[]): Tensor[] => {
    const state = Object.fromEntries(slots.map((name, index) => [name, rest[index] as Tensor]));
    return Object.values((rule as AnyRule)({ x, g, ...state }, rest.at(-1) as never));
  };

function contract(name: string, rule: unknown, slots: readonly string[], attributes: object, batched = true): void {
  const batch = ["x", "g", ...slots].map((_, index) => index);
  opContract(name, positional(rule, slots), {
    examples: shapes.map((shape) => ({
      args: [...operands(shape, slots), { keep: 0.99, ...attributes }],
      ...(batched && shape.length > 0 && shape[0] !== 0 ? { batch } : {}),
    })),
    derivatives: "none",
    float32: { relative: 2e-6, scale: 1e-6 },
  });
}

const sgd = { learningRate: 0.1, momentum: 0.9, nesterov: false };
contract("sgd", rules.sgd, [], sgd);
contract("sgdWithMomentum", rules.sgd, ["m"], sgd);
contract("sgdByNesterov", rules.sgd, ["m"], { ...sgd, nesterov: true });
const moments = { beta1: 0.9, beta2: 0.99, epsilon: 1e-7 };
contract("adam", rules.adam, ["m", "v"], { alpha: 0.05, ...moments });
contract("amsgrad", rules.adam, ["m", "v", "vHat"], { alpha: 0.05, ...moments });
contract("adamax", rules.adamax, ["m", "u"], { alpha: 0.05, ...moments });
contract("nadam", rules.nadam, ["m", "v"], { ofMean: 0.05, ofGradient: 0.02, correction: 1.5, ...moments });
const rmsprop = { learningRate: 0.05, rho: 0.9, momentum: 0.8, epsilon: 1e-7 };
contract("rmsprop", rules.rmsprop, ["v"], rmsprop);
contract("rmspropWithMomentum", rules.rmsprop, ["v", "m"], rmsprop);
contract("adagrad", rules.adagrad, ["a"], { learningRate: 0.05, epsilon: 1e-7 });
contract("adadelta", rules.adadelta, ["a", "d"], { learningRate: 0.5, rho: 0.9, epsilon: 1e-7 });
contract("lion", rules.lion, ["m"], { learningRate: 0.05, beta1: 0.9, beta2: 0.99 });
const ftrl = { learningRate: 0.05, power: 0.5, l1: 0.01, l2: 0.02, shrinkage: 0.03 };
contract("ftrl", rules.ftrl, ["a", "l"], ftrl);
contract("ftrlOfAnyPower", rules.ftrl, ["a", "l"], { ...ftrl, power: 0.7 });
contract("scheduleFree", rules.scheduleFree, ["z", "v"], {
  learningRate: 0.05,
  ...moments,
  correction: 2,
  weight: 0.2,
});
contract("lamb", lamb, ["m", "v"], { learningRate: 0.05, ...moments, t: 3 }, false);
const factored = { rate: 0.1, beta2: 0.5, epsilon1: 1e-30, epsilon2: 1e-3, clipThreshold: 1 };
contract("adafactorOfVectors", adafactor, ["v"], factored, false);
opContract("adafactorOfMatrices", positional(adafactor, ["v", "r", "c"]), {
  examples: [
    [2, 3],
    [3, 4, 5],
  ].map((shape) => [
    ...operands(shape, ["v"]),
    randomGiven(shape.slice(0, -1), 7, { min: 0.01 }),
    randomGiven([...shape.slice(0, -2), shape.at(-1) as number], 8, { min: 0.01 }),
    { keep: 0.99, ...factored },
  ]),
  derivatives: "none",
  float32: { relative: 2e-6, scale: 1e-6 },
});
opContract("muon", positional(muon, ["m"]), {
  examples: [
    [1, 1],
    [3, 4],
    [5, 2],
  ].map((shape) => [
    ...operands(shape, ["m"]),
    { keep: 0.99, learningRate: 0.1, momentum: 0.9, nesterov: true, polynomial: [3.4445, -4.775, 2.0315], steps: 5 },
  ]),
  derivatives: "none",
  float32: { relative: 1e-5, scale: 1e-5 },
});

// RMSprop takes the variance of the gradient, v − a², which has to be positive.
opContract("rmspropCentered", positional(rules.rmsprop, ["v", "m", "a"]), {
  examples: shapes.map((shape) => [
    ...operands(shape, []),
    randomGiven(shape, 5, { min: 2, max: 3 }),
    randomGiven(shape, 6),
    randomGiven(shape, 7, { min: -1, max: 1 }),
    { keep: 0.99, ...rmsprop },
  ]),
  derivatives: "none",
  float32: { relative: 2e-6, scale: 1e-6 },
});

describe("gradients that are no numbers", () => {
  test.each([
    ["sgd", rules.sgd, sgd],
    ["adam", rules.adam, { alpha: 0.05, ...moments }],
    ["lion", rules.lion, { learningRate: 0.05, beta1: 0.9, beta2: 0.99 }],
  ] as const)("%s makes NaN of NaN, and leaves its neighbours alone", (_name, rule, attributes) => {
    const values = inScope(() => {
      const g = tensor([0, Number.NaN, 0, 0]);
      const x = tensor([1, 2, 3, 4]);
      const zero = tensor([0, 0, 0, 0]);
      return (rule as unknown as AnyRule)({ x, g, m: zero, v: zero }, {
        keep: 1,
        ...attributes,
      } as never).x?.arraySync();
    });
    expect(values).toEqual([1, Number.NaN, 3, 4]);
  });
});

test("a NaN in a slot stays there", () => {
  const m = inScope(() => {
    const [x, g, nan] = [tensor([1]), tensor([1]), tensor([Number.NaN])];
    return rules.sgd({ x, g, m: nan }, { keep: 1, ...sgd }).m.arraySync();
  });
  expect(m).toEqual([Number.NaN]);
});

describe("refused", () => {
  const update = (x: Tensor, g: Tensor, m?: Tensor) => rules.sgd({ x, g, m }, { keep: 1, ...sgd });
  test.each([
    ["a gradient of another shape", () => update(tensor([1, 2]), tensor([[1, 2]]))],
    ["a slot of another shape", () => update(tensor([1, 2]), tensor([1, 2]), tensor([1]))],
    ["a gradient of another dtype", () => update(tensor([1]), tensor([1], [1], "float64"))],
    ["an integer variable", () => update(tensor([1], [1], "int32"), tensor([1], [1], "int32"))],
  ])("%s", (_title, run) => {
    expect(() => inScope(() => run())).toThrowErrorMatchingSnapshot();
  });
});
