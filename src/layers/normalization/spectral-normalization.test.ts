import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { readGolden } from "../../../test/golden/golden.ts";
import { tensor } from "../../ops/tensor.ts";
import { Dense } from "../core/dense.ts";
import { Embedding } from "../core/embedding.ts";
import { Flatten } from "../reshaping/flatten.ts";
import { SpectralNormalization, spectralNormalization } from "./spectral-normalization.ts";

const ofEmbedding = "Embedding, training";

await layerContract(SpectralNormalization, spectralNormalization, {
  // Keras casts the output to the dtype of the input, which leaves nothing of embeddings: ids are integers.
  comparable: ({ name }) => name !== ofEmbedding,
  refuses: {
    "no layer": () => new SpectralNormalization({ layer: "Dense" as never }),
    "no iterations": () => new SpectralNormalization({ layer: new Dense({ units: 1, name: "d" }), powerIterations: 0 }),
    "a layer without a kernel": () =>
      new SpectralNormalization({ layer: new Flatten({ name: "flat" }), name: "sn" }).build([null, 3]),
    "an inner class that is not among those given": () =>
      SpectralNormalization.fromConfig({ layer: { class_name: "Dens", config: {} } }, { Dense }),
  },
});

test("embeddings are normalized, and come out as they are", async () => {
  const { cases } = await readGolden("SpectralNormalization");
  const golden = cases.find(({ name }) => name === ofEmbedding);
  if (!golden) throw new Error("the golden case is gone");
  using layer = new SpectralNormalization({ layer: new Embedding({ inputDim: 6, outputDim: 3 }) });
  layer.build([null, 3]);
  layer.setWeights(golden.weights.map(({ values, shape }) => tensor(values as number[], shape)));
  using ids = tensor(golden.inputs[0]?.values as number[], golden.inputs[0]?.shape, "int32");
  using y = layer.apply(ids, { training: true });
  const rows = golden.weightsAfterCall[0] as number[];
  const expected = golden.inputs[0]?.values.flatMap((id) => rows.slice(3 * id, 3 * id + 3)) as number[];
  [...y.dataSync()].forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index] as number, 5);
  });
});

test("a kernel of zeros stays as it is", async () => {
  using layer = new SpectralNormalization({ layer: new Dense({ units: 2, kernelInitializer: "zeros" }) });
  using y = layer.apply(tensor([[1, 2]]), { training: true });
  expect(await y.array()).toEqual([[0, 0]]);
  expect(await layer.kernel?.value.array()).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test("after enough iterations the largest singular value is 1", async () => {
  // of diag(3, 1) rotated: the singular values are 3 and 1
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  using layer = new SpectralNormalization({ layer: new Dense({ units: 2, useBias: false }), powerIterations: 50 });
  layer.build([null, 2]);
  using kernel = tensor([3 * c, 3 * s, -s, c], [2, 2]);
  layer.kernel?.assign(kernel);
  using y = layer.apply(
    tensor([
      [1, 0],
      [0, 1],
    ]),
    { training: true },
  );
  const [[a, b], [d, e]] = await y.array();
  expect(Math.hypot(a, b)).toBeCloseTo(1, 5);
  expect(Math.hypot(d, e)).toBeCloseTo(1 / 3, 5);
});
