import { describe, expect, test } from "vitest";
import { readGolden } from "../../../test/golden/golden.ts";
import { layers } from "../../index.ts";
import { model } from "../../models/functional.ts";
import { tensor } from "../../ops/tensor.ts";
import { InputLayer, input, inputLayer } from "./input-layer.ts";

const golden = await readGolden("InputLayer");

describe("InputLayer", () => {
  test.each(golden.cases)("config as Keras's: $name", ({ config, outputShape, outputDtype }) => {
    const layer = InputLayer.fromConfig(config as never);
    expect(layer.getConfig()).toEqual(config);
    expect(layer.output.shape).toEqual(outputShape);
    expect(layer.output.dtype).toBe(outputDtype);
  });

  test("input gives the symbolic tensor of a layer of that name", () => {
    const x = input({ shape: [null, 3], batchSize: 4, dtype: "int32", name: "ids" });
    expect([x.shape, x.dtype, x.name]).toEqual([[4, null, 3], "int32", "ids"]);
    expect(x.node?.operation).toBeInstanceOf(InputLayer);
  });

  test("may begin a graph at a tensor inside another one", () => {
    const x = input({ shape: [2] });
    const inner = layers.dense(x, { units: 3 });
    const y = layers.dense(inner, { units: 1 });
    const whole = model({ inputs: x, outputs: y });
    const rest = model({ inputs: input({ inputTensor: inner, name: "inner" }), outputs: y });
    expect([rest.layers.length, rest.countParams(), whole.countParams()]).toEqual([2, 4, 13]);
    whole.dispose();
  });

  test("hands tensors on", async () => {
    using y = inputLayer({ shape: [2] }).apply([[1, 2]]);
    expect(await y.array()).toEqual([[1, 2]]);
  });

  test.each([
    ["nothing", () => input({})],
    ["both shapes", () => input({ shape: [2], batchShape: [null, 2] })],
    ["a number", () => input({ shape: 2 as never })],
    ["a negative size", () => input({ shape: [-1], name: "x" })],
    ["a fraction", () => input({ shape: [1.5] })],
    ["two batch sizes", () => input({ batchShape: [null, 2], batchSize: 2 })],
    ["a tensor of another shape", () => input({ inputTensor: input({ shape: [2] }), shape: [3] })],
    ["a tensor of another dtype", () => input({ inputTensor: input({ shape: [2] }), dtype: "int32" })],
    ["a tensor that is not symbolic", () => input({ inputTensor: [1, 2] } as never)],
    ["an unknown dtype", () => input({ shape: [2], dtype: "float23" as never })],
    ["a misspelt option", () => input({ shape: [2], batchsize: 4 } as never)],
    ["sparse", () => input({ shape: [2], sparse: true } as never)],
    ["data of another shape", () => inputLayer({ shape: [2], name: "x" }).apply(tensor([[1, 2, 3]]))],
  ])("refuses %s", (_name, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});
