import { expect, test } from "vitest";
import { exp, log, normalQuantile } from "./portable.ts";

test("log and exp are the engine's within a few units in the last place", () => {
  for (let step = -4000; step <= 4000; step++) {
    const x = Math.exp(step / 100);
    const near = Math.abs(log(x) - Math.log(x));
    expect(near, `log ${x}`).toBeLessThanOrEqual(4 * Number.EPSILON * Math.max(Math.abs(Math.log(x)), 0.01));
    const y = step / 6;
    expect(Math.abs(exp(y) - Math.exp(y)), `exp ${y}`).toBeLessThanOrEqual(4 * Number.EPSILON * Math.exp(y));
  }
  expect([exp(-800), exp(800), exp(0), log(1)]).toEqual([0, Number.POSITIVE_INFINITY, 1, 0]);
});

test("the normal quantile is SciPy's", () => {
  const known: readonly (readonly [p: number, x: number])[] = [
    [2 ** -33, -6.3379577545537895],
    [1e-5, -4.264890793922825],
    [0.01, -2.3263478740408408],
    [0.075, -1.4395314709384563],
    [0.0751, -1.4388253927525403],
    [0.25, -0.6744897501960817],
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.925, 1.4395314709384563],
    [0.99, 2.3263478740408408],
    [0.999999, 4.753424308817087],
  ];
  for (const [p, x] of known)
    expect(Math.abs(normalQuantile(p) - x)).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(x)) * 2);
});
