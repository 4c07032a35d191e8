/** Functions of TensorFlow in the graphs of tf.keras; what real files have of them is in test/keras/versions.test.ts. */
import { FileError, loadModel } from "varve";
import { expect, it } from "vitest";
import { withoutFunctions } from "./tensorflow-functions.ts";

const place = (name: string) => ({ class_name: "__keras_tensor__", config: { keras_history: [name, 0, 0] } });
const called = (name: string, of: string, given: object, first: unknown = place("x")) => ({
  class_name: "TFOpLambda",
  name,
  config: { name, function: of },
  inbound_nodes: [{ args: [first], kwargs: given }],
});
const graph = (...layers: object[]) => ({
  name: "graph",
  layers: [
    { class_name: "InputLayer", name: "x", config: { name: "x", batch_shape: [null, 4] }, inbound_nodes: [] },
    ...layers,
  ],
  input_layers: [["x", 0, 0]],
  output_layers: [[(layers.at(-1) as { name: string }).name, 0, 0]],
});

function problemsOf(...layers: object[]): Record<string, string> {
  const problems = new Map<string, string>();
  withoutFunctions(graph(...layers), problems);
  return Object.fromEntries(problems);
}

it("says what is in the way", () => {
  expect(
    problemsOf(
      called("a", "nn.dropout", { rate: 0.5 }),
      called("b", "math.argmax", { axis: 1, name: "b" }, place("a")),
      called("c", "gather", { indices: [0], batch_dims: 1 }, place("b")),
      called("d", "math.add", {}, place("c")),
      called("e", "reshape", { shape: [place("d"), -1] }, place("c")),
      called("f", "nn.elu", { slope: 2 }, place("e")),
    ),
  ).toEqual({
    "tf.nn.dropout": "no function of ops.* is the same",
    "tf.gather": "its batch_dims is not known here",
    "tf.math.add": "its y is not in the file",
    "tf.reshape": "more than one size of its shape is computed in the graph",
    "tf.nn.elu": "its slope is not known here",
  });
});

it("leaves out what only shapes were computed from", () => {
  const given = graph(
    called("shape", "compat.v1.shape", { out_type: "int32" }),
    called("flat", "reshape", { shape: [place("shape"), 2, 2] }),
  );
  const problems = new Map<string, string>();
  const { layers } = withoutFunctions(given, problems) as { layers: { name: string; config: object }[] };
  expect(layers.map(({ name }) => name)).toEqual(["x", "flat"]);
  expect(layers[1]?.config).toEqual({ name: "flat", newshape: [-1, 2, 2] });
  expect(problems.size).toBe(0);
});

it("lists all that is missing, by function and layer", async () => {
  const config = graph(called("first", "nn.dropout", {}), called("last", "random.shuffle", {}, place("first")));
  const json = { modelTopology: { class_name: "Functional", config }, weightsManifest: [] };
  const file = new TextEncoder().encode(JSON.stringify(json));
  const refused = loadModel(file);
  await expect(refused).rejects.toThrow(FileError);
  await expect(refused).rejects.toThrow(/tf\.nn\.dropout \("first"\): no function.*tf\.random\.shuffle \("last"\)/);
});
