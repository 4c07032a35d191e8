/**
 * What holds on a page: the library loads without touching it, and computes with and without cross-origin isolation.
 */
import { expect, inject, test } from "vitest";
import { info, ops, tensor } from "../../src/index.ts";

test("the wasm device starts on a page", async () => {
  const doubled = ops.cast(tensor([1.5, 2.5]), "int32");
  expect(await doubled.array()).toEqual([1, 2]);
  expect(info().details).toMatchObject({ name: "wasm", simd: true, relaxedSimd: true });
});

test("the page is isolated exactly where it is meant to be", () => {
  expect(crossOriginIsolated).toBe(inject("isolated"));
});
