// Kernels of `normalize`: statistics of groups, their application, and the gradients. `plan.ts` says how axes become
// the runs that are walked here; its layout of the plan is the one below.
//
// Memory is walked in rows of columns. A column is a lane: rows are added up lane by lane, in short runs of the dtype
// itself, and the runs in float64. Which columns belong to a group is only seen when runs are merged, so groups of
// width 2 are as fast as wide ones. Where rows are narrow, several are taken as one.
//
// A run is taken relative to a shift: first the first element of the group, then, after 4 rows and whenever 8 times as
// many have been seen, the mean so far. So what is added up is the spread, not the mean, and every element is read once.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";
import { openProgram, runProgram } from "../elementwise/elementwise.as";

// The plan, in 32-bit integers.
const BLOCKS = 0, BLOCK_AXES = 1, OUTER_AXES = 2, OUTER = 3, LINES = 4, ROWS = 5, COLUMNS = 6, FOLD = 7;
const STAT_STEP = 8, GAMMA_STEP = 9, BETA_STEP = 10, BLOCK_STATS = 11, COUNT = 12;
const S_COLUMNS = 13, S_WIDTH = 14, S_ROWS = 15, S_FOLD = 16, S_CHUNK = 17;
const SUB_0 = 18, SUB_1 = 21, SEGMENT_0 = 24, SEGMENT_1 = 26, BLOCK_SIZE = 28, AXES = 29;

// Offsets of an index, as `locate` leaves them.
const AT_X = 0, AT_STAT = 4, AT_GAMMA = 8, AT_BETA = 12;

const RMS = 1, GIVEN = 2;

/** The most rows that are added up in the dtype itself. */
const RUN = 64;
/** So many rows of a strip are gone through at a time: few, so that memory is walked nearly in line. */
const APPLIED = 8;
/** After so many rows the shift becomes the mean so far. */
const FIRST_EPOCH = 4;
const EPOCH_GROWTH = 7;

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
    const position = index % size;
    index /= size;
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

/** Σ d and Σ d² of four vectors of columns over rows, d = x − shift, on top of what is in `partial`. */
function addStrip<T>(x: usize, rows: i32, stride: usize, shift: usize, partial: usize): void {
  const c0 = v128.load(shift), c1 = v128.load(shift, 16), c2 = v128.load(shift, 32), c3 = v128.load(shift, 48);
  let s0 = v128.load(partial), s1 = v128.load(partial, 16), s2 = v128.load(partial, 32), s3 = v128.load(partial, 48);
  let q0 = v128.load(partial, 64), q1 = v128.load(partial, 80), q2 = v128.load(partial, 96), q3 = v128.load(partial, 112);
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

/** As `addStrip` for one row of single columns, in float64. */
function addSingles<T>(x: usize, count: i32, shift: usize, sums: usize, squares: usize): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const d = <f64>(load<T>(x + i * sizeof<T>()) - load<T>(shift + i * sizeof<T>()));
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

/** Adds `rows` rows of all columns, a few at a time, so that memory is walked nearly in line. */
function addTile<T>(
  x: usize, rows: i32, stride: usize, columns: i32, shift: usize, sums: usize, squares: usize, partials: usize,
): void {
  const strip = stripColumns<T>(), whole = columns - columns % strip;
  memory.fill(partials, 0, <usize>whole * 2 * sizeof<T>());
  for (let row = 0; row < rows; row += APPLIED) {
    const from = x + <usize>row * stride, step = min(APPLIED, rows - row);
    for (let c = 0; c < whole; c += strip) {
      const at = <usize>c * sizeof<T>();
      addStrip<T>(from + at, step, stride, shift + at, partials + 2 * at);
    }
  }
  for (let c = 0; c < whole; c += strip) {
    const partial = partials + <usize>c * 2 * sizeof<T>();
    addFour<T>(sums + (<usize>c << 3), partial);
    addFour<T>(squares + (<usize>c << 3), partial + 64);
  }
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

/** Σ d and Σ d² of elements that stand in line, d = x − shift; left at `totals` and 8 bytes on. */
function sumLine<T>(x: usize, strips: i32, shift: T, totals: usize): void {
  const c = v128.splat<T>(shift);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
  for (; strips > 0; strips--) {
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
    x += 64;
  }
  store<f64>(totals, sumOfLanes<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3))));
  store<f64>(totals, sumOfLanes<T>(v128.add<T>(v128.add<T>(q0, q1), v128.add<T>(q2, q3))), 8);
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

