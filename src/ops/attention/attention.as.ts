// Softmax attention for float32 in tiles (Dao et al., 2022): a block of queries meets the keys tile by tile; the largest
// score so far, the sum of exponentials and the weighted sum of values are corrected as larger scores come, so only a
// tile of scores is ever there. The gradient computes the scores again, from the logarithms of the sums.
//
// Keys and values come in panels of eight columns (`packPanels`). An element's sums run along the keys in tiles of a
// fixed length from the first key on: an order that depends on nothing else.
import { exp4, log4, weight4 } from "../../devices/wasm/math.as";
import { multiplyAdd } from "../../devices/wasm/simd.as";

/** Rows of a block: queries, or keys for their own gradient. */
// @ts-ignore: decorator
@inline
function blockRows(): i32 {
  return 32;
}

/** Columns of a tile of scores. */
// @ts-ignore: decorator
@inline
function tileColumns(): i32 {
  return 64;
}

/** Scores that are further than this below the largest have weight 0; products of lesser weights leave the normal range. */
const leastScore: f32 = -80;

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function all(value: f32): v128 {
  return f32x4.splat(value);
}

// @ts-ignore: decorator
@inline
function padded(size: i32): i32 {
  return (size + 7) & ~7;
}

// @ts-ignore: decorator
@inline
function finish(c: usize, low: v128, high: v128, isMore: bool): void {
  v128.store(c, isMore ? f32x4.add(v128.load(c), low) : low);
  v128.store(c, isMore ? f32x4.add(v128.load(c, 16), high) : high, 16);
}

/** Four rows of a by one panel of b, `length` products each; `isMore` adds to what is in c. */
function tile(a: usize, aStep: usize, length: i32, b: usize, bStep: usize, c: usize, cStep: usize, isMore: bool): void {
  let c00 = all(0);
  let c01 = all(0);
  let c10 = all(0);
  let c11 = all(0);
  let c20 = all(0);
  let c21 = all(0);
  let c30 = all(0);
  let c31 = all(0);
  const a1 = a + aStep;
  const a2 = a1 + aStep;
  const a3 = a2 + aStep;
  const bytes = <usize>length << 2;
  for (let i: usize = 0; i != bytes; i += 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += bStep;
    let x = v128.load_splat<f32>(a + i);
    c00 = multiplyAdd<f32>(x, b0, c00);
    c01 = multiplyAdd<f32>(x, b1, c01);
    x = v128.load_splat<f32>(a1 + i);
    c10 = multiplyAdd<f32>(x, b0, c10);
    c11 = multiplyAdd<f32>(x, b1, c11);
    x = v128.load_splat<f32>(a2 + i);
    c20 = multiplyAdd<f32>(x, b0, c20);
    c21 = multiplyAdd<f32>(x, b1, c21);
    x = v128.load_splat<f32>(a3 + i);
    c30 = multiplyAdd<f32>(x, b0, c30);
    c31 = multiplyAdd<f32>(x, b1, c31);
  }
  finish(c, c00, c01, isMore);
  finish(c + cStep, c10, c11, isMore);
  finish(c + 2 * cStep, c20, c21, isMore);
  finish(c + 3 * cStep, c30, c31, isMore);
}

/** All rows of a by `columns` columns of b in panels; whole tiles, so c has room for more rows and columns. */
function multiply(a: usize, aStep: usize, rows: i32, length: i32, b: usize, bStep: usize, panelStep: usize, columns: i32, c: usize, cStep: usize, isMore: bool): void {
  for (let p: i32 = 0; p < columns; p += 8) {
    for (let r: i32 = 0; r < rows; r += 4) {
      tile(a + <usize>r * aStep, aStep, length, b, bStep, c + <usize>r * cStep + (<usize>p << 2), cStep, isMore);
    }
    b += panelStep;
  }
}

/** `count` rows of `size` numbers, `step` bytes apart, times `scale`, side by side; rows up to a whole tile are 0. */
function copyRows(x: usize, step: usize, count: i32, size: i32, scale: f32, target: usize): void {
  for (let r: i32 = 0; r < count; r++) {
    for (let i: i32 = 0; i < size; i++) {
      store<f32>(target, load<f32>(x + (<usize>i << 2)) * scale);
      target += 4;
    }
    x += step;
  }
  memory.fill(target, 0, <usize>(((count + 3) & ~3) - count) * <usize>size << 2);
}

