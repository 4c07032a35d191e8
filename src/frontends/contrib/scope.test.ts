/**
 * Scopes, variables, collections and argument scopes, held against what TensorFlow 1 documents of `tf.variable_scope`,
 * `tf.get_variable`, `tf.get_collection`, `tf.reset_default_graph` and `tf.contrib.framework.arg_scope`.
 */
import { beforeEach, describe, expect, test } from "vitest";
import type { Variable } from "../../core/variable.ts";
import { info } from "../../devices/current.ts";
import { Constant } from "../../initializers.ts";
import { InputLayer } from "../../layers/core/input-layer.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { grad } from "../../ops/grad.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { full, tensor } from "../../ops/tensor.ts";
import {
  AUTO_REUSE,
  addArgScope,
  addToCollection,
  addToCollections,
  argScope,
  Graph,
  GraphKeys,
  getCollection,
  getDefaultGraph,
  getVariable,
  getVariableScope,
  getVariablesByName,
  groupNorm,
  instanceNorm,
  layerNorm,
  modelVariable,
  placeholder,
  resetDefaultGraph,
  UnrankedPlaceholder,
  variableScope,
} from "./index.ts";

beforeEach(resetDefaultGraph);

const paths = (variables: readonly unknown[]) => (variables as Variable[]).map(({ path }) => path);
/** A variable of one element. */
const v = (name = "v") => getVariable(name, { shape: [1] });
/** The name that a default scope has. */
const block = () => variableScope(null, ({ name }) => name, { defaultName: "block" });

describe("names", () => {
  test("of nested scopes stand before the variable's", () => {
    const made = variableScope("foo", () => variableScope("bar", () => v()));
    expect([made.path, made.name]).toEqual(["foo/bar/v", "foo/bar/v"]);
    expect(v("w").path).toBe("w");
    expect(variableScope("a/b", () => v()).path).toBe("a/b/v");
  });

  test("by default are made different within the scope around them", () => {
    expect([block(), block(), block()]).toEqual(["block", "block_1", "block_2"]);
    expect(variableScope("net", () => [block(), block()])).toEqual(["net/block", "net/block_1"]);
  });

  test("by default begin anew when the scope around them is opened again", () => {
    variableScope("net", () => [block(), block()]);
    expect(variableScope("net", () => [block(), block()])).toEqual(["net/block", "net/block_1"]);
    const scope = variableScope("net", (scope) => scope);
    expect(variableScope(scope, () => [block(), block()])).toEqual(["net/block", "net/block_1"]);
  });

  test("by default are none that was given by hand", () => {
    variableScope("block_1", () => v());
    variableScope("block", () => v());
    expect([block(), block()]).toEqual(["block_2", "block_3"]);
  });

  test("of the functions are theirs", () => {
    const x = placeholder("float32", [null, 4, 4, 32]);
    groupNorm(x);
    groupNorm(x);
    instanceNorm(x);
    layerNorm(x);
    variableScope("net", () => groupNorm(x));
    expect(paths(getVariablesByName("beta"))).toEqual([
      "GroupNorm/beta",
      "GroupNorm_1/beta",
      "InstanceNorm/beta",
      "LayerNorm/beta",
      "net/GroupNorm/beta",
    ]);
  });

  test("are given up by calls that fail", () => {
    const x = placeholder("float32", [null, 4, 4, 32]);
    const failing = { paramInitializers: { gamma: () => full([1], 1) } };
    const before = info().memory.storages;
    expect(() => groupNorm(x, failing)).toThrow('Variable "GroupNorm/gamma"');
    expect(() => variableScope("net", () => [groupNorm(x), groupNorm(x, failing)])).toThrow("GroupNorm_1/gamma");
    expect(getCollection(GraphKeys.GLOBAL_VARIABLES)).toEqual([]);
    expect(info().memory.storages).toBe(before);
    groupNorm(x);
    expect(paths(getVariablesByName("beta"))).toEqual(["GroupNorm/beta"]);
    expect(getVariableScope().name).toBe("");
  });
});

