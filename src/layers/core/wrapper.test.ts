import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ones } from "../../ops/tensor.ts";
import { SpectralNormalization } from "../normalization/spectral-normalization.ts";
import { TimeDistributed } from "../rnn/time-distributed.ts";
import { Dense } from "./dense.ts";
import { Wrapper, wrapper } from "./wrapper.ts";

await layerContract(Wrapper, wrapper, {
  refuses: {
    "no layer": () => wrapper({} as never),
    "what is no layer": () => wrapper({ layer: "dense" } as never),
    "an input of another size": () => {
      const made = wrapper({ layer: new Dense({ units: 1, useBias: false }) });
      try {
        made.build([null, 3]);
        made.apply([[1, 2]]);
      } finally {
        made.dispose();
      }
    },
    "a config whose layer's class is not given": () =>
      Wrapper.fromConfig({ layer: { class_name: "Dense", config: { units: 2 } } }, {}),
  },
});

test("layers that hold a layer stand on it", () => {
  expect(new TimeDistributed({ layer: new Dense({ units: 1 }) })).toBeInstanceOf(Wrapper);
  expect(new SpectralNormalization({ layer: new Dense({ units: 1 }) })).toBeInstanceOf(Wrapper);
});

test("a subclass keeps the layer and the options, and says only what differs", () => {
  class Twice extends Wrapper {
    static override readonly className = "Twice";
    override call(x: never): never {
      return super.call(super.call(x) as never) as never;
    }
  }
  using layer = new Twice({ layer: new Dense({ units: 2, kernelInitializer: "ones" }), name: "twice" });
  using y = layer.apply(ones([1, 2]));
  expect(y.arraySync()).toEqual([[4, 4]]);
  using again = Twice.fromConfig(layer.getConfig(), { Dense });
  expect(again.getConfig()).toEqual(layer.getConfig());
  expect(() => new Twice({} as never)).toThrow('Twice: option "layer" is required: a layer');
});
