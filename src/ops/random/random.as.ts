// Random numbers to the bit as `philox.ts` and `portable.ts` make them: the same integers, the same float64 steps in
// the same order, never fused. A piece is 1024 elements of one draw.

const perPiece: i32 = 1024;

/** The four words of a block: the rounds run on [c0, c2] and [c1, c3], side by side. */
// @ts-ignore: decorator
@inline
function philox(block: u64, seed: i32, draw: i32): v128 {
  const multipliers = i32x4(<i32>0xd2511f53, <i32>0xcd9e8d57, 0, 0);
  const weyl = i32x4(<i32>0x9e3779b9, <i32>0xbb67ae85, 0, 0);
  let key = i32x4(seed, draw, 0, 0);
  let even = i32x4(<i32>block, 0, 0, 0);
  let odd = i32x4(<i32>(block >> 32), 0, 0, 0);
  for (let round: i32 = 0; round < 10; round++) {
    const products = i64x2.extmul_low_i32x4_u(even, multipliers);
    even = v128.xor(v128.xor(v128.shuffle<i32>(products, products, 3, 1, 3, 1), odd), key);
    odd = v128.shuffle<i32>(products, products, 2, 0, 2, 0);
    key = i32x4.add(key, weyl);
  }
  return v128.shuffle<i32>(even, odd, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function word(words: v128, lane: i32): u32 {
  if (lane == 0) return i32x4.extract_lane(words, 0);
  if (lane == 1) return i32x4.extract_lane(words, 1);
  if (lane == 2) return i32x4.extract_lane(words, 2);
  return i32x4.extract_lane(words, 3);
}

/** A number between 0 and 1 for an element: from one word, or for float64 from two. */
// @ts-ignore: decorator
@inline
function fraction<T>(words: v128, lane: i32): f64 {
  if (sizeof<T>() == 4) return (<f64>word(words, lane) + 0.5) * (1.0 / 4294967296.0);
  const upper = <f64>word(words, 2 * lane);
  return (upper * 1048576.0 + <f64>(word(words, 2 * lane + 1) >> 12) + 0.5) * (1.0 / 4503599627370496.0);
}

function log(x: f64): f64 {
  let m = x;
  let e: f64 = 0;
  while (m < 0.7071067811865476) {
    m *= 2;
    e -= 1;
  }
  while (m > 1.4142135623730951) {
    m *= 0.5;
    e += 1;
  }
  const s = (m - 1) / (m + 1);
  const q = s * s;
  let sum: f64 = 1.0 / 21.0;
  for (let n: f64 = 19; n >= 1; n -= 2) sum = sum * q + 1 / n;
  return e * 0.6931471803691238 + (2 * s * sum + e * 1.9082149292705877e-10);
}

// @ts-ignore: decorator
@inline
function rational(
  r: f64,
  a7: f64, a6: f64, a5: f64, a4: f64, a3: f64, a2: f64, a1: f64, a0: f64,
  b7: f64, b6: f64, b5: f64, b4: f64, b3: f64, b2: f64, b1: f64,
): f64 {
  const above = ((((((a7 * r + a6) * r + a5) * r + a4) * r + a3) * r + a2) * r + a1) * r + a0;
  const below = ((((((b7 * r + b6) * r + b5) * r + b4) * r + b3) * r + b2) * r + b1) * r + 1;
  return above / below;
}

function normalQuantile(p: f64): f64 {
  const q = p - 0.5;
  if (abs<f64>(q) <= 0.425) {
    return q * rational(
      0.180625 - q * q,
      2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665,
      5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579, 42.31333070160091,
    );
  }
  const r = sqrt<f64>(-log(q < 0 ? p : 1 - p));
  const x = r <= 5
    ? rational(
      r - 1.6,
      0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
      1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851, 1.6763848301838038, 2.053191626637759,
    )
    : rational(
      r - 5,
      2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
      2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615, 0.1369298809227358, 0.599832206555888,
    );
  return q < 0 ? -x : x;
}

function drawUniform<T>(y: usize, size: i32, seed: i32, draw: i32, minval: f64, maxval: f64, from: i32, to: i32): void {
  const perBlock: i32 = 16 / sizeof<T>();
  const end = min<i32>(size, to * perPiece);
  for (let index = from * perPiece; index < end; index += perBlock) {
    const words = philox(index / perBlock, seed, draw);
    const count = min<i32>(perBlock, end - index);
    for (let lane: i32 = 0; lane < count; lane++) {
      let value = <T>(minval + fraction<T>(words, lane) * (maxval - minval));
      if (<f64>value >= maxval) value = <T>minval;
      store<T>(y + <usize>(index + lane) * sizeof<T>(), value);
    }
  }
}

function drawNormal<T>(
  y: usize,
  size: i32,
  seed: i32,
  draw: i32,
  mean: f64,
  stddev: f64,
  lowest: f64,
  width: f64,
  from: i32,
  to: i32,
): void {
  const perBlock: i32 = 16 / sizeof<T>();
  const end = min<i32>(size, to * perPiece);
  for (let index = from * perPiece; index < end; index += perBlock) {
    const words = philox(index / perBlock, seed, draw);
    const count = min<i32>(perBlock, end - index);
    for (let lane: i32 = 0; lane < count; lane++) {
      const quantile = normalQuantile(lowest + width * fraction<T>(words, lane));
      store<T>(y + <usize>(index + lane) * sizeof<T>(), <T>(mean + stddev * quantile));
    }
  }
}

export function uniform32(y: usize, size: i32, seed: i32, draw: i32, minval: f64, maxval: f64, from: i32, to: i32): void {
  drawUniform<f32>(y, size, seed, draw, minval, maxval, from, to);
}

export function uniform64(y: usize, size: i32, seed: i32, draw: i32, minval: f64, maxval: f64, from: i32, to: i32): void {
  drawUniform<f64>(y, size, seed, draw, minval, maxval, from, to);
}

export function normal32(
  y: usize,
  size: i32,
  seed: i32,
  draw: i32,
  mean: f64,
  stddev: f64,
  lowest: f64,
  width: f64,
  from: i32,
  to: i32,
): void {
  drawNormal<f32>(y, size, seed, draw, mean, stddev, lowest, width, from, to);
}

export function normal64(
  y: usize,
  size: i32,
  seed: i32,
  draw: i32,
  mean: f64,
  stddev: f64,
  lowest: f64,
  width: f64,
  from: i32,
  to: i32,
): void {
  drawNormal<f64>(y, size, seed, draw, mean, stddev, lowest, width, from, to);
}

/** x where the word of an element is at least `threshold`, times `scale`; else 0. One word for each element. */
export function dropout32(
  x: usize,
  y: usize,
  size: i32,
  seed: i32,
  draw: i32,
  threshold: i32,
  scale: f32,
  from: i32,
  to: i32,
): void {
  const end = min<i32>(size, to * perPiece);
  let index = from * perPiece;
  for (; index + 4 <= end; index += 4) {
    const kept = i32x4.ge_u(philox(index / 4, seed, draw), i32x4.splat(threshold));
    const scaled = f32x4.mul(v128.load(x + (<usize>index << 2)), f32x4.splat(scale));
    v128.store(y + (<usize>index << 2), v128.and(scaled, kept));
  }
  if (index >= end) return;
  const words = philox(index / 4, seed, draw);
  for (let lane: i32 = 0; index + lane < end; lane++) {
    const at = <usize>(index + lane) << 2;
    store<f32>(y + at, word(words, lane) >= <u32>threshold ? load<f32>(x + at) * scale : 0);
  }
}
