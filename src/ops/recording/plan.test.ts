import fc from "fast-check";
import { expect, test } from "vitest";
import { alignedBytes, plan } from "./plan.ts";

const lifetime = fc
  .record({ bytes: fc.nat(5000), from: fc.nat(30), length: fc.nat(12) })
  .map(({ bytes, from, length }) => ({
    bytes,
    from,
    to: from + length,
  }));

test("what is needed at the same time never overlaps, and nothing lies outside", () => {
  fc.assert(
    fc.property(fc.array(lifetime, { maxLength: 40 }), (lifetimes) => {
      const { offsets, bytes, neededBytes } = plan(lifetimes);
      const ranges = lifetimes.map((each, index) => {
        const offset = offsets[index] as number;
        return { ...each, offset, end: offset + each.bytes };
      });
      for (const [index, a] of ranges.entries()) {
        expect(a.offset % 64).toBe(0);
        expect(a.end).toBeLessThanOrEqual(bytes);
        for (const b of ranges.slice(0, index)) {
          const atOnce = a.from <= b.to && b.from <= a.to;
          if (atOnce && a.bytes > 0 && b.bytes > 0) expect(a.end <= b.offset || b.end <= a.offset).toBe(true);
        }
      }
      const most = Math.max(
        0,
        ...lifetimes.map(({ from }) =>
          lifetimes
            .filter((each) => each.from <= from && from <= each.to)
            .reduce((sum, each) => sum + alignedBytes(each.bytes), 0),
        ),
      );
      expect(neededBytes).toBe(most);
      expect(bytes).toBeGreaterThanOrEqual(most);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("what follows one after another shares one place", () => {
  const { offsets, bytes } = plan([
    { bytes: 640, from: 0, to: 1 },
    { bytes: 640, from: 1, to: 2 },
    { bytes: 640, from: 2, to: 3 },
    { bytes: 64, from: 2, to: 3 },
  ]);
  expect(offsets).toEqual([0, 640, 0, 1280]);
  expect(bytes).toBe(1344);
});
