/**
 * Every layer in ONNX Runtime: for all configurations that real Keras computed (test/golden), the file gives what Keras
 * gave at inference, and at opset 21, for a batch of another size, what the model here gives. Those that cannot be
 * written are the stateful ones.
 */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { camelCase } from "../../src/core/options.ts";
import type { SymbolicTensor } from "../../src/core/symbolic.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { isPlainObject, leaves } from "../../src/core/tree.ts";
import type { Variable } from "../../src/core/variable.ts";
import { input } from "../../src/layers/core/input-layer.ts";
import * as layers from "../../src/layers/index.ts";
import { type CallContext, type Layer, layer } from "../../src/layers/layer.ts";
import { model } from "../../src/models/functional.ts";
import type { Model } from "../../src/models/model.ts";
import { copy } from "../../src/ops/movement/reshape.ts";
import { tensor } from "../../src/ops/tensor.ts";
import { type GoldenLayerCase, type GoldenTensor, readGolden } from "../golden/golden.ts";
import { type Plain, runOnnx } from "./runtime.ts";

/** The first of two tensors, with the second as its mask. */
class WithMask extends layer("WithMask", {}) {
  override readonly supportsMasking = true;
  override call([x]: readonly Tensor[], _context: CallContext): Tensor {
    return copy(x as Tensor);
  }
  override computeMask([, mask]: readonly Tensor[]): Tensor | undefined {
    return mask;
  }
}

const folder = new URL("../golden/layers/", import.meta.url);
const classNames = readdirSync(folder)
  .map((file) => file.slice(0, -".json".length))
  .filter((name) => name !== "InputLayer" && name in layers)
  .sort();

const dtypeOf = ({ dtype }: GoldenTensor) =>
  dtype.startsWith("float") ? "float32" : dtype === "bool" || dtype === "uint8" ? dtype : "int32";

/** A model of one layer with its golden weights, and what goes into it. */
function modelOf(className: string, golden: GoldenLayerCase): { net: Model; given: GoldenTensor[] } {
  const layerClass = (layers as unknown as Record<string, typeof Layer>)[className] as typeof Layer;
  const made = (layerClass.fromConfig as unknown as (config: unknown, classes: unknown) => Layer)(
    golden.config,
    layers,
  );
  const given: GoldenTensor[] = [];
  const enter = (each: GoldenTensor) => {
    given.push(each);
    return input({
      batchShape: [golden.wholeBatch ? (each.shape[0] as number) : null, ...each.shape.slice(1)],
      dtype: dtypeOf(each) as never,
      name: `x${given.length}`,
    });
  };
  const masks = golden.mask === null ? [] : Array.isArray(golden.mask) ? golden.mask : [golden.mask];
  const masked = golden.inputs.map((each, index) => {
    const x = enter(each);
    const mask = masks[index] as GoldenTensor | null | undefined;
    return mask ? new WithMask().apply([x, enter(mask)]) : x;
  });
  const told = Object.entries(golden.arguments ?? {}).map(([name, value]) => [
    camelCase(name),
    isPlainObject(value) && "values" in value ? enter(value as unknown as GoldenTensor) : value,
  ]);
  const outputs = made.apply(
    (golden.inputIsList ? masked : masked[0]) as SymbolicTensor,
    Object.fromEntries(told) as never,
  );
  const symbolic = leaves(outputs) as SymbolicTensor[];
  const inputs = given.map((_, index) => inputsOfGraph(symbolic, `x${index + 1}`));
  const net = model({ inputs, outputs: symbolic });
  golden.weights.forEach((weight, index) => {
    const variable = made.weights[index] as Variable;
    const value = tensor(weight.values as number[], weight.shape, variable.dtype);
    variable.assign(value);
    value.dispose();
  });
  return { net, given };
}

/** The input of that name that symbolic tensors come from. */
function inputsOfGraph(tensors: readonly SymbolicTensor[], name: string): SymbolicTensor {
  const seen = new Set<SymbolicTensor>();
  const open = [...tensors];
  for (let each = open.pop(); each; each = open.pop()) {
    if (seen.has(each)) continue;
    seen.add(each);
    if (each.name === name) return each;
    open.push(...(each.node?.inputs ?? []));
  }
  throw new Error(`no input ${name}`);
}

/** Cases that Keras computes in another way than its documentation says, and than the layers here. */
const otherwise = ["Dense: low-rank adaptation with alpha", "Embedding: low-rank adaptation"];

/** Cases that name a class which only the layer's own tests have. */
const hasOwnClass = ({ config }: GoldenLayerCase) => JSON.stringify(config).includes("PeepCell");

const isStateful = ({ config }: GoldenLayerCase) => JSON.stringify(config).includes('"stateful":true');

function expectNear(found: Plain | undefined, wanted: Plain, what: string): void {
  expect(found?.shape, `${what}: shape`).toEqual(wanted.shape);
  const values = Array.from(wanted.data, Number);
  const scale = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));
  values.forEach((value, at) => {
    const got = Number(found?.data[at]);
    if (Number.isNaN(value) || got === value || Math.abs(got - value) <= 1e-5 * scale) return;
    expect.fail(`${what}: element ${at} is ${got}, not ${value}`);
  });
}

/** The same samples twice. */
function twice({ shape, dtype, data }: Plain): Plain {
  const [batch, ...rest] = shape as [number, ...number[]];
  return { shape: [2 * batch, ...rest], dtype, data: [...Array.from(data), ...Array.from(data)] };
}

const plain = (golden: GoldenTensor): Plain => ({ shape: golden.shape, dtype: dtypeOf(golden), data: golden.values });

/** What the model here gives. */
function applied(net: Model, inputs: Readonly<Record<string, Plain>>): Plain[] {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype, data }]) => [
      name,
      tensor(Array.from(data), [...shape], dtype as never),
    ]),
  );
  const outputs = leaves(net.apply<never>(tensors as never)) as Tensor[];
  return outputs.map((each) => ({ shape: each.shape, dtype: each.dtype, data: each.dataSync() }));
}

test.each(classNames)("%s", async (className) => {
  const { cases } = await readGolden(className);
  for (const golden of cases.filter((each) => !hasOwnClass(each))) {
    const { net, given } = modelOf(className, golden);
    if (isStateful(golden)) {
      await expect(net.toOnnx(), golden.name).rejects.toThrow("from call to call");
      net.dispose();
      continue;
    }
    const inputs = Object.fromEntries(given.map((each, index) => [net.inputNames[index] as string, plain(each)]));
    const isKeras = golden.training !== true && !otherwise.includes(`${className}: ${golden.name}`);
    const wanted = isKeras ? golden.outputs.map(plain) : applied(net, inputs);
    const found = Object.values(await runOnnx(await net.toOnnx(), inputs));
    wanted.forEach((each, index) => {
      expectNear(found[index], each, `${golden.name}, output ${index}`);
    });
    const isFree = !golden.wholeBatch && new Set(given.map(({ shape }) => shape[0])).size === 1;
    const more = Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, isFree ? twice(each) : each]));
    const again = Object.values(await runOnnx(await net.toOnnx({ opset: 21 }), more));
    applied(net, more).forEach((each, index) => {
      expectNear(again[index], each, `${golden.name} at opset 21, output ${index}`);
    });
    net.dispose();
  }
});
