/**
 * What recurrent layers promise beyond their golden cases: states kept and given, masks, dropout, memory, and graphs.
 */
import { describe, expect, test } from "vitest";
import { type GoldenLayerCase, readGolden } from "../../../test/golden/golden.ts";
import type { Json } from "../../core/options.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import { leaves } from "../../core/tree.ts";
import { info } from "../../devices/current.ts";
import { Functional, model } from "../../models/functional.ts";
import { sigmoid } from "../../ops/elementwise/activations.ts";
import { add, multiply, subtract } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { valueAndGrad } from "../../ops/grad.ts";
import { concatenate } from "../../ops/movement/concatenate.ts";
import { sliceAlong } from "../../ops/movement/slice.ts";
import { uniform } from "../../ops/random/random.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { ones, tensor, zeros } from "../../ops/tensor.ts";
import { input } from "../core/input-layer.ts";
import * as layers from "../index.ts";
import { type Layer, layer } from "../layer.ts";
import type { Config, LayerClasses } from "../serialize.ts";
import { Bidirectional } from "./bidirectional.ts";
import { ConvLSTM2D } from "./conv-lstm2d.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import { LSTMCell } from "./lstm-cell.ts";
import type { Recurrent } from "./recurrent.ts";
import { RNN } from "./rnn.ts";
import { SimpleRNN } from "./simple-rnn.ts";

const noise = (shape: readonly number[], seed = 1) => uniform(shape, { minval: -1, maxval: 1, seed });

function near(found: Tensor, wanted: Tensor | readonly number[], tolerance = 2e-6): void {
  const values = Array.isArray(wanted) ? wanted : [...(wanted as Tensor).dataSync()];
  expect(found.size).toBe(values.length);
  for (const [index, value] of found.dataSync().entries()) {
    expect(Math.abs(value - (values[index] as number)), `element ${index}: ${value}, ${values[index]}`).toBeLessThan(
      tolerance,
    );
  }
}

/** The golden cases of layers that remember their last call. */
const remembering: [string, GoldenLayerCase][] = [];
for (const name of ["SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]) {
  const { cases } = await readGolden(name);
  for (const golden of cases) if (golden.wholeBatch && golden.mask === null) remembering.push([name, golden]);
}

describe("states", () => {
  test.each(remembering.map(([name, golden]) => [name, golden.name, golden] as const))(
    "%s, %s: a second call goes on where the first ended, as in Keras; after resetState it begins anew",
    (name, _case, golden) => {
      const layerClass = (layers as LayerClasses)[name] as { fromConfig(config: Config, classes: LayerClasses): Layer };
      const made = layerClass.fromConfig(golden.config as Config, layers) as Recurrent;
      const x = tensor(golden.inputs[0]?.values as number[], golden.inputs[0]?.shape);
      made.build(x.shape);
      made.setWeights(golden.weights.map(({ values, shape }) => tensor(values as number[], shape)));
      const call = () => leaves(made.apply(x)) as Tensor[];
      const first = call();
      first.forEach((y, index) => {
        near(y, golden.outputs[index]?.values as number[], 1e-5);
      });
      call().forEach((y, index) => {
        near(y, golden.secondOutputs?.[index]?.values as number[], 1e-5);
      });
      made.resetState();
      call().forEach((y, index) => {
        expect(y.dataSync()).toEqual(first[index]?.dataSync());
      });
      made.dispose();
    },
  );

  test("a sequence cut in two, the states handed on, is the sequence", () => {
    for (const make of [
      () => new LSTM({ units: 3, ...both }),
      () => new GRU({ units: 3, ...both, activation: "relu" }),
    ]) {
      const made = make();
      const x = noise([2, 5, 4]);
      const [whole, ...states] = made.apply<Tensor[]>(x);
      const [head, ...between] = made.apply<Tensor[]>(sliceAlong(x, 1, 0, 2));
      const [tail, ...after] = made.apply<Tensor[]>(sliceAlong(x, 1, 2, 5), { initialState: between });
      near(concatenate([head as Tensor, tail as Tensor], 1), whole as Tensor);
      after.forEach((state, index) => {
        near(state, states[index] as Tensor);
      });
    }
  });

  test("stacked cells take states in lists, one for each cell", () => {
    const made = new RNN({ cell: [new LSTMCell({ units: 2 }), new LSTMCell({ units: 3 })], returnState: true });
    const x = noise([1, 4, 2]);
    const [, ...states] = made.apply<[Tensor, ...Tensor[][]]>(sliceAlong(x, 1, 0, 2));
    expect(states.map((each) => each.map(({ shape }) => shape))).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [
        [1, 3],
        [1, 3],
      ],
    ]);
    const [y] = made.apply<[Tensor, ...Tensor[][]]>(sliceAlong(x, 1, 2, 4), { initialState: states });
    const [whole] = made.apply<[Tensor, ...Tensor[][]]>(x);
    near(y, whole);
  });
});