/** Leaves out of a row of scores what lies outside of [first, last], what the mask says, and adds the bias. */
function limit(scores: usize, columns: i32, first: i32, last: i32, mask: usize, maskStep: i32, bias: usize, biasStep: i32): void {
  if (bias) {
    for (let j: i32 = 0; j < columns; j++) {
      const score = scores + (<usize>j << 2);
      store<f32>(score, load<f32>(score) + load<f32>(bias + (<usize>(j * biasStep) << 2)));
    }
  }
  if (mask) {
    for (let j: i32 = 0; j < columns; j++) {
      const score = scores + (<usize>j << 2);
      store<f32>(score, select<f32>(load<f32>(score), -Infinity, load<u8>(mask + <usize>(j * maskStep)) != 0));
    }
  }
  for (let j: i32 = 0; j < min(first, columns); j++) store<f32>(scores + (<usize>j << 2), -Infinity);
  for (let j: i32 = max(last + 1, 0); j < columns; j++) store<f32>(scores + (<usize>j << 2), -Infinity);
}

// @ts-ignore: decorator
@inline
function largestOf(x: v128): f32 {
  x = f32x4.max(x, i64x2.shuffle(x, x, 1, 0));
  return f32x4.extract_lane(f32x4.max(x, i32x4.shuffle(x, x, 1, 0, 3, 2)), 0);
}

// @ts-ignore: decorator
@inline
function sumOf(x: v128): f32 {
  x = f32x4.add(x, i64x2.shuffle(x, x, 1, 0));
  return f32x4.extract_lane(f32x4.add(x, i32x4.shuffle(x, x, 1, 0, 3, 2)), 0);
}

/** The last column that row `row` sees. */
// @ts-ignore: decorator
@inline
function lastSeen(row: i32, columns: i32, isCausal: bool, window: i32): i32 {
  const last = window > 0 ? min(row + window - 1, columns - 1) : columns - 1;
  return isCausal ? min(row, last) : last;
}

// @ts-ignore: decorator
@inline
function firstSeen(row: i32, window: i32): i32 {
  return window > 0 ? max(row - window + 1, 0) : 0;
}

/**
 * `geometry`: 0 queries, 1 keys, 2 heads, 3 heads of the keys, 4 and 5 sizes of keys and of values, 6 whether it is
 * causal, 7 the window (0 is none), 8 whether queries that see nothing get the average, 9 to 12 steps of the mask along
 * batch, heads, queries and keys, 13 to 16 those of the bias, 17 to 19 steps and jobs of the keys' panels, 20 to 22 of
 * the values', 23 units of a piece, 24 units. A unit is a block of queries of one head. Each piece has `scratchBytes`.
 */
