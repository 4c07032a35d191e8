import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { grad } from "../../ops/grad.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { tensor } from "../../ops/tensor.ts";
import { UnitNormalization, unitNormalization } from "./unit-normalization.ts";

await layerContract(UnitNormalization, unitNormalization, {
  refuses: {
    "an axis twice": () => new UnitNormalization({ name: "unit", axis: [1, 1] }),
    "the same axis in two ways": () => new UnitNormalization({ name: "unit", axis: [1, -1] }).build([null, 4]),
    "an axis that does not exist": () => new UnitNormalization({ name: "unit", axis: 2 }).build([null, 4]),
    "an axis that is no number": () => new UnitNormalization({ name: "unit", axis: "last" as never }),
  },
});

test("the gradient at zeros, where Keras has NaN, is finite", async () => {
  const layer = new UnitNormalization();
  const slope = await grad((x) => sum(layer.apply(x)))(tensor([[0, 0]])).data();
  expect([...slope].every(Number.isFinite)).toBe(true);
});
