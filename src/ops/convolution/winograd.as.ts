// Convolutions of 3 × 3 with stride 1 by Winograd's minimal filtering: 4 × 4 results from 6 × 6 elements with 36
// products for each pair of channels instead of 144 (Lavin & Gray, "Fast algorithms for convolutional neural
// networks", 2015). Tiles are transformed a block at a time, multiplied as 36 products of matrices, one for each point
// of the transformed tile, and transformed back. No buffer holds more than a block. The products take two rows by four
// vectors of columns at once: sums over channels are short, and two rows need not be brought side by side as four would.
//
// The points are 0, ±√½, ±√2 and ∞: since √½ · √2 = 1, transforms stretch their operands least, and the error stays
// near that of the direct sums (compared with the usual ±1, ±2 it is a quarter). With a = √½, b = √2:
//
//        ⎡ 1   0  −5/2   0   1  0 ⎤        ⎡    1          0       0   ⎤
//        ⎢ 0 −2a  −2     a   1  0 ⎥        ⎢ −2/3      −2a/3    −1/3   ⎥         ⎡ 1  1    1   1    1  0 ⎤
//   Bᵀ = ⎢ 0  2a  −2    −a   1  0 ⎥    G = ⎢ −2/3       2a/3    −1/3   ⎥    Aᵀ = ⎢ 0  a   −a   b   −b  0 ⎥
//        ⎢ 0 −b/2 −1/2   b   1  0 ⎥        ⎢  1/6        b/6     1/3   ⎥         ⎢ 0 1/2 1/2   2    2  0 ⎥
//        ⎢ 0  b/2 −1/2  −b   1  0 ⎥        ⎢  1/6       −b/6     1/3   ⎥         ⎣ 0 a/2 −a/2 2b  −2b  1 ⎦
//        ⎣ 0   1    0  −5/2  0  1 ⎦        ⎣    0          0       1   ⎦
//
// y = Aᵀ [Σ (G g Gᵀ) ⊙ (Bᵀ d B)] A. The gradients are the same the other way: that of the kernel is
// Gᵀ [Σ (A dy Aᵀ) ⊙ (Bᵀ d B)] G, that of the image B [Σ (G g Gᵀ) ⊙ (A dy Aᵀ)] Bᵀ, where neighbours overlap and add up. The
// latter is also a convolution of dy with the kernel turned around, which has no overlap, but sometimes more tiles.
import { multiplyAdd } from "../../devices/wasm/simd.as";

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function scaled(factor: f32, x: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), x);
}

/** factor · x + y */
// @ts-ignore: decorator
@inline
function plus(factor: f32, x: v128, y: v128): v128 {
  return multiplyAdd<f32>(f32x4.splat(factor), x, y);
}

const a: f32 = 0.70710678118654752;
const b: f32 = 1.41421356237309505;

// The transforms along one axis, as types, so that each is compiled on its own.
/** Bᵀ: six elements of an image. */
class OfImage {}
/** A: four elements of a gradient. */
class OfResult {}
/** G: three elements of a kernel. */
class OfKernel {}
/** Aᵀ: four results of six sums. */
class ToResult {}
/** The same, plus `bias` and not below `floor`. */
class ToOutput {}
/** Gᵀ: three elements of a kernel of six sums. */
class ToKernel {}
/** B: six elements of an image of six sums, added to what is there where `bias` has ones in its bits. */
class ToImage {}

/** Adds to what is there where `mask` has ones; where it has none, that counts as 0. */
// @ts-ignore: decorator
@inline
function addTo(target: usize, mask: v128, y: v128): void {
  v128.store(target, f32x4.add(v128.and(v128.load(target), mask), y));
}

