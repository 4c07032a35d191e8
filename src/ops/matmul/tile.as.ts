// The inner loop of products and recurrences: a tile of four rows by a panel of columns, two vectors wide, which stays in
// registers. (Winograd's algorithm, whose matrices are small, has one of its own that copies nothing.) The rows lie side
// by side, element by element, so that the loop follows two addresses and everything else is at fixed distances from
// them: measured, that is a third faster than rows at addresses of their own, and makes up for copying even where a
// single panel reads the tile.
//
// How it is used: `interleave` brings four rows side by side, once for all panels that read them. Where four rows are
// side by side already (columns of a matrix read as rows), nothing is copied: `aStep` says how far apart their elements
// are. `multiplyTile` then adds the products to what the results begin with. A sum of more than `blockProducts` is cut
// into several calls, as evenly as it goes (`blocksOf`): an order that depends on how long the sum is and on nothing else.
//
// `multiplyNarrow` takes two tiles at once by the first half of a panel, for the few columns at the end.
//
// Four rows, since more would need more registers than there are: measured, five or six are slower, fused or not.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";

/** Products that are summed in registers at most, before they join the result. */
// @ts-ignore: decorator
@inline
export function blockProducts<T>(): T {
  return <T>256;
}

/** Into how many blocks so many products fall. */
// @ts-ignore: decorator
@inline
export function blocksOf<T>(products: T): T {
  return max<T>((products + blockProducts<T>() - 1) / blockProducts<T>(), 1);
}

/**
 * Four rows side by side: their elements number k lie at `target + k · targetStep`. Elements of a row are `step` bytes
 * apart over `length` bytes. Returns where the copy ends.
 */
export function interleave<T>(
  row0: usize, row1: usize, row2: usize, row3: usize, step: usize, length: usize, target: usize, targetStep: usize,
): usize {
  let i: usize = 0;
  if (row1 - row0 == sizeof<T>() && row2 - row1 == sizeof<T>() && row3 - row2 == sizeof<T>()) {
    for (; i != length; i += step) {
      v128.store(target, v128.load(row0 + i));
      if (sizeof<T>() == 8) v128.store(target, v128.load(row0 + i, 16), 16);
      target += targetStep;
    }
    return target;
  }
  if (step == sizeof<T>()) {
    for (const whole = length & ~15; i != whole; i += 16) {
      const a = v128.load(row0 + i);
      const b = v128.load(row1 + i);
      const c = v128.load(row2 + i);
      const d = v128.load(row3 + i);
      if (sizeof<T>() == 8) {
        v128.store(target, i64x2.shuffle(a, b, 0, 2));
        v128.store(target, i64x2.shuffle(c, d, 0, 2), 16);
        target += targetStep;
        v128.store(target, i64x2.shuffle(a, b, 1, 3));
        v128.store(target, i64x2.shuffle(c, d, 1, 3), 16);
      } else {
        const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
        const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
        v128.store(target, i64x2.shuffle(ab, cd, 0, 2));
        target += targetStep;
        v128.store(target, i64x2.shuffle(ab, cd, 1, 3));
        target += targetStep;
        const ab2 = i32x4.shuffle(a, b, 2, 6, 3, 7);
        const cd2 = i32x4.shuffle(c, d, 2, 6, 3, 7);
        v128.store(target, i64x2.shuffle(ab2, cd2, 0, 2));
        target += targetStep;
        v128.store(target, i64x2.shuffle(ab2, cd2, 1, 3));
      }
      target += targetStep;
    }
  }
  for (; i != length; i += step) {
    store<T>(target, load<T>(row0 + i));
    store<T>(target, load<T>(row1 + i), sizeof<T>());
    store<T>(target, load<T>(row2 + i), 2 * sizeof<T>());
    store<T>(target, load<T>(row3 + i), 3 * sizeof<T>());
    target += targetStep;
  }
  return target;
}

/** Adds one row of a tile to `before`, which is the result so far or what it starts with. */
// @ts-ignore: decorator
@inline
export function addRow<T>(target: usize, before: usize, columns: i32, relu: bool, spare: usize, low: v128, high: v128): void {
  if (columns == 2 * <i32>lanes<T>() && !relu) {
    v128.store(target, v128.add<T>(v128.load(before), low));
    v128.store(target, v128.add<T>(v128.load(before, 16), high), 16);
  } else {
    addPart<T>(target, before, columns, relu, spare, low, high);
  }
}

