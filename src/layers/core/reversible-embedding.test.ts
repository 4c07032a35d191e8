import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ReversibleEmbedding, reversibleEmbedding } from "./reversible-embedding.ts";

const options = { inputDim: 6, outputDim: 2 };

await layerContract(ReversibleEmbedding, reversibleEmbedding, {
  refuses: {
    "no sizes": () => reversibleEmbedding({} as never),
    "a cap of 0": () => reversibleEmbedding({ ...options, logitSoftCap: 0 }),
    "a dtype of integers": () => reversibleEmbedding({ ...options, reverseDtype: "int32" as never }),
    "an unknown call option": () => {
      using layer = reversibleEmbedding(options);
      return layer.apply([[1]], { reversed: true } as never);
    },
    "vectors of another length": () => {
      using layer = reversibleEmbedding(options);
      return layer.apply([[1, 2, 3]], { reverse: true });
    },
  },
});

test("scores come in reverseDtype", async () => {
  using layer = new ReversibleEmbedding({ ...options, reverseDtype: "float64", embeddingsInitializer: "ones" });
  using scores = layer.apply([[1, 2 ** -30]], { reverse: true });
  expect(scores.dtype).toBe("float64");
  expect(scores.dataSync()[0]).toBe(1 + 2 ** -30);
  expect(layer.getConfig().reverse_dtype).toBe("float64");
});