/** Transforms `count` lines of vectors, whose elements lie `step` bytes apart. */
function lines<Kind>(
  source: usize, step: usize, next: usize, target: usize, targetStep: usize, targetNext: usize, count: i32,
  bias: v128 = f32x4.splat(0), floor: v128 = f32x4.splat(0),
): void {
  do {
    const x0 = v128.load(source);
    const x1 = v128.load(source + step);
    const x2 = v128.load(source + 2 * step);
    if (idof<Kind>() == idof<OfKernel>()) {
      const even = scaled(-2.0 / 3.0, plus(0.5, x2, x0));
      const odd = scaled(a * (-2.0 / 3.0), x1);
      const wideEven = scaled(1.0 / 6.0, plus(2, x2, x0));
      const wideOdd = scaled(b * (1.0 / 6.0), x1);
      v128.store(target, x0);
      v128.store(target + targetStep, f32x4.add(even, odd));
      v128.store(target + 2 * targetStep, f32x4.sub(even, odd));
      v128.store(target + 3 * targetStep, f32x4.add(wideEven, wideOdd));
      v128.store(target + 4 * targetStep, f32x4.sub(wideEven, wideOdd));
      v128.store(target + 5 * targetStep, x2);
    } else if (idof<Kind>() == idof<OfResult>()) {
      const x3 = v128.load(source + 3 * step);
      const even = plus(0.5, x2, x0);
      const odd = scaled(a, plus(0.5, x3, x1));
      const wideEven = plus(2, x2, x0);
      const wideOdd = scaled(b, plus(2, x3, x1));
      v128.store(target, x0);
      v128.store(target + targetStep, f32x4.add(even, odd));
      v128.store(target + 2 * targetStep, f32x4.sub(even, odd));
      v128.store(target + 3 * targetStep, f32x4.add(wideEven, wideOdd));
      v128.store(target + 4 * targetStep, f32x4.sub(wideEven, wideOdd));
      v128.store(target + 5 * targetStep, x3);
    } else {
      const x3 = v128.load(source + 3 * step);
      const x4 = v128.load(source + 4 * step);
      const x5 = v128.load(source + 5 * step);
      if (idof<Kind>() == idof<OfImage>()) {
        const even = plus(-2, x2, x4);
        const odd = scaled(a, plus(-2, x1, x3));
        const wideEven = plus(-0.5, x2, x4);
        const wideOdd = scaled(b, plus(-0.5, x1, x3));
        v128.store(target, plus(-2.5, x2, f32x4.add(x0, x4)));
        v128.store(target + targetStep, f32x4.add(even, odd));
        v128.store(target + 2 * targetStep, f32x4.sub(even, odd));
        v128.store(target + 3 * targetStep, f32x4.add(wideEven, wideOdd));
        v128.store(target + 4 * targetStep, f32x4.sub(wideEven, wideOdd));
        v128.store(target + 5 * targetStep, plus(-2.5, x3, f32x4.add(x1, x5)));
      } else {
        const even = f32x4.add(x1, x2);
        const odd = f32x4.sub(x1, x2);
        const wideEven = f32x4.add(x3, x4);
        const wideOdd = f32x4.sub(x3, x4);
        if (idof<Kind>() == idof<ToImage>()) {
          addTo(target, bias, x0);
          addTo(target + targetStep, bias, plus(-b, odd, plus(-a, wideOdd, x5)));
          addTo(target + 2 * targetStep, bias, plus(-2, even, plus(-0.5, wideEven, scaled(-2.5, x0))));
          addTo(target + 3 * targetStep, bias, plus(a, odd, plus(b, wideOdd, scaled(-2.5, x5))));
          addTo(target + 4 * targetStep, bias, f32x4.add(x0, f32x4.add(even, wideEven)));
          addTo(target + 5 * targetStep, bias, x5);
        } else if (idof<Kind>() != idof<ToKernel>()) {
          let y0 = f32x4.add(x0, f32x4.add(even, wideEven));
          let y1 = scaled(a, plus(2, wideOdd, odd));
          let y2 = plus(2, wideEven, scaled(0.5, even));
          let y3 = plus(a, plus(4, wideOdd, scaled(0.5, odd)), x5);
          if (idof<Kind>() == idof<ToOutput>()) {
            y0 = f32x4.max(f32x4.add(y0, bias), floor);
            y1 = f32x4.max(f32x4.add(y1, bias), floor);
            y2 = f32x4.max(f32x4.add(y2, bias), floor);
            y3 = f32x4.max(f32x4.add(y3, bias), floor);
          }
          v128.store(target, y0);
          v128.store(target + targetStep, y1);
          v128.store(target + 2 * targetStep, y2);
          v128.store(target + 3 * targetStep, y3);
        } else {
          v128.store(target, plus(-2.0 / 3.0, even, plus(1.0 / 6.0, wideEven, x0)));
          v128.store(target + targetStep, plus(a * (-2.0 / 3.0), odd, scaled(b * (1.0 / 6.0), wideOdd)));
          v128.store(target + 2 * targetStep, plus(-1.0 / 3.0, even, plus(1.0 / 3.0, wideEven, x5)));
        }
      }
    }
    source += next;
    target += targetNext;
  } while (--count);
}

