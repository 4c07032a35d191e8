import { expect, test } from "vitest";
import { unaryContract } from "../../../test/contracts/elementwise.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import * as activations from "./activations.ts";

const byName = { ...activations };

// below the normal range float32 has fewer digits, and x multiplies what is missing
const nearZero = { relative: 1e-6, absolute: 1e-42 };

opContract("relu", activations.relu, unaryContract({ away: [0] }));
opContract("relu6", activations.relu6, unaryContract({ min: -3, max: 9, away: [0, 6] }));
opContract("leakyRelu", activations.leakyRelu, unaryContract({ away: [0] }, [[], [0.01]]));
opContract("elu", activations.elu, unaryContract({ away: [0] }, [[], [0.5]]));
opContract("selu", activations.selu, unaryContract({ away: [0] }));
opContract("celu", activations.celu, unaryContract({ away: [0] }, [[], [0.5]]));
opContract("sigmoid", activations.sigmoid, unaryContract());
opContract("logSigmoid", activations.logSigmoid, unaryContract());
opContract("softplus", activations.softplus, unaryContract());
opContract("softsign", activations.softsign, unaryContract({ away: [0] }));
opContract("silu", activations.silu, { ...unaryContract(), float32: nearZero });
opContract("swish", activations.swish, { ...unaryContract(), float32: nearZero });
opContract("mish", activations.mish, { ...unaryContract(), float32: nearZero });
opContract("gelu", activations.gelu, unaryContract({}, [[], [true], [false]]));
opContract("hardSigmoid", activations.hardSigmoid, unaryContract({ min: -5, max: 5, away: [-3, 3] }));
opContract("hardSilu", activations.hardSilu, unaryContract({ min: -5, max: 5, away: [-3, 3] }));
opContract("hardSwish", activations.hardSwish, unaryContract({ min: -5, max: 5, away: [-3, 3] }));
opContract("hardTanh", activations.hardTanh, unaryContract({ away: [-1, 1] }));
opContract("hardShrink", activations.hardShrink, unaryContract({ away: [-0.5, 0.5, -1, 1] }, [[], [1]]));
opContract("softShrink", activations.softShrink, unaryContract({ away: [-0.5, 0.5, -1, 1] }, [[], [1]]));
// x − tanh x is a difference of numbers as large as x
opContract("tanhShrink", activations.tanhShrink, { ...unaryContract(), float32: { relative: 1e-6, absolute: 1.2e-7 } });
opContract("threshold", activations.threshold, unaryContract({ away: [0.5] }, [[0.5, -2]]));
opContract("squareplus", activations.squareplus, unaryContract({}, [[], [1]]));
opContract("sparsePlus", activations.sparsePlus, unaryContract({ away: [-1, 1] }));
opContract("sparseSigmoid", activations.sparseSigmoid, unaryContract({ away: [-1, 1] }));

// jax.grad of Keras's functions on its JAX backend, at the corners
test.each([
  ["relu", [0, 1, -1], [0, 1, 0]],
  ["relu6", [0, 6, 3], [0, 0, 1]],
  ["leakyRelu", [0, -1], [1, Math.fround(0.2)]],
  ["elu", [0], [1]],
  ["selu", [0], [1.7580993175506592]],
  ["celu", [0], [1]],
  ["hardSigmoid", [3, -3, 0], [0, 0, 0.1666666716337204]],
  ["hardTanh", [1, -1, 2], [1, 1, 0]],
  ["hardShrink", [0.5, -0.5, 1], [0, 0, 1]],
  ["softShrink", [0.5, -0.5, 1], [0, 0, 1]],
  ["sparsePlus", [1, -1, 0], [1, 0, 0.5]],
  ["sparseSigmoid", [1, -1, 0], [0.25, 0.25, 0.5]],
] as const)("%s has Keras's slopes at its corners", async (name, x, slopes) => {
  expect(await grad((each) => sum(byName[name](each)))(tensor([...x])).array()).toEqual([...slopes]);
});

test.each([
  "sigmoid",
  "logSigmoid",
  "softplus",
  "silu",
  "mish",
  "gelu",
  "elu",
  "selu",
  "celu",
  "softsign",
  "tanhShrink",
] as const)("%s and its slope stay numbers far out", async (name) => {
  const x = tensor([-3e38, -1e30, -1e4, -100, 100, 1e4, 1e30, 3e38]);
  const y = await byName[name](x).array();
  const slope = await grad((each) => sum(byName[name](each)))(x).array();
  expect([...y, ...slope].filter(Number.isNaN)).toEqual([]);
});