describe("reuse", () => {
  test("is needed to have a variable a second time", () => {
    const first = variableScope("foo", () => v());
    expect(() => variableScope("foo", () => v())).toThrow('Variable "foo/v" already exists');
    expect(variableScope("foo", () => v(), { reuse: true })).toBe(first);
    const x = tensor([[1, 2]]);
    instanceNorm(x, { scope: "IN" });
    expect(() => instanceNorm(x, { scope: "IN" })).toThrow('Variable "IN/beta" already exists');
    instanceNorm(x, { scope: "IN", reuse: true });
    expect([getVariablesByName("beta").length, getVariablesByName("gamma").length]).toEqual([1, 1]);
  });

  test("true makes nothing", () => {
    expect(() => variableScope("foo", () => v(), { reuse: true })).toThrow('Variable "foo/v" does not exist');
    expect(() => instanceNorm(tensor([[1, 2]]), { scope: "IN", reuse: true })).toThrow('"IN/beta" does not exist');
    expect(getCollection(GraphKeys.GLOBAL_VARIABLES)).toEqual([]);
  });

  test("AUTO_REUSE makes what is not there and shares what is", () => {
    const both = () => variableScope("foo", () => [v("a"), v("b")], { reuse: AUTO_REUSE });
    variableScope("foo", () => v("a"));
    const [a, b] = both();
    expect(both()).toEqual([a, b]);
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES))).toEqual(["foo/a", "foo/b"]);
  });

  test("holds for the scopes inside, and cannot be taken back there", () => {
    const made = variableScope("foo", () => variableScope("bar", () => v()));
    const inside = variableScope("foo", () => variableScope("bar", (scope) => [v(), scope.reuse], { reuse: false }), {
      reuse: true,
    });
    expect(inside).toEqual([made, true]);
    variableScope("foo", () => expect(variableScope("new", ({ reuse }) => reuse)).toBe(AUTO_REUSE), {
      reuse: AUTO_REUSE,
    });
    // Names by default are shared as well, in their order.
    const network = () => variableScope("net", () => [instanceNorm(tensor([[1, 2]])), instanceNorm(tensor([[1, 2]]))]);
    network();
    variableScope("", network, { reuse: true });
    expect(paths(getVariablesByName("beta"))).toEqual(["net/InstanceNorm/beta", "net/InstanceNorm_1/beta"]);
  });

  test("can be switched on halfway", () => {
    variableScope("foo", (scope) => {
      const made = v();
      scope.reuseVariables();
      expect(v()).toBe(made);
    });
  });

  test("of the outermost scope holds for all", () => {
    const made = v();
    expect(variableScope(getVariableScope(), () => v(), { reuse: true })).toBe(made);
    expect(variableScope("", () => [v(), getVariableScope().name], { reuse: AUTO_REUSE })).toEqual([made, ""]);
    expect(() => v()).toThrow("already exists");
  });

  test("asks for the same shape and dtype", () => {
    v();
    const again = (options: object) => () => variableScope("", () => getVariable("v", options), { reuse: true });
    expect(again({ shape: [2] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Variable "v" cannot be shared: it is [1], float32, and asked for as [2], float32]`,
    );
    expect(again({ dtype: "float64" })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Variable "v" cannot be shared: it is [1], float32, and asked for as [1], float64]`,
    );
    expect(again({})().path).toBe("v");
    instanceNorm(tensor([[1, 2]]), { scope: "IN" });
    expect(() => instanceNorm(tensor([[1, 2, 3]]), { scope: "IN", reuse: true })).toThrow('"IN/beta" cannot be shared');
  });
});

