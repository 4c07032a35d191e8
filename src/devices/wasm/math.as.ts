// Mathematical functions on vectors of four float32, over the whole range: denormals, infinities and NaN included.
// Polynomials are minimax fits whose error is a small part of the last digit; what remains is rounding.
// They are functions and not inlined: kernels share them.
//
// Their numbers stand in memory, since engines read one from there in a single instruction, but make a vector of a
// number in the code with several, each time: that took as long as the arithmetic. Every thread that starts writes
// the same bytes there again.
import { multiplyAdd } from "./simd.as";

/** Number `index` of a table. */
// @ts-ignore: decorator
@inline
function entry(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

// @ts-ignore: decorator
@inline
function fma(a: v128, b: v128, c: v128): v128 {
  return multiplyAdd<f32>(a, b, c);
}

// Polynomials of x, the coefficient of the highest power first in the table.

// @ts-ignore: decorator
@inline
function quadratic(table: usize, x: v128): v128 {
  return fma(fma(entry(table, 0), x, entry(table, 1)), x, entry(table, 2));
}

// @ts-ignore: decorator
@inline
function cubic(table: usize, x: v128): v128 {
  return fma(quadratic(table, x), x, entry(table, 3));
}

// @ts-ignore: decorator
@inline
function quartic(table: usize, x: v128): v128 {
  return fma(cubic(table, x), x, entry(table, 4));
}

// @ts-ignore: decorator
@inline
function quintic(table: usize, x: v128): v128 {
  return fma(quartic(table, x), x, entry(table, 5));
}

/** Of degree 8. */
// @ts-ignore: decorator
@inline
function octic(table: usize, x: v128): v128 {
  return fma(fma(fma(quintic(table, x), x, entry(table, 6)), x, entry(table, 7)), x, entry(table, 8));
}

/** What many need: 1, 2, ½ and the bit of the sign. */
const COMMON = memory.data<u32>([0x3f800000, 0x40000000, 0x3f000000, 0x80000000]);

// @ts-ignore: decorator
@inline
function one(): v128 {
  return entry(COMMON, 0);
}

// @ts-ignore: decorator
@inline
function sign(): v128 {
  return entry(COMMON, 3);
}

/** The size of y with the sign of x. */
// @ts-ignore: decorator
@inline
function signed(y: v128, x: v128): v128 {
  return v128.or(y, v128.and(x, sign()));
}

// @ts-ignore: decorator
@inline
function powerOf2(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), one());
}

/** x · 2^n for whole n, in two steps, so that results beyond the normal range come out right. */
// @ts-ignore: decorator
@inline
function scale(x: v128, whole: v128): v128 {
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(x, powerOf2(half)), powerOf2(i32x4.sub(whole, half)));
}

/**
 * 1 / log 2; 1.5 · 2^23: a float32 of that size has no digits after the point, so adding it rounds to a whole number;
 * log 2 in two parts, negative, of which the first has few digits, so that its product with n is exact.
 */
const LOG2 = memory.data<f32>([1.4426950408889634, 12582912, -0.693359375, 2.12194440e-4]);

/** How often log 2 goes into x, plus the rounder; the last bits are that number as an integer. */
// @ts-ignore: decorator
@inline
function timesLog2(x: v128): v128 {
  return fma(x, entry(LOG2, 0), entry(LOG2, 1));
}

// @ts-ignore: decorator
@inline
function wholeOf(rounded: v128): v128 {
  return i32x4.sub(rounded, entry(LOG2, 1));
}

/** x − n · log 2 */
// @ts-ignore: decorator
@inline
function lessLog2(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, entry(LOG2, 1));
  return fma(n, entry(LOG2, 3), fma(n, entry(LOG2, 2), x));
}

const EXP_RANGE = memory.data<f32>([89, -104]);
const EXP = memory.data<f32>([0.0013819823507219553, 0.008368686772882938, 0.041668277233839035, 0.1666652113199234, 0.4999999403953552]);

/** e^x for x that is not beyond what has one; inlined into whatever calls it most. */
// @ts-ignore: decorator
@inline
function expInRange(x: v128): v128 {
  const rounded = timesLog2(x);
  const r = lessLog2(x, rounded);
  return scale(f32x4.add(fma(f32x4.mul(r, r), quartic(EXP, r), r), one()), wholeOf(rounded));
}

/**
 * e^x, and 0 where x is less than `least`. Processors take ten times as long for what leaves the normal range, so what
 * comes to 0 is not computed.
 */