const both = { returnSequences: true, returnState: true } as const;

describe("one op and many", () => {
  test.each([
    ["SimpleRNN", SimpleRNN],
    ["LSTM", LSTM],
    ["GRU", GRU],
  ] as const)("%s gives the same by both ways, and so do its gradients", (name, made) => {
    const make = made as new (options: object) => Recurrent;
    const fast = new make({ units: 5, ...both });
    // The same functions by other names take the composed way.
    const composed = new make({
      units: 5,
      ...both,
      activation: (x: Tensor) => tanh(x),
      ...(name === "SimpleRNN" ? {} : { recurrentActivation: (x: Tensor) => sigmoid(x) }),
    });
    const x = noise([3, 6, 4]);
    const mask = tensor(
      Uint8Array.from({ length: 18 }, (_, index) => Number(index % 4 !== 1)),
      [3, 6],
      "bool",
    );
    fast.build(x.shape);
    composed.build(x.shape);
    composed.setWeights(fast.getWeights());
    const results = [fast, composed].map((made) => {
      const loss = () =>
        (made.apply<Tensor[]>(x, { mask }) as Tensor[])
          .map((y, index) => sum(multiply(y, noise(y.shape, index + 2))))
          .reduce((a, b) => add(a, b));
      const { gradients } = valueAndGrad(loss, made.trainableWeights)();
      return [...made.apply<Tensor[]>(x, { mask }), ...gradients];
    }) as [Tensor[], Tensor[]];
    expect(results[0].length).toBe(results[1].length);
    results[0].forEach((found, index) => {
      near(found, results[1][index] as Tensor, 1e-5);
    });
  });
});

describe("masks", () => {
  test("a masked step of a ConvLSTM is as if it were not there", () => {
    const made = new ConvLSTM2D({ filters: 2, kernelSize: 2, padding: "same", ...both });
    const x = noise([2, 4, 3, 3, 1]);
    const without = concatenate([sliceAlong(x, 1, 0, 2), sliceAlong(x, 1, 3, 4)], 1);
    const counts = tensor([1, 1, 0, 1, 1, 1, 0, 1], [2, 4], "bool");
    const [masked, ...states] = made.apply<Tensor[]>(x, { mask: counts });
    const [plain, ...others] = made.apply<Tensor[]>(without);
    near(sliceAlong(masked as Tensor, 1, 3, 4), sliceAlong(plain as Tensor, 1, 2, 3));
    near(sliceAlong(masked as Tensor, 1, 2, 3), sliceAlong(plain as Tensor, 1, 1, 2));
    states.forEach((state, index) => {
      near(state, others[index] as Tensor);
    });
  });

  test("the mask goes on with sequences, and ends with a last output", () => {
    const x = noise([1, 3, 2]);
    const mask = ones([1, 3], "bool");
    const sequences = new GRU({ units: 1, returnSequences: true }).apply(x, { mask });
    expect(sequences.mask?.shape).toEqual([1, 3]);
    expect(new GRU({ units: 1 }).apply(x, { mask }).mask).toBeUndefined();
  });
});

describe("dropout", () => {
  /** Shows what is dropped of its input: each output is the input of that step, as far as it is kept. */
  const window = (options: object) =>
    new SimpleRNN({ units: 50, activation: null, kernelInitializer: "identity", returnSequences: true, ...options });

  test("what is dropped of the input is dropped at all steps, and the rest made up for it", () => {
    const made = window({ dropout: 0.5, recurrentInitializer: "zeros", seed: 3 });
    const y = made.apply(ones([2, 3, 50]), { training: true });
    const rows: number[][][] = y.arraySync();
    const kept = rows.flat(2).filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([2]));
    for (const steps of rows) for (const step of steps) expect(step).toEqual(steps[0]);
    expect(rows[0]).not.toEqual(rows[1]);
    expect(Math.abs(kept.length / 300 - 0.5)).toBeLessThan(0.15);
    const again = made.apply(ones([2, 3, 50]), { training: true });
    expect(again.dataSync()).not.toEqual(y.dataSync());
    expect([...made.apply(ones([1, 1, 50])).dataSync()].every((value) => value === 1)).toBe(true);
  });

  test("what is dropped of the state is dropped at all steps", () => {
    const made = window({
      recurrentDropout: 0.5,
      kernelInitializer: "zeros",
      recurrentInitializer: "identity",
      seed: 3,
    });
    const y = made.apply(noise([1, 3, 50]), { training: true, initialState: ones([1, 50]) });
    const [[first, second, third]] = y.arraySync() as [[number[], number[], number[]]];
    expect(new Set(first)).toEqual(new Set([0, 2]));
    expect(second).toEqual(first.map((value) => 2 * value));
    expect(third).toEqual(first.map((value) => 4 * value));
  });

  test.each([
    ["LSTM", LSTM],
    ["GRU", GRU],
  ] as const)("%s: one seed, one outcome; at inference none", (_name, made) => {
    const make = made as new (options: object) => Recurrent;
    const x = noise([2, 3, 4]);
    for (const rates of [{ dropout: 0.4 }, { recurrentDropout: 0.4 }, { dropout: 0.2, recurrentDropout: 0.3 }]) {
      const [one, two] = [1, 2].map(() => {
        const made = new make({ units: 6, ...rates, seed: 9 });
        made.build(x.shape);
        made.setWeights(made.weights.map(({ shape }, index) => noise(shape, index)));
        return made;
      }) as [Recurrent, Recurrent];
      const training = one.apply(x, { training: true });
      expect(two.apply(x, { training: true }).dataSync()).toEqual(training.dataSync());
      expect(one.apply(x).dataSync()).not.toEqual(training.dataSync());
      expect(one.apply(x).dataSync()).toEqual(two.apply(x).dataSync());
    }
  });

  test("a stacked cell drops too", () => {
    const made = new RNN({
      cell: [new LSTMCell({ units: 3, dropout: 0.5 }), new LSTMCell({ units: 3, dropout: 0.5 })],
    });
    const x = ones([16, 3, 8]);
    expect(made.apply(x, { training: true }).dataSync()).not.toEqual(made.apply(x, { training: true }).dataSync());
    expect(made.apply(x).dataSync()).toEqual(made.apply(x).dataSync());
  });
});