describe("a scope that is kept", () => {
  test("is entered again from anywhere, with its own name and reuse", () => {
    const foo = variableScope("foo", (scope) => {
      v();
      scope.reuseVariables();
      return scope;
    });
    variableScope("bar", () => {
      variableScope(foo, (again) => {
        expect([again.name, again.reuse, v().path]).toEqual(["foo", true, "foo/v"]);
        expect(variableScope("baz", ({ name }) => name)).toBe("foo/baz");
      });
      expect(getVariableScope().name).toBe("bar");
    });
    expect(
      groupNorm(tensor([[1, 2]]), { scope: foo, groups: 1, reductionAxes: [], center: false, scale: false }).shape,
    ).toEqual([1, 2]);
  });

  test("leaves the numbers of default names as they were", () => {
    expect([block(), variableScope(getVariableScope(), block), block()]).toEqual(["block", "block_1", "block_1"]);
  });

  test("belongs to its graph", () => {
    const graph = new Graph();
    const foo = graph.asDefault(() => variableScope("foo", (scope) => scope));
    variableScope(foo, () => v());
    expect([graph.variable("foo/v")?.path, getDefaultGraph().variable("foo/v")]).toEqual(["foo/v", undefined]);
    graph.dispose();
  });

  test("knows what is in it", () => {
    v("foo_w");
    const foo = variableScope("foo", (scope) => {
      v();
      variableScope("bar", () => getVariable("w", { shape: [1], trainable: false }));
      return scope;
    });
    expect(paths(foo.globalVariables())).toEqual(["foo/v", "foo/bar/w"]);
    expect(paths(foo.trainableVariables())).toEqual(["foo/v"]);
    expect(paths(getVariableScope().trainableVariables())).toEqual(["foo_w", "foo/v"]);
  });
});

describe("getVariable", () => {
  test("begins as it is told, as its scope says, or by Glorot's numbers", () => {
    const values = ({ value }: Variable) => [...value.dataSync()];
    expect(values(getVariable("a", { shape: [2], initializer: "ones" }))).toEqual([1, 1]);
    expect(values(getVariable("b", { shape: [2], initializer: new Constant({ value: 3 }) }))).toEqual([3, 3]);
    expect(values(getVariable("c", { shape: [2], initializer: (shape, dtype) => full(shape, 4, dtype) }))).toEqual([
      4, 4,
    ]);
    const inScope = () => variableScope("inner", () => getVariable("d", { shape: [] }));
    const d = variableScope("foo", inScope, { initializer: "ones", dtype: "float64" });
    expect([d.path, d.dtype, values(d)]).toEqual(["foo/inner/d", "float64", [1]]);
    const glorot = values(getVariable("e", { shape: [20, 30] }));
    const limit = Math.sqrt(6 / 50);
    expect(Math.max(...glorot.map(Math.abs))).toBeLessThan(limit);
    expect(Math.max(...glorot.map(Math.abs))).toBeGreaterThan(0.9 * limit);
    expect(values(getVariable("f", { shape: [2], dtype: "int32" }))).toEqual([0, 0]);
  });

  test("puts variables where they belong", () => {
    v("a");
    getVariable("b", { shape: [1], trainable: false });
    getVariable("c", { shape: [1], collections: GraphKeys.LOCAL_VARIABLES, trainable: false });
    getVariable("d", { shape: [1], collections: ["mine", GraphKeys.TRAINABLE_VARIABLES] });
    modelVariable("e", { shape: [1], collections: ["mine", "mine"] });
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES))).toEqual(["a", "b", "e"]);
    expect(paths(getCollection(GraphKeys.TRAINABLE_VARIABLES))).toEqual(["a", "d", "e"]);
    expect(paths(getCollection(GraphKeys.LOCAL_VARIABLES))).toEqual(["c"]);
    expect(paths(getCollection(GraphKeys.MODEL_VARIABLES))).toEqual(["e"]);
    expect(paths(getCollection("mine"))).toEqual(["d", "e"]);
  });

  test("makes variables that outlive the recording of a gradient", () => {
    const before = info().memory.storages;
    const dx = grad((x) =>
      sum(
        add(
          x,
          variableScope("w", () => v()),
        ),
      ),
    )(tensor([1]));
    expect(getVariablesByName("v")[0]?.disposed).toBe(false);
    dx.dispose();
    resetDefaultGraph();
    expect(info().memory.storages).toBeLessThanOrEqual(before + 1);
  });

  test("refuses what it cannot make", () => {
    expect(() => getVariable("v")).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: getVariable "v": there is no such variable yet; give a shape to make it]`,
    );
    expect(() => getVariable("")).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: getVariable: a variable's name is a text that is not empty, got ""]`,
    );
    expect(() => getVariable("v", { shape: [null] as never })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: getVariable "v": option "shape" must be a list of whole numbers ≥ 0, or null, got [null]]`,
    );
    expect(() =>
      variableScope("foo", () => getVariable("v", { shape: [2], initializer: () => full([3], 0) })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Variable "foo/v": its initializer must give a tensor of shape [2], float32; it gave Tensor([3], float32)]`,
    );
    v();
    expect(() => v()).toThrowErrorMatchingInlineSnapshot(
      `[VarveError: Variable "v" already exists; share it with reuse: true or reuse: AUTO_REUSE, or give the second one another scope]`,
    );
    expect(() => variableScope("foo", () => v(), { reuse: true })).toThrowErrorMatchingInlineSnapshot(
      `[VarveError: Variable "foo/v" does not exist, and reuse: true makes none; make it first without reuse, or take reuse: AUTO_REUSE]`,
    );
  });
});