// @ts-ignore: decorator
@inline
function expAbove(x: v128, least: v128): v128 {
  const isLess = f32x4.lt(x, least);
  return v128.andnot(expInRange(v128.andnot(x, isLess)), isLess);
}

/** e^x. (`pmin` is a single instruction, and keeps NaN where it stands first.) */
export function exp4(x: v128): v128 {
  return expAbove(f32x4.pmin(x, entry(EXP_RANGE, 0)), entry(EXP_RANGE, 1));
}

/** e^x for x ≤ 0, and 0 where x is less than `least`: weights beside 1. */
export function weight4(x: v128, least: v128): v128 {
  return expAbove(x, least);
}

const EXPM1_RANGE = memory.data<f32>([89, -18]);
const EXPM1 = memory.data<f32>([0.00019944265659432858, 0.001393268583342433, 0.008333208039402962, 0.04166648909449577, 0.1666666716337204, 0.5]);

/** e^r − 1 for |r| ≤ ½ log 2 */
// @ts-ignore: decorator
@inline
function expm1OfSmall(r: v128): v128 {
  return fma(f32x4.mul(r, r), quintic(EXPM1, r), r);
}

/** e^x − 1 */
export function expm14(x: v128): v128 {
  const y = f32x4.pmax(f32x4.pmin(x, entry(EXPM1_RANGE, 0)), entry(EXPM1_RANGE, 1));
  const rounded = timesLog2(y);
  const p = expm1OfSmall(lessLog2(y, rounded));
  const n = wholeOf(rounded);
  // 2^n · (p + 1) − 1 = 2^n · (p + (1 − 2^−n)); where n is 0 that is p itself
  const rest = f32x4.sub(one(), powerOf2(i32x4.max_s(i32x4.neg(n), i32x4.splat(-127))));
  // of −0 the sum would make 0
  return v128.bitselect(x, scale(f32x4.add(p, rest), n), f32x4.eq(x, f32x4.splat(0)));
}

/** The least normal number, 2^23, which makes it one of what is less, and its exponent; ∞, −∞ and NaN. */
const EDGES = memory.data<f32>([1.17549435e-38, 8388608, 23, Infinity, -Infinity, NaN]);
/** √½, and the bits of a number that are not its exponent. */
const LOG_BITS = memory.data<u32>([0x3f3504f3, 0x007fffff]);
const LOG = memory.data<f32>([
  0.06750956177711487, -0.1167144924402237, 0.1188356801867485, -0.12406031787395477, 0.14220327138900757,
  -0.1666799634695053, 0.20002073049545288, -0.25000008940696716, 0.3333331346511841,
]);
const LOG_PARTS = memory.data<f32>([-2.12194440e-4, -0.5, 0.693359375]);

/** log x: −∞ at 0, NaN below. */
export function log4(x: v128): v128 {
  const isTiny = f32x4.lt(x, entry(EDGES, 0));
  const y = v128.bitselect(f32x4.mul(x, entry(EDGES, 1)), x, isTiny);
  // y = m · 2^e with m from √½ to √2
  const shifted = i32x4.sub(y, entry(LOG_BITS, 0));
  const m = i32x4.add(v128.and(shifted, entry(LOG_BITS, 1)), entry(LOG_BITS, 0));
  let e = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  e = f32x4.sub(e, v128.and(isTiny, entry(EDGES, 2)));
  const f = f32x4.sub(m, one());
  const p = octic(LOG, f);
  const square = f32x4.mul(f, f);
  // the small parts first
  let y0 = fma(e, entry(LOG_PARTS, 0), f32x4.mul(f32x4.mul(square, f), p));
  y0 = fma(square, entry(LOG_PARTS, 1), y0);
  let result = fma(e, entry(LOG_PARTS, 2), f32x4.add(f, y0));
  const zero = f32x4.splat(0);
  result = v128.bitselect(x, result, f32x4.eq(x, entry(EDGES, 3)));
  result = v128.bitselect(entry(EDGES, 4), result, f32x4.eq(x, zero));
  return v128.bitselect(result, entry(EDGES, 5), f32x4.ge(x, zero));
}

/** log(1 + x): the logarithm of the rounded sum, and what the rounding took. */
export function log1p4(x: v128): v128 {
  const u = f32x4.add(x, one());
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, one())), u);
  const y = log4(u);
  const zero = f32x4.splat(0);
  const isPlain = v128.and(f32x4.gt(u, zero), f32x4.lt(u, entry(EDGES, 3)));
  const result = v128.bitselect(f32x4.add(y, lost), y, isPlain);
  return v128.bitselect(x, result, f32x4.eq(x, zero));
}

