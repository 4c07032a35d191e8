import { describe, expect, test } from "vitest";
import { losses, ops, random, sequential, Variable, zeros } from "../index.ts";
import {
  axes,
  boolean,
  choice,
  fromConfig,
  integer,
  number,
  option,
  parseOptions,
  type Schema,
  shape,
  sizes,
  snakeCase,
  string,
  toConfig,
} from "./options.ts";

const schema = {
  groups: integer({ default: 32, min: 1, or: -1 }),
  epsilon: number({ default: 1e-3, above: 0 }),
  useBias: boolean({ default: true }),
  padding: choice(["valid", "same_upper"], { default: "valid" }),
  axis: axes({ default: -1, list: true }),
  poolSize: sizes({ rank: 2, default: 2 }),
  targetShape: shape({ default: null, unknown: true }),
  title: string({ default: null }),
} satisfies Schema;

test("defaults fill in what is not given", () => {
  expect(parseOptions(schema, undefined, "Thing")).toEqual({
    groups: 32,
    epsilon: 1e-3,
    useBias: true,
    padding: "valid",
    axis: -1,
    poolSize: [2, 2],
    targetShape: null,
    title: null,
  });
});

test("values are accepted in every spelling and frozen", () => {
  const values = parseOptions(schema, { groups: -1, padding: "sameUpper", axis: [1, 2], poolSize: [3, 4] }, "Thing");
  expect(values).toMatchObject({ groups: -1, padding: "same_upper", axis: [1, 2], poolSize: [3, 4] });
  expect(Object.isFrozen(values.poolSize)).toBe(true);
});

test("a config has Keras's keys and comes back the same", () => {
  const values = parseOptions(schema, { groups: 4, targetShape: [null, 3], title: "a" }, "Thing");
  const config = toConfig(schema, values);
  expect(Object.keys(config)).toEqual([
    "groups",
    "epsilon",
    "use_bias",
    "padding",
    "axis",
    "pool_size",
    "target_shape",
    "title",
  ]);
  expect(parseOptions(schema, fromConfig(schema, JSON.parse(JSON.stringify(config))), "Thing")).toEqual(values);
  expect(snakeCase("useBias")).toBe("use_bias");
});

test.each([
  [{ groups: 0 }],
  [{ groups: 1.5 }],
  [{ groups: "4" }],
  [{ groups: null }],
  [{ epsilon: Number.NaN }],
  [{ epsilon: 0 }],
  [{ epsilon: Number.POSITIVE_INFINITY }],
  [{ useBias: 1 }],
  [{ padding: "sam" }],
  [{ axis: [1, 1] }],
  [{ axis: [] }],
  [{ axis: 0.5 }],
  [{ poolSize: [1, 2, 3] }],
  [{ poolSize: 0 }],
  [{ targetShape: [-1] }],
  [{ title: "" }],
  [{ group: 3 }],
  [{ somethingElse: 3 }],
  [[1, 2]],
  [7],
])("refused: %j", (options) => {
  expect(() => parseOptions(schema, options, 'Thing "a"')).toThrowErrorMatchingSnapshot();
});

test("a required option must be given", () => {
  expect(() => parseOptions({ units: integer({ min: 1 }) }, {}, "Dense")).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dense: option "units" is required: a whole number ≥ 1]`,
  );
});

test("new kinds come from `option`", () => {
  const pair = option(
    { default: "1:2" },
    {
      expected: "two numbers like 1:2",
      parse: (given, refuse) =>
        typeof given === "string" && /^\d+:\d+$/.test(given) ? given.split(":").map(Number) : refuse(),
      toConfig: (value) => value as number[],
      fromConfig: (json) => (json as number[]).join(":"),
    },
  );
  expect(parseOptions({ pair }, { pair: "3:4" }, "Thing").pair).toEqual([3, 4]);
  expect(() => parseOptions({ pair }, { pair: 3 }, "Thing")).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Thing: option "pair" must be two numbers like 1:2, got 3]`,
  );
});

describe("options of functions", () => {
  test.each<[string, () => unknown]>([
    ["linspace, as Keras has its arguments", () => ops.linspace(0, 1, 3, false as never)],
    ["meshgrid", () => ops.meshgrid([1], [2], { idexing: "ij" } as never)],
    ["a loss", () => losses.meanSquaredError().apply([1], [1], { sampleWeights: [1] } as never)],
    ["a variable", () => new Variable(zeros([1]), { trainble: false } as never)],
    ["a summary", () => sequential([], { name: "net" }).summary({ lineLenght: 50 } as never)],
    ["a seed generator", () => new random.SeedGenerator(1, { nam: "s" } as never)],
  ])("that are unknown are refused: %s", (_which, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});