/**
 * The transformed kernel, in panels of sixteen filters: [36 points, panels, channels, 16]. `geometry`: 0 channels,
 * 1 filters, 2–4 steps in bytes from tap to tap, channel to channel and filter to filter. Pieces are panels.
 */
export function winogradKernel(kernel: usize, target: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  const channels = at(geometry, 0);
  const filters = at(geometry, 1);
  const filterStep = <usize>at(geometry, 4);
  const point = <usize>((filters + 15) / 16 * channels) << 6;
  const taps = scratch + <usize>from * 432;
  const half = taps + 144;
  let row = target + (<usize>(from * channels) << 6);
  for (let piece = from * 4 * channels; piece < to * 4 * channels; piece++) {
    const channel = piece / 4 % channels;
    const filter = piece / 4 / channels * 16 + piece % 4 * 4;
    // What is missing from the last panel repeats others: nobody keeps what comes of it.
    let element = kernel + <usize>(channel * at(geometry, 3)) + <usize>min<i32>(filter, filters - 4) * filterStep;
    for (let tap: usize = 0; tap < 144; tap += 16) {
      let values = v128.load32_zero(element);
      values = v128.load32_lane(element + filterStep, values, 1);
      values = v128.load32_lane(element + 2 * filterStep, values, 2);
      values = v128.load32_lane(element + 3 * filterStep, values, 3);
      v128.store(taps + tap, values);
      element += <usize>at(geometry, 2);
    }
    lines<OfKernel>(taps, 48, 16, half, 48, 16, 3);
    lines<OfKernel>(half, 16, 48, row, point, 6 * point, 6);
    row += 16;
  }
}

/**
 * The transforms of the tiles `first` and following: [36 points, tiles, channels], `point` bytes from point to point.
 * `geometry`: 0–2 height, width and channels of the images; 3 and 4 tiles down and across; 5 and 6 the row and
 * column in which the first begins. Tiles side by side share what they read of the columns they both see. `scratch`
 * has room for 96 bytes for each column of so many tiles, then for 6 rows of these columns.
 */
function transformTiles<Kind>(
  images: usize, geometry: usize, first: i32, count: i32, point: usize, target: usize, scratch: usize,
): void {
  const size = idof<Kind>() == idof<OfImage>() ? 6 : 4;
  const height = at(geometry, 0);
  const width = at(geometry, 1);
  const pixel = <usize>at(geometry, 2) << 2;
  const down = at(geometry, 3);
  const across = at(geometry, 4);
  const last = first + count;
  while (first < last) {
    const tiles = min<i32>(min<i32>(last - first, across - first % across), max<i32>(1, 1024 / <i32>pixel));
    const columns = 4 * tiles + size - 4;
    const y = first / across % down * 4 + at(geometry, 5);
    const x = first % across * 4 + at(geometry, 6);
    const left = min<i32>(max<i32>(-x, 0), columns);
    const right = max<i32>(min<i32>(width - x, columns), left);
    const inside = <usize>(right - left) * pixel;
    const half = scratch;
    const end = half + 96 * <usize>columns;
    let line = <usize>width * pixel;
    let source = images + <usize>((first / across / down * height + y) * width + x + left) * pixel;
    if (y < 0 || y + size > height) {
      let row = end;
      for (let r = y; r < y + size; r++) {
        if (r >= 0 && r < height) memory.copy(row, source, inside);
        else memory.fill(row, 0, inside);
        source += line;
        row += inside;
      }
      source = end;
      line = inside;
    }
    memory.fill(half, 0, 96 * left);
    memory.fill(half + 96 * right, 0, 96 * (columns - right));
    for (let c: usize = 0; c < pixel; c += 16) {
      lines<Kind>(source + c, line, pixel, half + 96 * left, 16, 96, right - left);
      let transformed = target + c;
      for (let tile = half; tile < half + 384 * tiles; tile += 384) {
        lines<Kind>(tile, 96, 16, transformed, point, 6 * point, 6);
        transformed += pixel;
      }
    }
    target += tiles * pixel;
    first += tiles;
  }
}