/** Adds up its inputs, and notes how much memory lives at each step. */
class Watching extends layer("Watching", {}) {
  readonly stateSize = 2;
  readonly seen: number[] = [];

  override call([x, h]: readonly Tensor[]): Tensor[] {
    this.seen.push(info().memory.bytes);
    const next = add(subtract(add(x as Tensor, h as Tensor), 1), 1);
    return [next, next];
  }
}

test("at inference memory does not grow with the steps", () => {
  const cell = new Watching();
  const made = new RNN({ cell });
  const before = info().memory.storages;
  const x = ones([1, 100, 2]);
  const y = made.apply(x);
  near(y, [100, 100], 1e-3);
  expect(cell.seen.length).toBe(100);
  const [first, last] = [cell.seen[1], cell.seen.at(-1)] as [number, number];
  expect(last).toBeLessThanOrEqual(first);
  for (const each of [x, y, made]) each.dispose();
  expect(info().memory.storages).toBe(before);
});

describe("graphs", () => {
  test("unknown batch and unknown steps", () => {
    const x = input({ shape: [null, 3] });
    const shapes = (outputs: unknown) => (leaves(outputs) as SymbolicTensor[]).map(({ shape }) => shape);
    expect(shapes(new LSTM({ units: 2, ...both }).apply(x))).toEqual([
      [null, null, 2],
      [null, 2],
      [null, 2],
    ]);
    expect(shapes(new RNN({ cell: new Watching(), returnSequences: true }).apply(input({ shape: [null, 2] })))).toEqual(
      [[null, null, 2]],
    );
    expect(shapes(new Bidirectional({ layer: new GRU({ units: 2, activation: "relu" }) }).apply(x))).toEqual([
      [null, 4],
    ]);
  });

  test("an encoder's states begin a decoder, in a model that comes back from its config", () => {
    const source = input({ shape: [4, 3], name: "source" });
    const target = input({ shape: [2, 3], name: "target" });
    const [, h, c] = new LSTM({ units: 5, returnState: true, name: "encoder" }).apply<SymbolicTensor[]>(source);
    const decoder = new LSTM({ units: 5, returnSequences: true, name: "decoder" });
    const y = decoder.apply(target, { initialState: [h as SymbolicTensor, c as SymbolicTensor] });
    const built = model({ inputs: [source, target], outputs: y });
    const again = Functional.fromConfig(built.getConfig() as Record<string, Json>, layers) as Functional;
    again.setWeights(built.getWeights());
    const data = [noise([2, 4, 3]), noise([2, 2, 3], 5)];
    const wanted = built.apply(data);
    expect(wanted.shape).toEqual([2, 2, 5]);
    expect(again.apply(data).dataSync()).toEqual(wanted.dataSync());
    expect(decoder.apply(data[1] as Tensor).dataSync()).not.toEqual(wanted.dataSync());
  });

  test("a stateful layer is not for an unknown batch", () => {
    expect(() =>
      new LSTM({ units: 2, stateful: true, name: "s" }).apply(input({ shape: [3, 3] })),
    ).toThrowErrorMatchingSnapshot();
    const made = new LSTM({ units: 2, stateful: true, name: "s" });
    made.apply(zeros([2, 3, 3]));
    expect(() => made.apply(zeros([4, 3, 3]))).toThrowErrorMatchingSnapshot();
    made.dispose();
  });
});