/** As `measure`, where the elements of a group stand in line, or in a few lines. */
function measureLines<T>(
  x: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, epsilon: f64, rms: bool,
): void {
  const length = entry(plan, S_ROWS), strips = length / stripColumns<T>();
  const total = <f64>entry(plan, COUNT);
  for (let i0 = 0; i0 < entry(plan, SUB_0); i0++) {
    for (let i1 = 0; i1 < entry(plan, SUB_1); i1++) {
      const base = x + <usize>(i0 * entry(plan, SUB_0 + 1) + i1 * entry(plan, SUB_1 + 1)) * sizeof<T>();
      let shift = rms ? <T>0 : load<T>(base);
      let middle: f64 = 0, deviation: f64 = 0, before: f64 = 0;
      let sum: f64 = 0, square: f64 = 0, seen: f64 = 0;
      let epoch = FIRST_EPOCH, inEpoch = 0;
      for (let j0 = 0; j0 < entry(plan, SEGMENT_0); j0++) {
        for (let j1 = 0; j1 < entry(plan, SEGMENT_1); j1++) {
          const line = base + <usize>(j0 * entry(plan, SEGMENT_0 + 1) + j1 * entry(plan, SEGMENT_1 + 1)) * sizeof<T>();
          let p = line;
          const end = line + <usize>length * sizeof<T>();
          for (let strip = 0; p < end;) {
            if (strip < strips) {
              const step = min(min(RUN, strips - strip), epoch - inEpoch);
              sumLine<T>(p, step, shift, scratch);
              sum += load<f64>(scratch);
              square += load<f64>(scratch, 8);
              strip += step;
              inEpoch += step;
              seen += <f64>(step * stripColumns<T>());
              p += <usize>step << 6;
            } else {
              for (; p < end; p += sizeof<T>()) {
                const d = <f64>(load<T>(p) - shift);
                sum += d;
                square += d * d;
                seen += 1;
              }
              inEpoch++;
            }
            const isLast = p >= end && j0 + 1 == entry(plan, SEGMENT_0) && j1 + 1 == entry(plan, SEGMENT_1);
            if (inEpoch < epoch && !isLast) continue;
            if (rms) {
              deviation += square;
            } else {
              const offset = sum / seen;
              const mean = <f64>shift + offset, part = seen / (before + seen);
              const delta = before == 0 ? 0 : mean - middle;
              middle = before == 0 ? mean : middle + delta * part;
              deviation += max<f64>(square - sum * offset, 0) + delta * delta * part * before;
              shift = <T>middle;
            }
            before += seen;
            inEpoch = 0;
            epoch = <i32>min<f64>(before * EPOCH_GROWTH / stripColumns<T>(), 1e9);
            sum = square = seen = 0;
          }
        }
      }
      const index = i0 * entry(plan, SUB_0 + 2) + i1 * entry(plan, SUB_1 + 2);
      keep<T>(index, middle, deviation / total, epsilon, mean, variance, rstd, residual);
    }
  }
}

/** The statistics of all groups of a block. */
function measure<T>(
  x: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, epsilon: f64, rms: bool,
): void {
  const allColumns = entry(plan, S_COLUMNS), width = entry(plan, S_WIDTH), rows = entry(plan, S_ROWS);
  const fold = entry(plan, S_FOLD), chunk = entry(plan, S_CHUNK);
  const most = <usize>max(chunk, fold * allColumns);
  const shift = scratch;
  const sums = shift + most * 8, squares = sums + most * 8, means = squares + most * 8, deviations = means + most * 8;
  const partials = deviations + most * 8;
  const stride = <usize>(fold * allColumns) * sizeof<T>();
  const foldedRows = rows / fold, restRows = rows % fold;
  const total = <f64>entry(plan, COUNT);
  for (let i0 = 0; i0 < entry(plan, SUB_0); i0++) {
    for (let i1 = 0; i1 < entry(plan, SUB_1); i1++) {
      const sub = i0 * entry(plan, SUB_0 + 1) + i1 * entry(plan, SUB_1 + 1);
      const subStat = i0 * entry(plan, SUB_0 + 2) + i1 * entry(plan, SUB_1 + 2);
      for (let first = 0; first < allColumns; first += chunk) {
        const taken = min(chunk, allColumns - first);
        const columns = fold * taken, groups = taken / width;
        const base = x + <usize>(sub + first) * sizeof<T>();
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
        for (let j0 = 0; j0 < entry(plan, SEGMENT_0); j0++) {
          for (let j1 = 0; j1 < entry(plan, SEGMENT_1); j1++) {
            let p = base + <usize>(j0 * entry(plan, SEGMENT_0 + 1) + j1 * entry(plan, SEGMENT_1 + 1)) * sizeof<T>();
            for (let row = 0; row < foldedRows;) {
              const step = min(min(RUN, foldedRows - row), epoch - inEpoch);
              addTile<T>(p, step, stride, columns, shift, sums, squares, partials);
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
        }
        if (seen > 0) mergeRun<T>(groups, width, columns, seen * width, before * width, shift, sums, squares, means, deviations, rms);
        const statFirst = subStat + first / width;
        for (let g = 0; g < groups; g++) {
          const slot = <usize>g << 3;
          keep<T>(statFirst + g, load<f64>(means + slot), load<f64>(deviations + slot) / total, epsilon, mean, variance, rstd, residual);
        }
      }
    }
  }
}

/** y = (x − middle) · scale + offset for four vectors of columns over rows. */
function applyStrip<T>(x: usize, y: usize, rows: i32, stride: usize, middle: usize, scale: usize, offset: usize): void {
  const m0 = v128.load(middle), m1 = v128.load(middle, 16), m2 = v128.load(middle, 32), m3 = v128.load(middle, 48);
  const s0 = v128.load(scale), s1 = v128.load(scale, 16), s2 = v128.load(scale, 32), s3 = v128.load(scale, 48);
  const o0 = v128.load(offset), o1 = v128.load(offset, 16), o2 = v128.load(offset, 32), o3 = v128.load(offset, 48);
  for (; rows > 0; rows--) {
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x), m0), s0, o0));
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x, 16), m1), s1, o1), 16);
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x, 32), m2), s2, o2), 32);
    v128.store(y, multiplyAdd<T>(v128.sub<T>(v128.load(x, 48), m3), s3, o3), 48);
    x += stride;
    y += stride;
  }
}