describe("variableScope refuses", () => {
  test.each([
    ["reuse without a name", () => variableScope(null, () => {}, { defaultName: "a", reuse: true })],
    ["AUTO_REUSE without a name", () => variableScope(null, () => {}, { defaultName: "a", reuse: AUTO_REUSE })],
    ["no name at all", () => variableScope(null, () => {})],
    ["no name and no scope", () => variableScope(1 as never, () => {})],
    ["an unknown reuse", () => variableScope("a", () => {}, { reuse: 1 as never })],
    ["an unknown option", () => variableScope("a", () => {}, { reuses: true } as never)],
    ["a promise", () => variableScope("a", async () => {})],
  ])("%s", (_, run) => {
    expect(run).toThrowErrorMatchingSnapshot();
    expect(getVariableScope().name).toBe("");
  });
});

describe("collections", () => {
  test("hold anything, are copied when asked for, and empty when unknown", () => {
    addToCollection("a", 1);
    addToCollections(["a", "b", "b"], 2);
    addToCollections("c", 3);
    getCollection("a").push("lost");
    expect(["a", "b", "c", "d"].map((name) => getCollection(name))).toEqual([[1, 2], [2], [3], []]);
  });

  test("are filtered by the beginning of names", () => {
    for (const name of ["net", "net2", "other"]) variableScope(name, () => v());
    addToCollection(GraphKeys.GLOBAL_VARIABLES, "has no name");
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES, "net/"))).toEqual(["net/v"]);
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES, "net"))).toEqual(["net/v", "net2/v"]);
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES, "et"))).toEqual([]);
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES, /net|other/g))).toEqual(["net/v", "net2/v", "other/v"]);
    expect(paths(getVariablesByName("v", "net"))).toEqual(["net/v", "net2/v"]);
  });

  test("give variables by the last parts of their names", () => {
    v("beta");
    variableScope("a", () => [v("beta"), v("alphabeta")]);
    variableScope("b", () => variableScope("a", () => v("beta")));
    expect(paths(getVariablesByName("beta"))).toEqual(["beta", "a/beta", "b/a/beta"]);
    expect(paths(getVariablesByName("a/beta"))).toEqual(["a/beta", "b/a/beta"]);
    expect(paths(getVariablesByName("gamma"))).toEqual([]);
  });
});

