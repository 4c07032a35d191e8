import { describe, expect, it } from "vitest";
import { type KerasConfig, readGoldenSubject } from "../test/golden/golden.ts";
import { parseOptions, toConfig } from "./core/options.ts";
import { live } from "./core/storage.ts";
import * as initializers from "./initializers.ts";
import { SeedGenerator, setRandomSeed } from "./ops/random/seed.ts";

const golden = await readGoldenSubject("initializers");
const schema = { kernel: initializers.initializer({ default: "glorot_uniform" }) };

/** The initializer that a layer would hold for this. */
function parse(kernel: unknown): initializers.Initializer {
  return parseOptions(schema, { kernel }, "Dense").kernel;
}

const fromConfig = (name: string, config: KerasConfig) => parse({ class_name: name, config });

/** The gain of Identity is not in Keras's config, so the fixture's values tell it. */
const gainOf = (values: readonly number[]) => (values[0] === 0.5 ? initializers.identity({ gain: 0.5 }) : undefined);

describe("names and configs", () => {
  it("means the classes that Keras means", () => {
    for (const [name, className] of Object.entries(golden.names)) {
      if (className === "Initializer") continue;
      expect((parse(name).constructor as typeof initializers.Initializer).className, name).toBe(className);
    }
  });

  it("writes Keras's configs and reads them back", () => {
    for (const { class: name, config } of [...golden.fixed, ...golden.drawn, ...golden.orthogonal]) {
      const made = fromConfig(name, config);
      expect(made.getConfig()).toEqual(config);
    }
    const config = toConfig(schema, parseOptions(schema, { kernel: initializers.heNormal({ seed: 4 }) }, "Dense"));
    expect(config).toEqual({
      kernel: {
        module: "keras.initializers",
        class_name: "HeNormal",
        config: { seed: 4, input_axes: null, output_axes: null },
        registered_name: null,
      },
    });
  });

  it("keeps a seed generator through its config", () => {
    const made = initializers.randomNormal({ seed: new SeedGenerator(5, { name: "mine" }) });
    const again = parse({ class_name: "RandomNormal", config: made.getConfig() });
    expect(again.getConfig()).toEqual({
      seed: {
        module: "keras.random",
        class_name: "SeedGenerator",
        config: { seed: 5, name: "mine" },
        registered_name: null,
      },
      mean: 0,
      stddev: 0.05,
    });
    expect(again.call([4], "float32").arraySync()).toEqual(made.call([4], "float32").arraySync());
  });

  it("refuses what it cannot use", () => {
    const messages = [
      () => parse("glorot_unifrom"),
      () => parse(3),
      () => initializers.constant({ value: Number.NaN }),
      () => initializers.randomNormal({ stddev: -1 }),
      () => initializers.varianceScaling({ scale: 0 }),
      () => initializers.varianceScaling({ mode: "fan" as never }),
      () => initializers.glorotUniform({ seed: 1.5 }),
      () => initializers.stft({ window: "round" }),
      () => initializers.orthogonal().call([3], "float32"),
      () => initializers.identity().call([3], "float32"),
      () => initializers.stft({ window: [1, 2] }).call([3, 1, 2], "float32"),
      () => initializers.glorotUniform({ inputAxes: [4], outputAxes: [0] }).call([3, 2], "float32"),
    ].map((attempt) => {
      try {
        attempt();
        return "nothing was thrown";
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    });
    expect(messages).toMatchSnapshot();
  });
});

describe("values", () => {
  it("equal Keras's where nothing is drawn", () => {
    for (const { class: name, config, shape, values } of golden.fixed) {
      const made = (name === "Identity" && gainOf(values.values)) || fromConfig(name, config);
      const result = made.call(shape, "float32");
      expect(result.shape).toEqual(values.shape);
      const data = result.dataSync();
      for (const [index, value] of values.values.entries()) {
        expect(Math.abs((data[index] as number) - value), `${name} ${index}`).toBeLessThanOrEqual(3e-7);
      }
    }
  });

  it("follow the distributions that Keras's do", () => {
    for (const { class: name, config, shape, expected } of golden.drawn) {
      for (const dtype of ["float32", "float64"] as const) {
        const data = Float64Array.from(fromConfig(name, config).call(shape, dtype).dataSync());
        const count = data.length;
        const mean = data.reduce((sum, value) => sum + value, 0) / count;
        const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
        const deviation = expected.standardDeviation;
        // Five standard errors: of the mean, and, for tails no heavier than a normal variable's, of the deviation.
        expect(Math.abs(mean - expected.mean), name).toBeLessThan((5 * deviation) / Math.sqrt(count));
        expect(Math.abs(Math.sqrt(variance) - deviation), name).toBeLessThan((5 * deviation) / Math.sqrt(2 * count));
        const slack = 1e-6 * deviation;
        if (expected.least !== null) expect(Math.min(...data)).toBeGreaterThanOrEqual(expected.least - slack);
        if (expected.greatest !== null) expect(Math.max(...data)).toBeLessThanOrEqual(expected.greatest + slack);
      }
    }
  });

  it("are orthogonal where Keras's are", () => {
    for (const { class: name, config, shape, orthogonal, squaredLength } of golden.orthogonal) {
      const data = fromConfig(name, config).call(shape, "float64").dataSync();
      const columns = shape.at(-1) as number;
      const rows = data.length / columns;
      const [count, length] = orthogonal === "columns" ? [columns, rows] : [rows, columns];
      const element = (vector: number, at: number) =>
        data[orthogonal === "columns" ? at * columns + vector : vector * columns + at] as number;
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          let product = 0;
          for (let at = 0; at < length; at++) product += element(a, at) * element(b, at);
          expect(Math.abs(product - (a === b ? squaredLength : 0))).toBeLessThan(1e-12);
        }
      }
    }
  });

  it("repeat for a number as seed and differ without one", () => {
    const values = (made: initializers.Initializer) => made.call([3, 3], "float32").arraySync();
    for (const make of [initializers.glorotUniform, initializers.orthogonal, initializers.truncatedNormal]) {
      const seeded = make({ seed: 3 });
      expect(values(seeded)).toEqual(values(seeded));
      const free = make();
      setRandomSeed(1);
      const first = values(free);
      expect(values(free)).not.toEqual(first);
      setRandomSeed(1);
      expect(values(make())).toEqual(first);
    }
  });

  it("leave nothing behind", () => {
    const before = live.storages;
    for (const name of ["zeros", "identity", "orthogonal", "he_normal", "stft", "constant"]) {
      parse(name)
        .call(name === "stft" ? [4, 1, 3] : [3, 3], "float32")
        .dispose();
    }
    expect(live.storages).toBe(before);
  });
});

it("without a dtype initializers make float32", () => {
  for (const make of [initializers.zeros, initializers.identity, initializers.orthogonal, initializers.heNormal]) {
    using made = make().call([2, 2]);
    expect(made.dtype).toBe("float32");
  }
});
