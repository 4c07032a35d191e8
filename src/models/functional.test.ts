import { describe, expect, test } from "vitest";
import { number } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import type { PartialShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { info } from "../devices/current.ts";
import { constant } from "../initializers.ts";
import { InputLayer, input } from "../layers/core/input-layer.ts";
import { type CallContext, layer } from "../layers/layer.ts";
import { add } from "../ops/elementwise/binary.ts";
import { full, tensor } from "../ops/tensor.ts";
import { Functional, model } from "./functional.ts";
import { Sequential, sequential } from "./sequential.ts";

/** x + w, with w a weight of the last axis: enough to see sharing. */
class Shift extends layer("Shift", { by: number({ default: 1 }) }) {
  weight: Variable | undefined = undefined;
  calls: (boolean | undefined)[] = [];
  override build(shape: PartialShape) {
    const { by } = this;
    this.weight = this.addWeight({
      name: "weight",
      shape: [this.sizeAt(shape, -1)],
      initializer: constant({ value: by }),
    });
  }
  override call(x: Tensor, { training }: CallContext) {
    this.calls.push(training);
    return add(x, (this.weight as Variable).value);
  }
}

class Both extends layer("Both", {}) {
  override call([a, b]: readonly Tensor[]) {
    return [add(a as Tensor, b as Tensor), a as Tensor];
  }
}

const classes = { Shift, Both, InputLayer, Sequential };

describe("functional models", () => {
  test("run a chain", async () => {
    const x = input({ shape: [2] });
    const net = model({ inputs: x, outputs: new Shift({ by: 2 }).apply(new Shift({ by: 1 }).apply(x)) });
    expect(await net.apply([[1, 2]]).array()).toEqual([[4, 5]]);
    expect(net.outputs[0]?.shape).toEqual([null, 2]);
    expect(net.computeOutputShape([7, 2])).toEqual([7, 2]);
    expect(net.graph.isChain).toBe(true);
  });

  test("take several inputs by list and by name, and give what outputs says", async () => {
    const a = input({ shape: [1], name: "a" });
    const b = input({ shape: [1], name: "b" });
    const [sum, first] = new Both().apply([a, b]) as never as [typeof a, typeof a];
    const list = model({ inputs: [a, b], outputs: [sum, first] });
    const [y, z] = list.apply<Tensor[]>([[[1]], [[10]]]);
    expect([await y?.array(), await z?.array()]).toEqual([[[11]], [[1]]]);
    const named = model({ inputs: { left: a, right: b }, outputs: { total: sum } });
    const { total } = named.apply<{ total: Tensor }>({ right: tensor([[10]]), left: tensor([[2]]) });
    expect(await total.array()).toEqual([[12]]);
    expect(list.graph.isChain).toBe(false);
  });

  test("share a layer that is called twice", async () => {
    const x = input({ shape: [1] });
    const shared = new Shift({ by: 3 });
    const net = model({ inputs: x, outputs: add(shared.apply(shared.apply(x)), x) });
    expect(await net.apply([[1]]).array()).toEqual([[8]]);
    expect(net.weights).toHaveLength(1);
    expect(net.graph.isChain).toBe(false);
  });

  test("nest, and one model may be called twice", async () => {
    const x = input({ shape: [1] });
    const inner = sequential([new Shift({ by: 5 }), new Shift({ by: 6 })]);
    const net = model({ inputs: x, outputs: inner.apply(inner.apply(x)) });
    expect(await net.apply([[1]]).array()).toEqual([[23]]);
    expect(net.layers.map(({ name }) => name)).toEqual([x.name, inner.name]);
    expect(net.weights).toEqual(inner.weights);
    const outer = model({ inputs: net.inputs, outputs: add(net.apply(x), 1) });
    expect(await outer.apply([[1]]).array()).toEqual([[24]]);
  });

  test("start halfway through another graph", async () => {
    const x = input({ shape: [1] });
    const middle = new Shift({ by: 100 }).apply(x);
    const net = model({ inputs: middle, outputs: new Shift({ by: 1 }).apply(middle) });
    expect(await net.apply([[1]]).array()).toEqual([[2]]);
    expect(net.layers).toHaveLength(2);
  });

  test("keep training and mask as they were given to the call", () => {
    const x = input({ shape: [1] });
    const frozen = new Shift();
    const free = new Shift();
    const net = model({ inputs: x, outputs: free.apply(frozen.apply(x, { training: false })) });
    frozen.calls = [];
    free.calls = [];
    net.apply([[1]], { training: true }).dispose();
    expect([frozen.calls, free.calls]).toEqual([[false], [true]]);
  });

  test("take data of a rank one less or more where a size of 1 makes up for it, in any dtype", async () => {
    const column = input({ shape: [1] });
    const net = model({ inputs: column, outputs: new Shift().apply(column) });
    expect(await net.apply(tensor([1, 2], [2], "int32")).array()).toEqual([[2], [3]]);
    const vector = input({ shape: [] });
    const flat = model({ inputs: vector, outputs: add(vector, 1) });
    expect(await flat.apply([[1], [2]]).array()).toEqual([2, 3]);
  });

  test("free what no later layer needs", () => {
    const x = input({ shape: [1000] });
    let y = x;
    for (let index = 0; index < 20; index++) y = new Shift().apply(y);
    const net = model({ inputs: x, outputs: y });
    using data = full([50, 1000], 1);
    net.apply(data).dispose();
    const before = info().memory.bytes;
    let most = 0;
    const last = net.layers.at(-1) as Shift;
    const call = last.call.bind(last);
    last.call = (tensor, context) => {
      most = info().memory.bytes - before;
      return call(tensor, context);
    };
    net.apply(data).dispose();
    expect(most).toBe(50 * 1000 * 4);
    expect(info().memory.bytes).toBe(before);
  });

  test("leave nothing behind once disposed", () => {
    const before = info().memory.storages;
    inScope(() => {
      const x = input({ shape: [2] });
      const net = model({ inputs: x, outputs: new Shift().apply(sequential([new Shift()]).apply(x)) });
      net.apply([[1, 2]]);
      expect(net.weights).toHaveLength(2);
      net.dispose();
    });
    expect(info().memory.storages).toBe(before);
  });

  test("order layers and weights from the input on; layers are found by name and place", () => {
    const x = input({ shape: [1], name: "x" });
    const a = new Shift({ name: "a" });
    const b = new Shift({ name: "b" });
    const net = model({ inputs: x, outputs: b.apply(a.apply(x)), name: "net" });
    expect(net.weights.map(({ path }) => path)).toEqual(["a/weight", "b/weight"]);
    expect([net.getLayer("b"), net.getLayer(1), net.getLayer(-1)]).toEqual([b, a, b]);
    expect(() => net.getLayer("c")).toThrowErrorMatchingSnapshot();
    expect(() => net.getLayer(3)).toThrowErrorMatchingSnapshot();
    expect(() => net.getLayer({ index: 3 } as never)).toThrow("takes the name of a layer, or its place, got {index}");
  });

  test("round-trip through their config", async () => {
    const x = input({ shape: [1], name: "x" });
    const z = input({ shape: [1], name: "z" });
    const shared = new Shift({ by: 3, name: "shared" });
    const inner = sequential([new Shift({ by: 4, name: "in" })], { name: "inner" });
    const [sum, first] = new Both({ name: "both" }).apply([shared.apply(x), inner.apply(shared.apply(z))]) as never as [
      typeof x,
      typeof x,
    ];
    const net = model({ inputs: [x, z], outputs: { sum, first }, name: "net" });
    const config = net.getConfig();
    const again: Functional = Functional.fromConfig(JSON.parse(JSON.stringify(config)), classes);
    expect(again.getConfig()).toEqual(config);
    const made = again.apply<Record<string, Tensor>>([[[1]], [[10]]]);
    expect([await made.sum?.array(), await made.first?.array()]).toEqual([[[21]], [[4]]]);
  });

  const x = input({ shape: [2], name: "x" });
  const y = input({ shape: [2], name: "y" });
  const net = model({ inputs: [x, y], outputs: add(x, y), name: "net" });
  test.each<[string, () => unknown]>([
    ["a missing input", () => model({ inputs: x, outputs: new Shift({ name: "s" }).apply(y), name: "m" })],
    ["an input twice", () => model({ inputs: [x, x], outputs: x, name: "m" })],
    ["no inputs", () => model({ inputs: [], outputs: x, name: "m" })],
    ["a tensor as input", () => model({ inputs: tensor([1]) as never, outputs: x, name: "m" })],
    ["no outputs", () => model({ inputs: x, name: "m" } as never)],
    [
      "one name for two layers",
      () => model({ inputs: x, outputs: new Shift({ name: "s" }).apply(new Shift({ name: "s" }).apply(x)), name: "m" }),
    ],
    ["data of another shape", () => net.apply([[[1, 2]], [[1, 2, 3]]])],
    ["too few inputs", () => net.apply([[[1, 2]]])],
    ["other names", () => net.apply({ x: [[1, 2]], z: [[1, 2]] })],
    ["a config of an unknown class", () => Functional.fromConfig(net.getConfig())],
  ])("refuse %s", (_name, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});

describe("sequential models", () => {
  test("build at once behind an input, an InputLayer, or a first layer with inputShape", () => {
    for (const net of [
      sequential([input({ shape: [2] }), new Shift()]),
      sequential([new InputLayer({ shape: [2] }), new Shift()]),
      sequential([new Shift({ inputShape: [2] })]),
      sequential().add(new Shift({ inputShape: [2] })),
    ]) {
      expect([net.built, net.weights.length, net.layers.length]).toEqual([true, 1, 1]);
      expect(net.outputs[0]?.shape).toEqual([null, 2]);
    }
  });

  test("build at the first call otherwise, for batches of any size", async () => {
    const net = sequential([new Shift()]);
    expect([net.built, net.weights]).toEqual([false, []]);
    expect(await net.apply([[1, 2]]).array()).toEqual([[2, 3]]);
    expect(net.inputs[0]?.shape).toEqual([null, 2]);
    expect(
      await net
        .apply([
          [1, 2],
          [3, 4],
        ])
        .array(),
    ).toEqual([
      [2, 3],
      [4, 5],
    ]);
  });

  test("grow and shrink", async () => {
    const net = sequential([input({ shape: [1] }), new Shift({ by: 1 })]);
    net.add(new Shift({ by: 10 }));
    expect(await net.apply([[0]]).array()).toEqual([[11]]);
    net.pop();
    expect(await net.apply([[0]]).array()).toEqual([[1]]);
    expect(net.layers).toHaveLength(1);
  });

  test("stay as they were when a layer does not fit", async () => {
    class Broken extends layer("Broken", {}) {
      override build() {
        this.refuse("does not fit");
      }
      override call(x: Tensor) {
        return x;
      }
    }
    const net = sequential([input({ shape: [1] }), new Shift()]);
    expect(() => net.add(new Broken())).toThrow("does not fit");
    expect(await net.apply([[1]]).array()).toEqual([[2]]);
  });

  test("round-trip through their config, built or not", () => {
    for (const net of [
      sequential([input({ shape: [2] }), new Shift({ by: 2 })], { name: "net" }),
      sequential([new Shift({ by: 2 })], { name: "net" }),
    ]) {
      const config = net.getConfig();
      const again: Sequential = Sequential.fromConfig(JSON.parse(JSON.stringify(config)), classes);
      expect(again.getConfig()).toEqual(config);
      expect(again.built).toBe(net.built);
    }
  });

  test.each<[string, () => unknown]>([
    ["what is no layer", () => sequential([3 as never], { name: "s" })],
    ["a single layer without a list", () => sequential(new Shift() as never, { name: "s" })],
    ["one name twice", () => sequential([new Shift({ name: "a" }), new Shift({ name: "a" })], { name: "s" })],
    ["an input in the middle", () => sequential([new Shift(), input({ shape: [2] })], { name: "s" })],
    ["to run without layers", () => sequential([], { name: "s" }).apply([[1]])],
    ["pop without layers", () => sequential([], { name: "s" }).pop()],
    ["inputs before there are any", () => sequential([new Shift()], { name: "s" }).inputs],
    [
      "data of another shape",
      () => sequential([input({ shape: [2], name: "x" }), new Shift()], { name: "s" }).apply([[1]]),
    ],
    ["an unknown option", () => sequential([], { nme: "s" } as never)],
  ])("refuse %s", (_name, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});

test("a symbolic tensor that is no input is no part of a sequential model", () => {
  expect(() => sequential([add(input({ shape: [1] }), 1)], { name: "s" })).toThrow(
    "add takes a layer, or what input()",
  );
});

test("ops take symbolic tensors on either side of numbers and lists", () => {
  const x = input({ shape: [2] });
  const net = model({ inputs: x, outputs: [add(1, x), add([1, 2], x), add(x, x)] });
  const outputs = net.apply<never>(tensor([[3, 5]]) as never) as Tensor[];
  expect(outputs.map((each) => each.arraySync())).toEqual([[[4, 6]], [[4, 7]], [[6, 10]]]);
});
