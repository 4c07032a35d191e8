import { afterAll, expect, test } from "vitest";
import { onDevice } from "../../core/device.ts";
import type { Tensor } from "../../core/tensor.ts";
import { leaves } from "../../core/tree.ts";
import * as initializers from "../../initializers.ts";
import * as layers from "../../layers/index.ts";
import * as losses from "../../losses/index.ts";
import { grad } from "../../ops/grad.ts";
import * as ops from "../../ops/index.ts";
import { tensor } from "../../ops/tensor.ts";
import { createWasmDevice } from "./wasm.ts";

const counts = [1, 2, 4];
const devices = counts.map((threads) => createWasmDevice({ threads, poison: true }));

afterAll(() => {
  for (const device of devices) device.threads?.set(1);
});

/** Uniform in ±1, the same every time. */
function values(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const image = () => tensor(values(4 * 20 * 20 * 24), [4, 20, 20, 24]);
const large = () => tensor(values(2 * 80 * 80 * 24), [2, 80, 80, 24]);
const gradientsOf = (make: () => layers.Layer) => (x: Tensor) => {
  const layer = make();
  return grad((x: Tensor) => ops.sum(ops.square(layer.apply(x, { training: true }))))(x);
};

/** Work of every kind of kernel, large enough to be shared. */
const works: Record<string, () => unknown> = {
  "matrix product": () => ops.matmul(tensor(values(301 * 257), [301, 257]), tensor(values(257 * 203), [257, 203])),
  "elementwise chain": () => ops.gelu(ops.multiply(image(), tensor(values(24)))),
  "sums over outer and inner axes": () => [ops.sum(image(), [0, 1, 2]), ops.mean(image(), -1), ops.variance(image())],
  softmax: () => ops.softmax(ops.multiply(image(), 9)),
  transpose: () => ops.transpose(image(), [3, 1, 0, 2]),
  "group normalization": () => layers.groupNormalization(image(), { groups: 4 }),
  "group normalization of few large groups": () => layers.groupNormalization(large(), { groups: 2 }),
  "its gradient": () => gradientsOf(() => new layers.GroupNormalization({ groups: 2 }))(large()),
  "layer normalization of long lines, and its gradient": () =>
    gradientsOf(() => new layers.LayerNormalization({ axis: [1, 2, 3] }))(large()),
  "group normalization's gradient": () => gradientsOf(() => new layers.GroupNormalization({ groups: 4 }))(image()),
  "batch normalization's gradient": () => gradientsOf(() => new layers.BatchNormalization())(image()),
  "convolution's gradient": () =>
    gradientsOf(() => new layers.Conv2D({ filters: 8, kernelSize: 3, kernelInitializer: "ones" }))(image()),
  "3 × 3 convolution with many channels and its gradients": () =>
    grad((x: Tensor, kernel: Tensor) => ops.sum(ops.square(ops.conv(x, kernel, 1, "same"))))(
      image(),
      tensor(values(9 * 24 * 32), [3, 3, 24, 32]),
    ),
  "depthwise convolution's gradient": () =>
    gradientsOf(() => new layers.DepthwiseConv2D({ kernelSize: 3, depthwiseInitializer: "ones" }))(image()),
  "pooling's gradient": () => gradientsOf(() => new layers.MaxPooling2D({ poolSize: 3, strides: 2 }))(image()),
  "a recurrence's gradients": () => {
    const layer = new layers.LSTM({
      units: 40,
      returnSequences: true,
      kernelInitializer: "ones",
      recurrentInitializer: new initializers.RandomUniform({ seed: 3 }),
    });
    return gradientsOf(() => layer)(tensor(values(33 * 5 * 40), [33, 5, 40]));
  },
  "attention's gradient": () => {
    const [q, k, v] = [0, 1, 2].map(() => tensor(values(2 * 70 * 32), [2, 70, 32]));
    return grad((q: Tensor, k: Tensor, v: Tensor) => ops.sum(ops.square(new layers.Attention().apply([q, v, k]))))(
      q as Tensor,
      k as Tensor,
      v as Tensor,
    );
  },
  "cross-entropy's gradient": () =>
    grad((x: Tensor) => losses.categoricalCrossentropy({ fromLogits: true }).apply(ops.abs(image()), x))(image()),
  "picking rows": () => ops.take(image(), tensor(new Int32Array([3, 0, 3]))),
};

test.each(Object.keys(works))("%s: the same bits with 1, 2 and 4 threads", async (name) => {
  const results: unknown[] = [];
  for (const device of devices) {
    await device.threads?.start();
    // Workers need a moment until they are there; what ran alone before would prove nothing.
    for (let wait = 0; device.threads && device.threads.running < device.threads.expected && wait < 500; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (device.threads) expect(device.threads.running).toBe(device.threads.expected);
    for (let round = 0; round < 3; round++) {
      const result = onDevice(device, () =>
        leaves((works[name] as () => unknown)()).map((leaf) => (leaf as Tensor).dataSync()),
      );
      results.push(result);
    }
  }
  for (const result of results) expect(result).toEqual(results[0]);
});

test("a kernel that throws in a worker is an error of the call, and the threads go on", async () => {
  const device = devices[1];
  if (!device?.threads) return;
  const { threads } = device;
  await threads.start();
  const fail = () => {
    throw new Error("mine");
  };
  // In a worker the real kernel runs, beyond the end of the memory.
  const beyond = 2 ** 32 - 65536;
  expect(() => threads.run("gatherSlices", fail, [beyond, beyond, beyond, 9, 9, 4, 4, 0], 1000)).toThrow(
    /^mine$|failed in a worker/,
  );
  const sums = onDevice(device, () => ops.sum(tensor(values(100_000))).dataSync());
  expect(sums[0]).toBeCloseTo(
    values(100_000).reduce((total, value) => total + value, 0),
    1,
  );
});

test("a device says why it has as many threads as it has", () => {
  const { threads } = createWasmDevice({ threads: 3 });
  if (!threads) return;
  expect(threads.because).toBe(
    "memory is shared, and work is done by 3 threads, as asked for; the others start with the first call that is large enough for them",
  );
  threads.set("auto");
  expect(threads.because).toContain("by one thread for each that the processor runs at once, 8 at most; the others");
  threads.set(1);
  expect(threads.because).toBe("one thread was asked for");
});
