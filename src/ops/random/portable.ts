/**
 * Functions made of + − × ÷ and √ alone, which IEEE 754 defines to the last bit. `Math.log` and its kind may differ
 * between engines; the random numbers of a seed must not. Kernels repeat the same steps.
 */

const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

/**
 * The natural logarithm for x > 0. With x = m · 2ᵉ and s = (m − 1) / (m + 1): log m = 2 (s + s³/3 + s⁵/5 + …), where
 * |s| ≤ 0.172, so that eleven terms suffice.
 */
export function log(x: number): number {
  let m = x;
  let e = 0;
  while (m < Math.SQRT1_2) {
    m *= 2;
    e--;
  }
  while (m > Math.SQRT2) {
    m *= 0.5;
    e++;
  }
  const s = (m - 1) / (m + 1);
  const q = s * s;
  let sum = 1 / 21;
  for (let n = 19; n >= 1; n -= 2) sum = sum * q + 1 / n;
  return e * ln2High + (2 * s * sum + e * ln2Low);
}

/** eˣ: with x = k log 2 + r, |r| ≤ 0.35, the Taylor series of eʳ times 2ᵏ. */
export function exp(x: number): number {
  if (x > 709) return Number.POSITIVE_INFINITY;
  if (x < -745) return 0;
  const k = Math.round(x / Math.LN2);
  const r = x - k * ln2High - k * ln2Low;
  let sum = 1;
  for (let n = 15; n >= 1; n--) sum = 1 + (sum * r) / n;
  for (let step = 0; step < Math.abs(k); step++) sum *= k > 0 ? 2 : 0.5;
  return sum;
}

/** Coefficients of the three rational functions of AS 241, highest power first. */
const central = {
  above: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  below: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
};
const near = {
  above: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  below: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
};
const far = {
  above: [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  below: [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
};

function rational({ above, below }: typeof central, r: number): number {
  let numerator = 0;
  let denominator = 0;
  for (let power = 0; power < 8; power++) {
    numerator = numerator * r + (above[power] as number);
    denominator = denominator * r + (below[power] as number);
  }
  return numerator / denominator;
}

/** The x below which a standard normal variable stays with probability p, 0 < p < 1 (Wichura 1988, AS 241, PPND16). */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * rational(central, 0.180625 - q * q);
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const x = r <= 5 ? rational(near, r - 1.6) : rational(far, r - 5);
  return q < 0 ? -x : x;
}
