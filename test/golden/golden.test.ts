/** The fixtures are whole, and their reader decodes what JSON cannot say. What they mean is tested elsewhere. */
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { type GoldenTensor, readGolden, readGoldenSubject } from "./golden.ts";

/** Every tensor anywhere inside a value. */
function* tensors(value: unknown): Generator<GoldenTensor> {
  if (typeof value !== "object" || value === null) return;
  if ("shape" in value && "dtype" in value && "values" in value) yield value as GoldenTensor;
  for (const part of Object.values(value)) yield* tensors(part);
}

function expectWhole(file: unknown): void {
  let count = 0;
  for (const { shape, values } of tensors(file)) {
    count++;
    expect(values.length).toBe(shape.reduce((product, size) => product * size, 1));
    expect(values.every((value) => typeof value === "number")).toBe(true);
  }
  expect(count).toBeGreaterThan(0);
}

const files = await readdir(new URL("./layers/", import.meta.url));
const layers = files.map((file) => file.replace(".json", "")).filter((layer) => layer !== "InputLayer");

test.each(layers)("%s: every tensor has as many numbers as its shape says", async (layer) => {
  const golden = await readGolden(layer);
  expect(golden.layer).toBe(layer);
  expectWhole(golden);
});

test.each([
  "activations",
  "losses",
  "metrics",
  "optimizers",
  "initializers",
  "regularizers",
  "constraints",
  "composed",
] as const)("%s: every tensor has as many numbers as its shape says", async (subject) =>
  expectWhole(await readGoldenSubject(subject)),
);

test("a mean over nothing is read as NaN", async () => {
  const { cases } = await readGolden("GlobalAveragePooling1D");
  const masked = cases.find(({ name }) => name === "a sample masked whole");
  expect(masked?.outputs[0]?.values.slice(3)).toEqual([NaN, NaN, NaN]);
});

test("an infinity is read as one, a boolean as 0 or 1", async () => {
  const { cases } = await readGoldenSubject("activations");
  expect(cases.find(({ name }) => name === "exponential")?.output.values.at(-1)).toBe(Infinity);
  const [first] = (await readGolden("Embedding")).cases.filter(({ name }) => name === "mask_zero");
  expect(first?.outputMask?.values).toEqual([0, 1, 1, 1, 1, 1, 1, 0]);
});

test("configs are left as Keras wrote them", async () => {
  const { cases } = await readGolden("InputLayer");
  expect(cases.find(({ name }) => name === "unknown sizes")?.config.batch_shape).toEqual([null, null, null, 3]);
});
