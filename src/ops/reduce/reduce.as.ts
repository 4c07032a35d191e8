// Reductions over any axes. Neighbouring axes of the same role are joined first, so what comes here is an alternation
// of kept and reduced axes of which the last is either reduced (a place of the result stands for runs of neighbouring
// elements) or kept (neighbouring places are reduced together, as vectors).
//
// Sums are formed pairwise over eight vectors and then collected in float64, in an order that depends on the reduced
// sizes only. The variance is a shifted two-pass: the first element of a group is subtracted, then what the mean is
// beyond it.
//
// `plan` holds 32-bit integers:
//   0 whether the last axis is kept, 1 its size, 2 the size of the last other reduced axis and 3 its stride,
//   4 how many more combinations of reduced axes there are, 5 how many axes they have, 6 how many other kept axes,
//   7 units of a piece, 8 units, 9 address of the scratch memory, 10 bytes of it for each piece;
//   then size and stride of those reduced axes and of those kept axes.
// A unit is one place of the result, or up to 256 neighbouring ones where the last axis is kept.
import { lanes } from "../../devices/wasm/simd.as";

const MAX = 1;
const MIN = 2;
const VARIANCE = 3;

/** Columns that are reduced together. */
const COLUMNS: i32 = 256;

// What is summed: elements as they are, less a shift, or the squares of what they differ from shift and mean.
const PLAIN = 0;
const SHIFTED = 1;
const SQUARED = 2;

// @ts-ignore: decorator
@inline
function at(plan: usize, index: i32): i32 {
  return load<i32>(plan + (<usize>index << 2));
}

/** Where the combination of that number lies: sizes and strides stand in pairs. */
function offsetOf(axes: usize, count: i32, index: i32): i32 {
  let offset = 0;
  for (let axis = count - 1; axis >= 0; axis--) {
    let place = index;
    if (axis > 0) {
      const size = at(axes, 2 * axis);
      index /= size;
      place -= index * size;
    }
    offset += place * at(axes, 2 * axis + 1);
  }
  return offset;
}

// @ts-ignore: decorator
@inline
function term<T>(mode: i32, x: usize, shift: v128, mean: v128): v128 {
  const value = v128.load(x);
  if (mode == PLAIN) return value;
  const shifted = v128.sub<T>(value, shift);
  if (mode == SHIFTED) return shifted;
  const deviation = v128.sub<T>(shifted, mean);
  return v128.mul<T>(deviation, deviation);
}

// @ts-ignore: decorator
@inline
function termOfOne<T>(mode: i32, x: usize, shift: T, mean: T): T {
  const value = load<T>(x);
  if (mode == PLAIN) return value;
  if (mode == SHIFTED) return value - shift;
  const deviation = value - shift - mean;
  return deviation * deviation;
}

/** The sum of eight vectors, in pairs. */
// @ts-ignore: decorator
@inline
function eight<T>(mode: i32, x: usize, step: usize, shift: v128, mean: v128): v128 {
  const a = v128.add<T>(term<T>(mode, x, shift, mean), term<T>(mode, x + step, shift, mean));
  const b = v128.add<T>(term<T>(mode, x + 2 * step, shift, mean), term<T>(mode, x + 3 * step, shift, mean));
  const c = v128.add<T>(term<T>(mode, x + 4 * step, shift, mean), term<T>(mode, x + 5 * step, shift, mean));
  const d = v128.add<T>(term<T>(mode, x + 6 * step, shift, mean), term<T>(mode, x + 7 * step, shift, mean));
  return v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d));
}

/** The same of single elements: lane by lane it is the same arithmetic. */
// @ts-ignore: decorator
@inline
function eightOfOne<T>(mode: i32, x: usize, step: usize, shift: T, mean: T): T {
  const a = termOfOne<T>(mode, x, shift, mean) + termOfOne<T>(mode, x + step, shift, mean);
  const b = termOfOne<T>(mode, x + 2 * step, shift, mean) + termOfOne<T>(mode, x + 3 * step, shift, mean);
  const c = termOfOne<T>(mode, x + 4 * step, shift, mean) + termOfOne<T>(mode, x + 5 * step, shift, mean);
  const d = termOfOne<T>(mode, x + 6 * step, shift, mean) + termOfOne<T>(mode, x + 7 * step, shift, mean);
  return a + b + (c + d);
}

/** The first half of a vector as float64, or all of it. */
// @ts-ignore: decorator
@inline
function low<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(x) : x;
}

/** The second half; of float64 there is none. */
// @ts-ignore: decorator
@inline
function high<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0)) : f64x2.splat(0);
}

