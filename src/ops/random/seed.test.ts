import { expect, test } from "vitest";
import { live } from "../../core/storage.ts";
import { SymbolicTensor } from "../../core/symbolic.ts";
import { tensor } from "../tensor.ts";
import { dropout, SeedGenerator, uniform } from "./index.ts";
import { setRandomSeed } from "./seed.ts";

const draw = (seed?: SeedGenerator | number | null) => uniform([3], seed === undefined ? {} : { seed }).arraySync();

test("a number gives the same draw every time, a generator a new one, in a sequence of its own", () => {
  expect(draw(5)).toEqual(draw(5));
  const [a, b] = [new SeedGenerator(5), new SeedGenerator(5)];
  const first = draw(a);
  const second = draw(a);
  expect(first).toEqual(draw(5));
  expect(second).not.toEqual(first);
  expect([draw(b), draw(b)]).toEqual([first, second]);
});

test("the state is a variable, so that a sequence can be saved and resumed", () => {
  const seed = new SeedGenerator(5);
  draw(seed);
  expect(seed.state.trainable).toBe(false);
  expect([seed.state.dtype, seed.state.value.arraySync()]).toEqual(["int32", [5, 1]]);
  const next = draw(seed);
  seed.state.assign(tensor(Int32Array.of(5, 1)));
  expect(draw(seed)).toEqual(next);
  expect(SeedGenerator.fromConfig(seed.getConfig()).getConfig()).toEqual({ seed: 5, name: "seed_generator" });
});

test("setRandomSeed makes all that has no seed of its own reproducible", () => {
  const sequence = () => {
    setRandomSeed(42);
    return [draw(), draw(null), draw(new SeedGenerator())];
  };
  const [first, second, third] = sequence();
  expect(sequence()).toEqual([first, second, third]);
  expect(new Set([first, second, third].map(String)).size).toBe(3);
  setRandomSeed(43);
  expect(draw()).not.toEqual(first);
});

test("working out shapes draws nothing", () => {
  const seed = new SeedGenerator(5);
  dropout(new SymbolicTensor([null, 3], "float32"), 0.5, { seed });
  expect(seed.state.value.arraySync()).toEqual([5, 0]);
});

test("seeds beyond 32 bits keep their lower ones, as Keras's do", () => {
  expect(draw(2 ** 32 + 5)).toEqual(draw(5));
  expect(draw(2 ** 32 - 1)).toEqual(draw(-1));
});

test("a disposed generator leaves nothing behind", () => {
  const before = live.storages;
  const seed = new SeedGenerator(1);
  seed.next();
  seed.dispose();
  expect(live.storages).toBe(before);
  expect(() => seed.next()).toThrow("was used after it was disposed");
});

test("refusals name what was given", () => {
  expect(() => new SeedGenerator(0.5)).toThrow("SeedGenerator: a seed is a whole number");
  expect(() => setRandomSeed(Number.NaN)).toThrow("setRandomSeed: a seed is a whole number");
});
