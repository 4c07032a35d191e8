import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { tidy } from "../../core/scope.ts";
import { square } from "../../ops/elementwise/unary.ts";
import { grad } from "../../ops/grad.ts";
import { normal } from "../../ops/random/random.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { ones, tensor } from "../../ops/tensor.ts";
import { input } from "../core/input-layer.ts";
import { MultiHeadAttention, multiHeadAttention } from "./multi-head-attention.ts";

const x = () => ones([2, 3, 4]);
const options = { numHeads: 2, keyDim: 3 };
const refused = (make: () => unknown, told: () => object = () => ({})) =>
  tidy(() => {
    using layer = multiHeadAttention(options);
    return layer.apply(make() as never, told());
  });

await layerContract(MultiHeadAttention, multiHeadAttention, {
  refuses: {
    "no heads": () => multiHeadAttention({ keyDim: 3 } as never),
    "a size of 0": () => multiHeadAttention({ numHeads: 2, keyDim: 0 }),
    "a window of 0": () => multiHeadAttention({ ...options, slidingWindow: 0 }),
    "a list of axes that are none": () => multiHeadAttention({ ...options, attentionAxes: [0.5] }),
    "flash attention with dropout": () => multiHeadAttention({ ...options, flashAttention: true, dropout: 0.1 }),
    "flash attention with scores": () =>
      tidy(() => {
        using layer = multiHeadAttention({ ...options, flashAttention: true });
        return layer.apply([x(), x()], { returnAttentionScores: true });
      }),
    "one tensor": () => refused(x),
    "inputs of rank 2": () => refused(() => [ones([2, 3]), ones([2, 3])]),
    "ranks that differ": () => refused(() => [x(), ones([2, 3, 1, 4])]),
    "batches that differ": () => refused(() => [x(), ones([1, 3, 4])]),
    "more values than keys": () => refused(() => [x(), x(), ones([2, 2, 4])]),
    "a mask of another shape": () =>
      refused(
        () => [x(), x()],
        () => ({ mask: [undefined, ones([2, 4])] }),
      ),
    "an attention mask of another shape": () =>
      refused(
        () => [x(), x()],
        () => ({ attentionMask: ones([2, 3, 4]) }),
      ),
    "an attention mask of one axis": () =>
      refused(
        () => [x(), x()],
        () => ({ attentionMask: [1, 1, 0] }),
      ),
    "a causal mask over two axes": () =>
      refused(
        () => [ones([1, 2, 2, 4]), ones([1, 2, 2, 4])],
        () => ({ useCausalMask: true }),
      ),
    "an unknown call option": () =>
      refused(
        () => [x(), x()],
        () => ({ useCausal: true }),
      ),
  },
});

test("without scores in memory and with them, results and gradients are the same", () => {
  tidy(() => {
    const layer = new MultiHeadAttention({ ...options, slidingWindow: 40 });
    const q = normal([1, 70, 4], { seed: 1 });
    const told = {
      useCausalMask: true,
      attentionMask: tensor(
        Array.from({ length: 70 * 70 }, (_, i) => (i % 71 === 0 ? 1 : i % 3)),
        [70, 70],
      ),
    };
    const [expected] = layer.apply([q, q], { ...told, returnAttentionScores: true });
    const y = layer.apply([q, q], told);
    expect([...y.dataSync()]).toEqual([...expected.dataSync()].map((value) => expect.closeTo(value, 5)));
    const slope = grad((q) => sum(square(layer.apply([q, q], told))))(q);
    const slopeByScores = grad((q) => {
      const [result] = layer.apply([q, q], { ...told, returnAttentionScores: true });
      return sum(square(result));
    })(q);
    expect([...slope.dataSync()]).toEqual([...slopeByScores.dataSync()].map((value) => expect.closeTo(value, 4)));
    layer.dispose();
  });
});

test("the options of a call are part of a model's graph", () => {
  using layer = new MultiHeadAttention(options);
  const query = input({ shape: [null, 4] });
  const [y, scores] = layer.apply([query, query], { returnAttentionScores: true });
  expect([y.shape, scores.shape]).toEqual([
    [null, null, 4],
    [null, 2, null, null],
  ]);
});

test("dropout changes weights while training only", () => {
  using layer = new MultiHeadAttention({ ...options, dropout: 0.5, seed: 1 });
  tidy(() => {
    const q = normal([1, 9, 4], { seed: 1 });
    const [once, again] = [layer.apply([q, q]), layer.apply([q, q])];
    expect(again.dataSync()).toEqual(once.dataSync());
    expect(layer.apply([q, q], { training: true }).dataSync()).not.toEqual(once.dataSync());
  });
});
