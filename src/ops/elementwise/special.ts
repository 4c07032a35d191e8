/**
 * The error function and its inverse in float64, which JavaScript's `Math` does not have.
 */

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** 1 − erf(x) for x ≥ 2, by the continued fraction e^(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))). */
function erfcOfLarge(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}

/** erf(x) = 2/√π · ∫₀ˣ e^(−t²) dt; below 2 by the series 2/√π · e^(−x²) · Σ 2ᵏ x^(2k+1) / (1·3·5…(2k+1)). */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size >= 2) return Math.sign(x) * (1 - erfcOfLarge(size));
  if (Number.isNaN(x) || x === 0) return x;
  let addend = x;
  let sum = x;
  for (let k = 1; Math.abs(addend) > Math.abs(sum) * 1e-18; k++) {
    addend *= (2 * x * x) / (2 * k + 1);
    sum += addend;
  }
  return twoOverRootPi * Math.exp(-x * x) * sum;
}

/** 1 − erf(x), without loss where erf is close to 1. */
export function erfc(x: number): number {
  return x >= 2 ? erfcOfLarge(x) : 1 - erf(x);
}

/** The x with erf(x) = y: Winitzki's closed estimate (2008), then Halley's steps on erf(x) − y. */
export function erfinv(y: number): number {
  if (Number.isNaN(y) || Math.abs(y) > 1) return Number.NaN;
  if (Math.abs(y) === 1) return y * Number.POSITIVE_INFINITY;
  const size = Math.abs(y);
  if (size < 1e-150) return y / twoOverRootPi;
  const a = 0.147;
  const logarithm = Math.log1p(-size * size);
  const middle = 2 / (Math.PI * a) + logarithm / 2;
  // for small y the difference below would lose all its digits, and the first term of the series is exact enough
  let x = size < 1e-3 ? size / twoOverRootPi : Math.sqrt(Math.sqrt(middle * middle - logarithm / a) - middle);
  for (let step = 0; step < 4; step++) {
    // close to 1 the complement carries the digits
    const error = x >= 2 ? 1 - size - erfcOfLarge(x) : erf(x) - size;
    const ratio = error / (twoOverRootPi * Math.exp(-x * x));
    x -= ratio / (1 + x * ratio);
  }
  return Math.sign(y) * x;
}
