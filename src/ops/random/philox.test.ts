import { expect, test } from "vitest";
import { philox, wordsOf } from "./philox.ts";

/** The words of a counter under a key, as the paper's authors print them. */
function printed(counter: readonly number[], key: readonly number[]): string {
  const words = new Uint32Array(4);
  philox(words, counter, key);
  return [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");
}

test("gives the known answers of the Random123 distribution for philox4x32-10", () => {
  expect(printed([0, 0, 0, 0], [0, 0])).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  expect(printed([-1, -1, -1, -1], [-1, -1])).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  expect(printed([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toBe(
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

test("gives every word alone as among others", () => {
  const inOrder = wordsOf([3, 4]);
  const words = Array.from({ length: 40 }, (_, index) => inOrder(index));
  for (const index of [39, 0, 17, 16, 5]) expect(wordsOf([3, 4])(index)).toBe(words[index]);
  expect(new Set([...words, ...words.map((_, index) => wordsOf([3, 4])(index, 1))]).size).toBe(80);
});

test("reaches beyond 2³⁴ words", () => {
  const far = 4 * (2 ** 32 + 5) + 2;
  const words = new Uint32Array(4);
  philox(words, [5, 1, 0, 0], [9, 0]);
  expect(wordsOf([9, 0])(far)).toBe(words[2]);
});