export function attention32(q: usize, k: usize, v: usize, mask: usize, bias: usize, y: usize, logarithms: usize, geometry: usize, scratch: usize, scratchBytes: i32, scale: f32, from: i32, to: i32): void {
  const queries = at(geometry, 0);
  const keys = at(geometry, 1);
  const heads = at(geometry, 2);
  const keyHeads = at(geometry, 3);
  const keySize = at(geometry, 4);
  const valueSize = at(geometry, 5);
  const isCausal = at(geometry, 6) != 0;
  const window = at(geometry, 7);
  const isLimited = mask != 0 || bias != 0 || isCausal || window > 0;
  const width = padded(valueSize);
  const blocks = (queries + blockRows() - 1) / blockRows();
  const scores = scratch + <usize>from * <usize>scratchBytes;
  const scoreStep = <usize>tileColumns() << 2;
  const sums = scores + <usize>blockRows() * scoreStep;
  const sumStep = <usize>width << 2;
  const largest = sums + <usize>blockRows() * sumStep;
  const totals = largest + (<usize>blockRows() << 2);
  const rows = totals + (<usize>blockRows() << 3);
  const last = min(to * at(geometry, 23), at(geometry, 24));
  for (let unit = from * at(geometry, 23); unit < last; unit++) {
    const head = unit / blocks % heads;
    const batch = unit / blocks / heads;
    const firstRow = unit % blocks * blockRows();
    const count = min(queries - firstRow, blockRows());
    const job = batch * keyHeads + head / (heads / keyHeads);
    const keyPanels = k + <usize>at(at(geometry, 19), job);
    const valuePanels = v + <usize>at(at(geometry, 22), job);
    const rowStep = <usize>(heads * keySize) << 2;
    copyRows(q + (<usize>((batch * queries + firstRow) * heads + head) * <usize>keySize << 2), rowStep, count, keySize, scale, rows);
    memory.fill(sums, 0, <usize>blockRows() * sumStep);
    for (let r: i32 = 0; r < count; r++) {
      store<f32>(largest + (<usize>r << 2), -Infinity);
      store<f64>(totals + (<usize>r << 3), 0);
    }
    const end = lastSeen(firstRow + count - 1, keys, isCausal, window);
    const begin = firstSeen(firstRow, window) & ~(tileColumns() - 1);
    for (let tileStart = begin; tileStart <= end; tileStart += tileColumns()) {
      const columns = min(keys - tileStart, tileColumns());
      multiply(rows, <usize>keySize << 2, count, keySize, keyPanels + <usize>(tileStart >> 3) * <usize>at(geometry, 18), <usize>at(geometry, 17), <usize>at(geometry, 18), columns, scores, scoreStep, false);
      for (let r: i32 = 0; r < count; r++) {
        const row = scores + <usize>r * scoreStep;
        for (let j = columns; j & 3; j++) store<f32>(row + (<usize>j << 2), -Infinity);
        if (isLimited) {
          const query = firstRow + r;
          const maskRow = mask ? mask + <usize>(batch * at(geometry, 9) + head * at(geometry, 10) + query * at(geometry, 11) + tileStart * at(geometry, 12)) : 0;
          const biasRow = bias ? bias + (<usize>(batch * at(geometry, 13) + head * at(geometry, 14) + query * at(geometry, 15) + tileStart * at(geometry, 16)) << 2) : 0;
          limit(row, columns, firstSeen(query, window) - tileStart, lastSeen(query, keys, isCausal, window) - tileStart, maskRow, at(geometry, 12), biasRow, at(geometry, 16));
        }
        const bytes = <usize>((columns + 3) & ~3) << 2;
        let most = all(-Infinity);
        for (let i: usize = 0; i < bytes; i += 16) most = f32x4.max(most, v128.load(row + i));
        const before = load<f32>(largest + (<usize>r << 2));
        const now = max(before, largestOf(most));
        if (now == -Infinity) {
          memory.fill(row, 0, bytes);
          continue;
        }
        let total = all(0);
        for (let i: usize = 0; i < bytes; i += 16) {
          const weight = weight4(f32x4.sub(v128.load(row + i), all(now)), all(leastScore));
          v128.store(row + i, weight);
          total = f32x4.add(total, weight);
        }
        const sum = totals + (<usize>r << 3);
        if (now != before) {
          const correction = exp4(all(before - now));
          store<f32>(largest + (<usize>r << 2), now);
          store<f64>(sum, load<f64>(sum) * <f64>f32x4.extract_lane(correction, 0));
          for (let i: usize = 0; i < sumStep; i += 16) {
            const target = sums + <usize>r * sumStep + i;
            v128.store(target, f32x4.mul(v128.load(target), correction));
          }
        }
        store<f64>(sum, load<f64>(sum) + <f64>sumOf(total));
      }
      // Rows that only fill up the last tile of rows.
      for (let r = count; r & 3; r++) memory.fill(scores + <usize>r * scoreStep, 0, scoreStep);
      multiply(scores, scoreStep, count, columns, valuePanels + <usize>tileStart * <usize>at(geometry, 20), <usize>at(geometry, 20), <usize>at(geometry, 21), valueSize, sums, sumStep, true);
    }
    for (let r: i32 = 0; r < count; r++) {
      const total = load<f64>(totals + (<usize>r << 3));
      const query = firstRow + r;
      const sumRow = sums + <usize>r * sumStep;
      const isEmpty = load<f32>(largest + (<usize>r << 2)) == -Infinity;
      if (isEmpty && at(geometry, 8)) average(valuePanels, geometry, keys, valueSize, sumRow);
      const factor: f32 = isEmpty ? 1 : <f32>(1 / total);
      const target = y + (<usize>((batch * queries + query) * heads + head) * <usize>valueSize << 2);
      for (let i: usize = 0; i < <usize>valueSize << 2; i += 4) store<f32>(target + i, load<f32>(sumRow + i) * factor);
      const logarithm: f32 = isEmpty ? <f32>-Infinity : load<f32>(largest + (<usize>r << 2)) + f32x4.extract_lane(log4(all(<f32>total)), 0);
      store<f32>(logarithms + (<usize>((batch * heads + head) * queries + query) << 2), logarithm);
    }
  }
}