/** Two rows × 16 columns of a product: rows begin at `a0` and `a1`, their elements are `step` bytes apart. */
function pair(
  a0: usize, a1: usize, step: usize, length: usize, b: usize, bStep: usize, target0: usize, target1: usize, bytes: usize, add: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  for (let i: usize = 0; i != length; i += step) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    b += bStep;
    let a = v128.load32_splat(a0 + i);
    c00 = multiplyAdd<f32>(a, b0, c00);
    c01 = multiplyAdd<f32>(a, b1, c01);
    c02 = multiplyAdd<f32>(a, b2, c02);
    c03 = multiplyAdd<f32>(a, b3, c03);
    a = v128.load32_splat(a1 + i);
    c10 = multiplyAdd<f32>(a, b0, c10);
    c11 = multiplyAdd<f32>(a, b1, c11);
    c12 = multiplyAdd<f32>(a, b2, c12);
    c13 = multiplyAdd<f32>(a, b3, c13);
  }
  if (add) {
    c00 = f32x4.add(v128.load(target0), c00);
    c01 = f32x4.add(v128.load(target0, 16), c01);
    c02 = f32x4.add(v128.load(target0, 32), c02);
    c03 = f32x4.add(v128.load(target0, 48), c03);
    c10 = f32x4.add(v128.load(target1), c10);
    c11 = f32x4.add(v128.load(target1, 16), c11);
    c12 = f32x4.add(v128.load(target1, 32), c12);
    c13 = f32x4.add(v128.load(target1, 48), c13);
  }
  v128.store(target0, c00);
  v128.store(target1, c10);
  if (bytes == 16) return;
  v128.store(target0, c01, 16);
  v128.store(target1, c11, 16);
  if (bytes == 32) return;
  v128.store(target0, c02, 32);
  v128.store(target1, c12, 32);
  if (bytes == 48) return;
  v128.store(target0, c03, 48);
  v128.store(target1, c13, 48);
}

/** The products of one block at each of the 36 points: rows of `a` are `next` bytes apart, their elements `step`. */
function multiplyPoints(
  a: usize, aPoint: usize, next: usize, step: usize, length: i32, rowCount: i32,
  b: usize, bPoint: usize, bStep: usize, panelStep: usize,
  c: usize, cPoint: usize, columns: i32, add: bool,
): void {
  const line = <usize>columns << 2;
  for (let p: usize = 0; p < 36; p++) {
    let panel = b;
    for (let column: usize = 0; column < line; column += 64) {
      for (let r: i32 = 0; r < rowCount; r += 2) {
        const row = a + r * next, target = c + r * line + column;
        const single = r + 1 == rowCount;
        pair(
          row, single ? row : row + next, step, <usize>length * step, panel, bStep,
          target, single ? target : target + line, min<usize>(line - column, 64), add,
        );
      }
      panel += panelStep;
    }
    a += aPoint;
    b += bPoint;
    c += cPoint;
  }
}

/**
 * The convolution: `geometry` as above for the images, then 7–9 height, width and channels of the results, 10 tiles,
 * 11 tiles of a block, 12 tiles of a piece, 13 bytes of scratch for each piece, 14 whether negative results become 0,
 * 15 and 16 the row and column of the results in which the first tile begins, 17 whether it is the other way round:
 * tiles of gradients give parts of an image, which overlap and are added up; pieces are whole images then.
 */
