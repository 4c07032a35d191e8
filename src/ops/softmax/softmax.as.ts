// Softmax, log-softmax and their gradients for float32, over one axis or several neighbouring ones: x is seen as
// [outer, length, inner]. Where nothing is inner (0) a group is a run of neighbours, and vectors run along it; else
// vectors hold elements of four neighbouring groups. Sums are collected in float64, in an order that depends on the length only.
// The cross-entropy of logits, and its gradient, pass over rows in the same way, without the logarithms ever standing
// in memory.
import { exp4, log4 } from "../../devices/wasm/math.as";
import { part, storePart } from "../../devices/wasm/simd.as";

const SOFTMAX = 0;
const LOG_SOFTMAX = 1;
const SOFTMAX_GRADIENT = 2;
const LOG_SOFTMAX_GRADIENT = 3;

// @ts-ignore: decorator
@inline
function all(value: f32): v128 {
  return f32x4.splat(value);
}

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0));
}

/**
 * The largest of one group, in all lanes, or of four side by side: vectors up to `last`, `step` bytes apart, each with
 * `width` elements that count but the last, which has `tail`. `isRow` says that all lanes belong to one group.
 */
// @ts-ignore: decorator
@inline
function largestOf(x: usize, step: usize, last: usize, width: i32, tail: i32, isRow: bool): v128 {
  const rest = all(-Infinity);
  let largest = rest;
  for (let i: usize = 0; i < last; i += step) largest = f32x4.pmax(largest, part(x + i, width, rest));
  largest = f32x4.pmax(largest, part(x + last, tail, rest));
  if (isRow) {
    largest = f32x4.max(largest, i64x2.shuffle(largest, largest, 1, 0));
    largest = f32x4.max(largest, i32x4.shuffle(largest, largest, 1, 0, 3, 2));
  }
  return largest;
}

/** What a group adds up: e^(x − largest), which softmax keeps in y; x · other; or only other. */
// @ts-ignore: decorator
@inline
function addend(kind: i32, x: usize, other: usize, y: usize, count: i32, largest: v128): v128 {
  if (kind == SOFTMAX || kind == LOG_SOFTMAX) {
    const value = exp4(f32x4.sub(part(x, count, all(-Infinity)), largest));
    if (kind == SOFTMAX) storePart(y, value, count);
    return value;
  }
  const value = part(other, count, all(0));
  return kind == LOG_SOFTMAX_GRADIENT ? value : f32x4.mul(value, part(x, count, all(0)));
}

/** The sum of a group, in all lanes, or those of four side by side. */
// @ts-ignore: decorator
@inline
function sumOf(kind: i32, x: usize, other: usize, y: usize, step: usize, last: usize, width: i32, tail: i32, isRow: bool, largest: v128): v128 {
  let first = f64x2.splat(0);
  let second = first;
  for (let i: usize = 0; i < last; i += step) {
    const value = addend(kind, x + i, other + i, y + i, width, largest);
    first = f64x2.add(first, f64x2.promote_low_f32x4(value));
    second = f64x2.add(second, high(value));
  }
  const value = addend(kind, x + last, other + last, y + last, tail, largest);
  first = f64x2.add(first, f64x2.promote_low_f32x4(value));
  second = f64x2.add(second, high(value));
  if (isRow) {
    first = f64x2.add(first, second);
    first = f64x2.add(first, i64x2.shuffle(first, first, 1, 0));
    second = first;
  }
  return i64x2.shuffle(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2);
}

/** One vector of the result, once the sum is known: `sum`, its inverse `scale`, or its logarithm. */
// @ts-ignore: decorator
@inline
function result(kind: i32, x: usize, other: usize, y: usize, count: i32, largest: v128, sum: v128, scale: v128): void {
  const rest = all(0);
  let value: v128;
  if (kind == SOFTMAX) value = f32x4.mul(part(y, count, rest), scale);
  else {
    value = part(x, count, rest);
    if (kind == LOG_SOFTMAX) value = f32x4.sub(f32x4.sub(value, largest), sum);
    else if (kind == SOFTMAX_GRADIENT) value = f32x4.mul(value, f32x4.sub(part(other, count, rest), sum));
    else value = f32x4.sub(part(other, count, rest), f32x4.mul(exp4(value), sum));
  }
  storePart(y, value, count);
}

/** One group, or four side by side. For the gradients x is the softmax or log-softmax itself, and `other` the gradient of it. */
// @ts-ignore: decorator
@inline
function group(kind: i32, x: usize, other: usize, y: usize, step: usize, vectors: i32, width: i32, tail: i32, isRow: bool): void {
  const last = <usize>(vectors - 1) * step;
  const largest = kind == SOFTMAX || kind == LOG_SOFTMAX ? largestOf(x, step, last, width, tail, isRow) : all(0);
  let sum = sumOf(kind, x, other, y, step, last, width, tail, isRow, largest);
  if (kind == LOG_SOFTMAX) sum = log4(sum);
  const scale = f32x4.div(all(1), sum);
  for (let i: usize = 0; i < last; i += step) result(kind, x + i, other + i, y + i, width, largest, sum, scale);
  result(kind, x + last, other + last, y + last, tail, largest, sum, scale);
}