describe("graphs", () => {
  test("stand side by side: names, collections and scopes are their own", () => {
    const [first, second] = [new Graph(), new Graph()];
    const make = () => variableScope("net", () => v());
    variableScope("outside", () => {
      expect(paths([first.asDefault(make), second.asDefault(make), make()])).toEqual([
        "net/v",
        "net/v",
        "outside/net/v",
      ]);
    });
    first.asDefault(() => addToCollection("a", 1));
    expect([first.getCollection("a"), second.getCollection("a"), getCollection("a")]).toEqual([[1], [], []]);
    expect(first.variable("net/v")).not.toBe(second.variable("net/v"));
    const before = info().memory.storages;
    first.dispose();
    second[Symbol.dispose]();
    expect(info().memory.storages).toBe(before - 2);
    expect(first.asDefault(make).path).toBe("net/v");
    first.dispose();
  });

  test("nest as defaults, also when one fails", () => {
    const outer = getDefaultGraph();
    const [first, second] = [new Graph(), new Graph()];
    const inside = first.asDefault(() => [getDefaultGraph(), second.asDefault(getDefaultGraph), getDefaultGraph()]);
    expect(inside).toEqual([first, second, first]);
    expect(() =>
      first.asDefault(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(getDefaultGraph()).toBe(outer);
    expect(() => first.asDefault(async () => {})).toThrowErrorMatchingInlineSnapshot(
      `[VarveError: asDefault: the function gave a promise; nothing can stay open across an await. Build inside, await outside]`,
    );
  });

  test("keep what comes from their placeholders", () => {
    const graph = new Graph();
    const x = graph.asDefault(() => placeholder("float32", [null, 4]));
    instanceNorm(add(instanceNorm(add(x, 1)), 1));
    expect(paths(graph.getCollection(GraphKeys.GLOBAL_VARIABLES))).toHaveLength(4);
    expect(getCollection(GraphKeys.GLOBAL_VARIABLES)).toEqual([]);
    graph.dispose();
  });

  test("are reset with all that was in them", () => {
    const before = info().memory.storages;
    const old = getDefaultGraph();
    const made = v();
    addToCollection("a", 1);
    block();
    resetDefaultGraph();
    expect(info().memory.storages).toBe(before);
    expect(getDefaultGraph()).not.toBe(old);
    expect(() => made.value).toThrow('Variable "v" was used after it was disposed');
    expect([getCollection("a"), getVariablesByName("v"), block()]).toEqual([[], [], "block"]);
    expect(v().path).toBe("v");
  });

  test("are not reset under one's feet", () => {
    expect(() => new Graph().asDefault(resetDefaultGraph)).toThrowErrorMatchingInlineSnapshot(
      `[VarveError: resetDefaultGraph: a graph is entered with asDefault; leave it first, or make another: new Graph()]`,
    );
    expect(() => variableScope("net", resetDefaultGraph)).toThrowErrorMatchingInlineSnapshot(
      `[VarveError: resetDefaultGraph: variable scope "net" is open; leave it first, or make another graph: new Graph()]`,
    );
  });
});

describe("placeholders", () => {
  test("are symbolic tensors with as much of a shape as is known", () => {
    const x = placeholder("float64", [null, 3, null]);
    expect([x.shape, x.dtype, x.name]).toEqual([[null, 3, null], "float64", "Placeholder"]);
    expect(x.node?.operation).toBeInstanceOf(InputLayer);
    expect(placeholder("int32", []).shape).toEqual([]);
  });

  test("have names of their own, below the scope", () => {
    const names = [placeholder("float32", [1]), placeholder("float32"), placeholder("float32", [1], "x")].map(
      (x) => x.name,
    );
    expect(names).toEqual(["Placeholder", "Placeholder_1", "x"]);
    const inNet = () =>
      variableScope("net", () => [placeholder("float32", [1], "x").name, placeholder("float32", [1], "x").name]);
    expect(inNet()).toEqual(["net/x", "net/x_1"]);
    // The scope's variables are shared by name; what is computed in it a second time is something else.
    expect(inNet()).toEqual(["net_1/x", "net_1/x_1"]);
    expect(placeholder("float32", [1], "X").name).toBe("X_1");
  });

  test("may have no rank at all", () => {
    const x = placeholder("float32");
    expect(x).toBeInstanceOf(UnrankedPlaceholder);
    expect([x.shape, x.dtype, `${x}`]).toEqual([
      undefined,
      "float32",
      "Placeholder(Placeholder, unknown shape, float32)",
    ]);
  });

  test("refuse what is no dtype and no shape", () => {
    expect(() => placeholder("float" as never, [1])).toThrow('dtype "float" is unknown');
    expect(() => placeholder("float32", [-1])).toThrow("batchShape");
  });
});

describe("argScope", () => {
  const seen = addArgScope((x: number, options: { a?: number; b?: number } = {}) => ({ x, ...options }));

  test("gives other defaults, nested ones win, and those given in a call win over all", () => {
    expect(seen(1)).toEqual({ x: 1 });
    argScope([seen], { a: 1, b: 1 }, () => {
      expect(seen(1)).toEqual({ x: 1, a: 1, b: 1 });
      argScope([seen], { b: 2 }, () =>
        expect([seen(1), seen(1, { a: 3 })]).toEqual([
          { x: 1, a: 1, b: 2 },
          { x: 1, a: 3, b: 2 },
        ]),
      );
      argScope([getVariable], { trainable: false }, () => expect(seen(1)).toEqual({ x: 1, a: 1, b: 1 }));
      expect(seen(1)).toEqual({ x: 1, a: 1, b: 1 });
    });
    expect(seen(1)).toEqual({ x: 1 });
  });

  test("can be used again as it was", () => {
    const scope = argScope([seen], { a: 1 }, (scope) => scope);
    argScope([seen], { b: 2 }, () => expect(argScope(scope, () => seen(1))).toEqual({ x: 1, a: 1 }));
  });

  test("serves the functions of this module", () => {
    const x = placeholder("float32", [null, 2, 2, 4]);
    const norms = [groupNorm, instanceNorm, layerNorm];
    argScope(norms, { scale: false, trainable: false }, () =>
      argScope([groupNorm], { groups: 2 }, () => layerNorm(instanceNorm(groupNorm(x)))),
    );
    expect(paths(getCollection(GraphKeys.GLOBAL_VARIABLES))).toEqual([
      "GroupNorm/beta",
      "InstanceNorm/beta",
      "LayerNorm/beta",
    ]);
    argScope([modelVariable], { initializer: "ones", shape: [2] }, () => modelVariable("a"));
    expect(getVariablesByName("a")[0]?.shape).toEqual([2]);
    expect(getCollection(GraphKeys.TRAINABLE_VARIABLES).map(({ name }) => name)).toEqual(["a"]);
  });

  test("ends when its function throws, and refuses what it cannot do", () => {
    const failing = () =>
      argScope([seen], { a: 1 }, () => {
        throw new Error("mine");
      });
    expect(failing).toThrow("mine");
    expect(seen(1)).toEqual({ x: 1 });
    const plain = function plain() {};
    expect(() => argScope([plain], {}, () => {})).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: argScope: function plain takes no argument scopes; make it with addArgScope]`,
    );
    expect(() => argScope({} as never, () => {})).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: argScope: takes a list of functions, an object of defaults and a function to run; or a scope and a function]`,
    );
    expect(() => argScope([seen], { a: 1 }, async () => {})).toThrowErrorMatchingInlineSnapshot(
      `[VarveError: argScope: the function gave a promise; nothing can stay open across an await. Build inside, await outside]`,
    );
  });
});