/** The average of all values. */
function average(panels: usize, geometry: usize, keys: i32, size: i32, target: usize): void {
  for (let i: i32 = 0; i < size; i++) {
    let sum: f64 = 0;
    let value = panels + <usize>(i >> 3) * <usize>at(geometry, 21) + (<usize>(i & 7) << 2);
    for (let j: i32 = 0; j < keys; j++) {
      sum += <f64>load<f32>(value);
      value += <usize>at(geometry, 20);
    }
    store<f32>(target + (<usize>i << 2), <f32>(sum / <f64>keys));
  }
}

/**
 * Gradients of queries (rows) or of keys and values (then keys are the rows and queries the columns).
 * `x` and `dx` are the operands by row whose products with columns are scores and gradients of weights (q and dy, or k
 * and v); `columns1` and `columns2` their counterparts in panels, transposed; `others` and `others2` in panels what
 * gradients of scores, and weights, are multiplied with; results are `out` and, for keys, `out2`.
 *
 * `geometry`: 0 rows, 1 columns, 2 heads of the rows, 3 heads of the columns, 4 and 5 sizes, 6 causal, 7 window, 8 whether
 * those that see nothing have the average, 9 to 12 steps of the mask along batch, heads, rows and columns, 13 to 16 of
 * the bias, then steps and jobs of the panels: 17 to 19 `columns1`, 20 to 22 `columns2`, 23 to 25 `others`, 26 to 28
 * `others2`; 29 units of a piece, 30 units, 31 whether the rows are keys, 32 how many queries' heads share a key's.
 */
