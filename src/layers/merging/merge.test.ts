import { expect, test } from "vitest";
import { input } from "../core/input-layer.ts";
import { Add } from "./add.ts";
import { Concatenate } from "./concatenate.ts";

test("a size that one input does not know is what another says of it", () => {
  const [unknown, known] = [input({ shape: [null, 3] }), input({ batchShape: [4, 5, 3] })];
  expect(new Add().apply([unknown, known]).shape).toEqual([4, 5, 3]);
  expect(new Add().apply([unknown, input({ shape: [1, 3] })]).shape).toEqual([null, null, 3]);
  expect(new Add().apply([unknown, input({ shape: [3] })]).shape).toEqual([null, null, 3]);
  expect(new Concatenate({ axis: 1 }).apply([unknown, known]).shape).toEqual([4, null, 3]);
  expect(new Concatenate().apply([unknown, known]).shape).toEqual([4, 5, 6]);
});
