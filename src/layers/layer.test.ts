/**
 * What every layer does with what it is given: the forms of its factory, refusals, and what is left after them.
 */
import { describe, expect, it } from "vitest";
import {
  constraints,
  Functional,
  info,
  initializers,
  input,
  type Layer,
  layer,
  layers,
  Model,
  ones,
  ops,
  options,
  type PartialShape,
  ShapeError,
  type SymbolicTensor,
  sequential,
  setRandomSeed,
  type Tensor,
  type TensorLike,
  tensor,
  type Variable,
} from "../index.ts";

const storages = () => info().memory.storages;

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

/** A layer as users write them: it keeps its weights in a list. */
class Ladder extends layer("Ladder", {}) {
  rungs: Variable[] = [];
  rails: Layer[] = [];
  override build(shape: PartialShape): void {
    const size = shape.at(-1) as number;
    this.rungs.push(this.addWeight({ name: "rung", shape: [size], initializer: initializers.ones() }));
    this.rails.push(layers.dense({ units: 2, kernelInitializer: "ones" }));
  }
  override call(x: Tensor): Tensor {
    const rail = this.rails[0] as Layer;
    return ops.reshape(rail.apply(ops.multiply(x, this.rungs[0] as Variable)), [-1, 4]);
  }
}

describe("weights", () => {
  it("are made by names as well as by objects, and begin as Keras has them begin", () => {
    class Named extends layer("Named", {}) {
      override build(): void {
        this.addWeight({ name: "a", shape: [2], initializer: "ones", regularizer: "l2", constraint: "non_neg" });
        this.addWeight({ shape: [20, 20] });
        this.addWeight({ name: "count", shape: [1], dtype: "int32", trainable: false });
      }
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    using made = new Named();
    made.apply(ones([1]));
    const [a, b, count] = made.weights as [Variable, Variable, Variable];
    expect(a.value.dataSync()).toEqual(Float32Array.of(1, 1));
    const [penalty] = made.losses;
    // Keras's l2: 0.01 · Σ w²
    expect(penalty?.arraySync()).toBeCloseTo(0.02, 7);
    penalty?.dispose();
    expect(b.path).toBe(`${made.name}/variable`);
    // Glorot & Bengio: uniform within ±√(6 / (20 + 20))
    const values = [...b.value.dataSync()].map(Math.abs);
    expect(Math.max(...values)).toBeLessThanOrEqual(Math.sqrt(6 / 40));
    expect(Math.max(...values)).toBeGreaterThan(0.9 * Math.sqrt(6 / 40));
    expect([count.dtype, count.value.dataSync()[0]]).toEqual(["int32", 0]);
  });

  it("come in Keras's order: those that train first, in whatever order they are made", () => {
    class Counting extends layer("Counting", {}) {
      override build(): void {
        this.addWeight({ name: "count", shape: [], initializer: "zeros", trainable: false });
        this.addWeight({ name: "a", shape: [1] });
        this.addWeight({ name: "mean", shape: [], initializer: "zeros", trainable: false });
        this.addWeight({ name: "b", shape: [1] });
      }
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    using made = new Counting();
    made.apply(ones([1]));
    expect(made.weights.map(({ name }) => name)).toEqual(["a", "b", "count", "mean"]);
  });

  it("train or not with the layer around them, whatever was said of the layer inside", () => {
    const inner = layers.dense({ units: 1 });
    const outer = sequential([layers.dense({ units: 2, inputShape: [1] }), inner]);
    outer.trainable = false;
    expect([inner.trainable, inner.trainableWeights.length]).toEqual([false, 0]);
    outer.trainable = true;
    expect([inner.trainable, outer.trainableWeights.length]).toEqual([true, 4]);
    outer.dispose();
  });

  it("are refused by option", () => {
    const adding = (options: object) => {
      class Wrong extends layer("Wrong", {}) {
        override build(): void {
          this.addWeight(options as never);
        }
        override call(x: Tensor): Tensor {
          return x;
        }
      }
      return refused(() => new Wrong({ name: "w" }).apply(ones([1])));
    };
    expect(adding({ shape: [2], initialiser: "ones" })).toBe(
      'Wrong "w": addWeight: option "initialiser" is unknown; did you mean "initializer"?',
    );
    expect(adding({ shape: [2], initializer: "onse" })).toContain('did you mean "Ones"');
    expect(adding({ shape: [null] })).toContain('option "shape" must be a list of whole numbers ≥ 0');
    expect(adding({})).toContain('option "shape" is required');
  });
});

it("an option cannot have the name of something that every layer has", () => {
  class Applied extends layer("Applied", { apply: options.integer({ default: 1 }) }) {
    override call(x: Tensor): Tensor {
      return x;
    }
  }
  expect(refused(() => new Applied())).toBe('Applied: option "apply" has the name of a member of the class');
});

it("what a call adds to the loss is there until the next one", () => {
  class Adding extends layer("Adding", {}) {
    override call(x: Tensor): Tensor {
      this.addLoss(ops.sum(x));
      return ops.add(x, 1);
    }
  }
  using adding = new Adding();
  using outer = sequential([adding]);
  for (const value of [1, 2]) outer.apply([[value]]).dispose();
  expect(outer.losses.map((each) => each.arraySync())).toEqual([2]);
});

describe("the input and output of a layer", () => {
  it("are those of its first call in a graph, so that models end or branch off there", () => {
    const trained = sequential([
      layers.dense({ units: 3, name: "features", inputShape: [2] }),
      layers.dense({ units: 1 }),
    ]);
    const features = trained.getLayer("features");
    expect(features.input).toBe(trained.inputs[0]);
    expect([features.output.shape, trained.input.shape, trained.output.shape]).toEqual([
      [null, 3],
      [null, 2],
      [null, 1],
    ]);
    const model = new Functional({ inputs: trained.inputs, outputs: features.output });
    const x = tensor([[1, -2]]);
    expect(model.apply(x).arraySync()).toEqual(features.apply(x).arraySync());
    // called again, elsewhere
    features.apply(input({ shape: [2] }));
    expect(features.output).toBe(model.outputs[0]);
    trained.apply(input({ shape: [2] }));
    expect(trained.output.shape).toEqual([null, 1]);
  });

  it("are several where the layer has several", () => {
    const [a, b] = [input({ shape: [2], name: "a" }), input({ shape: [2], name: "b" })];
    const merged = layers.add();
    merged.apply([a, b]);
    expect(merged.input).toEqual([a, b]);
    const net = new Functional({ inputs: { a, b }, outputs: [merged.output, a] });
    expect(net.input).toEqual({ a, b });
    expect(net.output).toEqual([merged.output, a]);
  });

  it("are not there before", () => {
    expect(refused(() => layers.dense({ units: 1, name: "d" }).output)).toBe(
      'Dense "d": is part of no graph yet, so it has no input and output; call it on what input({ shape }) gives, or build its model',
    );
  });
});

describe("sizes that are not known", () => {
  /** Layers that are built when the one around them is first called. */
  class Tower extends layer("Tower", { widths: options.shape() }) {
    floors: Layer[] = [];
    override build(): void {
      for (const units of this.widths) this.floors.push(layers.dense({ units: units as number }));
    }
    override call(x: Tensor): Tensor {
      return this.floors.reduce((below, floor) => floor.apply(below), x);
    }
  }

  // Numbers that stand in for unknown sizes, or are multiples of those.
  it.each([27720, 32760, 55440])("are never taken for real ones: %i", (size) => {
    using tower = new Tower({ widths: [size, 1] });
    const y = tower.apply(input({ shape: [null, 1] }));
    expect(y.shape).toEqual([null, null, 1]);
    expect(tower.weights.map((weight) => weight.shape)).toEqual([[1, size], [size], [size, 1], [1]]);
    using wide = new Tower({ widths: [2] });
    expect(wide.apply(input({ shape: [null, size] })).shape).toEqual([null, null, 2]);
    expect(() => layers.add([ones([1, size]), ones([1, 3])])).toThrow(`${size}`);
    expect(() => layers.add([input({ shape: [null, size] }), input({ shape: [2, 3] })])).toThrow(`${size}`);
  });

  it("are found without a trace: the layers inside are built once, with the seeds they would have", () => {
    const weightsOf = (x: SymbolicTensor) => {
      setRandomSeed(3);
      using tower = new Tower({ widths: [3, 2, 4], name: "tower" });
      tower.apply(x);
      return tower.getWeights().map((weight) => weight.arraySync());
    };
    expect(weightsOf(input({ shape: [null, 5] }))).toEqual(weightsOf(input({ shape: [7, 5] })));
  });
});

describe("autocast", () => {
  it("casts real inputs to the layer's dtype, unless it is off; integers stay", () => {
    const x = tensor([1, 2], [1, 2], "float64");
    expect(layers.identity(x).dtype).toBe("float32");
    expect(layers.identity(x, { autocast: false }).dtype).toBe("float64");
    expect(layers.identity(tensor([1], [1], "int32")).dtype).toBe("int32");
    expect(layers.identity({ autocast: false }).getConfig()).not.toHaveProperty("autocast");
  });
});

describe("factories", () => {
  it("take options, or something to compose with in front of them", async () => {
    const stack = sequential([input({ shape: [2] })]);
    expect(layers.dense(stack, { units: 3 })).toBe(stack);
    expect(stack.layers).toHaveLength(1);
    expect(layers.dense(input({ shape: [2] }), { units: 3 }).shape).toEqual([null, 3]);
    const given = tensor([[1, 2]]);
    for (const x of [given, [[1, 2]]]) {
      const y = layers.dense(x, { units: 1, kernelInitializer: "ones" });
      expect(await y.array()).toEqual([[3]]);
    }
    expect(await layers.reLU(Float32Array.of(-1, 2)).array()).toEqual([0, 2]);
  });

  it("refuse a number or a text in place of options, as in dense(10)", () => {
    const dense = layers.dense as (...args: unknown[]) => unknown;
    expect(refused(() => dense(10))).toMatchInlineSnapshot(`"Dense: options are an object like { units: … }, got 10"`);
    expect(refused(() => dense("relu"))).toMatchInlineSnapshot(
      `"Dense: options are an object like { units: … }, got "relu""`,
    );
  });
});

describe("refusals name the layer", () => {
  it.each([
    ["no input", () => layers.groupNormalization({ name: "gn" }).apply(undefined as never)],
    ["a ragged input", () => layers.dense({ units: 1, name: "d" }).apply([[1, 2], [3]])],
    ["a shape that is none", () => layers.dense({ units: 1, name: "d" }).build("x" as never)],
    ["a size that is none", () => layers.dense({ units: 1, name: "d" }).computeOutputShape([null, -1])],
    [
      "training that is no boolean",
      () => layers.dropout({ rate: 0.5, name: "d" }).apply([1], { training: 1 as never }),
    ],
  ])("%s", (_what, run) => {
    expect(refused(run)).toMatchSnapshot();
  });

  it.each([
    ["nothing", undefined],
    ["a number", 3],
    ["a list with something else in it", [tensor([1]), "y"]],
  ])("a call that gives %s", (_what, given) => {
    class Custom extends layer("Custom", {}) {
      override call(): Tensor {
        return given as never;
      }
    }
    expect(refused(() => new Custom({ name: "own" }).apply([1]))).toMatchSnapshot();
  });

  it("weights that do not fit, changing none of them", async () => {
    const dense = layers.dense({ units: 2, name: "d", kernelInitializer: "zeros" });
    dense.build([null, 1]);
    const before = storages();
    expect([
      refused(() => dense.setWeights(5 as never)),
      refused(() => dense.setWeights([[[1, 1]]])),
      refused(() => dense.setWeights([[[1, 1]], [1, 2, 3]])),
      refused(() => dense.setWeights([[[1, 1]], undefined as never])),
    ]).toMatchSnapshot();
    expect(await dense.kernel?.value.array()).toEqual([[0, 0]]);
    expect(storages()).toBe(before);
  });
});

describe("a first call that fails", () => {
  it.each<[string, () => Layer, unknown, unknown]>([
    ["of a layer", () => layers.embedding({ inputDim: 2, outputDim: 3 }), [[5]], [[1]]],
    [
      "of a layer that keeps lists",
      () => new Ladder(),
      [[1, 2, 3]],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    ],
    [
      "of a sequential model",
      () =>
        sequential([
          layers.dense({ units: 4 }),
          layers.reshape({ targetShape: [2, 2] }),
          layers.conv1d({ filters: 1, kernelSize: 2 }),
          new Ladder(),
        ]),
      [[1, 2]],
      [
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
      ],
    ],
    [
      "of a model with its own call",
      () =>
        new (class extends Model {
          first = layers.dense({ units: 3 });
          second = new Ladder();
          override call(x: Tensor): Tensor {
            return this.second.apply(this.first.apply(x));
          }
        })(),
      [[1, 2]],
      [[1], [2]],
    ],
  ])("%s leaves it as it was, for the next one", (_which, make, wrong, right) => {
    const before = storages();
    const subject = make();
    expect(() => subject.apply(wrong as never)).toThrow(ShapeError);
    expect(storages()).toBe(before);
    expect(subject.weights).toEqual([]);
    expect(subject.built).toBe(false);
    const y = subject.apply(right as TensorLike);
    expect(y.size).toBeGreaterThan(0);
    const count = subject.weights.length;
    subject.apply(right as TensorLike).dispose();
    expect(subject.weights).toHaveLength(count);
    subject.dispose();
    y.dispose();
    expect(storages()).toBe(before);
  });

  it("of a later layer leaves earlier successes alone", () => {
    const before = storages();
    const first = layers.dense({ units: 3, kernelConstraint: constraints.nonNeg() });
    const below = first.apply(input({ shape: [2] }));
    expect(() => layers.groupNormalization(below, { groups: 2 })).toThrow("3 channels cannot form 2 groups");
    expect(first.weights).toHaveLength(2);
    first.dispose();
    expect(storages()).toBe(before);
  });

  it("of a build within a sequential leaves none of its layers built", () => {
    const before = storages();
    expect(() =>
      sequential([layers.dense({ units: 3, inputShape: [2] }), layers.groupNormalization({ groups: 2 })]),
    ).toThrow("3 channels cannot form 2 groups");
    expect(storages()).toBe(before);
  });
});
