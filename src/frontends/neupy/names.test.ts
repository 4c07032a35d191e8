import { beforeEach, describe, expect, test } from "vitest";
import { BaseLayer, GRU, GroupNorm, LeakyRelu, LSTM, PRelu, Relu, resetNames } from "./index.ts";
import { nameFor } from "./names.ts";

beforeEach(resetNames);

const first = (pattern: string, count: number) => Array.from({ length: count }, () => nameFor(pattern, "Relu"));

describe("names", () => {
  test("a text is used as it is, and used again", () => {
    expect(first("fc", 2)).toEqual(["fc", "fc"]);
    expect(first("fc{{}}", 1)).toEqual(["fc{{}}"]);
  });

  test("without one they come from the class, numbered from 1", () => {
    const names = [GroupNorm(4), GroupNorm(4), Relu(), LeakyRelu(), PRelu(), LSTM(1), GRU(1)].map(({ name }) => name);
    const expected = ["group-norm-1", "group-norm-2", "relu-1", "leaky-relu-1", "p-relu-1", "lstm-1", "gru-1"];
    expect(names).toEqual(expected);
  });

  test("a word begins where a capital is followed by a small letter", () => {
    const named = (className: string) => {
      const made = {
        [className]: class extends BaseLayer {
          override compute = ([x]: readonly never[]): never => x as never;
        },
      };
      return new (made[className] as unknown as new () => BaseLayer)().name;
    };
    expect(["ABCD", "ABCDef", "ABcdef", "ABC_DEF"].map(named)).toEqual([
      "abcd-1",
      "abc-def-1",
      "a-bcdef-1",
      "ab-c_def-1",
    ]);
    class Mine extends Relu {}
    expect([new Mine(3).name, new Mine(3).className]).toEqual(["mine-1", "Mine"]);
  });

  test("format strings count for themselves", () => {
    expect([...first("fc{}", 3), ...first("other{}", 1), ...first("fc{}", 1)]).toEqual([
      "fc1",
      "fc2",
      "fc3",
      "other1",
      "fc4",
    ]);
    expect(first("fc-{:<03d}", 3)).toEqual(["fc-001", "fc-002", "fc-003"]);
    expect([Relu({ name: "rl{}" }).name, Relu(5, { name: "rl{}" }).name]).toEqual(["rl1", "rl2"]);
  });

  // The right column is what Python 3 gives for the number 7, save for the row that says otherwise.
  test.each([
    ["{}", "7"],
    ["{0}", "7"],
    ["{:}", "7"],
    ["{:d}", "7"],
    ["{:3d}", "  7"],
    ["{:03d}", "007"],
    ["{:03}", "007"],
    ["{:>04d}", "0007"],
    ["{:<4d}|", "7   |"],
    ["{:<03d}", "007"], // Python: "700"; NeuPy's documentation promises zeros in front
    ["{:0<3d}", "700"],
    ["{:^5d}|", "  7  |"],
    ["{:^4d}|", " 7  |"],
    ["{:*^5d}", "**7**"],
    ["{:0>3}", "007"],
    ["{:=+4d}", "+  7"],
    ["{:+d}", "+7"],
    ["{: d}", " 7"],
    ["{:-d}", "7"],
    ["{:+04d}", "+007"],
    ["{:b}", "111"],
    ["{:#b}", "0b111"],
    ["{:08b}", "00000111"],
    ["{:#010b}", "0b00000111"],
    ["{:o}", "7"],
    ["{:#o}", "0o7"],
    ["{:x}", "7"],
    ["{:#06x}", "0x0007"],
    ["{:#X}", "0X7"],
    ["{:n}", "7"],
    ["{:,}", "7"],
    ["{:09,}", "0,000,007"],
    ["{:010_b}", "0_0000_0111"],
    ["{!s:>3}", "  7"],
    ["{!r:<3}|", "7  |"],
    ["{!s:03}", "700"],
    ["{{{}}}", "{7}"],
    ["a{}b", "a7b"],
  ])("%s of 7 is %s", (pattern, expected) => {
    expect(first(pattern, 7).at(-1)).toBe(expected);
  });

  test("hexadecimal digits and characters", () => {
    expect(first("{:x} {{}}", 10).at(-1)).toBe("a {}");
    expect(first("{:X}", 11).at(-1)).toBe("B");
    expect(first("{:c}", 65).at(-1)).toBe("A");
    expect(first("{:,}", 1234).at(-1)).toBe("1,234");
    expect(first("{:+09,}", 1234).at(-1)).toBe("+0,001,234");
    expect(first("{:#09_x}", 70).at(-1)).toBe("0x00_0046");
  });

  test("what is refused says why, and counts nothing", () => {
    const refused = [
      "fc-{}-{}",
      "{:{}}",
      "{1}",
      "{name}",
      "{0.real}",
      "{",
      "}",
      "{:.2d}",
      "{:.2f}",
      "{:5z5}",
      "{:s}",
      "{:,x}",
      "{:,n}",
      "{:+c}",
      "{!s:d}",
      "{!s:=4}",
      "{!q}",
    ];
    const message = (pattern: string) => {
      try {
        return nameFor(pattern, "Relu");
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    };
    expect(refused.map(message)).toMatchSnapshot();
    expect(() => Relu(0, { name: "fc{}" })).toThrow();
    expect(Relu({ name: "fc{}" }).name).toBe("fc1");
  });
});