export function attentionGradient32(x: usize, dx: usize, columns1: usize, columns2: usize, others: usize, others2: usize, mask: usize, bias: usize, logarithms: usize, deltas: usize, out: usize, out2: usize, geometry: usize, scratch: usize, scratchBytes: i32, scale: f32, from: i32, to: i32): void {
  const rowCount = at(geometry, 0);
  const columnCount = at(geometry, 1);
  const heads = at(geometry, 2);
  const columnHeads = at(geometry, 3);
  const size = at(geometry, 4);
  const size2 = at(geometry, 5);
  const isCausal = at(geometry, 6) != 0;
  const window = at(geometry, 7);
  const byKey = at(geometry, 31) != 0;
  const repeats = at(geometry, 32);
  const isLimited = mask != 0 || bias != 0 || isCausal || window > 0;
  // Then nobody sees nothing, and tiles that nobody sees need not be looked at.
  const isTriangle = isCausal && window == 0 && mask == 0;
  const keys = byKey ? rowCount : columnCount;
  const queryCount = byKey ? columnCount : rowCount;
  const emptyWeight = all(at(geometry, 8) ? <f32>1 / <f32>keys : 0);
  const blocks = (rowCount + blockRows() - 1) / blockRows();
  const weights = scratch + <usize>from * <usize>scratchBytes;
  const step = <usize>tileColumns() << 2;
  const slopes = weights + <usize>blockRows() * step;
  const sums = slopes + <usize>blockRows() * step;
  const sumStep = <usize>padded(size) << 2;
  const sums2 = sums + <usize>blockRows() * sumStep;
  const sumStep2 = <usize>padded(size2) << 2;
  const rows = sums2 + <usize>blockRows() * sumStep2;
  const rows2 = rows + (<usize>(blockRows() * size) << 2);
  const lastUnit = min(to * at(geometry, 29), at(geometry, 30));
  for (let unit = from * at(geometry, 29); unit < lastUnit; unit++) {
    const head = unit / blocks % heads;
    const batch = unit / blocks / heads;
    const firstRow = unit % blocks * blockRows();
    const count = min(rowCount - firstRow, blockRows());
    const place = <usize>((batch * rowCount + firstRow) * heads + head);
    copyRows(x + (place * <usize>size << 2), <usize>(heads * size) << 2, count, size, scale, rows);
    copyRows(dx + (place * <usize>size2 << 2), <usize>(heads * size2) << 2, count, size2, 1, rows2);
    memory.fill(sums, 0, <usize>blockRows() * (sumStep + sumStep2));
    const turns = byKey ? repeats : 1;
    for (let turn: i32 = 0; turn != turns; turn++) {
      const columnHead = byKey ? head * repeats + turn : head / repeats;
      const queryHead = byKey ? columnHead : head;
      const job = batch * columnHeads + columnHead;
      const panels1 = columns1 + <usize>at(at(geometry, 19), job);
      const panels2 = columns2 + <usize>at(at(geometry, 22), job);
      const panels3 = others + <usize>at(at(geometry, 25), job);
      const panels4 = others2 ? others2 + <usize>at(at(geometry, 28), job) : 0;
      const statistics = <usize>((batch * at(geometry, byKey ? 3 : 2) + queryHead) * queryCount) << 2;
      const begin = isTriangle && byKey ? firstRow & ~(tileColumns() - 1) : 0;
      const end = isTriangle && !byKey ? min(firstRow + count, columnCount) : columnCount;
      for (let tileStart = begin; tileStart < end; tileStart += tileColumns()) {
        const columns = min(columnCount - tileStart, tileColumns());
        multiply(rows, <usize>size << 2, count, size, panels1 + <usize>(tileStart >> 3) * <usize>at(geometry, 18), <usize>at(geometry, 17), <usize>at(geometry, 18), columns, weights, step, false);
        multiply(rows2, <usize>size2 << 2, count, size2, panels2 + <usize>(tileStart >> 3) * <usize>at(geometry, 21), <usize>at(geometry, 20), <usize>at(geometry, 21), columns, slopes, step, false);
        for (let r: i32 = 0; r < count; r++) {
          const row = weights + <usize>r * step;
          const slopeRow = slopes + <usize>r * step;
          const index = firstRow + r;
          if (isLimited) {
            const maskRow = mask ? mask + <usize>(batch * at(geometry, 9) + queryHead * at(geometry, 10) + index * at(geometry, 11) + tileStart * at(geometry, 12)) : 0;
            const biasRow = bias ? bias + (<usize>(batch * at(geometry, 13) + queryHead * at(geometry, 14) + index * at(geometry, 15) + tileStart * at(geometry, 16)) << 2) : 0;
            const first = byKey ? max(firstSeen(index, window), isCausal ? index : 0) : firstSeen(index, window);
            const last = lastSeen(index, columnCount, isCausal && !byKey, window);
            limit(row, columns, first - tileStart, last - tileStart, maskRow, at(geometry, 12), biasRow, at(geometry, 16));
          }
          const ownStatistics = statistics + (<usize>(byKey ? tileStart : index) << 2);
          for (let i: usize = 0; i < <usize>columns << 2; i += 16) {
            const logarithm = byKey ? v128.load(logarithms + ownStatistics + i) : v128.load_splat<f32>(logarithms + ownStatistics);
            const delta = byKey ? v128.load(deltas + ownStatistics + i) : v128.load_splat<f32>(deltas + ownStatistics);
            const isEmpty = f32x4.eq(logarithm, all(-Infinity));
            const weight = v128.bitselect(emptyWeight, weight4(f32x4.sub(v128.load(row + i), logarithm), all(leastScore)), isEmpty);
            v128.store(row + i, weight);
            const slope = f32x4.mul(weight, f32x4.sub(v128.load(slopeRow + i), delta));
            v128.store(slopeRow + i, v128.andnot(slope, isEmpty));
          }
        }
        for (let r = count; r & 3; r++) {
          memory.fill(weights + <usize>r * step, 0, step);
          memory.fill(slopes + <usize>r * step, 0, step);
        }
        multiply(slopes, step, count, columns, panels3 + <usize>tileStart * <usize>at(geometry, 23), <usize>at(geometry, 23), <usize>at(geometry, 24), size, sums, sumStep, true);
        if (others2) {
          multiply(weights, step, count, columns, panels4 + <usize>tileStart * <usize>at(geometry, 26), <usize>at(geometry, 26), <usize>at(geometry, 27), size2, sums2, sumStep2, true);
        }
      }
    }
    for (let r: i32 = 0; r < count; r++) {
      const target = place + <usize>(r * heads);
      copyRows(sums + <usize>r * sumStep, 0, 1, size, scale, rows);
      memory.copy(out + (target * <usize>size << 2), rows, <usize>size << 2);
      if (others2) memory.copy(out2 + (target * <usize>size2 << 2), sums2 + <usize>r * sumStep2, <usize>size2 << 2);
    }
  }
}