const TANH_RANGE = memory.data<f32>([10]);

/** t / (t + 2) with t = e^(2|x|) − 1, and the sign of x. */
export function tanh4(x: v128): v128 {
  const size = f32x4.pmin(f32x4.abs(x), entry(TANH_RANGE, 0));
  const y = f32x4.add(size, size);
  const rounded = timesLog2(y);
  // t = 2^n · p + (2^n − 1): whole n up to 29, so no step leaves the normal range
  const power = powerOf2(rounded);
  const t = f32x4.add(f32x4.mul(power, expm1OfSmall(lessLog2(y, rounded))), f32x4.sub(power, one()));
  return signed(f32x4.div(t, f32x4.add(t, entry(COMMON, 1))), x);
}

/** 1 / (1 + e^−x), by way of e^−|x|, which does not overflow. */
export function sigmoid4(x: v128): v128 {
  const e = expAbove(v128.or(x, sign()), entry(EXP_RANGE, 1));
  return f32x4.div(v128.bitselect(e, one(), f32x4.lt(x, f32x4.splat(0))), f32x4.add(one(), e));
}

const ERF = memory.data<f32>([
  7.920368079794571e-5, -0.0008030761382542551, 0.005190733820199966, -0.02685512602329254, 0.11283618211746216,
  -0.3761262893676758, 0.12837916612625122,
]);

/** erf for |x| ≤ 1: odd powers. */
function erfOfSmall(x: v128): v128 {
  const z = f32x4.mul(x, x);
  const p = fma(quintic(ERF, z), z, entry(ERF, 6));
  return fma(x, p, x);
}

/** The largest x, the middle of the polynomial, and half of a float32's digits. */
const ERFC_RANGE = memory.data<f32>([10.1, 2, 0.5]);
const ERFC = memory.data<f32>([
  -0.0006620905478484929, 0.0004767942591570318, 0.00434943288564682, -0.003975464962422848, -0.027109812945127487,
  0.082021564245224, -0.08301511406898499, -0.046381812542676926, 0.6384891867637634,
]);
const ERFC_SMALL = memory.data<f32>([0.041666668, -0.16666667, 0.5, -1, 1]);

/** 1 − erf for x ≥ 0.5: e^(−x²) times a slowly changing function. */
function erfcOfLarge(x: v128): v128 {
  x = f32x4.pmin(x, entry(ERFC_RANGE, 0));
  const t = f32x4.div(f32x4.sub(x, entry(ERFC_RANGE, 1)), f32x4.add(x, entry(ERFC_RANGE, 1)));
  const p = octic(ERFC, t);
  // x² = high² + rest, high² being exact
  const high = v128.and(x, i32x4.splat(0xfffff000));
  const rest = f32x4.mul(f32x4.sub(x, high), f32x4.add(x, high));
  const factor = f32x4.mul(f32x4.div(p, f32x4.add(x, entry(ERFC_RANGE, 2))), quartic(ERFC_SMALL, rest));
  return f32x4.mul(exp4(f32x4.neg(f32x4.mul(high, high))), factor);
}

export function erf4(x: v128): v128 {
  const size = f32x4.abs(x);
  const large = signed(f32x4.sub(one(), erfcOfLarge(size)), x);
  return v128.bitselect(erfOfSmall(x), large, f32x4.lt(size, one()));
}

/** 1 − erf x */
export function erfc4(x: v128): v128 {
  const size = f32x4.abs(x);
  const tail = erfcOfLarge(size);
  const large = v128.bitselect(f32x4.sub(entry(COMMON, 1), tail), tail, f32x4.lt(x, f32x4.splat(0)));
  return v128.bitselect(f32x4.sub(one(), erfOfSmall(x)), large, f32x4.lt(size, entry(COMMON, 2)));
}

/** 32 bits of 2/π, from bit 32 · index after the point on. */
function twoOverPi(index: i32): u64 {
  if (index < 0) return 0;
  if (index == 0) return 0xa2f9836e;
  if (index == 1) return 0x4e441529;
  if (index == 2) return 0xfc2757d1;
  if (index == 3) return 0xf534ddc0;
  if (index == 4) return 0xdb629599;
  if (index == 5) return 0x3c439041;
  return 0xfe5163ab;
}

