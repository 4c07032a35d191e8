/** Layers' attributes, networks, and the message of everything that is refused. */
import { beforeEach, describe, expect, test } from "vitest";
import { resetNames as resetKerasNames } from "../../core/names.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { info } from "../../devices/current.ts";
import { input } from "../../layers/core/input-layer.ts";
import { model } from "../../models/functional.ts";
import { multiply } from "../../ops/elementwise/binary.ts";
import { tensor } from "../../ops/tensor.ts";
import * as neupy from "./index.ts";
import {
  algorithms,
  BaseLayer,
  BatchNorm,
  Concatenate,
  Convolution,
  Deconvolution,
  DropBlock,
  Dropout,
  Elementwise,
  Embedding,
  GatedAverage,
  GlobalPooling,
  GRU,
  GroupNorm,
  Identity,
  Input,
  join,
  LayerGraph,
  Linear,
  LocalResponseNorm,
  LSTM,
  MaxPooling,
  PRelu,
  parallel,
  Relu,
  Reshape,
  repeat,
  resetNames,
  Sigmoid,
  Softmax,
  Transpose,
  Upscale,
} from "./index.ts";

beforeEach(() => {
  resetNames();
  resetKerasNames();
});

const message = (run: () => unknown): string => {
  try {
    run();
    return "not refused";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

describe("layers", () => {
  test("are called with and without new, by place and by name", () => {
    const norms = [GroupNorm(4), new GroupNorm(4), GroupNorm({ nGroups: 4 }), GroupNorm(4, 0, 1, 1e-5, "norm")];
    for (const norm of norms) {
      expect(norm).toBeInstanceOf(GroupNorm);
      expect(norm).toBeInstanceOf(BaseLayer);
      expect([norm.nGroups, norm.gamma, norm.beta, norm.epsilon]).toEqual([4, 1, 0, 1e-5]);
    }
    expect(norms.map(({ name }) => name)).toEqual(["group-norm-1", "group-norm-2", "group-norm-3", "norm"]);
    expect([Relu(10, 0.1).alpha, Relu({ alpha: 0.1 }).nUnits]).toEqual([0.1, null]);
  });

  test("options is a table by NeuPy's names", () => {
    const rows = (options: BaseLayer["options"]) =>
      Object.fromEntries(
        Object.entries(options).map(([name, { className, value }]) => [name, [className, value.default]]),
      );
    expect(rows(GroupNorm(4).options)).toEqual({
      n_groups: ["GroupNorm", undefined],
      beta: ["GroupNorm", 0],
      gamma: ["GroupNorm", 1],
      epsilon: ["GroupNorm", 1e-5],
      name: ["BaseLayer", null],
    });
    expect(GroupNorm.options.n_groups?.value.required).toBe(true);
    expect(GroupNorm.options.n_groups?.value.expected).toBe("a whole number ≥ 1");
    expect(Object.keys(BatchNorm.options)).toEqual([
      "axes",
      "alpha",
      "beta",
      "gamma",
      "epsilon",
      "running_mean",
      "running_inv_std",
      "name",
    ]);
    const { n_units, alpha, weight } = Relu.options as Record<string, neupy.OptionEntry>;
    expect([n_units, alpha, weight].map((entry) => entry?.className)).toEqual(["Linear", "Relu", "Linear"]);
    expect(weight?.value.default).toMatchObject({ gain: 2 });
    expect(Sigmoid.options.weight?.value.default).toMatchObject({ gain: 1 });
  });

  test("variables are empty until created, and then have the parameters", () => {
    const norm = GroupNorm(2, { gamma: 3, name: "gn" });
    expect([norm.variables, norm.inputShape, norm.gamma]).toEqual([{}, null, 3]);
    norm.createVariables([null, 5, 5, 4]);
    norm.createVariables([null, 5, 5, 4]);
    const { gamma, beta } = norm.variables as Record<"gamma" | "beta", Variable>;
    expect([gamma.shape, gamma.path, gamma.trainable, norm.gamma]).toEqual([
      [1, 1, 1, 4],
      "layer/gn/gamma",
      true,
      gamma,
    ]);
    expect([norm.inputShape, norm.outputShape, norm.beta]).toEqual([[null, 5, 5, 4], [null, 5, 5, 4], beta]);
    expect(norm.getOutputShape([null, 7, null, 6])).toEqual([null, 7, null, 6]);
  });

  test("variable() makes one with a path of its own, or takes the one given", () => {
    class Mine extends BaseLayer {
      override compute([x]: readonly Tensor[]): Tensor {
        return x as Tensor;
      }
    }
    const layer = new Mine({ name: "mine" });
    const made = layer.variable([[1, 2]], "some_value", [1, 2], false);
    expect([made.path, made.trainable, made.shape]).toEqual(["layer/mine/some-value", false, [1, 2]]);
    const given = new Variable(tensor([1]));
    expect(layer.variable(given, "other", [1])).toBe(given);
    expect(layer.variables).toEqual({ some_value: made, other: given });
    expect(message(() => layer.variable(1, "x"))).toMatchSnapshot();
    expect(message(() => layer.variable([1, 2, 3], "x", [2]))).toMatchSnapshot();
    expect(message(() => layer.variable(given, "x", [2]))).toMatchSnapshot();
  });

  test("print as they are called", () => {
    const network = join(Input(4), Relu(3), Sigmoid(), BatchNorm(), Linear(2, { bias: null }));
    network.createVariables();
    const layers = [...network.layers, GroupNorm(4), Convolution([3, 3, 16], { padding: [1, 2] }), Input([28, 28, 1])];
    expect([...layers, GlobalPooling((x) => x), LSTM(3), Reshape(), Concatenate()].map(String)).toMatchSnapshot();
  });

  test("give symbolic tensors for symbolic tensors, and their variables are weights of the model", () => {
    const x = input({ shape: [4, 4, 6] });
    const y = GroupNorm(3).output(x);
    const net = model({ inputs: x, outputs: Reshape().output(y) });
    expect([net.outputs[0]?.shape, net.weights.map(({ path }) => path)]).toEqual([
      [null, 96],
      ["layer/group-norm-1/gamma", "layer/group-norm-1/beta"],
    ]);
  });

  test("leave nothing behind", () => {
    const before = info().memory.storages;
    inScope(() => {
      const network = join(
        Input([6, 6, 2]),
        repeat(Convolution([3, 3, 2], { padding: "same" }).pipe(GroupNorm(2)).pipe(Relu()), 2),
        Reshape(),
        parallel(Relu(3), PRelu(3)),
        Elementwise(),
        Softmax(2),
      );
      network.output(tensor(new Float32Array(72), [1, 6, 6, 2]), { training: true });
      network.dispose();
    });
    expect(info().memory.storages).toBe(before);
  });
});

describe("networks", () => {
  test("join, pipe and parallel keep every layer once, in order", () => {
    const [a, b, c, d] = [Input(10), Relu(5), Relu(5), Concatenate()];
    const network = a.pipe(parallel(b, c)).pipe(d);
    expect(network.layers).toEqual([a, b, c, d]);
    expect([network.inputLayers, network.outputLayers, network.length]).toEqual([[a], [d], 4]);
    expect([network.inputShape, network.outputShape, network.isSequential()]).toEqual([[null, 10], [null, 10], false]);
    expect(join(a.pipe(b), c).layers).toEqual([a, b, c]);
    expect(join([a, b]).isSequential()).toBe(true);
    // The first network stays as it was.
    expect(a.pipe(b).layers).toEqual([a, b]);
  });

  test("shapes may be unknown", () => {
    const block = Convolution([3, 3, 32]).pipe(Relu()).pipe(BatchNorm());
    expect(String(block)).toBe("<unknown> -> [... 3 layers ...] -> (?, ?, ?, 32)");
    expect(String(repeat(block, 5))).toBe("<unknown> -> [... 15 layers ...] -> (?, ?, ?, 32)");
    const three = parallel(Input(10), Input(9).pipe(Relu(5)), Relu(5));
    expect(String(three)).toBe("[(?, 10), (?, 9), <unknown>] -> [... 4 layers ...] -> [(?, 10), (?, 5), (?, 5)]");
    expect(String(join())).toBe("[empty graph]");
    expect(join(Input([null, null, 3]), Convolution([3, 3, 8]), GlobalPooling()).outputShape).toEqual([null, 8]);
    expect(join(Input([null, null, 16]), GroupNorm(16)).outputShape).toEqual([null, null, null, 16]);
    expect(
      [Identity(), Relu(4), MaxPooling(2), Reshape([2, -1]), Embedding(2, 3)].map((each) => each.outputShape),
    ).toEqual([null, [null, 4], [null, null, null, null], [null, 2, null], null]);
  });

  test("the documented networks have the documented shapes", () => {
    const network = join(Input([30, 10]), Reshape([30, 1, 10]), Convolution([3, 1, 16]), Reshape([-1, 16]));
    expect(String(network)).toBe("(?, 30, 10) -> [... 4 layers ...] -> (?, 28, 16)");
    const gated = parallel([Input(10), Softmax(2)], [Input(20), Relu(10)], [Input(20), Relu(20), Relu(10)]).pipe(
      GatedAverage(),
    );
    expect(String(gated)).toBe("[(?, 10), (?, 20), (?, 20)] -> [... 8 layers ...] -> (?, 10)");
    expect(join(Input([28, 28, 3]), Convolution([3, 3, 16]), Deconvolution([3, 3, 1])).outputShape).toEqual([
      null,
      28,
      28,
      1,
    ]);
    expect(join(Input(40), Embedding(20, 10), GRU(20), Sigmoid(1)).outputShape).toEqual([null, 1]);
    expect(join(Input([7, 11]), Transpose([0, 2, 1])).outputShape).toEqual([null, 11, 7]);
    expect(join(Input([4, 4, 16]), GlobalPooling("avg")).outputShape).toEqual([null, 16]);
    expect(join(Input([10, 10, 12]), LocalResponseNorm(), Upscale(2)).outputShape).toEqual([null, 20, 20, 12]);
  });

  test("layers are found by name, networks cut at both ends", async () => {
    const network = join(
      Input(4, { name: "in" }),
      Relu(3, { name: "a" }),
      Relu(2, { name: "b" }),
      Softmax(2, { name: "c" }),
    );
    expect(network.layer("a").name).toBe("a");
    const head = network.end("b");
    const tail = network.start(network.layer("b"));
    expect([head.layers, tail.layers].map((layers) => layers.map(({ name }) => name))).toEqual([
      ["in", "a", "b"],
      ["b", "c"],
    ]);
    expect(
      network
        .start("a")
        .end("b")
        .layers.map(({ name }) => name),
    ).toEqual(["a", "b"]);
    const x = tensor([[1, 2, 3, 4]]);
    const whole = network.output(x);
    expect(tail.end("c").start("c").output(head.output(x)).dataSync()).toEqual(whole.dataSync());
    expect((await network.predict(x)).dataSync()).toEqual(whole.dataSync());
    expect(network.nParameters).toBe(4 * 3 + 3 + 3 * 2 + 2 + 2 * 2 + 2);
    const names = [...network.variables.keys()].map(([layer, name]) => `${layer.name}/${name}`);
    expect(names).toEqual(["a/weight", "a/bias", "b/weight", "b/bias", "c/weight", "c/bias"]);
  });

  test("branches cut away keep what the rest needs", () => {
    const [left, right] = [Relu(2, { name: "left" }), Relu(3, { name: "right" })];
    const network = join(Input(4, { name: "in" }), parallel(left, right), Concatenate({ name: "both" }), Softmax(2));
    expect(network.end("left").layers.map(({ name }) => name)).toEqual(["in", "left"]);
    expect(network.end("left", "right").outputLayers).toEqual([left, right]);
    expect(network.end(left).pipe(Softmax(9)).outputShape).toEqual([null, 9]);
  });

  test("several inputs come by place or by name", async () => {
    const network = join(parallel(Input(1, { name: "a" }), Input(2, { name: "b" })), Concatenate());
    const expected = Float32Array.of(1, 2, 3);
    expect(network.output([[1]], [[2, 3]]).dataSync()).toEqual(expected);
    expect(network.output({ b: [[2, 3]], a: [[1]] }).dataSync()).toEqual(expected);
    expect(network.output([[1]], [[2, 3]], { training: true }).dataSync()).toEqual(expected);
    expect((await network.predict([[1]], [[2, 3]], { batchSize: 1 })).dataSync()).toEqual(expected);
    expect((await network.predict({ b: [[2, 3]], a: [[1]] })).dataSync()).toEqual(expected);
    const two = join(Input(1), parallel(Linear(1, { weight: 2 }), Linear(1, { weight: 3 })));
    expect(two.output<Tensor[]>([[1]]).map((y) => y.dataSync()[0])).toEqual([2, 3]);
  });

  test("without an Input, shapes come from the data", () => {
    const network = join(Relu(3), Softmax(2));
    expect(network.output(tensor([[1, 2, 3, 4]])).shape).toEqual([1, 2]);
    expect(network.inputShape).toEqual([null, 4]);
  });

  test("one layer in two networks has one set of variables", () => {
    const shared = Relu(3);
    const [first, second] = [join(Input(4), shared), join(Input(4), shared, Softmax(2))];
    first.createVariables();
    second.createVariables();
    expect([...first.variables.values()][0]).toBe([...second.variables.values()][0]);
  });

  test("copies have variables of their own, with the same values, and shared names are allowed", () => {
    const layer = Relu(4, { name: "same" });
    layer.createVariables([null, 4]);
    const network = join(Input(4), repeat(layer, 2));
    const [weight, , copied] = [...network.variables.values()] as Variable[];
    expect(copied).not.toBe(weight);
    expect(copied?.value.dataSync()).toEqual(weight?.value.dataSync());
    expect(network.model.layers.map(({ name }) => name)).toEqual(["input-1", "same", "same #2"]);
    expect(message(() => network.layer("same"))).toMatchSnapshot();
  });

  test("show draws it in Graphviz's language", () => {
    const network = join(Input(10), parallel(Relu(5), Relu(4)), Concatenate(), Softmax(3));
    expect(network.show()).toMatchSnapshot();
  });

  test("a layer of one's own has its shape worked out, and trains", async () => {
    class Scale extends BaseLayer {
      protected override build(shape: readonly (number | null)[]): void {
        this.variable(1, "scale", [this.known(shape, -1, "features")]);
      }
      override compute([x]: readonly Tensor[]): Tensor {
        return multiply(x as Tensor, this.variables.scale as Variable);
      }
    }
    const network = join(Input(2), new Scale());
    expect(network.outputShape).toEqual([null, 2]);
    await algorithms.GradientDescent(network, { step: 0.5, batchSize: null }).train([[1, 1]], [[3, 5]], { epochs: 60 });
    const scale = [...(network.variables.values().next().value as Variable).value.dataSync()];
    expect(scale.map((value) => Math.round(value * 1000) / 1000)).toEqual([3, 5]);
  });
});

test("everything that is refused says why", () => {
  const image = Input([8, 8, 6], { name: "image" });
  const row = Input(6, { name: "row" });
  const refused: Record<string, () => unknown> = {
    "an unknown option": () => GroupNorm(4, { epsilom: 1 } as never),
    "an option out of range": () => GroupNorm(0),
    "a missing option": () => (GroupNorm as unknown as (...args: unknown[]) => unknown)(),
    "an option twice": () => (GroupNorm as unknown as (...args: unknown[]) => unknown)(4, { nGroups: 2 }),
    "too many by place": () => (Dropout as unknown as (...args: unknown[]) => unknown)(0.5, "name", 3),
    "a bad parameter": () => GroupNorm(4, { gamma: "one" as never }),
    "a bad padding": () => Convolution([3, 3, 1], { padding: "full" as never }),
    "a bad size": () => Convolution([3, 3] as never),
    "a bad stride": () => Convolution([3, 3, 1], { stride: [1, 1, 1] }),
    "a bad name": () => Relu({ name: "a{}{}" }),
    "an even radius": () => LocalResponseNorm({ depthRadius: 4 }),
    "two sizes that follow": () => Reshape([-1, -1]),
    "a permutation that is none": () => Transpose([0, 2]),
    "alpha for the batch": () => PRelu({ alphaAxes: [0] }),
    "a function that is none": () => GlobalPooling("median" as never),
    "groups that do not divide": () => join(Input([10, 10, 11]), GroupNorm(4, { name: "gn" })),
    "groups, from a convolution": () =>
      join(image, Convolution([3, 3, 16], { name: "conv" }), GroupNorm(5, { name: "gn" })),
    "GroupNorm in two dimensions": () => join(row, GroupNorm(4, { name: "gn" })),
    "Relu behind images": () => join(image, Relu(5, { name: "dense" })),
    "Convolution behind rows": () => join(row, Convolution([3, 3, 1], { name: "conv" })),
    "a filter too large": () => join(image, Convolution([9, 9, 1], { name: "conv" })),
    "MaxPooling behind rows": () => join(row, MaxPooling(2, { name: "pool" })),
    "Upscale behind rows": () => join(row, Upscale(2, { name: "up" })),
    "LSTM behind rows": () => join(row, LSTM(2, { name: "lstm" })),
    "LocalResponseNorm behind rows": () => join(row, LocalResponseNorm({ name: "lrn" })),
    "DropBlock behind rows": () => join(row, DropBlock(0.5, 2, { name: "block" })),
    "a block too large": () => join(image, DropBlock(0.5, 9, { name: "block" })),
    "Reshape that does not fit": () => join(row, Reshape([4, -1], { name: "shape" })),
    "Transpose of another rank": () => join(row, Transpose([0, 2, 1], { name: "turn" })),
    "BatchNorm over an axis that is not": () => join(row, BatchNorm([0, 2], { name: "norm" })),
    "PRelu for an axis that is not": () => join(row, PRelu({ alphaAxes: 3, name: "prelu" })),
    "an Input behind another": () => join(row, Input(7, { name: "other" })),
    "an Input behind a layer": () => join(row, Relu(5, { name: "five" }), Input(7, { name: "other" })),
    "Elementwise of one": () => join(row, Elementwise({ name: "sum" })),
    "Elementwise of two shapes": () => join(parallel(row, Input(5, { name: "five" })), Elementwise({ name: "sum" })),
    "Concatenate of two ranks": () => join(parallel(row, image), Concatenate({ name: "all" })),
    "Concatenate that differs": () =>
      join(parallel(Input([3, 4], { name: "a" }), Input([2, 4], { name: "b" })), Concatenate({ name: "all" })),
    "a gate for others": () =>
      join(parallel(Input(3, { name: "gate" }), row, Input(6, { name: "b" })), GatedAverage({ name: "avg" })),
    "a gate that is none": () => join(parallel(row, Input(6, { name: "b" })), GatedAverage(5, { name: "avg" })),
    "a gate that is an image": () => join(parallel(image, row), GatedAverage({ name: "avg" })),
    "a created layer elsewhere": () => {
      const dense = Relu(5, { name: "dense" });
      dense.createVariables([null, 4]);
      return join(row, dense);
    },
    "many to many": () =>
      join(parallel(row, Input(6, { name: "b" })), parallel(Relu(1, { name: "c" }), Relu(1, { name: "d" }))),
    "a circle": () => {
      const [a, b] = [Relu({ name: "a" }), Relu({ name: "b" })];
      return join(a, b, a);
    },
    "no layer": () => join(3 as never),
    "repeat 0 times": () => repeat(Relu(), 0),
    "repeat what does not fit itself": () => repeat(row.pipe(Relu(5, { name: "five" })), 2),
    "an unknown layer": () => join(row, Relu({ name: "relu" })).layer("rleu"),
    "a layer by no name": () => join(row).layer(3 as never),
    "a slice at another's layer": () => join(row).end(Relu({ name: "elsewhere" })),
    "too few inputs": () => join(parallel(row, Input(5, { name: "five" })), Concatenate()).output([[1]]),
    "an input for no layer": () => join(row, Relu({ name: "r" })).output({ nowhere: [[1]] }),
    "an input for a layer inside": () => join(row, Relu({ name: "r" })).output({ r: [[1]] }),
    "an unknown option of output": () => join(row).output([[1]], { train: true } as never),
    "data of another shape": () => join(row, Relu(2)).output([[1, 2, 3]]),
    "data for a layer of another shape": () => {
      const dense = Relu(5, { name: "dense" });
      dense.createVariables([null, 4]);
      return dense.output([[1, 2, 3]]);
    },
    "channels unknown": () =>
      join(Input([4, 4, null], { name: "image" }), GroupNorm(4, { name: "gn" })).createVariables(),
    "features unknown": () => join(Input(null, { name: "row" }), Relu(4, { name: "dense" })).createVariables(),
    "a dimension unknown": () =>
      join(Input([null, 3], { name: "x" }), BatchNorm([0], { name: "bn" })).createVariables(),
    "nothing known": () => GroupNorm(4, { name: "gn" }).createVariables(),
    "nothing known of a network": () => join(Relu(4, { name: "a" }), Softmax(2)).model,
    "no network": () => join().model,
    "a gamma of another shape": () => GroupNorm(2, { gamma: [1, 2, 3], name: "gn" }).createVariables([null, 1, 1, 4]),
    "a variable of another shape": () =>
      Relu(2, { weight: new Variable(tensor([1, 2])), name: "dense" }).createVariables([null, 4]),
    "a shape that is none": () => GroupNorm(2, { name: "gn" }).getOutputShape(4 as never),
    "a layer after dispose": () => {
      const dense = Relu(2, { name: "dense" });
      dense.dispose();
      return dense.output([[1]]);
    },
  };
  expect(Object.fromEntries(Object.entries(refused).map(([what, run]) => [what, message(run)]))).toMatchSnapshot();
});

test("what is refused leaves nothing half made", () => {
  const norm = BatchNorm({ gamma: [1, 2, 3] });
  expect(() => norm.createVariables([null, 2])).toThrow(neupy.WeightInitializationError);
  expect(norm.variables).toEqual({});
  norm.createVariables([null, 3]);
  expect(Object.keys(norm.variables)).toEqual(["runningMean", "runningInvStd", "gamma", "beta"]);
  expect(() => join(Input(3), norm, GroupNorm(2))).toThrow(neupy.LayerConnectionError);
  expect(join()).toBeInstanceOf(LayerGraph);
});