/** As `applyStrip` for a stretch of columns of one row. */
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

/** Applies tables to a few rows of all columns. */
function applyRows<T>(x: usize, y: usize, rows: i32, plan: usize, tables: usize): void {
  const all = entry(plan, COLUMNS) * entry(plan, FOLD), whole = all - all % stripColumns<T>();
  const scales = tables + tableBytes<T>(plan), offsets = scales + tableBytes<T>(plan);
  const stride = <usize>all * sizeof<T>();
  for (let c = 0; c < whole; c += stripColumns<T>()) {
    const shift = <usize>c * sizeof<T>();
    applyStrip<T>(x + shift, y + shift, rows, stride, tables + shift, scales + shift, offsets + shift);
  }
  if (whole == all) return;
  const shift = <usize>whole * sizeof<T>();
  for (let r = 0; r < rows; r++) {
    const skip = shift + <usize>r * stride;
    applySpan<T>(x + skip, y + skip, all - whole, tables + shift, scales + shift, offsets + shift);
  }
}

/** Applies the statistics where rows of columns repeat: what each column needs is worked out once. */
function applyColumns<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, residual: usize,
  outer: usize, plan: usize, scratch: usize, activation: usize, slots: usize, pending: usize,
): usize {
  const rows = entry(plan, ROWS), columns = entry(plan, COLUMNS), fold = entry(plan, FOLD);
  const place = scratch, tables = scratch + 16;
  const foldedRows = rows / fold, rest = (rows % fold) * columns;
  const stride = <usize>(columns * fold) * sizeof<T>();
  for (let o = 0; o < entry(plan, OUTER); o++) {
    locate(outer, entry(plan, OUTER_AXES), o, place);
    fillTables<T>(gamma, beta, mean, rstd, residual, plan, place, tables);
    let from = x + <usize>load<i32>(place, AT_X) * sizeof<T>(), to = y + <usize>load<i32>(place, AT_X) * sizeof<T>();
    for (let row = 0; row < foldedRows; row += APPLIED) {
      const step = min(APPLIED, foldedRows - row);
      applyRows<T>(from, to, step, plan, tables);
      from += <usize>step * stride;
      to += <usize>step * stride;
      pending = activate<T>(activation, slots, pending, to, ACTIVATED);
    }
    if (rest > 0) applySpan<T>(from, to, rest, tables, tables + tableBytes<T>(plan), tables + 2 * tableBytes<T>(plan));
  }
  return pending;
}

/** What stands at the index of a line's operand: its element, or the one value that serves the whole line. */
// @ts-ignore: decorator
@inline
function lineVector<T>(operand: usize, step: usize, at: usize): v128 {
  return step ? v128.load(operand + at) : v128.load(operand);
}

// @ts-ignore: decorator
@inline
function lineSplat<T>(operand: usize, step: usize, at: usize): v128 {
  return v128.load_splat<T>(step ? operand + at : operand);
}

/** An operand of a line: where it begins, or, where one value serves, a vector of that value. */
// @ts-ignore: decorator
@inline
function lineOperand<T>(array: usize, index: i32, step: i32, absent: T, spare: usize): usize {
  const address = array + <usize>index * sizeof<T>();
  if (array && step) return address;
  v128.store(spare, v128.splat<T>(array ? load<T>(address) : absent));
  return spare;
}

