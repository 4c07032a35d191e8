// Kernels of `normalize`: statistics of groups, their application, and the gradients. `plan.ts` says how axes become
// the runs that are walked here; its layout of the plan is the one below.
//
// Memory is walked in rows of columns. A column is a lane: rows are added up lane by lane, in short runs of the dtype
// itself, and the runs in float64. Which columns belong to a group is only seen when runs are merged, so groups of
// width 2 are as fast as wide ones. Where rows are narrow, several are taken as one.
//
// A run is taken relative to a shift: first the first element of the group, then, after 4 rows and whenever 16 times as
// many have been seen, the mean so far. So what is added up is the spread, not the mean, and every element is read once.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";
import { openProgram, runProgram } from "../elementwise/elementwise.as";

// The plan, in 32-bit integers.
const BLOCKS = 0, BLOCK_AXES = 1, OUTER_AXES = 2, OUTER = 3, LINES = 4, ROWS = 5, COLUMNS = 6, FOLD = 7;
const STAT_STEP = 8, GAMMA_STEP = 9, BETA_STEP = 10, BLOCK_STATS = 11, COUNT = 12;
const S_COLUMNS = 13, S_WIDTH = 14, S_ROWS = 15, S_FOLD = 16, S_CHUNK = 17;
const SUB_0 = 18, SUB_1 = 21, SEGMENT_0 = 24, SEGMENT_1 = 26, BLOCK_SIZE = 28, PARTS = 29, IS_WHOLE = 30, BATCH = 31, STRETCHES = 32, AXES = 33;

// Offsets of an index, as `locate` leaves them.
const AT_X = 0, AT_STAT = 4, AT_GAMMA = 8, AT_BETA = 12;

const RMS = 1, GIVEN = 2;
// What a call does. A block is one piece's work from beginning to end, or, where blocks are few and large, it is split:
// then one call measures its parts, another merges them, a third applies, and pieces are parts of blocks.
const MEASURE = 4, MERGE = 8, APPLY = 16, SPLIT = 32, PARAMETERS = 64;

/** Bytes of scratch memory for offsets and single vectors. */
const SPARE = 512;

/** The most rows that are added up in the dtype itself. */
const RUN = 64;
/** So many rows of a strip are gone through at a time: few, so that memory is walked nearly in line. */
const APPLIED = 8;
/** From so many strips of a line on, their mean is guessed first. */
const MANY = 32;
/** After so many rows the shift becomes the mean so far. */
const FIRST_EPOCH = 4;
const EPOCH_GROWTH = 15;

// @ts-ignore: decorator
@inline
function entry(plan: usize, index: i32): i32 {
  return load<i32>(plan + (<usize>index << 2));
}

/** The offsets of the index-th element of some axes: in x, in the statistics, in gamma and in beta. */
function locate(axes: usize, count: i32, index: i32, at: usize): void {
  let x = 0, stat = 0, gamma = 0, beta = 0;
  for (let axis = count - 1; axis >= 0; axis--) {
    const description = axes + <usize>axis * 20;
    const size = load<i32>(description);
    let position = index;
    if (index >= size) {
      position = index % size;
      index /= size;
    } else {
      index = 0;
    }
    x += position * load<i32>(description, 4);
    stat += position * load<i32>(description, 8);
    gamma += position * load<i32>(description, 12);
    beta += position * load<i32>(description, 16);
  }
  store<i32>(at, x, AT_X);
  store<i32>(at, stat, AT_STAT);
  store<i32>(at, gamma, AT_GAMMA);
  store<i32>(at, beta, AT_BETA);
}

/** As `locate`, of elements one after the other: the next one along a single axis is a step further. */
// @ts-ignore: decorator
@inline
function nextPlace(axes: usize, count: i32, index: i32, isFirst: bool, at: usize): void {
  if (isFirst || count != 1) locate(axes, count, index, at);
  else v128.store(at, i32x4.add(v128.load(at), v128.load(axes, 4)));
}

// @ts-ignore: decorator
@inline
function read<T>(array: usize, index: i32): f64 {
  return <f64>load<T>(array + <usize>index * sizeof<T>());
}

// @ts-ignore: decorator
@inline
function write<T>(array: usize, index: i32, value: f64): void {
  store<T>(array + <usize>index * sizeof<T>(), <T>value);
}

/** Adds the lanes of a vector to as many float64 sums. */
// @ts-ignore: decorator
@inline
function addLanes<T>(sums: usize, vector: v128): void {
  if (sizeof<T>() == 4) {
    const low = f64x2.promote_low_f32x4(vector);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(vector, vector, 2, 3, 2, 3));
    v128.store(sums, f64x2.add(v128.load(sums), low));
    v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
  } else {
    v128.store(sums, f64x2.add(v128.load(sums), vector));
  }
}

/** Σ d and Σ d² of four vectors of columns over rows, d = x − shift, on top of what is in `partial` unless it is fresh. */
function addStrip<T>(x: usize, rows: i32, stride: usize, shift: usize, partial: usize, isFresh: bool): void {
  const c0 = v128.load(shift), c1 = v128.load(shift, 16), c2 = v128.load(shift, 32), c3 = v128.load(shift, 48);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
  if (!isFresh) {
    s0 = v128.load(partial);
    s1 = v128.load(partial, 16);
    s2 = v128.load(partial, 32);
    s3 = v128.load(partial, 48);
    q0 = v128.load(partial, 64);
    q1 = v128.load(partial, 80);
    q2 = v128.load(partial, 96);
    q3 = v128.load(partial, 112);
  }
  for (; rows > 0; rows--) {
    const d0 = v128.sub<T>(v128.load(x), c0);
    const d1 = v128.sub<T>(v128.load(x, 16), c1);
    const d2 = v128.sub<T>(v128.load(x, 32), c2);
    const d3 = v128.sub<T>(v128.load(x, 48), c3);
    s0 = v128.add<T>(s0, d0);
    s1 = v128.add<T>(s1, d1);
    s2 = v128.add<T>(s2, d2);
    s3 = v128.add<T>(s3, d3);
    q0 = multiplyAdd<T>(d0, d0, q0);
    q1 = multiplyAdd<T>(d1, d1, q1);
    q2 = multiplyAdd<T>(d2, d2, q2);
    q3 = multiplyAdd<T>(d3, d3, q3);
    x += stride;
  }
  v128.store(partial, s0);
  v128.store(partial, s1, 16);
  v128.store(partial, s2, 32);
  v128.store(partial, s3, 48);
  v128.store(partial, q0, 64);
  v128.store(partial, q1, 80);
  v128.store(partial, q2, 96);
  v128.store(partial, q3, 112);
}

/** Adds the four vectors at `partial` to as many float64 sums each as they have lanes. */
// @ts-ignore: decorator
@inline
function addFour<T>(sums: usize, partial: usize): void {
  const step = lanes<T>() << 3;
  addLanes<T>(sums, v128.load(partial));
  addLanes<T>(sums + step, v128.load(partial, 16));
  addLanes<T>(sums + 2 * step, v128.load(partial, 32));
  addLanes<T>(sums + 3 * step, v128.load(partial, 48));
}

/** Adds what strips of columns summed up, two sums each, to the float64 sums. */
function addPartials<T>(columns: i32, sums: usize, others: usize, partials: usize): void {
  for (let c = 0; c < columns; c += stripColumns<T>()) {
    const partial = partials + <usize>c * 2 * sizeof<T>();
    addFour<T>(sums + (<usize>c << 3), partial);
    addFour<T>(others + (<usize>c << 3), partial + 64);
  }
}

/** As `addStrip` for one row of single columns, in float64. */
function addSingles<T>(x: usize, count: i32, shift: usize, sums: usize, squares: usize): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const d = <f64>load<T>(x + i * sizeof<T>()) - <f64>load<T>(shift + i * sizeof<T>());
    store<f64>(sums + (i << 3), load<f64>(sums + (i << 3)) + d);
    store<f64>(squares + (i << 3), load<f64>(squares + (i << 3)) + d * d);
  }
}

/** How much a strip takes: four vectors. */
// @ts-ignore: decorator
@inline
function stripColumns<T>(): i32 {
  return <i32>lanes<T>() * 4;
}

/** Adds `rows` rows of all columns, a few at a time, so that memory is walked nearly in line; in float64 if `isExact`. */
function addTile<T>(
  x: usize, rows: i32, stride: usize, columns: i32, shift: usize, sums: usize, squares: usize, partials: usize, isExact: bool,
): void {
  const strip = stripColumns<T>(), whole = isExact ? 0 : columns - columns % strip;
  for (let row = 0; row < rows; row += APPLIED) {
    const from = x + <usize>row * stride, step = min(APPLIED, rows - row);
    for (let c = 0; c < whole; c += strip) {
      const at = <usize>c * sizeof<T>();
      addStrip<T>(from + at, step, stride, shift + at, partials + 2 * at, row == 0);
    }
  }
  addPartials<T>(whole, sums, squares, partials);
  if (whole == columns) return;
  const at = <usize>whole * sizeof<T>();
  for (let r = 0; r < rows; r++) {
    addSingles<T>(x + <usize>r * stride + at, columns - whole, shift + at, sums + (<usize>whole << 3), squares + (<usize>whole << 3));
  }
}

