// Products of matrices whose rows are read where they lie: row r of a is made of pieces of `run` elements, `step` bytes
// apart, the same pieces relative to the start of every row. A matrix, transposed or not, the windows of a
// convolution, those of its gradients: all are rows of this kind, so nothing is copied to line them up; only where
// steps are large and many columns wait is a tile brought together first, for the cache's sake. The columns
// of b are read in panels of two vectors (packed by `packPanels`, or in place where they lie well).
//
// A tile of rows × one panel stays in registers. Sums run over blocks of at most 256 products, one after the other,
// and each block's sum is added to the result: an order that depends on how long the sum is and on nothing else.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";

/** Rows of a tile. More would need more registers than there are: measured, five or six rows are slower, fused or not. */
// @ts-ignore: decorator
@inline
function tileRows(): i32 {
  return 4;
}

/** Rows that one block works on at most: whole tiles. */
// @ts-ignore: decorator
@inline
function blockRows(): i32 {
  return 96;
}

/** Products that are summed in registers before they join the result. */
// @ts-ignore: decorator
@inline
function blockProducts(): i32 {
  return 256;
}

/** Columns of a panel. */
// @ts-ignore: decorator
@inline
function panelColumns<T>(): i32 {
  return 2 * <i32>lanes<T>();
}

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

/** Adds one row of a tile to what was there: to `before`, which is the result so far or what it starts with. */
// @ts-ignore: decorator
@inline
function add<T>(target: usize, before: usize, low: v128, high: v128): void {
  v128.store(target, v128.add<T>(v128.load(before), low));
  v128.store(target, v128.add<T>(v128.load(before, 16), high), 16);
}

/** The same where columns are missing or, with `relu`, negative results become 0. */
function finish<T>(target: usize, before: usize, columns: i32, relu: bool, spare: usize, low: v128, high: v128): void {
  v128.store(spare, low);
  v128.store(spare, high, 16);
  for (let j: usize = 0; j < <usize>columns * sizeof<T>(); j += sizeof<T>()) {
    const sum = load<T>(before + j) + load<T>(spare + j);
    store<T>(target + j, relu ? max<T>(sum, 0) : sum);
  }
}

// What a row gives for one product is a type, so that each is compiled on its own: f32 stands for one element, which
// meets all columns; bool for lanes, where each column of the result has a column of a to itself.

// @ts-ignore: decorator
@inline
function elements<T, Kind>(row: usize, column: usize): v128 {
  return isFloat<Kind>() ? v128.load_splat<T>(row) : v128.load(row + column);
}

// @ts-ignore: decorator
@inline
function moreElements<Kind>(row: usize, column: usize, first: v128): v128 {
  return isFloat<Kind>() ? first : v128.load(row + column, 16);
}

/**
 * One tile: rows that start at the addresses in `rows`, pieces at the offsets from `taps` to `tapsEnd`, each `length`
 * bytes long. `start` is what the result starts with, or 0 where it is added to.
 */
