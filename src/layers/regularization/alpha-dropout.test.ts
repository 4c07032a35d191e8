import { layerContract } from "../../../test/contracts/layer-contract.ts";
import type { Layer } from "../layer.ts";
import { AlphaDropout, alphaDropout } from "./alpha-dropout.ts";

/** A training call that refuses; what the layer held is given back. */
function apply(layer: Layer, x: number[][]): unknown {
  try {
    return layer.apply(x, { training: true });
  } finally {
    layer.dispose();
  }
}

await layerContract(AlphaDropout, alphaDropout, {
  refuses: {
    "a rate of 1": () => alphaDropout({ rate: 1 }),
    "noise that does not broadcast": () => apply(alphaDropout({ rate: 0.5, noiseShape: [1, 3] }), [[1, 2]]),
  },
});