/** Adds what was summed relative to the shift to the groups' means and squared deviations, and shifts to the means. */
function mergeRun<T>(
  groups: i32, width: i32, columns: i32, count: f64, before: f64,
  shift: usize, sums: usize, squares: usize, means: usize, deviations: usize, rms: bool,
): void {
  const row = groups * width;
  const part = count / (before + count);
  for (let g = 0; g < groups; g++) {
    let sum: f64 = 0, square: f64 = 0;
    const first = g * width;
    for (let c = first; c < columns; c += row) {
      for (let i: usize = 0; i < <usize>width; i++) {
        const at = (<usize>c + i) << 3;
        sum += load<f64>(sums + at);
        square += load<f64>(squares + at);
      }
    }
    const slot = <usize>g << 3;
    if (rms) {
      store<f64>(deviations + slot, load<f64>(deviations + slot) + square);
      continue;
    }
    const offset = sum / count;
    const mean = <f64>load<T>(shift + <usize>first * sizeof<T>()) + offset;
    const delta = before == 0 ? 0 : mean - load<f64>(means + slot);
    const merged = before == 0 ? mean : load<f64>(means + slot) + delta * part;
    store<f64>(means + slot, merged);
    const deviation = max<f64>(square - sum * offset, 0) + delta * delta * part * before;
    store<f64>(deviations + slot, load<f64>(deviations + slot) + deviation);
    fillColumns<T>(shift, <T>merged, first, width, row, columns);
  }
  memory.fill(sums, 0, <usize>columns << 3);
  memory.fill(squares, 0, <usize>columns << 3);
}

/** Writes a group's value into each of its columns. */
// @ts-ignore: decorator
@inline
function fillColumns<T>(table: usize, value: T, first: i32, width: i32, row: i32, columns: i32): void {
  for (let c = first; c < columns; c += row) {
    for (let i = 0; i < width; i++) store<T>(table + <usize>(c + i) * sizeof<T>(), value);
  }
}

/**
 * Σ d and Σ d² of elements that stand in line, d = x − shift, on top of what is at `totals` and 8 bytes on; in float64
 * throughout if `isExact`.
 */
function addStretch<T>(x: usize, size: usize, shift: T, totals: usize, isExact: bool): void {
  const c = v128.splat<T>(shift), end = x + size, whole = isExact ? x : x + (size & ~63);
  let sum = load<f64>(totals), square = load<f64>(totals, 8);
  while (x < whole) {
    const stop = min(x + RUN * 64, whole);
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
    for (; x < stop; x += 64) {
      const d0 = v128.sub<T>(v128.load(x), c);
      const d1 = v128.sub<T>(v128.load(x, 16), c);
      const d2 = v128.sub<T>(v128.load(x, 32), c);
      const d3 = v128.sub<T>(v128.load(x, 48), c);
      s0 = v128.add<T>(s0, d0);
      s1 = v128.add<T>(s1, d1);
      s2 = v128.add<T>(s2, d2);
      s3 = v128.add<T>(s3, d3);
      q0 = multiplyAdd<T>(d0, d0, q0);
      q1 = multiplyAdd<T>(d1, d1, q1);
      q2 = multiplyAdd<T>(d2, d2, q2);
      q3 = multiplyAdd<T>(d3, d3, q3);
    }
    sum += sumOfLanes<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)));
    square += sumOfLanes<T>(v128.add<T>(v128.add<T>(q0, q1), v128.add<T>(q2, q3)));
  }
  for (; x < end; x += sizeof<T>()) {
    const d = <f64>load<T>(x) - <f64>shift;
    sum += d;
    square += d * d;
  }
  store<f64>(totals, sum);
  store<f64>(totals, square, 8);
}

// @ts-ignore: decorator
@inline
function sumOfLanes<T>(vector: v128): f64 {
  let sum: f64 = 0;
  if (sizeof<T>() == 4) {
    const pairs = f64x2.add(
      f64x2.promote_low_f32x4(vector),
      f64x2.promote_low_f32x4(v128.shuffle<f32>(vector, vector, 2, 3, 2, 3)),
    );
    sum = f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
  } else {
    sum = f64x2.extract_lane(vector, 0) + f64x2.extract_lane(vector, 1);
  }
  return sum;
}

/** Keeps the statistics of one group. */
// @ts-ignore: decorator
@inline
function keep<T>(
  index: i32, middle: f64, spread: f64, epsilon: f64,
  mean: usize, variance: usize, rstd: usize, residual: usize,
): void {
  // Infinities leave no mean behind.
  if (spread != spread) middle = spread;
  write<T>(mean, index, middle);
  write<T>(residual, index, middle - <f64>(<T>middle));
  write<T>(variance, index, spread);
  write<T>(rstd, index, 1 / Math.sqrt(spread + epsilon));
}

/** Where the part of a number of things begins, in whole steps. */
// @ts-ignore: decorator
@inline
function cut(count: i32, part: i32, parts: i32, step: i32): i32 {
  if (part == 0) return 0;
  return part == parts ? count : <i32>(<i64>(count / step) * part / parts) * step;
}

/** How far from the beginning of a block one of its segments lies. */
// @ts-ignore: decorator
@inline
function segmentAt<T>(plan: usize, segment: i32): usize {
  if (segment == 0) return 0;
  const inner = entry(plan, SEGMENT_1);
  return <usize>(segment / inner * entry(plan, SEGMENT_0 + 1) + segment % inner * entry(plan, SEGMENT_1 + 1)) * sizeof<T>();
}

/** What a part says of a group: mean, squared deviations, and how many. */
// @ts-ignore: decorator
@inline
function storePart(slot: usize, middle: f64, deviation: f64, count: f64): void {
  store<f64>(slot, middle);
  store<f64>(slot, deviation, 8);
  store<f64>(slot, count, 16);
}

/** The statistics of a block's groups from those of its parts, which stand one after the other. */
function mergeParts<T>(
  slots: usize, plan: usize, mean: usize, variance: usize, rstd: usize, residual: usize, epsilon: f64,
): void {
  const stats = entry(plan, BLOCK_STATS), parts = entry(plan, PARTS);
  for (let s = 0; s < stats; s++) {
    const begin = slots + <usize>s * 24;
    let middle = load<f64>(begin), deviation = load<f64>(begin, 8), count = load<f64>(begin, 16);
    for (let part = 1; part < parts; part++) {
      const slot = slots + <usize>(part * stats + s) * 24;
      const more = load<f64>(slot, 16);
      const delta = load<f64>(slot) - middle, share = more / (count + more);
      middle += delta * share;
      deviation += load<f64>(slot, 8) + delta * delta * share * count;
      count += more;
    }
    keep<T>(s, middle, deviation / count, epsilon, mean, variance, rstd, residual);
  }
}

/** Whether a number is infinite or NaN. */
// @ts-ignore: decorator
@inline
function isBeyond(value: f64): bool {
  return !(value - value == 0);
}

/**
 * Mean and squared deviations of a stretch of `size` bytes in each of some segments, left at `totals` and 8 bytes on.
 * Elements are taken relative to the first, or to the mean of the first few where there are many; should that turn out
 * to lie far off, once more, and in float64 where squares went beyond the dtype.
 */
function measureStretches<T>(x: usize, first: i32, last: i32, size: usize, plan: usize, totals: usize, rms: bool): void {
  const count = <f64>(last - first) * <f64>(size / sizeof<T>());
  let shift = <T>0;
  if (!rms) {
    const begin = x + segmentAt<T>(plan, first);
    shift = load<T>(begin);
    if (size >= <usize>MANY * 64) {
      v128.store(totals, f64x2.splat(0));
      addStretch<T>(begin, FIRST_EPOCH * 64, shift, totals, false);
      shift = <T>(<f64>shift + load<f64>(totals) / <f64>(FIRST_EPOCH * stripColumns<T>()));
      if (isBeyond(<f64>shift)) shift = load<T>(begin);
    }
  }
  for (let isAgain = false, isExact = false; ; ) {
    v128.store(totals, f64x2.splat(0));
    for (let segment = first; segment < last; segment++) addStretch<T>(x + segmentAt<T>(plan, segment), size, shift, totals, isExact);
    const sum = load<f64>(totals), square = load<f64>(totals, 8), offset = rms ? 0 : sum / count;
    const deviation = max<f64>(square - sum * offset, 0);
    store<f64>(totals, <f64>shift + offset);
    store<f64>(totals, deviation, 8);
    if (isBeyond(deviation)) {
      if (isExact) return;
      isExact = true;
      continue;
    }
    // More than two standard deviations off, the squares would lose digits.
    if (isAgain || !(sum * offset > 4 * deviation)) return;
    shift = <T>(<f64>shift + offset);
    isAgain = true;
  }
}

/** As `measure`, where the elements of a group stand in line, or in a few lines. */
function measureLines<T>(x: usize, slot: usize, plan: usize, scratch: usize, rms: bool, part: i32, parts: i32): void {
  const length = entry(plan, S_ROWS), segments = entry(plan, SEGMENT_0) * entry(plan, SEGMENT_1);
  const isLine = segments == 1;
  const from = isLine ? cut(length, part, parts, stripColumns<T>()) : 0;
  const to = isLine ? cut(length, part + 1, parts, stripColumns<T>()) : length;
  const first = isLine ? 0 : cut(segments, part, parts, 1), last = isLine ? 1 : cut(segments, part + 1, parts, 1);
  measureStretches<T>(x + <usize>from * sizeof<T>(), first, last, <usize>(to - from) * sizeof<T>(), plan, scratch, rms);
  storePart(slot, load<f64>(scratch), load<f64>(scratch, 8), <f64>(to - from) * <f64>(last - first));
}