export function tile<T, Kind>(
  rows: usize,
  count: i32,
  taps: usize,
  tapsEnd: usize,
  offset: usize,
  length: usize,
  step: usize,
  b: usize,
  bStep: usize,
  targets: usize,
  column: usize,
  columns: i32,
  start: usize,
  relu: bool,
  spare: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  for (let tap = taps; tap != tapsEnd; tap += 4) {
    const shift = offset + load<usize>(tap);
    const a0 = load<usize>(rows) + shift;
    const a1 = load<usize>(rows, 4) + shift;
    const a2 = load<usize>(rows, 8) + shift;
    const a3 = load<usize>(rows, 12) + shift;
    for (let i: usize = 0; i != length; i += step) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      b += bStep;
      let a = elements<T, Kind>(a0 + i, column);
      c00 = multiplyAdd<T>(a, b0, c00);
      c01 = multiplyAdd<T>(moreElements<Kind>(a0 + i, column, a), b1, c01);
      a = elements<T, Kind>(a1 + i, column);
      c10 = multiplyAdd<T>(a, b0, c10);
      c11 = multiplyAdd<T>(moreElements<Kind>(a1 + i, column, a), b1, c11);
      a = elements<T, Kind>(a2 + i, column);
      c20 = multiplyAdd<T>(a, b0, c20);
      c21 = multiplyAdd<T>(moreElements<Kind>(a2 + i, column, a), b1, c21);
      a = elements<T, Kind>(a3 + i, column);
      c30 = multiplyAdd<T>(a, b0, c30);
      c31 = multiplyAdd<T>(moreElements<Kind>(a3 + i, column, a), b1, c31);
    }
  }
  const whole = columns == panelColumns<T>() && !relu;
  let target = load<usize>(targets) + column;
  if (whole) add<T>(target, start ? start : target, c00, c01);
  else finish<T>(target, start ? start : target, columns, relu, spare, c00, c01);
  if (count == 1) return;
  target = load<usize>(targets, 4) + column;
  if (whole) add<T>(target, start ? start : target, c10, c11);
  else finish<T>(target, start ? start : target, columns, relu, spare, c10, c11);
  if (count == 2) return;
  target = load<usize>(targets, 8) + column;
  if (whole) add<T>(target, start ? start : target, c20, c21);
  else finish<T>(target, start ? start : target, columns, relu, spare, c20, c21);
  if (count == 3) return;
  target = load<usize>(targets, 12) + column;
  if (whole) add<T>(target, start ? start : target, c30, c31);
  else finish<T>(target, start ? start : target, columns, relu, spare, c30, c31);
}

/**
 * The elements of a tile, those of its four rows side by side, for rows with large steps: worth its time when many
 * panels read them. `copied` receives where each row now begins.
 */
function copyTile<T>(
  rows: usize,
  taps: usize,
  tapsEnd: usize,
  offset: usize,
  length: usize,
  step: usize,
  copied: usize,
  copy: usize,
): void {
  const bytes: usize = sizeof<T>();
  const row0 = load<usize>(rows);
  const row1 = load<usize>(rows, 4);
  const row2 = load<usize>(rows, 8);
  const row3 = load<usize>(rows, 12);
  const neighbours = row1 - row0 == bytes && row2 - row1 == bytes && row3 - row2 == bytes;
  for (let r: usize = 0; r < 4; r++) store<usize>(copied + (r << 2), copy + r * bytes);
  for (let tap = taps; tap != tapsEnd; tap += 4) {
    const shift = offset + load<usize>(tap);
    for (let i = shift; i != shift + length; i += step) {
      if (neighbours) {
        v128.store(copy, v128.load(row0 + i));
        if (sizeof<T>() == 8) v128.store(copy, v128.load(row0 + i, 16), 16);
      } else {
        store<T>(copy, load<T>(row0 + i));
        store<T>(copy, load<T>(row1 + i), sizeof<T>());
        store<T>(copy, load<T>(row2 + i), 2 * sizeof<T>());
        store<T>(copy, load<T>(row3 + i), 3 * sizeof<T>());
      }
      copy += 4 * bytes;
    }
  }
}

/**
 * `geometry` (sizes in elements, steps in bytes): 0 rows, 1–3 how rows are numbered: row r is (i0, i1, i2, i3) with
 * these as the sizes of the last three; 4–7 steps in a for i0 … i3; 8–11 steps in c; 12 columns; 13 run; 14 step in a
 * along a run; 15 step in b; 16 step in b from panel to panel; 17 products; 18 blocks of each piece; 19 taps, the
 * offsets of the pieces of a row; 20 jobs, six numbers each: offsets in a, b, c and bias, first tap, how many taps;
 * 21 and 22 rows and panels of a block; 23 whether negative results become 0.
 * `scratch` has room for 9216 bytes for every piece.
 */