/** The same where columns are missing or, with `relu`, negative results become 0. */
function addPart<T>(target: usize, before: usize, columns: i32, relu: bool, spare: usize, low: v128, high: v128): void {
  if (columns == 2 * <i32>lanes<T>()) {
    // What max gives, for -0 and NaN too, in a quarter of its instructions.
    const zero = v128.splat<T>(<T>0);
    v128.store(target, v128.add<T>(v128.pmax<T>(v128.add<T>(v128.load(before), low), zero), zero));
    v128.store(target, v128.add<T>(v128.pmax<T>(v128.add<T>(v128.load(before, 16), high), zero), zero), 16);
    return;
  }
  v128.store(spare, low);
  v128.store(spare, high, 16);
  addElements<T>(target, before, columns, relu, spare);
}

function addElements<T>(target: usize, before: usize, columns: i32, relu: bool, sums: usize): void {
  for (let j: usize = 0; j < <usize>columns * sizeof<T>(); j += sizeof<T>()) {
    const sum = load<T>(before + j) + load<T>(sums + j);
    store<T>(target + j, relu ? max<T>(sum, 0) : sum);
  }
}

/**
 * `products` products of four rows side by side at `a`, `aStep` bytes from element to element, with the panel at `b`,
 * `bStep` bytes from row to row. Of the results, the first `rows` (1 to 4) and `columns` are kept, at the four targets;
 * they begin with what is at `start`, one row for all, or where that is 0, with what is at the targets. With `relu`,
 * negative results become 0. `spare` are 32 bytes that are needed for either.
 */
// @ts-ignore: decorator
@inline
export function multiplyTile<T>(
  a: usize, aStep: usize, products: i32, b: usize, bStep: usize,
  target0: usize, target1: usize, target2: usize, target3: usize,
  start: usize, rows: i32, columns: i32, relu: bool, spare: usize,
): void {
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (const end = a + <usize>products * aStep; a != end; a += aStep) {
    const low = v128.load(b);
    const high = v128.load(b, 16);
    b += bStep;
    let value = v128.load_splat<T>(a);
    c00 = multiplyAdd<T>(value, low, c00);
    c01 = multiplyAdd<T>(value, high, c01);
    value = v128.load_splat<T>(a, sizeof<T>());
    c10 = multiplyAdd<T>(value, low, c10);
    c11 = multiplyAdd<T>(value, high, c11);
    value = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = multiplyAdd<T>(value, low, c20);
    c21 = multiplyAdd<T>(value, high, c21);
    value = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = multiplyAdd<T>(value, low, c30);
    c31 = multiplyAdd<T>(value, high, c31);
  }
  addRow<T>(target0, start ? start : target0, columns, relu, spare, c00, c01);
  if (rows > 1) addRow<T>(target1, start ? start : target1, columns, relu, spare, c10, c11);
  if (rows > 2) addRow<T>(target2, start ? start : target2, columns, relu, spare, c20, c21);
  if (rows > 3) addRow<T>(target3, start ? start : target3, columns, relu, spare, c30, c31);
}

/**
 * Two tiles, at `a` and `other`, by the first vector of a panel, of whose columns `columns` are there. `targets` lists
 * where the `rows` (1 to 8) results are, before `column` bytes are added; `spare` are 128 bytes. The rest is as above.
 */
export function multiplyNarrow<T>(
  a: usize, other: usize, products: i32, b: usize, bStep: usize,
  targets: usize, column: usize, start: usize, rows: i32, columns: i32, relu: bool, spare: usize,
): void {
  let c0 = v128.splat<T>(<T>0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  for (const end = a + <usize>products * 4 * sizeof<T>(); a != end; a += 4 * sizeof<T>(), other += 4 * sizeof<T>()) {
    const row = v128.load(b);
    b += bStep;
    c0 = multiplyAdd<T>(v128.load_splat<T>(a), row, c0);
    c1 = multiplyAdd<T>(v128.load_splat<T>(a, sizeof<T>()), row, c1);
    c2 = multiplyAdd<T>(v128.load_splat<T>(a, 2 * sizeof<T>()), row, c2);
    c3 = multiplyAdd<T>(v128.load_splat<T>(a, 3 * sizeof<T>()), row, c3);
    c4 = multiplyAdd<T>(v128.load_splat<T>(other), row, c4);
    c5 = multiplyAdd<T>(v128.load_splat<T>(other, sizeof<T>()), row, c5);
    c6 = multiplyAdd<T>(v128.load_splat<T>(other, 2 * sizeof<T>()), row, c6);
    c7 = multiplyAdd<T>(v128.load_splat<T>(other, 3 * sizeof<T>()), row, c7);
  }
  v128.store(spare, c0);
  v128.store(spare, c1, 16);
  v128.store(spare, c2, 32);
  v128.store(spare, c3, 48);
  v128.store(spare, c4, 64);
  v128.store(spare, c5, 80);
  v128.store(spare, c6, 96);
  v128.store(spare, c7, 112);
  for (; rows > 0; rows--, targets += sizeof<usize>(), spare += 16) {
    const target = load<usize>(targets) + column;
    addElements<T>(target, start ? start : target, columns, relu, spare);
  }
}