/** The statistics of blocks that are a group each and have one part. */
function measureEach<T>(
  x: usize, mean: usize, variance: usize, rstd: usize, residual: usize, plan: usize, scratch: usize, epsilon: f64, rms: bool,
  first: i32, last: i32,
): void {
  const size = <usize>entry(plan, S_ROWS) * sizeof<T>(), segments = entry(plan, SEGMENT_0) * entry(plan, SEGMENT_1);
  const totals = scratch + 16, count = <f64>entry(plan, COUNT);
  for (let block = first; block < last; block++) {
    nextPlace(axesOf(plan), entry(plan, BLOCK_AXES), block, block == first, scratch);
    measureStretches<T>(shifted<T>(x, load<i32>(scratch, AT_X)), 0, segments, size, plan, totals, rms);
    keep<T>(load<i32>(scratch, AT_STAT), load<f64>(totals), load<f64>(totals, 8) / count, epsilon, mean, variance, rstd, residual);
  }
}

/** What a part of a block says of its groups: some of its segments, or of their rows where there is one. */
function measure<T>(x: usize, slots: usize, plan: usize, scratch: usize, rms: bool, part: i32, parts: i32, isExact: bool): void {
  const allColumns = entry(plan, S_COLUMNS), width = entry(plan, S_WIDTH), rows = entry(plan, S_ROWS);
  const fold = entry(plan, S_FOLD), chunk = entry(plan, S_CHUNK);
  const most = <usize>max(chunk, fold * allColumns);
  const shift = scratch;
  const sums = shift + most * 8, squares = sums + most * 8, means = squares + most * 8, deviations = means + most * 8;
  const partials = deviations + most * 8;
  const stride = <usize>(fold * allColumns) * sizeof<T>();
  const segments = entry(plan, SEGMENT_0) * entry(plan, SEGMENT_1), isOne = segments == 1;
  const firstSegment = isOne ? 0 : cut(segments, part, parts, 1), lastSegment = isOne ? 1 : cut(segments, part + 1, parts, 1);
  const firstRow = isOne ? cut(rows / fold, part, parts, 1) : 0, lastRow = isOne ? cut(rows / fold, part + 1, parts, 1) : rows / fold;
  const restRows = isOne && part + 1 < parts ? 0 : rows % fold;
  let isBeyondAny = false;
  for (let i0 = 0; i0 < entry(plan, SUB_0); i0++) {
    for (let i1 = 0; i1 < entry(plan, SUB_1); i1++) {
      const sub = i0 * entry(plan, SUB_0 + 1) + i1 * entry(plan, SUB_1 + 1);
      const subStat = i0 * entry(plan, SUB_0 + 2) + i1 * entry(plan, SUB_1 + 2);
      for (let first = 0; first < allColumns; first += chunk) {
        const taken = min(chunk, allColumns - first);
        const columns = fold * taken, groups = taken / width;
        const base = x + <usize>(sub + first) * sizeof<T>() + <usize>firstRow * stride;
        for (let g = 0; g < groups; g++) {
          const value = rms ? <T>0 : load<T>(base + <usize>(g * width) * sizeof<T>());
          fillColumns<T>(shift, value, g * width, width, taken, columns);
        }
        memory.fill(sums, 0, <usize>columns << 3);
        memory.fill(squares, 0, <usize>columns << 3);
        memory.fill(deviations, 0, <usize>groups << 3);
        memory.fill(means, 0, <usize>groups << 3);
        let before: f64 = 0, seen: f64 = 0;
        let epoch = FIRST_EPOCH, inEpoch = 0;
        for (let segment = firstSegment; segment < lastSegment; segment++) {
          let p = base + segmentAt<T>(plan, segment);
          for (let row = firstRow; row < lastRow;) {
            const step = min(min(RUN, lastRow - row), epoch - inEpoch);
            addTile<T>(p, step, stride, columns, shift, sums, squares, partials, isExact);
            p += <usize>step * stride;
            row += step;
            inEpoch += step;
            seen += <f64>(step * fold);
            if (inEpoch < epoch) continue;
            mergeRun<T>(groups, width, columns, seen * width, before * width, shift, sums, squares, means, deviations, rms);
            before += seen;
            seen = 0;
            inEpoch = 0;
            epoch = rms ? i32.MAX_VALUE : <i32>min<f64>(before * EPOCH_GROWTH, 1e9);
          }
          if (restRows > 0) {
            addSingles<T>(p, restRows * allColumns, shift, sums, squares);
            seen += <f64>restRows;
          }
        }
        if (seen > 0) mergeRun<T>(groups, width, columns, seen * width, before * width, shift, sums, squares, means, deviations, rms);
        before += seen;
        const statFirst = subStat + first / width;
        for (let g = 0; g < groups; g++) {
          const at = <usize>g << 3, slot = slots + <usize>(statFirst + g) * 24;
          if (isExact && !isBeyond(load<f64>(slot, 8))) continue;
          storePart(slot, load<f64>(means + at), load<f64>(deviations + at), before * width);
          isBeyondAny = isBeyondAny || isBeyond(load<f64>(slot, 8));
        }
      }
    }
  }
  // Squares that went beyond the dtype are within float64; groups that did not stay as they are.
  if (isBeyondAny && !isExact) measure<T>(x, slots, plan, scratch, rms, part, parts, true);
}

/** y = (x − middle) · scale + offset for a stretch of columns of one row. */
function applySpan<T>(x: usize, y: usize, count: i32, middle: usize, scale: usize, offset: usize): void {
  const size = <usize>count * sizeof<T>();
  let at: usize = 0;
  for (; at + 16 <= size; at += 16) {
    const centred = v128.sub<T>(v128.load(x + at), v128.load(middle + at));
    v128.store(y + at, multiplyAdd<T>(centred, v128.load(scale + at), v128.load(offset + at)));
  }
  for (; at < size; at += sizeof<T>()) {
    const centred = v128.sub<T>(v128.load_splat<T>(x + at), v128.load_splat<T>(middle + at));
    const result = multiplyAdd<T>(centred, v128.load_splat<T>(scale + at), v128.load_splat<T>(offset + at));
    store<T>(y + at, v128.extract_lane<T>(result, 0));
  }
}

/** So many bytes are written before they are activated: few enough to be in the first cache still. */
const ACTIVATED: usize = 4096;

/** Where the table and registers of an activation's program stand: at the end of a piece's scratch memory. */
// @ts-ignore: decorator
@inline
function slotsOf(activation: usize, scratch: usize, scratchBytes: i32): usize {
  return activation ? scratch + <usize>scratchBytes - <usize>entry(activation, 4) : 0;
}

/** Activates what stands between `from` and `to`, when it is `enough`; what is not yet activated starts at the result. */
// @ts-ignore: decorator
@inline
function activate<T>(activation: usize, slots: usize, from: usize, to: usize, enough: usize): usize {
  if (!activation || to - from < enough) return from;
  runProgram<T>(activation, slots, from, from, from, to - from);
  return to;
}

/** Where the columns' places in the statistics, in gamma and in beta stand in the plan. */
// @ts-ignore: decorator
@inline
function columnMaps(plan: usize): usize {
  return plan + <usize>(AXES + 5 * (entry(plan, BLOCK_AXES) + entry(plan, OUTER_AXES))) * 4;
}

/** Bytes of a table of all columns of a block's rows. */
// @ts-ignore: decorator
@inline
function tableBytes<T>(plan: usize): usize {
  return (<usize>(entry(plan, COLUMNS) * entry(plan, FOLD)) * sizeof<T>() + 15) & ~15;
}

/** What each column is shifted by, scaled by and moved to: three tables. `place` has the offsets of the first row. */
function fillTables<T>(
  gamma: usize, beta: usize, mean: usize, rstd: usize, residual: usize, plan: usize, place: usize, tables: usize,
): void {
  const columns = entry(plan, COLUMNS), all = columns * entry(plan, FOLD);
  const scales = tables + tableBytes<T>(plan), offsets = scales + tableBytes<T>(plan);
  const statMap = columnMaps(plan), gammaMap = statMap + (<usize>columns << 2), betaMap = gammaMap + (<usize>columns << 2);
  const stat = load<i32>(place, AT_STAT), gammaAt = load<i32>(place, AT_GAMMA), betaAt = load<i32>(place, AT_BETA);
  for (let c = 0; c < columns; c++) {
    const s = stat + entry(statMap, c);
    const scale = read<T>(rstd, s) * (gamma ? read<T>(gamma, gammaAt + entry(gammaMap, c)) : 1);
    const offset = (beta ? read<T>(beta, betaAt + entry(betaMap, c)) : 0) - read<T>(residual, s) * scale;
    for (let i = c; i < all; i += columns) {
      write<T>(tables, i, read<T>(mean, s));
      write<T>(scales, i, scale);
      write<T>(offsets, i, offset);
    }
  }
}

/** Where tables of `row` bytes are read next, after four vectors. */
// @ts-ignore: decorator
@inline
function turned(at: usize, row: usize): usize {
  return select<usize>(0, at + 64, at + 64 == row);
}