export function winograd(images: usize, kernel: usize, results: usize, bias: usize, geometry: usize, scratch: usize, from: i32, to: i32): void {
  const channels = at(geometry, 2);
  const down = at(geometry, 3);
  const across = at(geometry, 4);
  const height = at(geometry, 7);
  const width = at(geometry, 8);
  const filters = at(geometry, 9);
  const atOnce = at(geometry, 11);
  const inPiece = at(geometry, 12);
  const floor = f32x4.splat(at(geometry, 14) ? 0 : -Infinity);
  const overlapping = at(geometry, 17) != 0;
  const size = overlapping ? 6 : 4;
  // Points a multiple of 4096 bytes apart would all meet in the same few lines of the cache.
  const point = (<usize>(atOnce * channels) << 2) + 64;
  const sumPoint = (<usize>(atOnce * filters) << 2) + 64;
  const transformed = scratch + <usize>from * <usize>at(geometry, 13);
  const sums = transformed + 36 * point;
  const half = sums + 36 * sumPoint;
  const square = half + 576;
  const pixel = <usize>filters << 2;
  const line = <usize>width * pixel;
  const end = min<i32>(to * inPiece, at(geometry, 10));
  for (let first = from * inPiece; first < end; first += atOnce) {
    const count = min<i32>(end - first, atOnce);
    if (overlapping) transformTiles<OfResult>(images, geometry, first, count, point, transformed, half);
    else transformTiles<OfImage>(images, geometry, first, count, point, transformed, half);
    multiplyPoints(
      transformed, point, <usize>channels << 2, 4, channels, count,
      kernel, <usize>((filters + 15) / 16 * channels) << 6, 64, <usize>channels << 6,
      sums, sumPoint, filters, false,
    );
    let sum = sums;
    for (let t = first; t < first + count; t++) {
      const y = t / across % down * 4 + at(geometry, 15);
      const x = t % across * 4 + at(geometry, 16);
      const image = results + <usize>(t / across / down * height) * line;
      const corner = image + <usize>(y * width + x) * pixel;
      const isInside = y >= 0 && x >= 0 && y + size <= height && x + size <= width;
      if (overlapping && t % (across * down) == 0) memory.fill(image, 0, <usize>height * line);
      for (let q: usize = 0; q < pixel; q += 16) {
        const result = corner + q;
        if (overlapping) {
          lines<ToImage>(sum, 6 * sumPoint, sumPoint, half, 96, 16, 6);
          if (isInside) lines<ToImage>(half, 16, 96, result, pixel, line, 6, i32x4.splat(-1));
          else lines<ToImage>(half, 16, 96, square, 16, 96, 6);
        } else {
          lines<ToResult>(sum, 6 * sumPoint, sumPoint, half, 96, 16, 6);
          const start = bias ? v128.load(bias + q) : f32x4.splat(0);
          lines<ToOutput>(half, 16, 96, isInside ? result : square, isInside ? pixel : 16, isInside ? line : 96, 4, start, floor);
        }
        sum += 16;
        if (isInside) continue;
        for (let i: i32 = max<i32>(-y, 0); i < min<i32>(size, height - y); i++) {
          for (let j: i32 = max<i32>(-x, 0); j < min<i32>(size, width - x); j++) {
            const element = result + i * line + j * pixel;
            const value = v128.load(square + i * 96 + j * 16);
            v128.store(element, overlapping ? f32x4.add(v128.load(element), value) : value);
          }
        }
      }
    }
  }
}

/**
 * Sums of products of transformed images and gradients: [parts, 36 points, channels, filters]. `geometry` as above for
 * the images, `other` for the gradients; 10 tiles, 11 tiles of a block, 12 tiles of a part, 13 bytes of scratch.
 * Pieces are the parts.
 */
export function winogradSums(images: usize, gradients: usize, sums: usize, geometry: usize, other: usize, scratch: usize, from: i32, to: i32): void {
  const channels = at(geometry, 2);
  const filters = at(other, 2);
  const atOnce = at(geometry, 11);
  const inPart = at(geometry, 12);
  const point = (<usize>(atOnce * channels) << 2) + 64;
  const otherPoint = (<usize>(atOnce * filters) << 2) + 64;
  const sumPoint = <usize>(channels * filters) << 2;
  const transformed = scratch + <usize>from * <usize>at(geometry, 13);
  const others = transformed + 36 * point;
  const half = others + 36 * otherPoint;
  for (let part = from; part < to; part++) {
    const end = min<i32>((part + 1) * inPart, at(geometry, 10));
    for (let first = part * inPart; first < end; first += atOnce) {
      const count = min<i32>(end - first, atOnce);
      transformTiles<OfImage>(images, geometry, first, count, point, transformed, half);
      transformTiles<OfResult>(gradients, other, first, count, otherPoint, others, half);
      multiplyPoints(
        transformed, point, 4, <usize>channels << 2, count, channels,
        others, otherPoint, <usize>filters << 2, 64,
        sums + <usize>part * 36 * sumPoint, sumPoint, filters, first != part * inPart,
      );
    }
  }
}

/** The kernel's gradient from those sums: `size` is channels · filters, pieces are 256 of them. */
export function winogradKernelGradient(sums: usize, dkernel: usize, parts: i32, size: i32, scratch: usize, from: i32, to: i32): void {
  const point = <usize>size << 2;
  const whole = scratch + <usize>from * 864;
  const half = whole + 576;
  const end = min<usize>(<usize>to << 10, point);
  for (let offset = <usize>from << 10; offset < end; offset += 16) {
    let sum = sums + offset;
    for (let p: usize = 0; p < 576; p += 16) {
      let total = v128.load(sum);
      for (let part: i32 = 1; part < parts; part++) total = f32x4.add(total, v128.load(sum + <usize>(part * 36) * point));
      v128.store(whole + p, total);
      sum += point;
    }
    lines<ToKernel>(whole, 96, 16, half, 96, 16, 6);
    lines<ToKernel>(half, 16, 96, dkernel + offset, point, 3 * point, 3);
  }
}
