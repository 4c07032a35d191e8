import fc from "fast-check";
import { expect, test } from "vitest";
import { Allocator } from "./allocator.ts";

/** Requests and releases in random order, checked against a plain list of the ranges in use. */
test("ranges in use never overlap, are aligned, and everything is reusable", () => {
  const limit = 1 << 20;
  const step = fc.oneof(fc.record({ allocate: fc.integer({ min: 0, max: 20_000 }) }), fc.record({ free: fc.nat() }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const allocator = new Allocator(100, (end) => end <= limit);
      const used: { from: number; to: number; bytes: number }[] = [];
      for (const each of steps) {
        if ("allocate" in each) {
          const from = allocator.allocate(each.allocate);
          if (from === undefined) continue;
          const to = from + Math.max(1, each.allocate);
          expect(from % 64).toBe(0);
          expect(from).toBeGreaterThanOrEqual(100);
          expect(to).toBeLessThanOrEqual(limit);
          for (const other of used) expect(to <= other.from || from >= other.to).toBe(true);
          used.push({ from, to, bytes: each.allocate });
        } else if (used.length > 0) {
          const [range] = used.splice(each.free % used.length, 1);
          if (range) allocator.free(range.from, range.bytes);
        }
      }
      for (const range of used) allocator.free(range.from, range.bytes);
      // All is free again, so one range of nearly everything must fit.
      expect(allocator.allocate(limit - 256)).toBeDefined();
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a freed range of the same size is used again at once", () => {
  const allocator = new Allocator(0, () => true);
  const first = allocator.allocate(1000) as number;
  allocator.allocate(1000);
  allocator.free(first, 1000);
  expect(allocator.allocate(1000)).toBe(first);
});

test("no memory gives undefined, and smaller requests still work", () => {
  const allocator = new Allocator(0, (end) => end <= 1024);
  expect(allocator.allocate(2000)).toBeUndefined();
  expect(allocator.allocate(1000)).toBe(0);
});