// @ts-ignore: decorator
@inline
function groups(kind: i32, x: usize, other: usize, y: usize, length: i32, inner: i32, from: i32, to: i32): void {
  const bytes = <usize>length * <usize>max(inner, 1) * 4;
  const blocks = inner == 0 ? 1 : (inner + 3) >> 2;
  for (let unit = from; unit < to; unit++) {
    const offset = <usize>(unit / blocks) * bytes + <usize>(unit % blocks) * 16;
    if (inner == 0) {
      group(kind, x + offset, other + offset, y + offset, 16, (length + 3) >> 2, 4, ((length - 1) & 3) + 1, true);
    } else {
      const width = min(4, inner - (unit % blocks) * 4);
      group(kind, x + offset, other + offset, y + offset, <usize>inner * 4, length, width, width, false);
    }
  }
}

/** `kind`: 0 softmax, 1 log-softmax, 2 and 3 their gradients. A unit of work is a row, or up to four columns. */
export function softmax32(kind: i32, x: usize, other: usize, y: usize, length: i32, inner: i32, unitsOfPiece: i32, units: i32, from: i32, to: i32): void {
  from *= unitsOfPiece;
  to = min(to * unitsOfPiece, units);
  if (kind == SOFTMAX) return groups(SOFTMAX, x, other, y, length, inner, from, to);
  if (kind == LOG_SOFTMAX) return groups(LOG_SOFTMAX, x, other, y, length, inner, from, to);
  if (kind == SOFTMAX_GRADIENT) return groups(SOFTMAX_GRADIENT, x, other, y, length, inner, from, to);
  groups(LOG_SOFTMAX_GRADIENT, x, other, y, length, inner, from, to);
}

/** log softmax of up to four neighbours; what is missing is taken for the largest. */
// @ts-ignore: decorator
@inline
function logarithms(x: usize, count: i32, largest: v128, logarithm: v128): v128 {
  return f32x4.sub(f32x4.sub(part(x, count, largest), largest), logarithm);
}

/**
 * The cross-entropy −Σ t · log softmax(x) of each row, where t is 1 at the row's label and 0 elsewhere, or is given for
 * all classes; then `labels` is missing (0). `largest` and the logarithm of the sum are kept for the gradient.
 */
export function crossEntropy32(
  x: usize,
  labels: usize,
  targets: usize,
  y: usize,
  largests: usize,
  logarithmsOfSums: usize,
  classes: i32,
  rowsOfPiece: i32,
  rows: i32,
  from: i32,
  to: i32,
): void {
  const bytes = <usize>classes * 4;
  const last = (bytes - 4) & ~15;
  const tail = ((classes - 1) & 3) + 1;
  const end = min(to * rowsOfPiece, rows);
  for (let row = from * rowsOfPiece; row < end; row++) {
    const source = x + <usize>row * bytes;
    const target = targets + <usize>row * bytes;
    const at = <usize>row * 4;
    const largest = largestOf(source, 16, last, 4, tail, true);
    const logarithm = log4(sumOf(LOG_SOFTMAX, source, 0, 0, 16, last, 4, tail, true, largest));
    storePart(largests + at, largest, 1);
    storePart(logarithmsOfSums + at, logarithm, 1);
    if (labels) {
      const label = load<u32>(labels + at);
      const found = label < <u32>classes ? logarithms(source + (<usize>label << 2), 1, largest, logarithm) : all(0);
      storePart(y + at, f32x4.neg(found), 1);
      continue;
    }
    let first = f64x2.splat(0);
    let second = first;
    for (let i: usize = 0; i <= last; i += 16) {
      const count = i == last ? tail : 4;
      const value = f32x4.mul(part(target + i, count, all(0)), logarithms(source + i, count, largest, logarithm));
      first = f64x2.add(first, f64x2.promote_low_f32x4(value));
      second = f64x2.add(second, high(value));
    }
    first = f64x2.add(first, second);
    store<f32>(y + at, <f32>-(f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1)));
  }
}

/** dx = dy · (softmax(x) · Σ t − t). */
export function crossEntropyGradient32(
  x: usize,
  labels: usize,
  targets: usize,
  dy: usize,
  largests: usize,
  logarithmsOfSums: usize,
  dx: usize,
  classes: i32,
  rowsOfPiece: i32,
  rows: i32,
  from: i32,
  to: i32,
): void {
  const bytes = <usize>classes * 4;
  const last = (bytes - 4) & ~15;
  const tail = ((classes - 1) & 3) + 1;
  const end = min(to * rowsOfPiece, rows);
  for (let row = from * rowsOfPiece; row < end; row++) {
    const source = x + <usize>row * bytes;
    const result = dx + <usize>row * bytes;
    const target = targets + <usize>row * bytes;
    const at = <usize>row * 4;
    const d = v128.load32_splat(dy + at);
    const largest = v128.load32_splat(largests + at);
    const logarithm = v128.load32_splat(logarithmsOfSums + at);
    // A label that names no class counts nothing.
    const label: u32 = labels ? load<u32>(labels + at) : 0;
    const isClass = label < <u32>classes;
    const total = labels
      ? all(isClass ? 1 : 0)
      : sumOf(LOG_SOFTMAX_GRADIENT, 0, target, 0, 16, last, 4, tail, true, largest);
    for (let i: usize = 0; i <= last; i += 16) {
      const count = i == last ? tail : 4;
      let value = f32x4.mul(exp4(logarithms(source + i, count, largest, logarithm)), total);
      if (!labels) value = f32x4.sub(value, part(target + i, count, all(0)));
      storePart(result + i, f32x4.mul(d, value), count);
    }
    if (!labels || !isClass) continue;
    const place = <usize>label << 2;
    const found = exp4(logarithms(source + place, 1, largest, logarithm));
    storePart(result + place, f32x4.mul(d, f32x4.sub(found, all(1))), 1);
  }
}