/**
 * A large x less a multiple of 2π, at most π/4 beyond ±2π (Payne & Hanek 1983): of x · 2/π = m · 2^e · 2/π only those
 * bits of 2/π matter that are neither multiples of 4 quarter turns nor too small to count.
 */
function turnOf(x: f32): f64 {
  const bits = reinterpret<u32>(x);
  const exponent = <i32>((bits >> 23) & 255) - 150;
  const m = <u64>((bits & 0x7fffff) | 0x800000);
  // x = m · 2^exponent: skip that many bits of 2/π, but for the two that tell quarter turns
  const skip = exponent - 2;
  const word = skip >> 5;
  const shift = <u64>(skip & 31);
  // 96 bits of 2/π from there
  const a = ((twoOverPi(word) << 32) | twoOverPi(word + 1)) << shift | (shift ? twoOverPi(word + 2) >> (32 - shift) : 0);
  const b = ((twoOverPi(word + 2) << 32) | twoOverPi(word + 3)) << shift >> 32;
  // their product with m, of which the bits above the first 64 are whole multiples of four quarter turns
  const product = a * m + ((b * m) >> 32);
  const quarters = <f64>(<i64>product) * 2.168404344971009e-19;
  const turn = quarters * 1.5707963267948966;
  return bits >> 31 ? -turn : turn;
}

const SIN = memory.data<f32>([-0.00019506797252688557, 0.008332101628184319, -0.16666653752326965]);
const COS = memory.data<f32>([2.4430881239823066e-5, -0.0013887302484363317, 0.04166664555668831, -0.5]);
/** Beyond this the two parts of π/2 are too short. */
const SIN_LIMIT = memory.data<f32>([100000]);
/** 2/π, and π/2 in two parts. */
const QUARTERS = memory.data<f64>([0.6366197723675814, 1.5707963267341256, 6.077100506506192e-11]);

// @ts-ignore: decorator
@inline
function ofQuarters(index: usize): v128 {
  return v128.load64_splat(QUARTERS + (index << 3));
}

/** Which quarter turn x is next to, and how far it is from there: of two of the four. */
// @ts-ignore: decorator
@inline
function nearestQuarter(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, ofQuarters(0)));
}

// @ts-ignore: decorator
@inline
function lessQuarters(x: v128, n: v128): v128 {
  const rest = f64x2.sub(x, f64x2.mul(n, ofQuarters(1)));
  return f64x2.sub(rest, f64x2.mul(n, ofQuarters(2)));
}

/** The sine of x plus `quarter` quarter turns. */
export function sin4(x: v128, quarter: i32): v128 {
  let first = f64x2.promote_low_f32x4(x);
  let second = f64x2.promote_low_f32x4(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  const isLarge = f32x4.gt(f32x4.abs(x), entry(SIN_LIMIT, 0));
  if (v128.any_true(isLarge)) {
    first = f64x2.replace_lane(first, 0, reduced(f32x4.extract_lane(x, 0)));
    first = f64x2.replace_lane(first, 1, reduced(f32x4.extract_lane(x, 1)));
    second = f64x2.replace_lane(second, 0, reduced(f32x4.extract_lane(x, 2)));
    second = f64x2.replace_lane(second, 1, reduced(f32x4.extract_lane(x, 3)));
  }
  const n1 = nearestQuarter(first);
  const n2 = nearestQuarter(second);
  const r1 = f32x4.demote_f64x2_zero(lessQuarters(first, n1));
  const r2 = f32x4.demote_f64x2_zero(lessQuarters(second, n2));
  const r = i64x2.shuffle(r1, r2, 0, 2);
  let q = i64x2.shuffle(i32x4.trunc_sat_f64x2_s_zero(n1), i32x4.trunc_sat_f64x2_s_zero(n2), 0, 2);
  q = i32x4.add(q, i32x4.splat(quarter));
  const z = f32x4.mul(r, r);
  const s = fma(f32x4.mul(quadratic(SIN, z), z), r, r);
  const c = fma(f32x4.mul(z, z), quadratic(COS, z), fma(z, entry(COS, 3), one()));
  const isOdd = i32x4.eq(v128.and(q, i32x4.splat(1)), i32x4.splat(1));
  const sign = i32x4.shl(v128.and(q, i32x4.splat(2)), 30);
  const result = v128.xor(v128.bitselect(c, s, isOdd), sign);
  return v128.bitselect(entry(EDGES, 5), result, f32x4.eq(f32x4.abs(x), entry(EDGES, 3)));
}

// @ts-ignore: decorator
@inline
function reduced(x: f32): f64 {
  return abs<f32>(x) > 100000 ? turnOf(x) : <f64>x;
}

// @ts-ignore: decorator
@inline
function double(x: f64): v128 {
  return f64x2.splat(x);
}

/** a · b + c, never fused. */
// @ts-ignore: decorator
@inline
function then(a: v128, b: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(a, b), double(c));
}

