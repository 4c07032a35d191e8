// Copies between two strided views of the same shape: what transposes, slices, pads and concatenations come to.
// Elements are moved as bits, so one kernel serves all dtypes. Strides are in bytes and may be 0 or negative.

/** How many rows make a piece. */
const rowsPerPiece: i32 = 32;

/** Columns that are moved together where rows become columns, so that both sides stay in the cache. */
const tile: i32 = 32;

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): isize {
  return <isize>load<i32>(list + (<usize>index << 2));
}

/** Four rows of four elements, as columns. */
// @ts-ignore: decorator
@inline
function transposeFour(source: usize, target: usize, sourceColumn: isize, targetRow: isize): void {
  const a = v128.load(source);
  const b = v128.load(source + sourceColumn);
  const c = v128.load(source + 2 * sourceColumn);
  const d = v128.load(source + 3 * sourceColumn);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const efAb = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const efCd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(target + targetRow, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(target + 2 * targetRow, v128.shuffle<i64>(efAb, efCd, 0, 2));
  v128.store(target + 3 * targetRow, v128.shuffle<i64>(efAb, efCd, 1, 3));
}

/** Elements one by one. */
// @ts-ignore: decorator
@inline
function copyEach<T>(source: usize, target: usize, rows: i32, columns: i32, sr: isize, sc: isize, tr: isize, tc: isize): void {
  for (let row: i32 = 0; row < rows; row++) {
    let from = source + row * sr;
    let to = target + row * tr;
    for (let column: i32 = 0; column < columns; column++) {
      store<T>(to, load<T>(from));
      from += sc;
      to += tc;
    }
  }
}

/** Writes one element into a whole line: what is spread after a sum. */
function repeatElement<T>(target: usize, element: T, count: i32): void {
  const vector = v128.splat<T>(element);
  const end = target + <usize>count * sizeof<T>();
  for (; target + 16 <= end; target += 16) v128.store(target, vector);
  for (; target < end; target += sizeof<T>()) store<T>(target, element);
}

function copyRows<T>(source: usize, target: usize, rows: i32, columns: i32, sr: isize, sc: isize, tr: isize, tc: isize): void {
  const width = <isize>sizeof<T>();
  if (sc == width && tc == width && columns >= 16) {
    for (let row: i32 = 0; row < rows; row++) memory.copy(target + row * tr, source + row * sr, columns * width);
    return;
  }
  if (sc == 0 && tc == width && columns >= 16) {
    for (let row: i32 = 0; row < rows; row++) repeatElement<T>(target + row * tr, load<T>(source + row * sr), columns);
    return;
  }
  if (sr != width || tc != width) {
    copyEach<T>(source, target, rows, columns, sr, sc, tr, tc);
    return;
  }
  for (let column: i32 = 0; column < columns; column += tile) {
    const count = min<i32>(tile, columns - column);
    const from = source + column * sc;
    const to = target + column * width;
    if (sizeof<T>() != 4) {
      copyEach<T>(from, to, rows, count, sr, sc, tr, tc);
      continue;
    }
    const wholeRows = rows & ~3;
    const wholeColumns = count & ~3;
    for (let r: i32 = 0; r < wholeRows; r += 4) {
      for (let c: i32 = 0; c < wholeColumns; c += 4) transposeFour(from + r * 4 + c * sc, to + r * tr + c * 4, sc, tr);
    }
    copyEach<T>(from + wholeRows * sr, to + wholeRows * tr, rows - wholeRows, count, sr, sc, tr, tc);
    copyEach<T>(from + wholeColumns * sc, to + wholeColumns * tc, wholeRows, count - wholeColumns, sr, sc, tr, tc);
  }
}

/** `shape`, `sourceStrides` and `targetStrides` are lists of `rank` ≥ 2 numbers; a piece is 32 rows of the last two axes. */
export function stridedCopy(
  source: usize,
  target: usize,
  shape: usize,
  sourceStrides: usize,
  targetStrides: usize,
  rank: i32,
  width: i32,
  from: i32,
  to: i32,
): void {
  const rows = <i32>at(shape, rank - 2);
  const columns = <i32>at(shape, rank - 1);
  const sr = at(sourceStrides, rank - 2);
  const sc = at(sourceStrides, rank - 1);
  const tr = at(targetStrides, rank - 2);
  const tc = at(targetStrides, rank - 1);
  const blocks = (rows + rowsPerPiece - 1) / rowsPerPiece;
  for (let piece = from; piece < to; piece++) {
    const row = (piece % blocks) * rowsPerPiece;
    let outer = piece / blocks;
    let s = source + row * sr;
    let t = target + row * tr;
    for (let axis = rank - 3; axis >= 0; axis--) {
      const size = <i32>at(shape, axis);
      const index = outer % size;
      outer /= size;
      s += index * at(sourceStrides, axis);
      t += index * at(targetStrides, axis);
    }
    const count = min<i32>(rowsPerPiece, rows - row);
    if (width == 4) copyRows<u32>(s, t, count, columns, sr, sc, tr, tc);
    else if (width == 8) copyRows<u64>(s, t, count, columns, sr, sc, tr, tc);
    else copyRows<u8>(s, t, count, columns, sr, sc, tr, tc);
  }
}