/** Applies the statistics along lines: where gamma or beta change with every element. */
function applyLines<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, residual: usize,
  outer: usize, plan: usize, scratch: usize, activation: usize, slots: usize, pending: usize,
): usize {
  const place = scratch, size = <usize>entry(plan, COLUMNS) * sizeof<T>();
  const statStep = <usize>entry(plan, STAT_STEP);
  const gammaStep = gamma ? <usize>entry(plan, GAMMA_STEP) : 0, betaStep = beta ? <usize>entry(plan, BETA_STEP) : 0;
  for (let o = 0; o < entry(plan, OUTER); o++) {
    locate(outer, entry(plan, OUTER_AXES), o, place);
    const stat = load<i32>(place, AT_STAT);
    const from = x + <usize>load<i32>(place, AT_X) * sizeof<T>(), to = y + <usize>load<i32>(place, AT_X) * sizeof<T>();
    const middle = lineOperand<T>(mean, stat, <i32>statStep, 0, scratch + 16);
    const left = lineOperand<T>(residual, stat, <i32>statStep, 0, scratch + 32);
    const factor = lineOperand<T>(rstd, stat, <i32>statStep, 0, scratch + 48);
    const scale = lineOperand<T>(gamma, load<i32>(place, AT_GAMMA), <i32>gammaStep, 1, scratch + 64);
    const offset = lineOperand<T>(beta, load<i32>(place, AT_BETA), <i32>betaStep, 0, scratch + 80);
    let i: usize = 0;
    if (statStep) {
      for (; i + 16 <= size; i += 16) {
        const centred = v128.sub<T>(v128.sub<T>(v128.load(from + i), v128.load(middle + i)), v128.load(left + i));
        const normalized = v128.mul<T>(centred, v128.load(factor + i));
        v128.store(to + i, multiplyAdd<T>(normalized, lineVector<T>(scale, gammaStep, i), lineVector<T>(offset, betaStep, i)));
      }
    } else {
      const m = v128.load(middle), l = v128.load(left), f = v128.load(factor);
      for (; i + 16 <= size; i += 16) {
        const normalized = v128.mul<T>(v128.sub<T>(v128.sub<T>(v128.load(from + i), m), l), f);
        v128.store(to + i, multiplyAdd<T>(normalized, lineVector<T>(scale, gammaStep, i), lineVector<T>(offset, betaStep, i)));
      }
    }
    for (; i < size; i += sizeof<T>()) {
      const centred = v128.sub<T>(v128.sub<T>(v128.load_splat<T>(from + i), lineSplat<T>(middle, statStep, i)), lineSplat<T>(left, statStep, i));
      const normalized = v128.mul<T>(centred, lineSplat<T>(factor, statStep, i));
      const result = multiplyAdd<T>(normalized, lineSplat<T>(scale, gammaStep, i), lineSplat<T>(offset, betaStep, i));
      store<T>(to + i, v128.extract_lane<T>(result, 0));
    }
    pending = activate<T>(activation, slots, pending, to + size, ACTIVATED);
  }
  return pending;
}

// @ts-ignore: decorator
@inline
function axesOf(plan: usize): usize {
  return plan + AXES * 4;
}

// @ts-ignore: decorator
@inline
function shifted<T>(array: usize, index: i32): usize {
  return array ? array + <usize>index * sizeof<T>() : 0;
}