function product<T, Kind>(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  const rowCount = at(geometry, 0);
  const size1 = at(geometry, 1);
  const size2 = at(geometry, 2);
  const size3 = at(geometry, 3);
  const columns = at(geometry, 12);
  const run = at(geometry, 13);
  const step = <usize>at(geometry, 14);
  const bStep = <usize>at(geometry, 15);
  const panelStep = <usize>at(geometry, 16);
  const rowsAtOnce = at(geometry, 21);
  const panelsAtOnce = at(geometry, 22);
  const panelCount = (columns + panelColumns<T>() - 1) / panelColumns<T>();
  const rowBlocks = (rowCount + rowsAtOnce - 1) / rowsAtOnce;
  const blocks = rowBlocks * ((panelCount + panelsAtOnce - 1) / panelsAtOnce);
  const total = blocks * at(geometry, 17);
  const grain = at(geometry, 18);
  const taps = <usize>at(geometry, 19);
  const jobs = <usize>at(geometry, 20);
  // Each call works in the scratch memory of its first piece, so two threads never share one.
  const rows = scratch + <usize>from * 9216;
  const targets = rows + 4 * blockRows();
  const zeros = targets + 4 * blockRows();
  const spare = zeros + 32;
  const copied = spare + 32;
  const copy = copied + 32;
  memory.fill(zeros, 0, 32);
  const slices = max<i32>((run + blockProducts() - 1) / blockProducts(), 1);
  const slice = (run + slices - 1) / slices;
  const tapsAtOnce = run == 0 ? 1 : max<i32>(blockProducts() / run, 1);
  const last = min<i32>(to * grain, total);
  for (let block = from * grain; block < last; block++) {
    const job = jobs + 24 * <usize>(block / blocks);
    const firstRow = (block % rowBlocks) * rowsAtOnce;
    const count = min<i32>(rowCount - firstRow, rowsAtOnce);
    const firstPanel = block % blocks / rowBlocks * panelsAtOnce;
    const lastPanel = min<i32>(firstPanel + panelsAtOnce, panelCount);
    const aStart = a + <usize>at(job, 0);
    const bStart = b + <usize>at(job, 1);
    const cStart = c + <usize>at(job, 2);
    const biasStart = bias ? bias + <usize>at(job, 3) : 0;
    let i3 = firstRow % size3;
    let i2 = firstRow / size3 % size2;
    let i1 = firstRow / size3 / size2 % size1;
    let i0 = firstRow / size3 / size2 / size1;
    for (let r: i32 = 0; r < count; r++) {
      const aOffset = i0 * at(geometry, 4) + i1 * at(geometry, 5) + i2 * at(geometry, 6) + i3 * at(geometry, 7);
      store<usize>(rows + (<usize>r << 2), aStart + <usize>aOffset);
      const cOffset = i0 * at(geometry, 8) + i1 * at(geometry, 9) + i2 * at(geometry, 10) + i3 * at(geometry, 11);
      store<usize>(targets + (<usize>r << 2), cStart + <usize>cOffset);
      if (++i3 == size3) {
        i3 = 0;
        if (++i2 == size2) {
          i2 = 0;
          if (++i1 == size1) {
            i1 = 0;
            i0++;
          }
        }
      }
    }
    // The last tile may be short of rows: it reads its last one again, and does not keep what comes of it.
    for (let r: i32 = count; r % tileRows() != 0; r++) {
      store<usize>(rows + (<usize>r << 2), load<usize>(rows + (<usize>(count - 1) << 2)));
    }
    const firstTap = at(job, 4);
    const lastTap = firstTap + at(job, 5);
    let tap = firstTap;
    let isFirst = true;
    do {
      const tapEnd = min<i32>(tap + tapsAtOnce, lastTap);
      for (let s: i32 = 0; s < slices; s++) {
        const begin = s * slice;
        const length = min<i32>(run - begin, slice);
        const panels = bStart + <usize>(tap * run + begin) * bStep;
        const isLast = tapEnd == lastTap && s == slices - 1;
        // Lanes and copies of tiles are best used by all panels while they are near; else panels are.
        const copies = isFloat<Kind>() && step != sizeof<T>() && lastPanel - firstPanel >= 4;
        const byRows = copies || !isFloat<Kind>();
        const tiles = (count + tileRows() - 1) / tileRows();
        const turns = byRows ? tiles : 1;
        const tilesAtOnce = byRows ? 1 : tiles;
        const firstPiece = taps + (<usize>tap << 2);
        const lastPiece = taps + (<usize>tapEnd << 2);
        for (let turn: i32 = 0; turn < turns; turn++) {
          if (copies) {
            copyTile<T>(rows + (<usize>turn << 4), firstPiece, lastPiece, <usize>begin * step, <usize>length * step, step, copied, copy);
          }
          for (let p = firstPanel; p < lastPanel; p++) {
            const column = <usize>(p << 5);
            const width = min<i32>(columns - p * panelColumns<T>(), panelColumns<T>());
            const start = isFirst ? (biasStart ? biasStart + column : zeros) : 0;
            const panel = panels + <usize>p * panelStep;
            for (let t = turn; t < turn + tilesAtOnce; t++) {
              tile<T, Kind>(
                copies ? copied : rows + (<usize>t << 4),
                min<i32>(count - (t << 2), tileRows()),
                copies ? zeros : firstPiece,
                copies ? zeros + 4 : lastPiece,
                copies ? 0 : <usize>begin * step,
                copies ? <usize>((tapEnd - tap) * length) * 4 * sizeof<T>() : <usize>length * step,
                copies ? 4 * sizeof<T>() : step,
                panel,
                bStep,
                targets + (<usize>t << 4),
                column,
                width,
                start,
                isLast && at(geometry, 23) != 0,
                spare,
              );
            }
          }
        }
        isFirst = false;
      }
      tap = tapEnd;
    } while (tap < lastTap);
  }
}