/** Sums a group whose elements are neighbours in runs. */
// @ts-ignore: decorator
@inline
function sumRuns<T>(mode: i32, plan: usize, x: usize, shift: T, mean: T): f64 {
  const length = <usize>at(plan, 1) * sizeof<T>();
  const shifts = v128.splat<T>(shift);
  const means = v128.splat<T>(mean);
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  let rest: f64 = 0;
  for (let index = 0; index < at(plan, 4); index++) {
    let row = x + <usize>offsetOf(plan + 44, at(plan, 5), index) * sizeof<T>();
    for (let count = at(plan, 2); count > 0; count--, row += <usize>at(plan, 3) * sizeof<T>()) {
      let i = row;
      const end = row + length;
      for (; i + 128 <= end; i += 128) {
        const sum = eight<T>(mode, i, 16, shifts, means);
        first = f64x2.add(first, low<T>(sum));
        second = f64x2.add(second, high<T>(sum));
      }
      for (; i + 16 <= end; i += 16) {
        const value = term<T>(mode, i, shifts, means);
        first = f64x2.add(first, low<T>(value));
        second = f64x2.add(second, high<T>(value));
      }
      for (; i < end; i += sizeof<T>()) rest += <f64>termOfOne<T>(mode, i, shift, mean);
    }
  }
  const sum = f64x2.add(first, second);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1) + rest;
}

/** Sums groups side by side into float64 at `sums`. */
// @ts-ignore: decorator
@inline
function sumColumns<T>(mode: i32, plan: usize, x: usize, columns: i32, sums: usize, shifts: usize, means: usize): void {
  const stride = <usize>at(plan, 3) * sizeof<T>();
  const bytes = <usize>columns * sizeof<T>();
  const end = bytes & ~15;
  memory.fill(sums, 0, <usize>COLUMNS * 8);
  for (let index = 0; index < at(plan, 4); index++) {
    let row = x + <usize>offsetOf(plan + 44, at(plan, 5), index) * sizeof<T>();
    let count = at(plan, 2);
    while (count > 0) {
      const isEight = count >= 8;
      let i: usize = 0;
      let sum = sums;
      for (; i < end; i += 16, sum += 64 / sizeof<T>() * 2) {
        const shift = v128.load(shifts + i);
        const mean = v128.load(means + i);
        const value = isEight ? eight<T>(mode, row + i, stride, shift, mean) : term<T>(mode, row + i, shift, mean);
        v128.store(sum, f64x2.add(v128.load(sum), low<T>(value)));
        if (sizeof<T>() == 4) v128.store(sum + 16, f64x2.add(v128.load(sum + 16), high<T>(value)));
      }
      for (; i < bytes; i += sizeof<T>(), sum += 8) {
        const shift = load<T>(shifts + i);
        const mean = load<T>(means + i);
        const value = isEight
          ? eightOfOne<T>(mode, row + i, stride, shift, mean)
          : termOfOne<T>(mode, row + i, shift, mean);
        store<f64>(sum, load<f64>(sum) + <f64>value);
      }
      const step = isEight ? 8 : 1;
      count -= step;
      row += stride * step;
    }
  }
}

// @ts-ignore: decorator
@inline
function extreme<T>(kind: i32, a: v128, b: v128): v128 {
  return kind == MAX ? v128.max<T>(a, b) : v128.min<T>(a, b);
}

// @ts-ignore: decorator
@inline
function extremeOfOne<T>(kind: i32, a: T, b: T): T {
  return kind == MAX ? max<T>(a, b) : min<T>(a, b);
}

/** The extreme of two vectors in a single instruction, which loses NaN; those are looked for apart. */
// @ts-ignore: decorator
@inline
function swiftExtreme<T>(kind: i32, a: v128, b: v128): v128 {
  return kind == MAX ? v128.pmax<T>(a, b) : v128.pmin<T>(a, b);
}

/** The extreme of a group whose elements are neighbours in runs. */
// @ts-ignore: decorator
@inline
function extremeOfRuns<T>(kind: i32, plan: usize, x: usize): T {
  const length = <usize>at(plan, 1) * sizeof<T>();
  let result = load<T>(x);
  let best = v128.splat<T>(result);
  let second = best;
  let isNaN = i32x4.splat(0);
  for (let index = 0; index < at(plan, 4); index++) {
    let row = x + <usize>offsetOf(plan + 44, at(plan, 5), index) * sizeof<T>();
    for (let count = at(plan, 2); count > 0; count--, row += <usize>at(plan, 3) * sizeof<T>()) {
      let i = row;
      const end = row + length;
      for (; i + 32 <= end; i += 32) {
        const a = v128.load(i);
        const b = v128.load(i + 16);
        best = swiftExtreme<T>(kind, best, a);
        second = swiftExtreme<T>(kind, second, b);
        isNaN = v128.or(isNaN, v128.or(v128.ne<T>(a, a), v128.ne<T>(b, b)));
      }
      for (; i < end; i += sizeof<T>()) result = extremeOfOne<T>(kind, result, load<T>(i));
    }
  }
  if (v128.any_true(isNaN)) return <T>NaN;
  best = extreme<T>(kind, best, second);
  for (let lane: usize = 0; lane < lanes<T>(); lane++) {
    result = extremeOfOne<T>(kind, result, v128.extract_lane<T>(best, 0));
    best = sizeof<T>() == 4 ? i32x4.shuffle(best, best, 1, 2, 3, 0) : i64x2.shuffle(best, best, 1, 0);
  }
  return result;
}

