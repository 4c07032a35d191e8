// Softmax, log-softmax and their gradients for float32, over one axis or several neighbouring ones: x is seen as
// [outer, length, inner]. Where nothing is inner (0) a group is a run of neighbours, and vectors run along it; else
// vectors hold elements of four neighbouring groups. Sums are collected in float64, in an order that depends on the length only.
import { exp4, log4 } from "../../devices/wasm/math.as";
import { part, storePart } from "../../devices/wasm/simd.as";

const SOFTMAX = 0;
const LOG_SOFTMAX = 1;
const SOFTMAX_GRADIENT = 2;

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
 * One group, or four side by side: `vectors` of them, `step` bytes apart, each with `width` elements that count but
 * the last, which has `tail`. `isRow` says that all lanes belong to one group.
 * For the gradients x is the softmax or log-softmax itself, and `other` the gradient of it.
 */
// @ts-ignore: decorator
@inline
function group(kind: i32, x: usize, other: usize, y: usize, step: usize, vectors: i32, width: i32, tail: i32, isRow: bool): void {
  const isForward = kind == SOFTMAX || kind == LOG_SOFTMAX;
  const rest = isForward ? all(-Infinity) : all(0);
  const last = <usize>(vectors - 1) * step;
  let largest = rest;
  if (isForward) {
    for (let i: usize = 0; i <= last; i += step) {
      largest = f32x4.max(largest, part(x + i, i == last ? tail : width, rest));
    }
    if (isRow) {
      largest = f32x4.max(largest, i64x2.shuffle(largest, largest, 1, 0));
      largest = f32x4.max(largest, i32x4.shuffle(largest, largest, 1, 0, 3, 2));
    }
  }
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  for (let i: usize = 0; i <= last; i += step) {
    const count = i == last ? tail : width;
    let addend: v128;
    if (isForward) {
      addend = exp4(f32x4.sub(part(x + i, count, rest), largest));
      if (kind == SOFTMAX) storePart(y + i, addend, count);
    } else {
      addend = part(other + i, count, rest);
      if (kind == SOFTMAX_GRADIENT) addend = f32x4.mul(addend, part(x + i, count, rest));
    }
    first = f64x2.add(first, f64x2.promote_low_f32x4(addend));
    second = f64x2.add(second, high(addend));
  }
  if (isRow) {
    first = f64x2.add(first, second);
    first = f64x2.add(first, i64x2.shuffle(first, first, 1, 0));
    second = first;
  }
  const sum = i64x2.shuffle(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2);
  const logarithm = kind == LOG_SOFTMAX ? log4(sum) : sum;
  const scale = f32x4.div(all(1), sum);
  for (let i: usize = 0; i <= last; i += step) {
    const count = i == last ? tail : width;
    let value: v128;
    if (kind == SOFTMAX) value = f32x4.mul(part(y + i, count, rest), scale);
    else {
      value = part(x + i, count, rest);
      if (kind == LOG_SOFTMAX) value = f32x4.sub(f32x4.sub(value, largest), logarithm);
      else if (kind == SOFTMAX_GRADIENT) value = f32x4.mul(value, f32x4.sub(part(other + i, count, rest), sum));
      else value = f32x4.sub(part(other + i, count, rest), f32x4.mul(exp4(value), sum));
    }
    storePart(y + i, value, count);
  }
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
  groups(3, x, other, y, length, inner, from, to);
}