export function product32(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  product<f32, f32>(a, b, c, bias, geometry, scratch, from, to);
}

export function product64(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  product<f64, f32>(a, b, c, bias, geometry, scratch, from, to);
}

export function laneProduct32(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  product<f32, bool>(a, b, c, bias, geometry, scratch, from, to);
}

export function laneProduct64(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  product<f64, bool>(a, b, c, bias, geometry, scratch, from, to);
}

/**
 * The columns of b side by side in panels, one panel after the other, columns that are missing from the last one 0.
 * `geometry`: 0 columns, 1 run, 2 and 3 steps along a run and from column to column, 4 how many taps, 5 taps, 6 jobs,
 * two numbers each: offsets in source and target, in bytes. Pieces are panels of jobs.
 */
function packPanels<T>(source: usize, target: usize, geometry: usize, from: i32, to: i32): void {
  const columns = at(geometry, 0);
  const run = at(geometry, 1);
  const step = <usize>at(geometry, 2);
  const columnStep = <usize>at(geometry, 3);
  const tapCount = at(geometry, 4);
  const taps = <usize>at(geometry, 5);
  const jobs = <usize>at(geometry, 6);
  const panels = (columns + panelColumns<T>() - 1) / panelColumns<T>();
  for (let piece = from; piece < to; piece++) {
    const job = jobs + 8 * <usize>(piece / panels);
    const first = (piece % panels) * panelColumns<T>();
    const width = min<i32>(columns - first, panelColumns<T>());
    const start = source + <usize>at(job, 0) + <usize>first * columnStep;
    let row = target + <usize>at(job, 1) + <usize>(piece % panels) * 32 * <usize>(tapCount * run);
    for (let t: i32 = 0; t < tapCount; t++) {
      let element = start + <usize>at(taps, t);
      for (let i: i32 = 0; i < run; i++) {
        if (width == panelColumns<T>() && columnStep == sizeof<T>()) {
          v128.store(row, v128.load(element));
          v128.store(row, v128.load(element, 16), 16);
        } else {
          for (let j: i32 = 0; j < panelColumns<T>(); j++) {
            store<T>(row + <usize>j * sizeof<T>(), j < width ? load<T>(element + <usize>j * columnStep) : <T>0);
          }
        }
        element += step;
        row += 32;
      }
    }
  }
}

export function packPanels32(source: usize, target: usize, geometry: usize, from: i32, to: i32): void {
  packPanels<f32>(source, target, geometry, from, to);
}

export function packPanels64(source: usize, target: usize, geometry: usize, from: i32, to: i32): void {
  packPanels<f64>(source, target, geometry, from, to);
}