function normalizeBlocks<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, scratchBytes: i32, epsilon: f64, flags: i32, activation: usize, pieces: i32, from: i32, to: i32,
): void {
  const blocks = entry(plan, BLOCKS), blockAxes = entry(plan, BLOCK_AXES);
  const outer = axesOf(plan) + <usize>blockAxes * 20;
  for (let piece = from; piece < to; piece++) {
    const own = scratch + <usize>piece * <usize>scratchBytes;
    const slots = slotsOf(activation, own, scratchBytes);
    if (activation) openProgram<T>(activation, slots);
    const first = <i32>(<i64>blocks * piece / pieces), last = <i32>(<i64>blocks * (piece + 1) / pieces);
    // A piece's blocks stand in line, so what is not yet activated goes from here to where the last block ends.
    let pending: usize = 0;
    for (let block = first; block < last; block++) {
      locate(axesOf(plan), blockAxes, block, own);
      const place = load<i32>(own, AT_X), stat = load<i32>(own, AT_STAT);
      if (block == first) pending = shifted<T>(y, place);
      const blockGamma = shifted<T>(gamma, load<i32>(own, AT_GAMMA)), blockBeta = shifted<T>(beta, load<i32>(own, AT_BETA));
      const blockX = shifted<T>(x, place), blockY = shifted<T>(y, place);
      const means = shifted<T>(mean, stat), factors = shifted<T>(rstd, stat), residuals = shifted<T>(residual, stat);
      if (flags & GIVEN) {
        for (let s = 0; s < entry(plan, BLOCK_STATS); s++) {
          write<T>(factors, s, 1 / Math.sqrt(<f64>load<T>(variance + <usize>(stat + s) * sizeof<T>()) + epsilon));
          write<T>(residuals, s, 0);
        }
      } else if (entry(plan, S_COLUMNS) == 1) {
        measureLines<T>(blockX, means, shifted<T>(variance, stat), factors, residuals, plan, own, epsilon, (flags & RMS) != 0);
      } else {
        measure<T>(blockX, means, shifted<T>(variance, stat), factors, residuals, plan, own, epsilon, (flags & RMS) != 0);
      }
      if (entry(plan, LINES)) {
        pending = applyLines<T>(blockX, blockGamma, blockBeta, blockY, means, factors, residuals, outer, plan, own, activation, slots, pending);
      } else {
        pending = applyColumns<T>(blockX, blockGamma, blockBeta, blockY, means, factors, residuals, outer, plan, own, activation, slots, pending);
      }
      const end = blockY + <usize>entry(plan, BLOCK_SIZE) * sizeof<T>();
      pending = activate<T>(activation, slots, pending, end, block + 1 < last ? ACTIVATED : 1);
    }
  }
}

/** Statistics and their application, or the application of given ones; pieces are runs of blocks. */
export function normalizeFloat32(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, scratchBytes: i32, epsilon: f64, flags: i32, activation: usize, pieces: i32, from: i32, to: i32,
): void {
  normalizeBlocks<f32>(x, gamma, beta, y, mean, variance, rstd, residual, plan, scratch, scratchBytes, epsilon, flags, activation, pieces, from, to);
}

export function normalizeFloat64(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize, rstd: usize, residual: usize,
  plan: usize, scratch: usize, scratchBytes: i32, epsilon: f64, flags: i32, activation: usize, pieces: i32, from: i32, to: i32,
): void {
  normalizeBlocks<f64>(x, gamma, beta, y, mean, variance, rstd, residual, plan, scratch, scratchBytes, epsilon, flags, activation, pieces, from, to);
}

// The gradients. For each column, relative to the mean rounded to the dtype: D = Σ dy, E = Σ dy · (x − middle). From
// them come the sums over groups, A = Σ g and B = Σ g · n with g = dy · gamma and n = (x − mean) · rstd, and the
// gradients of gamma and beta. Then dx = (g − A / count − n · B / count) · rstd, element by element.

/** Σ dy and Σ dy · (x − middle) of four vectors of columns over rows. */
function addProducts<T>(
  x: usize, dy: usize, rows: i32, stride: usize, middle: usize, sums: usize, products: usize,
): void {
  const c0 = v128.load(middle), c1 = v128.load(middle, 16), c2 = v128.load(middle, 32), c3 = v128.load(middle, 48);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, p0 = s0, p1 = s0, p2 = s0, p3 = s0;
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
  const step = lanes<T>() << 3;
  addLanes<T>(sums, s0);
  addLanes<T>(sums + step, s1);
  addLanes<T>(sums + 2 * step, s2);
  addLanes<T>(sums + 3 * step, s3);
  addLanes<T>(products, p0);
  addLanes<T>(products + step, p1);
  addLanes<T>(products + 2 * step, p2);
  addLanes<T>(products + 3 * step, p3);
}

/** As `addProducts` for a stretch of columns of one row, in float64. */
function addSingleProducts<T>(x: usize, dy: usize, count: i32, middle: usize, sums: usize, products: usize): void {
  for (let i = 0; i < count; i++) {
    const g = read<T>(dy, i);
    write<f64>(sums, i, read<f64>(sums, i) + g);
    write<f64>(products, i, read<f64>(products, i) + g * <f64>(<T>read<T>(x, i) - <T>read<T>(middle, i)));
  }
}

