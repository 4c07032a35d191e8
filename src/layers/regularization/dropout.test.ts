import { layerContract } from "../../../test/contracts/layer-contract.ts";
import type { Layer } from "../layer.ts";
import { Dropout, dropout } from "./dropout.ts";

/** A training call that refuses; what the layer held is given back. */
function apply(layer: Layer, x: number[][]): unknown {
  try {
    return layer.apply(x, { training: true });
  } finally {
    layer.dispose();
  }
}

await layerContract(Dropout, dropout, {
  refuses: {
    "no rate": () => dropout({} as never),
    "a rate above 1": () => dropout({ rate: 1.5 }),
    "a rate of NaN": () => dropout({ rate: Number.NaN }),
    "noise that does not broadcast": () => apply(dropout({ rate: 0.5, noiseShape: [1, 3] }), [[1, 2]]),
    "noise of another rank": () => apply(dropout({ rate: 0.5, noiseShape: [1] }), [[1, 2]]),
  },
});