/** Applies tables to rows of all columns, in the order of memory. */
function applyRows<T>(x: usize, y: usize, rows: i32, plan: usize, tables: usize): void {
  const all = entry(plan, COLUMNS) * entry(plan, FOLD), bytes = tableBytes<T>(plan);
  const scales = tables + bytes, offsets = scales + bytes, row = <usize>all * sizeof<T>();
  const end = x + <usize>rows * row;
  if (row & 63) {
    for (; x < end; x += row, y += row) applySpan<T>(x, y, all, tables, scales, offsets);
    return;
  }
  for (let at: usize = 0; x < end; x += 64, y += 64, at = turned(at, row)) {
    const m = tables + at, s = scales + at, o = offsets + at;
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x), v128.load(m)), v128.load(s), v128.load(o)));
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x, 16), v128.load(m, 16)), v128.load(s, 16), v128.load(o, 16)), 16);
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x, 32), v128.load(m, 32)), v128.load(s, 32), v128.load(o, 32)), 32);
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x, 48), v128.load(m, 48)), v128.load(s, 48), v128.load(o, 48)), 48);
  }
}

/** Applies the statistics where rows of columns repeat: what each column needs is worked out once. */
function applyColumns<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, residual: usize, outer: usize, plan: usize,
  scratch: usize, part: i32, end: i32, activation: usize, slots: usize, pending: usize, carries: bool,
): usize {
  const rows = entry(plan, ROWS), columns = entry(plan, COLUMNS), fold = entry(plan, FOLD), parts = entry(plan, PARTS);
  const place = scratch, tables = scratch + 16;
  const foldedRows = rows / fold, isOne = entry(plan, OUTER) == 1;
  const rest = isOne && end < parts ? 0 : (rows % fold) * columns;
  const stride = <usize>(columns * fold) * sizeof<T>();
  const firstRow = isOne ? cut(foldedRows, part, parts, 1) : 0, lastRow = isOne ? cut(foldedRows, end, parts, 1) : foldedRows;
  const last = isOne ? 1 : cut(entry(plan, OUTER), end, parts, 1);
  const few = activation ? <i32>max<usize>(1, ACTIVATED / stride) : lastRow;
  for (let o = isOne ? 0 : cut(entry(plan, OUTER), part, parts, 1); o < last; o++) {
    locate(outer, entry(plan, OUTER_AXES), o, place);
    fillTables<T>(gamma, beta, mean, rstd, residual, plan, place, tables);
    const skip = <usize>load<i32>(place, AT_X) * sizeof<T>() + <usize>firstRow * stride;
    let from = x + skip, to = y + skip;
    if (!carries) pending = to;
    for (let row = firstRow; row < lastRow; row += few) {
      const step = min(few, lastRow - row);
      applyRows<T>(from, to, step, plan, tables);
      from += <usize>step * stride;
      to += <usize>step * stride;
      pending = activate<T>(activation, slots, pending, to, ACTIVATED);
    }
    if (rest > 0) applySpan<T>(from, to, rest, tables, tables + tableBytes<T>(plan), tables + 2 * tableBytes<T>(plan));
    if (!carries) activate<T>(activation, slots, pending, to + <usize>rest * sizeof<T>(), 1);
  }
  return pending;
}

/** An operand of a line: where it begins, or, where one value serves, four vectors of that value. */
// @ts-ignore: decorator
@inline
function lineOperand<T>(array: usize, index: i32, step: i32, absent: T, spare: usize): usize {
  const address = array + <usize>index * sizeof<T>();
  if (array && step) return address;
  const value = v128.splat<T>(array ? load<T>(address) : absent);
  v128.store(spare, value);
  v128.store(spare, value, 16);
  v128.store(spare, value, 32);
  v128.store(spare, value, 48);
  return spare;
}

/** (x − middle − left) · factor · scale + offset. */
// @ts-ignore: decorator
@inline
function applied<T>(x: v128, middle: v128, left: v128, factor: v128, scale: v128, offset: v128): v128 {
  return multiplyAdd<T>(v128.mul<T>(v128.sub<T>(v128.sub<T>(x, middle), left), factor), scale, offset);
}

// @ts-ignore: decorator
@inline
function shifted<T>(array: usize, index: i32): usize {
  return array ? array + <usize>index * sizeof<T>() : 0;
}

/** Applies the statistics along a stretch of some lines: where gamma or beta change with every element. */
function applyLines<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, residual: usize, axes: usize, axisCount: i32,
  firstLine: i32, lastLine: i32, first: i32, last: i32, plan: usize, scratch: usize, activation: usize, slots: usize,
  pending: usize, carries: bool,
): usize {
  const place = scratch, size = <usize>(last - first) * sizeof<T>();
  const statStep = entry(plan, STAT_STEP), gammaStep = entry(plan, GAMMA_STEP), betaStep = entry(plan, BETA_STEP);
  // how far an operand moves with four vectors, and with an element
  const scaleStep: usize = gamma && gammaStep ? 64 : 0, offsetStep: usize = beta && betaStep ? 64 : 0;
  const scaleSize: usize = scaleStep ? sizeof<T>() : 0, offsetSize: usize = offsetStep ? sizeof<T>() : 0;
  for (let line = firstLine; line < lastLine; line++) {
    nextPlace(axes, axisCount, line, line == firstLine, place);
    const stat = load<i32>(place, AT_STAT) + (statStep ? first : 0), skip = <usize>(load<i32>(place, AT_X) + first) * sizeof<T>();
    let from = x + skip, to = y + skip;
    if (!carries) pending = to;
    let middle = shifted<T>(mean, stat), left = shifted<T>(residual, stat), factor = shifted<T>(rstd, stat);
    let scale = lineOperand<T>(gamma, load<i32>(place, AT_GAMMA) + (gammaStep ? first : 0), gammaStep, 1, scratch + 16);
    let offset = lineOperand<T>(beta, load<i32>(place, AT_BETA) + (betaStep ? first : 0), betaStep, 0, scratch + 80);
    const stop = from + size, whole = from + (size & ~63);
    if (statStep) {
      for (; from < whole; from += 64, to += 64) {
        for (let i: usize = 0; i < 64; i += 16) {
          v128.store(to + i, applied<T>(
            v128.load(from + i), v128.load(middle + i), v128.load(left + i), v128.load(factor + i), v128.load(scale + i), v128.load(offset + i),
          ));
        }
        middle += 64;
        left += 64;
        factor += 64;
        scale += scaleStep;
        offset += offsetStep;
      }
    } else {
      const m = v128.load_splat<T>(middle), l = v128.load_splat<T>(left), f = v128.load_splat<T>(factor);
      for (; from < whole; from += 64, to += 64) {
        v128.store(to, applied<T>(v128.load(from), m, l, f, v128.load(scale), v128.load(offset)));
        v128.store(to, applied<T>(v128.load(from, 16), m, l, f, v128.load(scale, 16), v128.load(offset, 16)), 16);
        v128.store(to, applied<T>(v128.load(from, 32), m, l, f, v128.load(scale, 32), v128.load(offset, 32)), 32);
        v128.store(to, applied<T>(v128.load(from, 48), m, l, f, v128.load(scale, 48), v128.load(offset, 48)), 48);
        scale += scaleStep;
        offset += offsetStep;
      }
    }
    const statSize: usize = statStep ? sizeof<T>() : 0;
    for (; from < stop; from += sizeof<T>(), to += sizeof<T>()) {
      store<T>(to, v128.extract_lane<T>(applied<T>(
        v128.load_splat<T>(from), v128.load_splat<T>(middle), v128.load_splat<T>(left), v128.load_splat<T>(factor),
        v128.load_splat<T>(scale), v128.load_splat<T>(offset),
      ), 0));
      middle += statSize;
      left += statSize;
      factor += statSize;
      scale += scaleSize;
      offset += offsetSize;
    }
    pending = activate<T>(activation, slots, pending, to, carries ? ACTIVATED : 1);
  }
  return pending;
}

// @ts-ignore: decorator
@inline
function axesOf(plan: usize): usize {
  return plan + AXES * 4;
}