/** dx = dy · direct + ((x − middle) · along + across) for two vectors of columns over rows. */
function passStrip<T>(
  x: usize, dy: usize, dx: usize, rows: i32, stride: usize, middle: usize, direct: usize, along: usize, across: usize,
): void {
  const m0 = v128.load(middle), m1 = v128.load(middle, 16);
  const d0 = v128.load(direct), d1 = v128.load(direct, 16);
  const l0 = v128.load(along), l1 = v128.load(along, 16);
  const a0 = v128.load(across), a1 = v128.load(across, 16);
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

/** As `passStrip` for a stretch of columns of one row. */
function passSpan<T>(
  x: usize, dy: usize, dx: usize, count: i32, middle: usize, direct: usize, along: usize, across: usize,
): void {
  const size = <usize>count * sizeof<T>();
  let i: usize = 0;
  for (; i + 16 <= size; i += 16) {
    const rest = multiplyAdd<T>(v128.sub<T>(v128.load(x + i), v128.load(middle + i)), v128.load(along + i), v128.load(across + i));
    v128.store(dx + i, multiplyAdd<T>(v128.load(dy + i), v128.load(direct + i), rest));
  }
  for (; i < size; i += sizeof<T>()) {
    const centred = v128.sub<T>(v128.load_splat<T>(x + i), v128.load_splat<T>(middle + i));
    const rest = multiplyAdd<T>(centred, v128.load_splat<T>(along + i), v128.load_splat<T>(across + i));
    const result = multiplyAdd<T>(v128.load_splat<T>(dy + i), v128.load_splat<T>(direct + i), rest);
    store<T>(dx + i, v128.extract_lane<T>(result, 0));
  }
}

// @ts-ignore: decorator
@inline
function increase(array: usize, index: i32, value: f64): void {
  write<f64>(array, index, read<f64>(array, index) + value);
}

/** The gradients of a block where rows of columns repeat. `groupSums` are A and B in turn, for each group. */
function passColumns<T>(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  dgamma: usize, dbeta: usize, groupSums: usize, plan: usize, scratch: usize, rms: bool, activation: usize, slots: usize,
): void {
  const rows = entry(plan, ROWS), columns = entry(plan, COLUMNS), fold = entry(plan, FOLD);
  const outerAxes = entry(plan, OUTER_AXES), outer = axesOf(plan) + <usize>entry(plan, BLOCK_AXES) * 20;
  const all = columns * fold, bytes = tableBytes<T>(plan);
  const place = scratch;
  const middles = scratch + 16, directs = middles + bytes, alongs = directs + bytes, acrosses = alongs + bytes;
  const sums = acrosses + bytes, products = sums + (<usize>all << 3);
  const statMap = columnMaps(plan), gammaMap = statMap + (<usize>columns << 2), betaMap = gammaMap + (<usize>columns << 2);
  const foldedRows = rows / fold, rest = (rows % fold) * columns, stride = <usize>all * sizeof<T>();
  const count = <f64>entry(plan, COUNT);
  // What comes from behind the activation goes into dx, from where it is taken as dy.
  const given = dy;
  if (activation) dy = dx;
  // What is alone in its group cannot move: the output is beta.
  const alone = count == 1 && !rms;
  const whole = all - all % stripColumns<T>();
  const size = sizeof<T>();

  for (let o = 0; o < entry(plan, OUTER); o++) {
    locate(outer, outerAxes, o, place);
    const stat = load<i32>(place, AT_STAT), gammaAt = load<i32>(place, AT_GAMMA), betaAt = load<i32>(place, AT_BETA);
    fillTables<T>(gamma, beta, mean, rstd, residual, plan, place, middles);
    memory.fill(sums, 0, <usize>all << 4);
    let shift = <usize>load<i32>(place, AT_X) * size;
    for (let row = 0; row < foldedRows; row += RUN) {
      const step = min(RUN, foldedRows - row);
      if (activation) {
        applyRows<T>(x + shift, dx + shift, step, plan, middles);
        runProgram<T>(activation, slots, dx + shift, given + shift, dx + shift, <usize>step * stride);
      }
      for (let c = 0; c < whole; c += stripColumns<T>()) {
        const skip = shift + <usize>c * size;
        addProducts<T>(x + skip, dy + skip, step, stride, middles + <usize>c * size, sums + (<usize>c << 3), products + (<usize>c << 3));
      }
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

  const wholePairs = all - all % (stripColumns<T>() / 2);
  for (let o = 0; o < entry(plan, OUTER); o++) {
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
    let shift = <usize>load<i32>(place, AT_X) * size;
    for (let row = 0; row < foldedRows; row += APPLIED) {
      const step = min(APPLIED, foldedRows - row);
      for (let c = 0; c < wholePairs; c += stripColumns<T>() / 2) {
        const skip = <usize>c * size;
        passStrip<T>(x + shift + skip, dy + shift + skip, dx + shift + skip, step, stride, middles + skip, directs + skip, alongs + skip, acrosses + skip);
      }
      for (let r = 0; r < step && wholePairs < all; r++) {
        const skip = <usize>wholePairs * size, at = shift + <usize>r * stride + skip;
        passSpan<T>(x + at, dy + at, dx + at, all - wholePairs, middles + skip, directs + skip, alongs + skip, acrosses + skip);
      }
      shift += <usize>step * stride;
    }
    if (rest > 0) passSpan<T>(x + shift, dy + shift, dx + shift, rest, middles, directs, alongs, acrosses);
  }
}

/**
 * The gradients of a block that is one line with one mean, along which gamma or beta change. The gradients of gamma and
 * beta are added to `runs`, in the dtype itself.
 */
function passLine<T>(
  x: usize, dy: usize, gamma: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  runGamma: usize, runBeta: usize, plan: usize, scratch: usize, rms: bool,
): void {
  const count = entry(plan, COLUMNS), size = <usize>count * sizeof<T>();
  const step: usize = gamma && entry(plan, GAMMA_STEP) ? 1 : 0;
  const scale = lineOperand<T>(gamma, 0, <i32>step, 1, scratch + 16);
  const factor = read<T>(rstd, 0), left = read<T>(residual, 0);
  const middle = v128.splat<T>(<T>read<T>(mean, 0));
  let sum: f64 = 0, product: f64 = 0;
  let i: usize = 0;
  for (; i + 32 <= size;) {
    const end = min(i + RUN * 32, size - size % 32);
    let s0 = f64x2.splat(0), s1 = s0, p0 = s0, p1 = s0;
    for (; i < end; i += 32) {
      const g0 = v128.mul<T>(v128.load(dy + i), lineVector<T>(scale, step, i));
      const g1 = v128.mul<T>(v128.load(dy + i, 16), lineVector<T>(scale, step, i + 16));
      s0 = v128.add<T>(s0, g0);
      s1 = v128.add<T>(s1, g1);
      p0 = multiplyAdd<T>(v128.sub<T>(v128.load(x + i), middle), g0, p0);
      p1 = multiplyAdd<T>(v128.sub<T>(v128.load(x + i, 16), middle), g1, p1);
    }
    sum += sumOfLanes<T>(v128.add<T>(s0, s1));
    product += sumOfLanes<T>(v128.add<T>(p0, p1));
  }
  for (; i < size; i += sizeof<T>()) {
    const g = <f64>load<T>(dy + i) * <f64>(step ? load<T>(scale + i) : load<T>(scale));
    sum += g;
    product += g * <f64>(load<T>(x + i) - load<T>(mean));
  }
  product = (product - left * sum) * factor;
  const along = -factor * factor * product / <f64>count;
  const across = (rms ? 0 : -factor * sum / <f64>count) - along * left;
  const f = v128.splat<T>(<T>factor), l = v128.splat<T>(<T>along), a = v128.splat<T>(<T>across);
  const r = v128.splat<T>(<T>left);
  for (i = 0; i + 16 <= size; i += 16) {
    const g = v128.load(dy + i), centred = v128.sub<T>(v128.load(x + i), middle);
    const rest = multiplyAdd<T>(centred, l, a);
    v128.store(dx + i, multiplyAdd<T>(v128.mul<T>(g, lineVector<T>(scale, step, i)), f, rest));
    if (runGamma) v128.store(runGamma + i, multiplyAdd<T>(v128.mul<T>(v128.sub<T>(centred, r), f), g, v128.load(runGamma + i)));
    if (runBeta) v128.store(runBeta + i, v128.add<T>(v128.load(runBeta + i), g));
  }
  for (; i < size; i += sizeof<T>()) {
    const g = v128.load_splat<T>(dy + i), centred = v128.sub<T>(v128.load_splat<T>(x + i), middle);
    const rest = multiplyAdd<T>(centred, l, a);
    const result = multiplyAdd<T>(v128.mul<T>(g, lineSplat<T>(scale, step, i)), f, rest);
    store<T>(dx + i, v128.extract_lane<T>(result, 0));
    if (runGamma) {
      const normalized = v128.mul<T>(v128.sub<T>(centred, r), f);
      store<T>(runGamma + i, v128.extract_lane<T>(multiplyAdd<T>(normalized, g, v128.load_splat<T>(runGamma + i)), 0));
    }
    if (runBeta) store<T>(runBeta + i, load<T>(runBeta + i) + load<T>(dy + i));
  }
}

/** Adds what `passLine` summed up to the float64 sums, and clears it. */
function closeRun<T>(run: usize, sums: usize, count: i32): void {
  for (let i = 0; i < count; i++) increase(sums, i, read<T>(run, i));
  memory.fill(run, 0, <usize>count * sizeof<T>());
}

/**
 * dx, and each piece's share of dgamma and dbeta, in float64 at the beginning of its scratch memory; `combine` adds them
 * up. A piece's memory: its shares, the groups' sums (or runs of the parameters' gradients), and tables.
 */
function passBlocks<T>(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  gammaCount: i32, betaCount: i32, plan: usize, scratch: usize, scratchBytes: i32, flags: i32, activation: usize, pieces: i32,
  from: i32, to: i32,
): void {
  const blocks = entry(plan, BLOCKS), blockAxes = entry(plan, BLOCK_AXES), blockStats = entry(plan, BLOCK_STATS);
  for (let piece = from; piece < to; piece++) {
    const dgamma = scratch + <usize>piece * <usize>scratchBytes;
    const dbeta = dgamma + (<usize>gammaCount << 3), groupSums = dbeta + (<usize>betaCount << 3);
    const lines = entry(plan, LINES);
    const runBeta = groupSums + <usize>gammaCount * sizeof<T>();
    const kept = lines ? <usize>(gammaCount + betaCount) * sizeof<T>() : <usize>blockStats << 4;
    const own = (groupSums + kept + 15) & ~15;
    memory.fill(dgamma, 0, own - dgamma);
    const slots = slotsOf(activation, dgamma, scratchBytes);
    if (activation) openProgram<T>(activation, slots);
    const first = <i32>(<i64>blocks * piece / pieces), last = <i32>(<i64>blocks * (piece + 1) / pieces);
    for (let block = first; block < last; block++) {
      locate(axesOf(plan), blockAxes, block, own);
      const place = load<i32>(own, AT_X), stat = load<i32>(own, AT_STAT);
      const gammaAt = load<i32>(own, AT_GAMMA), betaAt = load<i32>(own, AT_BETA);
      const blockX = shifted<T>(x, place), blockDy = shifted<T>(dy, place), blockDx = shifted<T>(dx, place);
      const means = shifted<T>(mean, stat), factors = shifted<T>(rstd, stat), residuals = shifted<T>(residual, stat);
      if (lines) {
        if (activation) {
          const bytes = <usize>entry(plan, COLUMNS) * sizeof<T>();
          applyLines<T>(blockX, gamma, beta, blockDx, means, factors, residuals, 0, plan, own, 0, 0, 0);
          runProgram<T>(activation, slots, blockDx, blockDy, blockDx, bytes);
        }
        passLine<T>(
          blockX, activation ? blockDx : blockDy, gamma, blockDx, means, factors, residuals,
          gammaCount ? groupSums : 0, betaCount ? runBeta : 0, plan, own, (flags & RMS) != 0,
        );
        if ((block - first) % RUN == RUN - 1 || block == last - 1) {
          closeRun<T>(groupSums, dgamma, gammaCount);
          closeRun<T>(runBeta, dbeta, betaCount);
        }
      } else {
        if (block > first) memory.fill(groupSums, 0, kept);
        passColumns<T>(
          blockX, blockDy, shifted<T>(gamma, gammaAt), shifted<T>(beta, betaAt), blockDx, means, factors, residuals,
          gammaCount ? dgamma + (<usize>gammaAt << 3) : 0, betaCount ? dbeta + (<usize>betaAt << 3) : 0,
          groupSums, plan, own, (flags & RMS) != 0, activation, slots,
        );
      }
    }
  }
}

export function normalizeGradientFloat32(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  gammaCount: i32, betaCount: i32, plan: usize, scratch: usize, scratchBytes: i32, flags: i32, activation: usize, pieces: i32,
  from: i32, to: i32,
): void {
  passBlocks<f32>(x, dy, gamma, beta, dx, mean, rstd, residual, gammaCount, betaCount, plan, scratch, scratchBytes, flags, activation, pieces, from, to);
}

export function normalizeGradientFloat64(
  x: usize, dy: usize, gamma: usize, beta: usize, dx: usize, mean: usize, rstd: usize, residual: usize,
  gammaCount: i32, betaCount: i32, plan: usize, scratch: usize, scratchBytes: i32, flags: i32, activation: usize, pieces: i32,
  from: i32, to: i32,
): void {
  passBlocks<f64>(x, dy, gamma, beta, dx, mean, rstd, residual, gammaCount, betaCount, plan, scratch, scratchBytes, flags, activation, pieces, from, to);
}

/** Adds up the pieces' shares of dgamma and dbeta, which stand one after the other; pieces here are parameters. */
export function normalizeParameterGradients(
  scratch: usize, scratchBytes: i32, shares: i32, gammaCount: i32, dgamma: usize, dbeta: usize, bytes: i32,
  from: i32, to: i32,
): void {
  for (let i = from; i < to; i++) {
    let sum: f64 = 0;
    for (let share = 0; share < shares; share++) {
      sum += load<f64>(scratch + <usize>share * <usize>scratchBytes + (<usize>i << 3));
    }
    const target = i < gammaCount ? dgamma + <usize>(i * bytes) : dbeta + <usize>((i - gammaCount) * bytes);
    if (bytes == 4) store<f32>(target, <f32>sum);
    else store<f64>(target, sum);
  }
}