/** log x for two normal float64 x > 0, to 12 digits: 2 artanh((m − 1) / (m + 1)) + e log 2. */
function logOf(x: v128): v128 {
  const half = i64x2.splat(0x3fe6a09e667f3bcd);
  const bits = i64x2.sub(x, half);
  const m = i64x2.add(v128.and(bits, i64x2.splat(0x000fffffffffffff)), half);
  const s = f64x2.div(f64x2.sub(m, double(1)), f64x2.add(m, double(1)));
  const z = f64x2.mul(s, s);
  let p = then(double(1.0 / 13), z, 1.0 / 11);
  p = then(p, z, 1.0 / 9);
  p = then(p, z, 1.0 / 7);
  p = then(p, z, 1.0 / 5);
  p = then(p, z, 1.0 / 3);
  const e = i64x2.shr_s(bits, 52);
  const whole = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(e, e, 0, 2, 0, 2));
  const small = f64x2.add(s, f64x2.mul(f64x2.mul(s, z), p));
  return f64x2.add(f64x2.add(small, small), f64x2.mul(whole, double(0.6931471805599453)));
}

/** e^x for two float64 |x| < 700, to 11 digits. */
function expOf(x: v128): v128 {
  const n = f64x2.nearest(f64x2.mul(x, double(1.4426950408889634)));
  const r = f64x2.sub(x, f64x2.mul(n, double(0.6931471805599453)));
  let p = then(double(1.0 / 362880), r, 1.0 / 40320);
  p = then(p, r, 1.0 / 5040);
  p = then(p, r, 1.0 / 720);
  p = then(p, r, 1.0 / 120);
  p = then(p, r, 1.0 / 24);
  p = then(p, r, 1.0 / 6);
  p = then(p, r, 0.5);
  p = then(p, r, 1);
  p = then(p, r, 1);
  const whole = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(n));
  return f64x2.mul(p, i64x2.shl(i64x2.add(whole, i64x2.splat(1023)), 52));
}

/** Two of four float32, positive and finite, to the power of as many: the logarithm in float64 keeps enough digits. */
function powerOfTwo(x: v128, y: v128): v128 {
  const exponent = f64x2.mul(f64x2.promote_low_f32x4(y), logOf(f64x2.promote_low_f32x4(x)));
  return f32x4.demote_f64x2_zero(expOf(f64x2.pmax(f64x2.pmin(exponent, double(200)), double(-200))));
}

/** x to the power of y, as IEEE 754 has it. */
export function power(x: f32, y: f32): f32 {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return NaN;
  const size = abs<f32>(x);
  const isWhole = trunc(y) == y;
  // beyond 2^24 every number is even
  const isOdd = isWhole && abs<f32>(y) < 16777216 && (<i32>y & 1) != 0;
  const sign: f32 = isOdd && reinterpret<u32>(x) >> 31 ? -1 : 1;
  if (size == 0 || size == Infinity) return sign * ((size == 0) == y < 0 ? <f32>Infinity : 0);
  if (abs<f32>(y) == Infinity) return size == 1 ? 1 : size > 1 == y > 0 ? <f32>Infinity : 0;
  if (x < 0 && !isWhole) return NaN;
  return sign * f32x4.extract_lane(powerOfTwo(f32x4.splat(size), f32x4.splat(y)), 0);
}

export function power4(x: v128, y: v128): v128 {
  const infinity = entry(EDGES, 3);
  const isPlain = v128.and(f32x4.gt(x, f32x4.splat(0)), v128.and(f32x4.lt(x, infinity), f32x4.lt(f32x4.abs(y), infinity)));
  if (i32x4.all_true(isPlain)) {
    const high = powerOfTwo(v128.shuffle<i64>(x, x, 1, 0), v128.shuffle<i64>(y, y, 1, 0));
    return v128.shuffle<i64>(powerOfTwo(x, y), high, 0, 2);
  }
  let z = f32x4.splat(power(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
  z = f32x4.replace_lane(z, 1, power(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)));
  z = f32x4.replace_lane(z, 2, power(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)));
  return f32x4.replace_lane(z, 3, power(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)));
}
