// Products of few rows with a large matrix, or of a large matrix with one column, which is the same the other way
// round: each element of the matrix is used so rarely that memory is the limit. So nothing is arranged for tiles: eight
// rows of b at a time are read along and added to sums that wait in the first cache. Where the columns of b do not lie
// side by side, some are brought so a stretch at a time.
//
// Sums are formed in the order of all products (`tile.as.ts`), so it makes no difference to a row how many others there are.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";
import { blockProducts, blocksOf, interleave } from "./tile.as";

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

/** Adds to each vector of sums the products of eight elements of a with eight rows of b. */
function addEight<T>(sums: usize, a: usize, aStep: usize, b: usize, bStep: usize, bytes: usize): void {
  const a0 = v128.load_splat<T>(a);
  const a1 = v128.load_splat<T>(a + aStep);
  const a2 = v128.load_splat<T>(a + 2 * aStep);
  const a3 = v128.load_splat<T>(a + 3 * aStep);
  const a4 = v128.load_splat<T>(a + 4 * aStep);
  const a5 = v128.load_splat<T>(a + 5 * aStep);
  const a6 = v128.load_splat<T>(a + 6 * aStep);
  const a7 = v128.load_splat<T>(a + 7 * aStep);
  for (const end = sums + bytes; sums != end; sums += 16, b += 16) {
    let row = b;
    let sum = multiplyAdd<T>(a0, v128.load(row), v128.load(sums));
    row += bStep;
    sum = multiplyAdd<T>(a1, v128.load(row), sum);
    row += bStep;
    sum = multiplyAdd<T>(a2, v128.load(row), sum);
    row += bStep;
    sum = multiplyAdd<T>(a3, v128.load(row), sum);
    row += bStep;
    sum = multiplyAdd<T>(a4, v128.load(row), sum);
    row += bStep;
    sum = multiplyAdd<T>(a5, v128.load(row), sum);
    row += bStep;
    sum = multiplyAdd<T>(a6, v128.load(row), sum);
    row += bStep;
    v128.store(sums, multiplyAdd<T>(a7, v128.load(row), sum));
  }
}

/** All products of a stretch: those of rows in eights, then one after the other. */
function addAll<T>(sums: usize, a: usize, aStep: usize, products: i32, b: usize, bStep: usize, bytes: usize): void {
  for (; products >= 8; products -= 8, a += 8 * aStep, b += 8 * bStep) addEight<T>(sums, a, aStep, b, bStep, bytes);
  for (; products > 0; products--, a += aStep, b += bStep) {
    const value = v128.load_splat<T>(a);
    for (let i: usize = 0; i != bytes; i += 16) {
      v128.store(sums + i, multiplyAdd<T>(value, v128.load(b + i), v128.load(sums + i)));
    }
  }
}

/**
 * `geometry` (steps in bytes): 0 rows; 1 columns; 2 products of a sum; 3 and 4 steps in a from row to row and along a
 * row; 5 and 6 the same in b; 7 step from row to row of c; 8 step from bias to bias; 9 columns of a unit; 10 units of
 * each piece; 11 jobs, three numbers each: offsets in a, b and c; 12 units of all jobs; 13 whether negative results
 * become 0; 14 whether b is read in place: then there is a whole vector of columns at least; 15 bytes of `scratch` for each piece.
 */
function thinProduct<T>(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  const rows = at(geometry, 0);
  const columns = at(geometry, 1);
  const products = at(geometry, 2);
  const aRow = <usize>at(geometry, 3);
  const aStep = <usize>at(geometry, 4);
  const bStep = <usize>at(geometry, 5);
  const columnStep = <usize>at(geometry, 6);
  const cRow = <usize>at(geometry, 7);
  const biasStep = <usize>at(geometry, 8);
  const atOnce = at(geometry, 9);
  const inPlace = at(geometry, 14) != 0;
  const perVector = <i32>lanes<T>();
  const units = (columns + atOnce - 1) / atOnce;
  const sums = scratch + <usize>from * <usize>at(geometry, 15);
  const sumStep = <usize>atOnce * sizeof<T>();
  const packed = sums + <usize>rows * sumStep;
  const slices = blocksOf<i32>(products);
  const slice = (products + slices - 1) / slices;
  const last = min<i32>(to * at(geometry, 10), at(geometry, 12));
  for (let unit = from * at(geometry, 10); unit < last; unit++) {
    const job = <usize>at(geometry, 11) + 12 * <usize>(unit / units);
    const first = unit % units * atOnce;
    const width = min<i32>(columns - first, atOnce);
    // The last vector may be short of columns: in place it reads some before again, else the last one again.
    const whole = width & -perVector;
    const missing = whole == width ? 0 : whole + perVector - width;
    const bStart = b + <usize>at(job, 1) + <usize>first * columnStep;
    const cStart = c + <usize>at(job, 2) + <usize>first * sizeof<T>();
    for (let s: i32 = 0; s < slices; s++) {
      const begin = s * slice;
      const length = min<i32>(products - begin, slice);
      let block = bStart + <usize>begin * bStep;
      let blockStep = bStep;
      if (!inPlace) {
        for (let column: i32 = 0; column < width; column += 4) {
          const element = block + <usize>column * columnStep;
          const left = width - column - 1;
          const element1 = element + <usize>min<i32>(left, 1) * columnStep;
          const element2 = element + <usize>min<i32>(left, 2) * columnStep;
          const element3 = element + <usize>min<i32>(left, 3) * columnStep;
          const target = packed + <usize>column * sizeof<T>();
          interleave<T>(element, element1, element2, element3, bStep, <usize>length * bStep, target, sumStep);
        }
        block = packed;
        blockStep = sumStep;
      }
      memory.fill(sums, 0, <usize>rows * sumStep);
      let row = a + <usize>at(job, 0) + <usize>begin * aStep;
      let sum = sums;
      for (let r: i32 = 0; r < rows; r++, row += aRow, sum += sumStep) {
        const bytes = <usize>whole * sizeof<T>();
        addAll<T>(sum, row, aStep, length, block, blockStep, bytes);
        if (missing) {
          const back = inPlace ? <usize>missing * sizeof<T>() : 0;
          addAll<T>(sum + bytes, row, aStep, length, block + bytes - back, blockStep, 16);
        }
        // What is added to, what is added, and what becomes of it.
        const target = cStart + <usize>r * cRow;
        const isLast = s == slices - 1;
        for (let j: i32 = 0; j < width; j++) {
          const offset = <usize>j * sizeof<T>();
          const before = s > 0 ? load<T>(target + offset) : bias ? load<T>(bias + <usize>(first + j) * biasStep) : 0;
          const own = offset + (inPlace && j >= whole ? <usize>missing * sizeof<T>() : 0);
          const y = before + load<T>(sum + own);
          store<T>(target + offset, isLast && at(geometry, 13) ? max<T>(y, 0) : y);
        }
      }
    }
  }
}

export function thinProduct32(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  thinProduct<f32>(a, b, c, bias, geometry, scratch, from, to);
}

export function thinProduct64(a: usize, b: usize, c: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  thinProduct<f64>(a, b, c, bias, geometry, scratch, from, to);
}