function normalizeBlocks<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, scratchBytes: i32, partSlots: usize, epsilon: f64, flags: i32, activation: usize, pieces: i32,
  from: i32, to: i32,
): void {
  const blocks = entry(plan, BLOCKS), blockAxes = entry(plan, BLOCK_AXES), parts = entry(plan, PARTS);
  const outer = axesOf(plan) + <usize>blockAxes * 20;
  const stats = <usize>entry(plan, BLOCK_STATS) * 24;
  const isSplit = (flags & SPLIT) != 0, rms = (flags & RMS) != 0;
  // So long as a piece's blocks stand in line, what is not yet activated goes from `pending` to where the last one ends.
  const carries = !isSplit && entry(plan, IS_WHOLE) != 0;
  const isEach = parts == 1 && entry(plan, S_COLUMNS) == 1;
  for (let piece = from; piece < to; piece++) {
    const own = scratch + <usize>piece * <usize>scratchBytes;
    const slots = slotsOf(activation, own, scratchBytes);
    if (activation && flags & APPLY) openProgram<T>(activation, slots);
    const first = <i32>(<i64>blocks * piece / pieces), last = isSplit ? first + 1 : <i32>(<i64>blocks * (piece + 1) / pieces);
    const part = isSplit ? piece - <i32>(<i64>pieces / blocks) * first : 0, end = isSplit ? part + 1 : parts;
    let pending: usize = 0;
    // Small blocks are taken several at a time, so that the statistics of one need not wait for those of another.
    for (let batch = first; batch < last; batch += entry(plan, BATCH)) {
      const batchEnd = min(batch + entry(plan, BATCH), last);
      if (isEach && flags & MEASURE) measureEach<T>(x, mean, variance, rstd, residual, plan, own, epsilon, rms, batch, batchEnd);
      for (let block = batch; block < batchEnd && flags & MEASURE && !isEach; block++) {
        locate(axesOf(plan), blockAxes, block, own);
        const blockX = shifted<T>(x, load<i32>(own, AT_X));
        for (let p = part; p < end; p++) {
          const at = partSlots + <usize>((isSplit ? block : piece * entry(plan, BATCH) + block - batch) * parts + p) * stats;
          if (entry(plan, S_COLUMNS) == 1) measureLines<T>(blockX, at, plan, own, rms, p, parts);
          else measure<T>(blockX, at, plan, own, rms, p, parts, false);
        }
      }
      for (let block = batch; block < batchEnd && flags & MERGE && !(isEach && flags & MEASURE); block++) {
        locate(axesOf(plan), blockAxes, block, own);
        const stat = load<i32>(own, AT_STAT), variances = shifted<T>(variance, stat);
        const means = shifted<T>(mean, stat), factors = shifted<T>(rstd, stat), residuals = shifted<T>(residual, stat);
        if (flags & GIVEN) {
          for (let s = 0; s < entry(plan, BLOCK_STATS); s++) {
            write<T>(factors, s, 1 / Math.sqrt(read<T>(variances, s) + epsilon));
            write<T>(residuals, s, 0);
          }
        } else {
          const at = partSlots + <usize>((isSplit ? block : piece * entry(plan, BATCH) + block - batch) * parts) * stats;
          mergeParts<T>(at, plan, means, variances, factors, residuals, epsilon);
        }
      }
      if (!(flags & APPLY)) continue;
      if (entry(plan, LINES) && entry(plan, OUTER) == 1) {
        // each block is a line
        const begin = cut(entry(plan, COLUMNS), part, parts, stripColumns<T>()), stop = cut(entry(plan, COLUMNS), end, parts, stripColumns<T>());
        locate(axesOf(plan), blockAxes, batch, own);
        if (batch == first) pending = shifted<T>(y, load<i32>(own, AT_X));
        pending = applyLines<T>(
          x, gamma, beta, y, mean, rstd, residual, axesOf(plan), blockAxes, batch, batchEnd, begin, stop, plan, own,
          activation, slots, pending, carries,
        );
        if (carries && batchEnd == last) {
          locate(axesOf(plan), blockAxes, last - 1, own);
          activate<T>(activation, slots, pending, shifted<T>(y, load<i32>(own, AT_X) + entry(plan, BLOCK_SIZE)), 1);
        }
        continue;
      }
      for (let block = batch; block < batchEnd; block++) {
        locate(axesOf(plan), blockAxes, block, own);
        const place = load<i32>(own, AT_X), stat = load<i32>(own, AT_STAT);
        const blockGamma = shifted<T>(gamma, load<i32>(own, AT_GAMMA)), blockBeta = shifted<T>(beta, load<i32>(own, AT_BETA));
        const blockX = shifted<T>(x, place), blockY = shifted<T>(y, place);
        const means = shifted<T>(mean, stat), factors = shifted<T>(rstd, stat), residuals = shifted<T>(residual, stat);
        if (block == first) pending = blockY;
        if (entry(plan, LINES)) {
          pending = applyLines<T>(
            blockX, blockGamma, blockBeta, blockY, means, factors, residuals, outer, entry(plan, OUTER_AXES),
            cut(entry(plan, OUTER), part, parts, 1), cut(entry(plan, OUTER), end, parts, 1), 0, entry(plan, COLUMNS), plan, own,
            activation, slots, pending, carries,
          );
        } else {
          pending = applyColumns<T>(blockX, blockGamma, blockBeta, blockY, means, factors, residuals, outer, plan, own, part, end, activation, slots, pending, carries);
        }
        const blockEnd = blockY + <usize>entry(plan, BLOCK_SIZE) * sizeof<T>();
        if (carries) pending = activate<T>(activation, slots, pending, blockEnd, block + 1 < last ? ACTIVATED : 1);
      }
    }
  }
}

/** Statistics and their application, or the application of given ones; pieces are runs of blocks. */
export function normalizeFloat32(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, scratchBytes: i32, partSlots: usize, epsilon: f64, flags: i32, activation: usize, pieces: i32,
  from: i32, to: i32,
): void {
  normalizeBlocks<f32>(x, gamma, beta, y, mean, variance, rstd, residual, plan, scratch, scratchBytes, partSlots, epsilon, flags, activation, pieces, from, to);
}

export function normalizeFloat64(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, scratchBytes: i32, partSlots: usize, epsilon: f64, flags: i32, activation: usize, pieces: i32,
  from: i32, to: i32,
): void {
  normalizeBlocks<f64>(x, gamma, beta, y, mean, variance, rstd, residual, plan, scratch, scratchBytes, partSlots, epsilon, flags, activation, pieces, from, to);
}

// The gradients. For each column, relative to the mean rounded to the dtype: D = Σ dy, E = Σ dy · (x − middle). From
// them come the sums over groups, A = Σ g and B = Σ g · n with g = dy · gamma and n = (x − mean) · rstd, and the
// gradients of gamma and beta. Then dx = (g − A / count − n · B / count) · rstd, element by element.

/** Σ dy and Σ dy · (x − middle) of four vectors of columns over rows, on top of what is in `partial` unless it is fresh. */
function addProducts<T>(x: usize, dy: usize, rows: i32, stride: usize, middle: usize, partial: usize, isFresh: bool): void {
  const c0 = v128.load(middle), c1 = v128.load(middle, 16), c2 = v128.load(middle, 32), c3 = v128.load(middle, 48);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, p0 = s0, p1 = s0, p2 = s0, p3 = s0;
  if (!isFresh) {
    s0 = v128.load(partial);
    s1 = v128.load(partial, 16);
    s2 = v128.load(partial, 32);
    s3 = v128.load(partial, 48);
    p0 = v128.load(partial, 64);
    p1 = v128.load(partial, 80);
    p2 = v128.load(partial, 96);
    p3 = v128.load(partial, 112);
  }
  for (; rows > 0; rows--) {
    const g0 = v128.load(dy), g1 = v128.load(dy, 16);
    s0 = v128.add<T>(s0, g0);
    s1 = v128.add<T>(s1, g1);
    p0 = multiplyAdd<T>(v128.sub<T>(v128.load(x), c0), g0, p0);
    p1 = multiplyAdd<T>(v128.sub<T>(v128.load(x, 16), c1), g1, p1);
    const g2 = v128.load(dy, 32), g3 = v128.load(dy, 48);
    s2 = v128.add<T>(s2, g2);
    s3 = v128.add<T>(s3, g3);
    p2 = multiplyAdd<T>(v128.sub<T>(v128.load(x, 32), c2), g2, p2);
    p3 = multiplyAdd<T>(v128.sub<T>(v128.load(x, 48), c3), g3, p3);
    x += stride;
    dy += stride;
  }
  v128.store(partial, s0);
  v128.store(partial, s1, 16);
  v128.store(partial, s2, 32);
  v128.store(partial, s3, 48);
  v128.store(partial, p0, 64);
  v128.store(partial, p1, 80);
  v128.store(partial, p2, 96);
  v128.store(partial, p3, 112);
}

/** As `addProducts` for a stretch of columns of one row, in float64. */
function addSingleProducts<T>(x: usize, dy: usize, count: i32, middle: usize, sums: usize, products: usize): void {
  for (let i = 0; i < count; i++) {
    const g = read<T>(dy, i);
    write<f64>(sums, i, read<f64>(sums, i) + g);
    write<f64>(products, i, read<f64>(products, i) + g * <f64>(<T>read<T>(x, i) - <T>read<T>(middle, i)));
  }
}

/** dx = dy · direct + ((x − middle) · along + across) for one vector; the four tables are `bytes` apart. */
// @ts-ignore: decorator
@inline
function passed<T>(x: v128, dy: v128, table: usize, bytes: usize): v128 {
  const rest = multiplyAdd<T>(v128.sub<T>(x, v128.load(table)), v128.load(table + 2 * bytes), v128.load(table + 3 * bytes));
  return multiplyAdd<T>(dy, v128.load(table + bytes), rest);
}

/** The same for two vectors of columns over rows. */
function passStrip<T>(x: usize, dy: usize, dx: usize, rows: i32, stride: usize, tables: usize, bytes: usize): void {
  const m0 = v128.load(tables), m1 = v128.load(tables, 16);
  const d0 = v128.load(tables + bytes), d1 = v128.load(tables + bytes, 16);
  const l0 = v128.load(tables + 2 * bytes), l1 = v128.load(tables + 2 * bytes, 16);
  const a0 = v128.load(tables + 3 * bytes), a1 = v128.load(tables + 3 * bytes, 16);
  for (; rows > 0; rows--) {
    const r0 = multiplyAdd<T>(v128.sub<T>(v128.load(x), m0), l0, a0);
    const r1 = multiplyAdd<T>(v128.sub<T>(v128.load(x, 16), m1), l1, a1);
    v128.store(dx, multiplyAdd<T>(v128.load(dy), d0, r0));
    v128.store(dx, multiplyAdd<T>(v128.load(dy, 16), d1, r1), 16);
    x += stride;
    dy += stride;
    dx += stride;
  }
}

