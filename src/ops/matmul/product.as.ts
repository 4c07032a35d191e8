// Products of matrices whose rows are read where they lie: row r of a is made of pieces of `run` elements, `step` bytes
// apart, the same pieces relative to the start of every row. A matrix, transposed or not, the windows of a
// convolution, those of its gradients: all are rows of this kind, so no matrix of them is ever written down. What a few
// tiles need for one stretch of the sum is brought side by side (`tile.as.ts`) and meets all panels while it is near. The
// columns of b are read in panels of two vectors: in place where they lie well, packed before for many rows
// (`packPanels`), or a stretch at a time.
//
// Sums run over blocks of at most 256 products, one after the other, and each block's sum is added to the result: an
// order that depends on how long the sum is and on nothing else.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";
import { addRow, blockProducts, blocksOf, interleave, multiplyNarrow, multiplyTile } from "./tile.as";

/** Rows of a tile. */
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

/** Tiles that are side by side at once. */
// @ts-ignore: decorator
@inline
function tilesSideBySide(): i32 {
  return 8;
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

// @ts-ignore: decorator
@inline
function addressAt(list: usize, index: i32): usize {
  return load<usize>(list + (<usize>index << 2));
}

/** One tile for lanes, where each column of the result has a column of a to itself. The rest is as in `multiplyTile`. */
function laneTile<T>(
  rows: usize,
  taps: usize,
  tapsEnd: usize,
  offset: usize,
  length: usize,
  step: usize,
  b: usize,
  bStep: usize,
  targets: usize,
  column: usize,
  start: usize,
  count: i32,
  columns: i32,
  relu: bool,
  spare: usize,
): void {
  for (let r: i32 = 0; r < count; r++) {
    let low = v128.splat<T>(<T>0);
    let high = low;
    let row = b;
    for (let tap = taps; tap != tapsEnd; tap += 4) {
      let element = addressAt(rows, r) + offset + load<usize>(tap) + column;
      for (const end = element + length; element != end; element += step) {
        low = multiplyAdd<T>(v128.load(element), v128.load(row), low);
        high = multiplyAdd<T>(v128.load(element, 16), v128.load(row, 16), high);
        row += bStep;
      }
    }
    const target = addressAt(targets, r) + column;
    addRow<T>(target, start ? start : target, columns, relu, spare, low, high);
  }
}

/** Brings tiles side by side, each `size` bytes from the one before: the pieces at the offsets from `taps` to `tapsEnd`. */
function copyTiles<T>(
  rows: usize,
  tiles: i32,
  taps: usize,
  tapsEnd: usize,
  offset: usize,
  length: usize,
  step: usize,
  copy: usize,
  size: usize,
): void {
  while (tiles > 0) {
    // Rows that are neighbours in memory are so already, and read for all their tiles at once, while a line is near.
    const first = load<usize>(rows);
    let count: i32 = 1;
    while (count < tiles * tileRows() && addressAt(rows, count) - first == <usize>count * sizeof<T>()) count++;
    const neighbours = count / tileRows();
    let target = copy;
    for (let tap = taps; tap != tapsEnd; tap += 4) {
      const shift = offset + load<usize>(tap);
      if (neighbours) {
        const end = first + <usize>(neighbours * tileRows()) * sizeof<T>();
        for (let i = shift; i != shift + length; i += step) {
          let part = target;
          for (let element = first; element != end; element += 4 * sizeof<T>()) {
            v128.store(part, v128.load(element + i));
            if (sizeof<T>() == 8) v128.store(part, v128.load(element + i, 16), 16);
            part += size;
          }
          target += 4 * sizeof<T>();
        }
      } else {
        target = interleave<T>(
          first + shift,
          addressAt(rows, 1) + shift,
          addressAt(rows, 2) + shift,
          addressAt(rows, 3) + shift,
          step,
          length,
          target,
          4 * sizeof<T>(),
        );
      }
    }
    const done = max<i32>(neighbours, 1);
    tiles -= done;
    rows += <usize>(done * tileRows()) * sizeof<usize>();
    copy += <usize>done * size;
  }
}

/**
 * Columns side by side in panels that begin `panelStep` bytes apart, the columns that are missing from the last one 0:
 * `count` columns over `length` bytes of rows `step` apart.
 */
function pack<T>(source: usize, count: i32, length: usize, step: usize, columnStep: usize, target: usize, panelStep: usize): void {
  const panels = count / panelColumns<T>();
  const start = target;
  if (columnStep == sizeof<T>()) {
    for (let i: usize = 0; i != length; i += step) {
      let element = source + i;
      let panel = target;
      for (let p: i32 = 0; p < panels; p++) {
        v128.store(panel, v128.load(element));
        v128.store(panel, v128.load(element, 16), 16);
        element += 32;
        panel += panelStep;
      }
      target += 32;
    }
  } else {
    for (let j: i32 = 0; j < panels * panelColumns<T>(); j += 4) {
      const column = source + <usize>j * columnStep;
      const column2 = column + 2 * columnStep;
      const panel = start + <usize>(j / panelColumns<T>()) * panelStep + <usize>(j % panelColumns<T>()) * sizeof<T>();
      interleave<T>(column, column + columnStep, column2, column2 + columnStep, step, length, panel, 32);
    }
  }
  const left = count - panels * panelColumns<T>();
  if (left == 0) return;
  source += <usize>(count - left) * columnStep;
  let row = start + <usize>panels * panelStep;
  for (let i: usize = 0; i != length; i += step) {
    v128.store(row, v128.splat<T>(<T>0));
    v128.store(row, v128.splat<T>(<T>0), 16);
    for (let j: usize = 0; j < <usize>left; j++) store<T>(row + j * sizeof<T>(), load<T>(source + i + j * columnStep));
    row += 32;
  }
}

/**
 * `geometry` (sizes in elements, steps in bytes): 0 rows, 1–3 how rows are numbered: row r is (i0, i1, i2, i3) with
 * these as the sizes of the last three; 4–7 steps in a for i0 … i3; 8–11 steps in c; 12 columns; 13 run; 14 step in a
 * along a run; 15 step in b; 16 step in b from panel to panel; 17 products; 18 blocks of each piece; 19 taps, the
 * offsets of the pieces of a row; 20 jobs, six numbers each: offsets in a, b, c and bias, first tap, how many taps;
 * 21 and 22 rows and panels of a block; 23 whether negative results become 0; 24 whether columns are lanes; 25 bytes of
 * a tile side by side; 26 bytes of a panel of one block of products where panels are packed here, 0 where they are
 * there; 27 step in b from column to column, where they are not; 28 bytes of `scratch` for each piece.
 */
function product<T>(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  const rowCount = at(geometry, 0);
  const size1 = at(geometry, 1);
  const size2 = at(geometry, 2);
  const size3 = at(geometry, 3);
  const columns = at(geometry, 12);
  const run = at(geometry, 13);
  const step = <usize>at(geometry, 14);
  const bStep = <usize>at(geometry, 15);
  const panelStep = <usize>at(geometry, 16);
  const columnStep = <usize>at(geometry, 27);
  const rowsAtOnce = at(geometry, 21);
  const panelsAtOnce = at(geometry, 22);
  const panelCount = (columns + panelColumns<T>() - 1) / panelColumns<T>();
  const rowBlocks = (rowCount + rowsAtOnce - 1) / rowsAtOnce;
  const blocks = rowBlocks * ((panelCount + panelsAtOnce - 1) / panelsAtOnce);
  const total = blocks * at(geometry, 17);
  const grain = at(geometry, 18);
  const taps = <usize>at(geometry, 19);
  const jobs = <usize>at(geometry, 20);
  const inLanes = at(geometry, 24) != 0;
  const tileBytes = <usize>at(geometry, 25);
  // Each call works in the scratch memory of its first piece, so two threads never share one.
  const rows = scratch + <usize>from * <usize>at(geometry, 28);
  const targets = rows + 4 * blockRows();
  const zeros = targets + 4 * blockRows();
  const spare = zeros + 32;
  const copy = spare + 128;
  const packedStep = <usize>at(geometry, 26);
  memory.fill(zeros, 0, 32);
  const slices = blocksOf<i32>(run);
  const slice = (run + slices - 1) / slices;
  const tapsAtOnce = run == 0 ? 1 : max<i32>(blockProducts<i32>() / run, 1);
  const tilesAtOnce = inLanes ? 1 : tilesSideBySide();
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
    let row: usize = 0;
    let target: usize = 0;
    for (let r: i32 = 0; r < count; r++) {
      if (r == 0 || i3 == 0) {
        row = aStart + <usize>(i0 * at(geometry, 4) + i1 * at(geometry, 5) + i2 * at(geometry, 6) + i3 * at(geometry, 7));
        target = cStart + <usize>(i0 * at(geometry, 8) + i1 * at(geometry, 9) + i2 * at(geometry, 10) + i3 * at(geometry, 11));
      }
      store<usize>(rows + (<usize>r << 2), row);
      store<usize>(targets + (<usize>r << 2), target);
      row += <usize>at(geometry, 7);
      target += <usize>at(geometry, 11);
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
        const products = (tapEnd - tap) * length;
        let panels = bStart + <usize>(tap * run + begin) * bStep;
        let rowStep = bStep;
        let nextPanel = panelStep;
        if (packedStep) {
          // Behind the tiles, which are as many as they can be.
          const packed = copy + <usize>min<i32>((rowsAtOnce + tileRows() - 1) / tileRows(), tilesAtOnce) * tileBytes;
          const firstColumn = firstPanel * panelColumns<T>();
          const width = min<i32>(columns, lastPanel * panelColumns<T>()) - firstColumn;
          pack<T>(panels + <usize>firstColumn * columnStep, width, <usize>products * bStep, bStep, columnStep, packed, packedStep);
          panels = packed - <usize>firstPanel * packedStep;
          rowStep = 32;
          nextPanel = packedStep;
        }
        const isLast = tapEnd == lastTap && s == slices - 1;
        const tiles = (count + tileRows() - 1) / tileRows();
        const firstPiece = taps + (<usize>tap << 2);
        const lastPiece = taps + (<usize>tapEnd << 2);
        const offset = <usize>begin * step;
        const bytes = <usize>length * step;
        const relu = isLast && at(geometry, 23) != 0;
        for (let firstTile: i32 = 0; firstTile < tiles; firstTile += tilesAtOnce) {
          const lastTile = min<i32>(firstTile + tilesAtOnce, tiles);
          if (!inLanes) {
            copyTiles<T>(rows + (<usize>firstTile << 4), lastTile - firstTile, firstPiece, lastPiece, offset, bytes, step, copy, tileBytes);
          }
          for (let p = firstPanel; p < lastPanel; p++) {
            const column = <usize>(p << 5);
            const width = min<i32>(columns - p * panelColumns<T>(), panelColumns<T>());
            const start = isFirst ? (biasStart ? biasStart + column : zeros) : 0;
            const panel = panels + <usize>p * nextPanel;
            const isNarrow = !inLanes && width <= <i32>lanes<T>();
            let tile = copy;
            for (let t = firstTile; t < lastTile; t++) {
              const ends = targets + (<usize>t << 4);
              if (isNarrow) {
                const height = min<i32>(count - (t << 2), 2 * tileRows());
                const other = height > tileRows() ? tile + tileBytes : tile;
                multiplyNarrow<T>(tile, other, products, panel, rowStep, ends, column, start, height, width, relu, spare);
                tile += 2 * tileBytes;
                t++;
                continue;
              }
              const height = min<i32>(count - (t << 2), tileRows());
              if (inLanes) {
                laneTile<T>(rows + (<usize>t << 4), firstPiece, lastPiece, offset, bytes, step, panel, rowStep, ends, column, start, height, width, relu, spare);
                continue;
              }
              multiplyTile<T>(
                tile,
                4 * sizeof<T>(),
                products,
                panel,
                rowStep,
                addressAt(ends, 0) + column,
                addressAt(ends, 1) + column,
                addressAt(ends, 2) + column,
                addressAt(ends, 3) + column,
                start,
                height,
                width,
                relu,
                spare,
              );
              tile += tileBytes;
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
  product<f32>(a, b, c, bias, geometry, scratch, from, to);
}

export function product64(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  product<f64>(a, b, c, bias, geometry, scratch, from, to);
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
      pack<T>(start + <usize>at(taps, t), width, <usize>run * step, step, columnStep, row, 0);
      row += <usize>run << 5;
    }
  }
}

export function packPanels32(source: usize, target: usize, geometry: usize, from: i32, to: i32): void {
  packPanels<f32>(source, target, geometry, from, to);
}

export function packPanels64(source: usize, target: usize, geometry: usize, from: i32, to: i32): void {
  packPanels<f64>(source, target, geometry, from, to);
}