/** The extremes of groups side by side. */
// @ts-ignore: decorator
@inline
function extremeOfColumns<T>(kind: i32, plan: usize, x: usize, columns: i32, y: usize): void {
  const stride = <usize>at(plan, 3) * sizeof<T>();
  const bytes = <usize>columns * sizeof<T>();
  const end = bytes & ~15;
  memory.copy(y, x, bytes);
  for (let index = 0; index < at(plan, 4); index++) {
    let row = x + <usize>offsetOf(plan + 44, at(plan, 5), index) * sizeof<T>();
    for (let count = at(plan, 2); count > 0; count--, row += stride) {
      let i: usize = 0;
      for (; i < end; i += 16) v128.store(y + i, extreme<T>(kind, v128.load(y + i), v128.load(row + i)));
      for (; i < bytes; i += sizeof<T>()) store<T>(y + i, extremeOfOne<T>(kind, load<T>(y + i), load<T>(row + i)));
    }
  }
}

/** One place of the result. */
function reduceRuns<T>(kind: i32, plan: usize, x: usize, y: usize, divisor: f64): void {
  if (kind == MAX) return store<T>(y, extremeOfRuns<T>(MAX, plan, x));
  if (kind == MIN) return store<T>(y, extremeOfRuns<T>(MIN, plan, x));
  if (kind != VARIANCE) return store<T>(y, <T>(sumRuns<T>(PLAIN, plan, x, 0, 0) / divisor));
  const shift = load<T>(x);
  const mean = <T>(sumRuns<T>(SHIFTED, plan, x, shift, 0) / divisor);
  store<T>(y, <T>(sumRuns<T>(SQUARED, plan, x, shift, mean) / divisor));
}

/** Neighbouring places of the result. */
function reduceColumns<T>(kind: i32, plan: usize, x: usize, columns: i32, y: usize, divisor: f64, scratch: usize): void {
  if (kind == MAX) return extremeOfColumns<T>(MAX, plan, x, columns, y);
  if (kind == MIN) return extremeOfColumns<T>(MIN, plan, x, columns, y);
  const means = scratch + <usize>COLUMNS * 8;
  const shifts = means + <usize>COLUMNS * sizeof<T>();
  if (kind == VARIANCE) {
    memory.copy(shifts, x, <usize>columns * sizeof<T>());
    sumColumns<T>(SHIFTED, plan, x, columns, scratch, shifts, means);
    for (let i: usize = 0; i < <usize>columns; i++) {
      store<T>(means + i * sizeof<T>(), <T>(load<f64>(scratch + (i << 3)) / divisor));
    }
    sumColumns<T>(SQUARED, plan, x, columns, scratch, shifts, means);
  } else {
    sumColumns<T>(PLAIN, plan, x, columns, scratch, shifts, means);
  }
  for (let i: usize = 0; i < <usize>columns; i++) {
    store<T>(y + i * sizeof<T>(), <T>(load<f64>(scratch + (i << 3)) / divisor));
  }
}

function reduce<T>(kind: i32, x: usize, y: usize, plan: usize, divisor: f64, from: i32, to: i32): void {
  const isKept = at(plan, 0) != 0;
  const width = at(plan, 1);
  const keptAxes = plan + 44 + (<usize>at(plan, 5) << 3);
  const blocks = (width + COLUMNS - 1) / COLUMNS;
  const scratch = <usize>load<u32>(plan + 36) + <usize>from * <usize>at(plan, 10);
  const last = min(to * at(plan, 7), at(plan, 8));
  for (let unit = from * at(plan, 7); unit < last; unit++) {
    if (isKept) {
      const row = unit / blocks;
      const column = unit % blocks * COLUMNS;
      const source = x + <usize>(offsetOf(keptAxes, at(plan, 6), row) + column) * sizeof<T>();
      const target = y + (<usize>row * width + column) * sizeof<T>();
      reduceColumns<T>(kind, plan, source, min(COLUMNS, width - column), target, divisor, scratch);
    } else {
      const source = x + <usize>offsetOf(keptAxes, at(plan, 6), unit) * sizeof<T>();
      reduceRuns<T>(kind, plan, source, y + <usize>unit * sizeof<T>(), divisor);
    }
  }
}

export function reduce32(kind: i32, x: usize, y: usize, plan: usize, divisor: f64, from: i32, to: i32): void {
  reduce<f32>(kind, x, y, plan, divisor, from, to);
}

export function reduce64(kind: i32, x: usize, y: usize, plan: usize, divisor: f64, from: i32, to: i32): void {
  reduce<f64>(kind, x, y, plan, divisor, from, to);
}