/** The same for a stretch of columns of one row. */
function passSpan<T>(x: usize, dy: usize, dx: usize, count: i32, tables: usize, bytes: usize): void {
  const size = <usize>count * sizeof<T>();
  let i: usize = 0;
  for (; i + 16 <= size; i += 16) v128.store(dx + i, passed<T>(v128.load(x + i), v128.load(dy + i), tables + i, bytes));
  for (; i < size; i += sizeof<T>()) {
    const result = passed<T>(v128.load_splat<T>(x + i), v128.load_splat<T>(dy + i), tables + i, bytes);
    store<T>(dx + i, v128.extract_lane<T>(result, 0));
  }
}

// @ts-ignore: decorator
@inline
function increase(array: usize, index: i32, value: f64): void {
  write<f64>(array, index, read<f64>(array, index) + value);
}

/**
 * The sums over a part of a block where rows of columns repeat: `groupSums` are A and B in turn, for each group. With an
 * activation, what comes from behind it is `dy`, and dx is where it goes on from there.
 */
function sumColumns<T>(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  dgamma: usize, dbeta: usize, groupSums: usize, plan: usize, scratch: usize, part: i32, activation: usize, slots: usize,
): void {
  const rows = entry(plan, ROWS), columns = entry(plan, COLUMNS), fold = entry(plan, FOLD), parts = entry(plan, PARTS);
  const outerAxes = entry(plan, OUTER_AXES), outer = axesOf(plan) + <usize>entry(plan, BLOCK_AXES) * 20;
  const all = columns * fold, bytes = tableBytes<T>(plan);
  const place = scratch;
  const middles = scratch + 16, directs = middles + bytes, alongs = directs + bytes, acrosses = alongs + bytes;
  const sums = acrosses + bytes, products = sums + (<usize>all << 3), partials = products + (<usize>all << 3);
  const statMap = columnMaps(plan), gammaMap = statMap + (<usize>columns << 2), betaMap = gammaMap + (<usize>columns << 2);
  const foldedRows = rows / fold, stride = <usize>all * sizeof<T>(), isOne = entry(plan, OUTER) == 1;
  const rest = isOne && part + 1 < parts ? 0 : (rows % fold) * columns;
  const firstRow = isOne ? cut(foldedRows, part, parts, 1) : 0, lastRow = isOne ? cut(foldedRows, part + 1, parts, 1) : foldedRows;
  const last = isOne ? 1 : cut(entry(plan, OUTER), part + 1, parts, 1);
  const given = dy;
  if (activation) dy = dx;
  const whole = all - all % stripColumns<T>();
  const size = sizeof<T>();
  for (let o = isOne ? 0 : cut(entry(plan, OUTER), part, parts, 1); o < last; o++) {
    locate(outer, outerAxes, o, place);
    const stat = load<i32>(place, AT_STAT), gammaAt = load<i32>(place, AT_GAMMA), betaAt = load<i32>(place, AT_BETA);
    fillTables<T>(gamma, beta, mean, rstd, residual, plan, place, middles);
    memory.fill(sums, 0, <usize>all << 4);
    let shift = <usize>load<i32>(place, AT_X) * size + <usize>firstRow * stride;
    for (let row = firstRow; row < lastRow; row += RUN) {
      const step = min(RUN, lastRow - row);
      if (activation) {
        applyRows<T>(x + shift, dx + shift, step, plan, middles);
        runProgram<T>(activation, slots, dx + shift, given + shift, dx + shift, <usize>step * stride);
      }
      for (let r = 0; r < step; r += APPLIED) {
        const from = shift + <usize>r * stride, few = min(APPLIED, step - r);
        for (let c = 0; c < whole; c += stripColumns<T>()) {
          const at = <usize>c * size;
          addProducts<T>(x + from + at, dy + from + at, few, stride, middles + at, partials + 2 * at, r == 0);
        }
      }
      addPartials<T>(whole, sums, products, partials);
      for (let r = 0; r < step && whole < all; r++) {
        const skip = shift + <usize>r * stride + <usize>whole * size;
        addSingleProducts<T>(x + skip, dy + skip, all - whole, middles + <usize>whole * size, sums + (<usize>whole << 3), products + (<usize>whole << 3));
      }
      shift += <usize>step * stride;
    }
    if (rest > 0) {
      if (activation) {
        applySpan<T>(x + shift, dx + shift, rest, middles, directs, alongs);
        runProgram<T>(activation, slots, dx + shift, given + shift, dx + shift, <usize>rest * size);
      }
      addSingleProducts<T>(x + shift, dy + shift, rest, middles, sums, products);
    }
    for (let c = 0; c < columns; c++) {
      let sum: f64 = 0, product: f64 = 0;
      for (let i = c; i < all; i += columns) {
        sum += read<f64>(sums, i);
        product += read<f64>(products, i);
      }
      const s = stat + entry(statMap, c), g = gammaAt + entry(gammaMap, c);
      const normalized = (product - read<T>(residual, s) * sum) * read<T>(rstd, s);
      const scale = gamma ? read<T>(gamma, g) : 1;
      increase(groupSums, 2 * s, scale * sum);
      increase(groupSums, 2 * s + 1, scale * normalized);
      if (dgamma) increase(dgamma, g, normalized);
      if (dbeta) increase(dbeta, betaAt + entry(betaMap, c), sum);
    }
  }
}

/** dx of a part of a block, or of all of it, where rows of columns repeat; `groupSums` are those of the whole block. */
function passColumns<T>(
  x: usize, dy: usize, gamma: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  groupSums: usize, plan: usize, scratch: usize, rms: bool, part: i32, end: i32,
): void {
  const rows = entry(plan, ROWS), columns = entry(plan, COLUMNS), fold = entry(plan, FOLD), parts = entry(plan, PARTS);
  const outerAxes = entry(plan, OUTER_AXES), outer = axesOf(plan) + <usize>entry(plan, BLOCK_AXES) * 20;
  const all = columns * fold, bytes = tableBytes<T>(plan);
  const place = scratch;
  const middles = scratch + 16, directs = middles + bytes, alongs = directs + bytes, acrosses = alongs + bytes;
  const statMap = columnMaps(plan), gammaMap = statMap + (<usize>columns << 2);
  const foldedRows = rows / fold, stride = <usize>all * sizeof<T>(), isOne = entry(plan, OUTER) == 1;
  const rest = isOne && end < parts ? 0 : (rows % fold) * columns;
  const firstRow = isOne ? cut(foldedRows, part, parts, 1) : 0, lastRow = isOne ? cut(foldedRows, end, parts, 1) : foldedRows;
  const last = isOne ? 1 : cut(entry(plan, OUTER), end, parts, 1);
  const count = <f64>entry(plan, COUNT);
  // What is alone in its group cannot move: the output is beta.
  const alone = count == 1 && !rms;
  const size = sizeof<T>();
  const wholePairs = all - all % (stripColumns<T>() / 2);
  for (let o = isOne ? 0 : cut(entry(plan, OUTER), part, parts, 1); o < last; o++) {
    locate(outer, outerAxes, o, place);
    const stat = load<i32>(place, AT_STAT), gammaAt = load<i32>(place, AT_GAMMA);
    for (let c = 0; c < columns; c++) {
      const s = stat + entry(statMap, c), factor = alone ? 0 : read<T>(rstd, s);
      const direct = gamma ? factor * read<T>(gamma, gammaAt + entry(gammaMap, c)) : factor;
      const along = -factor * factor * read<f64>(groupSums, 2 * s + 1) / count;
      const across = (rms ? 0 : -factor * read<f64>(groupSums, 2 * s) / count) - along * read<T>(residual, s);
      const middle = read<T>(mean, s);
      for (let i = c; i < all; i += columns) {
        write<T>(middles, i, middle);
        write<T>(directs, i, direct);
        write<T>(alongs, i, along);
        write<T>(acrosses, i, across);
      }
    }
    let shift = <usize>load<i32>(place, AT_X) * size + <usize>firstRow * stride;
    for (let row = firstRow; row < lastRow; row += APPLIED) {
      const step = min(APPLIED, lastRow - row);
      for (let c = 0; c < wholePairs; c += stripColumns<T>() / 2) {
        const skip = <usize>c * size, at = shift + skip;
        passStrip<T>(x + at, dy + at, dx + at, step, stride, middles + skip, bytes);
      }
      for (let r = 0; r < step && wholePairs < all; r++) {
        const skip = <usize>wholePairs * size, at = shift + <usize>r * stride + skip;
        passSpan<T>(x + at, dy + at, dx + at, all - wholePairs, middles + skip, bytes);
      }
      shift += <usize>step * stride;
    }
    if (rest > 0) passSpan<T>(x + shift, dy + shift, dx + shift, rest, middles, bytes);
  }
}

/** A and B over a stretch of a block that is one line with one mean, along which gamma changes or is one number. */
function sumLineProducts<T>(
  x: usize, dy: usize, gamma: usize, mean: usize, rstd: usize, residual: usize, groupSums: usize, plan: usize, scratch: usize,
  first: i32, size: usize,
): void {
  const isAlong = gamma && entry(plan, GAMMA_STEP), step: usize = isAlong ? 32 : 0;
  let scale = lineOperand<T>(gamma, isAlong ? first : 0, entry(plan, GAMMA_STEP), 1, scratch + 16);
  const middle = v128.load_splat<T>(mean);
  let sum: f64 = 0, product: f64 = 0;
  const stop = x + size, whole = x + (size & ~31);
  while (x < whole) {
    const end = min(x + RUN * 32, whole);
    let s0 = f64x2.splat(0), s1 = s0, p0 = s0, p1 = s0;
    for (; x < end; x += 32, dy += 32, scale += step) {
      const g0 = v128.mul<T>(v128.load(dy), v128.load(scale));
      const g1 = v128.mul<T>(v128.load(dy, 16), v128.load(scale, 16));
      s0 = v128.add<T>(s0, g0);
      s1 = v128.add<T>(s1, g1);
      p0 = multiplyAdd<T>(v128.sub<T>(v128.load(x), middle), g0, p0);
      p1 = multiplyAdd<T>(v128.sub<T>(v128.load(x, 16), middle), g1, p1);
    }
    sum += sumOfLanes<T>(v128.add<T>(s0, s1));
    product += sumOfLanes<T>(v128.add<T>(p0, p1));
  }
  for (; x < stop; x += sizeof<T>(), dy += sizeof<T>()) {
    const g = <f64>load<T>(dy) * <f64>load<T>(scale);
    sum += g;
    product += g * <f64>(load<T>(x) - load<T>(mean));
    if (isAlong) scale += sizeof<T>();
  }
  store<f64>(groupSums, sum);
  store<f64>(groupSums, (product - read<T>(residual, 0) * sum) * read<T>(rstd, 0), 8);
}

/** Adds a stretch of a line to the runs of dgamma and dbeta, those that there are. */
function addParameters<T>(
  x: usize, dy: usize, mean: usize, rstd: usize, residual: usize, runGamma: usize, runBeta: usize, size: usize,
): void {
  const m = v128.load_splat<T>(mean), f = v128.load_splat<T>(rstd), r = v128.load_splat<T>(residual);
  const whole = size & ~15;
  if (runGamma) {
    for (let i: usize = 0; i < whole; i += 16) {
      const normalized = v128.mul<T>(v128.sub<T>(v128.sub<T>(v128.load(x + i), m), r), f);
      v128.store(runGamma + i, multiplyAdd<T>(normalized, v128.load(dy + i), v128.load(runGamma + i)));
    }
    for (let i = whole; i < size; i += sizeof<T>()) {
      const normalized = v128.mul<T>(v128.sub<T>(v128.sub<T>(v128.load_splat<T>(x + i), m), r), f);
      const sum = multiplyAdd<T>(normalized, v128.load_splat<T>(dy + i), v128.load_splat<T>(runGamma + i));
      store<T>(runGamma + i, v128.extract_lane<T>(sum, 0));
    }
  }
  if (!runBeta) return;
  for (let i: usize = 0; i < whole; i += 16) v128.store(runBeta + i, v128.add<T>(v128.load(runBeta + i), v128.load(dy + i)));
  for (let i = whole; i < size; i += sizeof<T>()) store<T>(runBeta + i, load<T>(runBeta + i) + load<T>(dy + i));
}

/** dx of a stretch of a line, whose A and B are given. */
function passLine<T>(
  x: usize, dy: usize, gamma: usize, dx: usize, mean: usize, rstd: usize, residual: usize, groupSums: usize, plan: usize,
  scratch: usize, rms: bool, first: i32, size: usize,
): void {
  const isAlong = gamma && entry(plan, GAMMA_STEP), step: usize = isAlong ? 32 : 0;
  let scale = lineOperand<T>(gamma, isAlong ? first : 0, entry(plan, GAMMA_STEP), 1, scratch + 16);
  const count = <f64>entry(plan, COUNT), factor = read<T>(rstd, 0);
  const along = -factor * factor * load<f64>(groupSums, 8) / count;
  const across = (rms ? 0 : -factor * load<f64>(groupSums) / count) - along * read<T>(residual, 0);
  const m = v128.load_splat<T>(mean), f = v128.splat<T>(<T>factor), l = v128.splat<T>(<T>along), a = v128.splat<T>(<T>across);
  const stop = x + size, whole = x + (size & ~31);
  for (; x < whole; x += 32, dy += 32, dx += 32, scale += step) {
    const r0 = multiplyAdd<T>(v128.sub<T>(v128.load(x), m), l, a);
    const r1 = multiplyAdd<T>(v128.sub<T>(v128.load(x, 16), m), l, a);
    v128.store(dx, multiplyAdd<T>(v128.mul<T>(v128.load(dy), v128.load(scale)), f, r0));
    v128.store(dx, multiplyAdd<T>(v128.mul<T>(v128.load(dy, 16), v128.load(scale, 16)), f, r1), 16);
  }
  for (; x < stop; x += sizeof<T>(), dy += sizeof<T>(), dx += sizeof<T>()) {
    const rest = multiplyAdd<T>(v128.sub<T>(v128.load_splat<T>(x), m), l, a);
    const g = v128.mul<T>(v128.load_splat<T>(dy), v128.load_splat<T>(scale));
    store<T>(dx, v128.extract_lane<T>(multiplyAdd<T>(g, f, rest), 0));
    if (isAlong) scale += sizeof<T>();
  }
}

/** Writes the first `bytes` of a vector. */
// @ts-ignore: decorator
@inline
function storeSome(y: usize, value: v128, bytes: usize, spare: usize): void {
  if (bytes >= 16) return v128.store(y, value);
  v128.store(spare, value);
  memory.copy(y, spare, bytes);
}

/**
 * The gradients of a stretch of columns of a block, each column a group: rows go across, each with a gamma and beta of its
 * own. Vectors at the end of a row may reach into the next; what they find there is left out.
 */
function passAcross<T>(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  dgamma: usize, dbeta: usize, plan: usize, scratch: usize, rms: bool, first: i32, last: i32, activation: usize, slots: usize,
): void {
  const rows = entry(plan, OUTER), outerAxes = entry(plan, OUTER_AXES);
  const outer = axesOf(plan) + <usize>entry(plan, BLOCK_AXES) * 20;
  const size = <usize>(last - first) * sizeof<T>(), bytes = (size + 15) & ~15, wide = (bytes / sizeof<T>()) << 3;
  const skip = <usize>first * sizeof<T>();
  const runA = scratch + SPARE, runB = runA + bytes, sumA = runB + bytes, sumB = sumA + wide;
  const along = sumB + wide, across = along + bytes;
  if (activation) {
    applyLines<T>(x, gamma, beta, dx, mean, rstd, residual, outer, outerAxes, 0, rows, first, last, plan, scratch, 0, 0, 0, false);
  }
  mean += skip;
  rstd += skip;
  residual += skip;
  memory.fill(runA, 0, 2 * bytes);
  memory.fill(sumA, 0, 2 * wide);
  // the lanes of the last vector that count
  v128.store(scratch + 16, v128.splat<T>(0));
  memory.fill(scratch + 16, 255, 16 - (bytes - size));
  const mask = v128.load(scratch + 16);
  for (let row = 0; row < rows; row++) {
    locate(outer, outerAxes, row, scratch);
    const place = <usize>load<i32>(scratch, AT_X) * sizeof<T>() + skip;
    const gammaAt = load<i32>(scratch, AT_GAMMA), betaAt = load<i32>(scratch, AT_BETA);
    if (activation) runProgram<T>(activation, slots, dx + place, dy + place, dx + place, size);
    const scale = v128.splat<T>(gamma ? load<T>(shifted<T>(gamma, gammaAt)) : <T>1);
    const from = x + place, given = (activation ? dx : dy) + place;
    let products = v128.splat<T>(0), sums = v128.splat<T>(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const d = v128.load(given + i), centred = v128.sub<T>(v128.load(from + i), v128.load(mean + i));
      const g = v128.mul<T>(d, scale);
      v128.store(runA + i, v128.add<T>(v128.load(runA + i), g));
      v128.store(runB + i, multiplyAdd<T>(centred, g, v128.load(runB + i)));
      const n = v128.mul<T>(v128.sub<T>(centred, v128.load(residual + i)), v128.load(rstd + i));
      if (i + 16 > size) {
        products = v128.add<T>(products, v128.and(v128.mul<T>(n, d), mask));
        sums = v128.add<T>(sums, v128.and(d, mask));
      } else {
        products = multiplyAdd<T>(n, d, products);
        sums = v128.add<T>(sums, d);
      }
    }
    if (dgamma) increase(dgamma, gammaAt, sumOfLanes<T>(products));
    if (dbeta) increase(dbeta, betaAt, sumOfLanes<T>(sums));
    if (row % RUN == RUN - 1 || row == rows - 1) {
      closeRun<T>(runA, sumA, last - first);
      closeRun<T>(runB, sumB, last - first);
    }
  }
  const count = <f64>entry(plan, COUNT);
  for (let c = 0; c < last - first; c++) {
    const factor = read<T>(rstd, c), a = read<f64>(sumA, c), left = read<T>(residual, c);
    const l = -factor * factor * factor * (read<f64>(sumB, c) - left * a) / count;
    write<T>(along, c, l);
    write<T>(across, c, (rms ? 0 : -factor * a / count) - l * left);
  }
  for (let row = 0; row < rows; row++) {
    locate(outer, outerAxes, row, scratch);
    const place = <usize>load<i32>(scratch, AT_X) * sizeof<T>() + skip;
    const scale = v128.splat<T>(gamma ? load<T>(shifted<T>(gamma, load<i32>(scratch, AT_GAMMA))) : <T>1);
    const from = x + place, given = (activation ? dx : dy) + place, to = dx + place;
    for (let i: usize = 0; i < bytes; i += 16) {
      const rest = multiplyAdd<T>(v128.sub<T>(v128.load(from + i), v128.load(mean + i)), v128.load(along + i), v128.load(across + i));
      const result = multiplyAdd<T>(v128.mul<T>(v128.load(given + i), scale), v128.load(rstd + i), rest);
      storeSome(to + i, result, size - i, scratch + 16);
    }
  }
}

/** Adds what `addParameters` summed up to the float64 sums, and clears it. */
function closeRun<T>(run: usize, sums: usize, count: i32): void {
  for (let i = 0; i < count; i++) increase(sums, i, read<T>(run, i));
  memory.fill(run, 0, <usize>count * sizeof<T>());
}

/**
 * The sums over groups, dx, and each piece's share of dgamma and dbeta, in float64 at `sums`. As in `normalizeBlocks`, a
 * piece does whole blocks, or, where they are split, a part of one: in a call for the sums and a call for dx. Lines that
 * are long leave dgamma and dbeta to a call between the two, in which pieces are stretches of all lines.
 */
function passBlocks<T>(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  gammaCount: i32, betaCount: i32, plan: usize, sums: usize, sumsBytes: i32, scratch: usize, scratchBytes: i32, partSlots: usize,
  flags: i32, activation: usize, pieces: i32, from: i32, to: i32,
): void {
  const blocks = entry(plan, BLOCKS), blockAxes = entry(plan, BLOCK_AXES), parts = entry(plan, PARTS);
  const lines = entry(plan, LINES), columns = entry(plan, COLUMNS), groupBytes = <usize>entry(plan, BLOCK_STATS) << 4;
  // where rows go across columns that are groups, pieces are stretches of blocks' columns
  const stretches = entry(plan, STRETCHES), units = blocks * max(1, stretches);
  const isSplit = (flags & SPLIT) != 0, rms = (flags & RMS) != 0, byColumns = (flags & PARAMETERS) != 0;
  for (let piece = from; piece < to; piece++) {
    const own = scratch + <usize>piece * <usize>scratchBytes;
    const slots = slotsOf(activation, own, scratchBytes);
    let first = <i32>(<i64>units * piece / pieces), last = isSplit ? first + 1 : <i32>(<i64>units * (piece + 1) / pieces);
    const part = isSplit ? piece - <i32>(<i64>pieces / blocks) * first : 0, end = isSplit ? part + 1 : parts;
    // the stretch of a line, when there are lines
    let begin = cut(columns, part, parts, stripColumns<T>()), count = cut(columns, end, parts, stripColumns<T>()) - begin;
    let dgamma = sums + <usize>piece * <usize>sumsBytes;
    if (byColumns) {
      first = 0;
      last = blocks;
      begin = cut(columns, piece, pieces, stripColumns<T>());
      count = cut(columns, piece + 1, pieces, stripColumns<T>()) - begin;
      dgamma = sums + (<usize>begin << 3);
    }
    const dbeta = dgamma + (<usize>gammaCount << 3);
    const skip = <usize>begin * sizeof<T>(), size = <usize>count * sizeof<T>();
    // runs of the parameters' gradients, in the dtype itself
    const adds = gammaCount + betaCount > 0 && lines && !stretches && (byColumns || (flags & (MEASURE | APPLY)) == (MEASURE | APPLY));
    const runGamma = gammaCount && adds ? own + SPARE : 0, runBeta = betaCount && adds ? own + SPARE + (gammaCount ? size : 0) : 0;
    if (runGamma) memory.fill(runGamma, 0, size);
    if (runBeta) memory.fill(runBeta, 0, size);
    if (byColumns) {
      if (runGamma) memory.fill(dgamma, 0, <usize>count << 3);
      if (runBeta) memory.fill(dbeta, 0, <usize>count << 3);
    } else if (flags & MEASURE) {
      if (activation) openProgram<T>(activation, slots);
      if (sumsBytes) memory.fill(dgamma, 0, <usize>(gammaCount + betaCount) << 3);
    }
    for (let unit = first; unit < last; unit++) {
      const block = stretches ? unit / stretches : unit;
      locate(axesOf(plan), blockAxes, block, own);
      const place = load<i32>(own, AT_X), stat = load<i32>(own, AT_STAT);
      const gammaAt = load<i32>(own, AT_GAMMA), betaAt = load<i32>(own, AT_BETA);
      const blockX = shifted<T>(x, place), blockDx = shifted<T>(dx, place), given = shifted<T>(dy, place);
      const blockDy = activation ? blockDx : given;
      const means = shifted<T>(mean, stat), factors = shifted<T>(rstd, stat), residuals = shifted<T>(residual, stat);
      const blockGamma = shifted<T>(gamma, gammaAt), blockBeta = shifted<T>(beta, betaAt);
      if (stretches) {
        const stretch = unit - block * stretches;
        passAcross<T>(
          blockX, given, blockGamma, blockBeta, blockDx, means, factors, residuals,
          gammaCount ? dgamma + (<usize>gammaAt << 3) : 0, betaCount ? dbeta + (<usize>betaAt << 3) : 0, plan, own, rms,
          cut(columns, stretch, stretches, stripColumns<T>()), cut(columns, stretch + 1, stretches, stripColumns<T>()),
          activation, slots,
        );
        continue;
      }
      const partsOfBlock = partSlots + <usize>((isSplit ? block : piece) * parts) * groupBytes;
      if (flags & MEASURE) {
        for (let p = part; p < end; p++) {
          const groupSums = partsOfBlock + <usize>p * groupBytes;
          if (lines) {
            const at = cut(columns, p, parts, stripColumns<T>()), bytes = <usize>(cut(columns, p + 1, parts, stripColumns<T>()) - at) * sizeof<T>();
            const off = <usize>at * sizeof<T>();
            if (activation) {
              applyLines<T>(
                blockX, blockGamma, blockBeta, blockDx, means, factors, residuals, 0, 0, 0, 1, at, at + <i32>(bytes / sizeof<T>()), plan, own,
                0, 0, 0, false,
              );
              runProgram<T>(activation, slots, blockDx + off, given + off, blockDx + off, bytes);
            }
            sumLineProducts<T>(blockX + off, blockDy + off, blockGamma, means, factors, residuals, groupSums, plan, own, at, bytes);
          } else {
            memory.fill(groupSums, 0, groupBytes);
            sumColumns<T>(
              blockX, given, blockGamma, blockBeta, blockDx, means, factors, residuals,
              gammaCount ? dgamma + (<usize>gammaAt << 3) : 0, betaCount ? dbeta + (<usize>betaAt << 3) : 0,
              groupSums, plan, own, p, activation, slots,
            );
          }
        }
      }
      if (adds) {
        addParameters<T>(blockX + skip, blockDy + skip, means, factors, residuals, runGamma, runBeta, size);
        if ((block - first) % RUN == RUN - 1 || block == last - 1) {
          if (runGamma) closeRun<T>(runGamma, dgamma, count);
          if (runBeta) closeRun<T>(runBeta, dbeta, count);
        }
      }
      if (!(flags & APPLY)) continue;
      // The sums of the whole block go behind those of the parts.
      let groupSums = partsOfBlock;
      if (parts > 1) {
        groupSums = partSlots + <usize>((isSplit ? blocks : pieces) * parts) * groupBytes + <usize>piece * groupBytes;
        memory.copy(groupSums, partsOfBlock, groupBytes);
        for (let p = 1; p < parts; p++) {
          for (let at: usize = 0; at < groupBytes; at += 8) {
            store<f64>(groupSums + at, load<f64>(groupSums + at) + load<f64>(partsOfBlock + <usize>p * groupBytes + at));
          }
        }
      }
      if (lines) {
        passLine<T>(blockX + skip, blockDy + skip, blockGamma, blockDx + skip, means, factors, residuals, groupSums, plan, own, rms, begin, size);
      } else {
        passColumns<T>(blockX, blockDy, blockGamma, blockDx, means, factors, residuals, groupSums, plan, own, rms, part, end);
      }
    }
  }
}

export function normalizeGradientFloat32(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  gammaCount: i32, betaCount: i32, plan: usize, sums: usize, sumsBytes: i32, scratch: usize, scratchBytes: i32, partSlots: usize,
  flags: i32, activation: usize, pieces: i32, from: i32, to: i32,
): void {
  passBlocks<f32>(x, dy, gamma, beta, dx, mean, rstd, residual, gammaCount, betaCount, plan, sums, sumsBytes, scratch, scratchBytes, partSlots, flags, activation, pieces, from, to);
}

export function normalizeGradientFloat64(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  gammaCount: i32, betaCount: i32, plan: usize, sums: usize, sumsBytes: i32, scratch: usize, scratchBytes: i32, partSlots: usize,
  flags: i32, activation: usize, pieces: i32, from: i32, to: i32,
): void {
  passBlocks<f64>(x, dy, gamma, beta, dx, mean, rstd, residual, gammaCount, betaCount, plan, sums, sumsBytes, scratch, scratchBytes, partSlots, flags, activation, pieces, from, to);
}

/** Adds up the pieces' shares of dgamma and dbeta, float64, which stand one after the other; pieces here are parameters. */
export function normalizeParameterGradients(
  shares: usize, shareBytes: i32, count: i32, firsts: i32, first: usize, second: usize, bytes: i32,
  from: i32, to: i32,
): void {
  for (let i = from; i < to; i++) {
    let sum: f64 = 0;
    for (let share = 0; share < count; share++) sum += load<f64>(shares + <usize>share * <usize>shareBytes + (<usize>i << 3));
    const target = i < firsts ? first + <usize>(i * bytes) : second + <usize>((i - firsts) * bytes);
    if (bytes == 4) store<f32>(target, <f32>sum);
    else store<f64>(target, sum);
  }
}
