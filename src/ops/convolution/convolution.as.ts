// What convolutions need beside the products of `matmul/product.as.ts`: images with a margin of zeros, sums of partial
// results, and the convolutions in which each channel sees only itself, where vectors run along the channels.
import { lanes, multiplyAdd } from "../../devices/wasm/simd.as";

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

/**
 * Images [depth, height, width, pixel bytes] with margins. `geometry`: 0–2 the sizes, 3–5 the margins in front, 6–8 the
 * sizes with margins, 9 bytes of a pixel. Pieces are the rows of all padded images.
 */
export function padImages(source: usize, target: usize, geometry: usize, from: i32, to: i32): void {
  const depth = at(geometry, 0);
  const height = at(geometry, 1);
  const line = <usize>(at(geometry, 2) * at(geometry, 9));
  const left = <usize>(at(geometry, 5) * at(geometry, 9));
  const frames = at(geometry, 6);
  const rows = at(geometry, 7);
  const padded = <usize>(at(geometry, 8) * at(geometry, 9));
  let row = target + <usize>from * padded;
  for (let piece = from; piece < to; piece++) {
    const d = piece / rows % frames - at(geometry, 3);
    const h = piece % rows - at(geometry, 4);
    if (d >= 0 && d < depth && h >= 0 && h < height) {
      memory.fill(row, 0, left);
      memory.copy(row + left, source + <usize>((piece / rows / frames * depth + d) * height + h) * line, line);
      memory.fill(row + left + line, 0, padded - left - line);
    } else {
      memory.fill(row, 0, padded);
    }
    row += padded;
  }
}

/** target[i] = Σ over parts of source[part, i], in float64. Pieces are runs of 1024 elements. */
function sumParts<T>(source: usize, target: usize, parts: i32, size: i32, from: i32, to: i32): void {
  const end = min<i32>(to * 1024, size);
  const step = <usize>size * sizeof<T>();
  for (let i = from * 1024; i < end; i++) {
    let element = source + <usize>i * sizeof<T>();
    let sum: f64 = 0;
    for (let part: i32 = 0; part < parts; part++) {
      sum += <f64>load<T>(element);
      element += step;
    }
    store<T>(target + <usize>i * sizeof<T>(), <T>sum);
  }
}

export function sumParts32(source: usize, target: usize, parts: i32, size: i32, from: i32, to: i32): void {
  sumParts<f32>(source, target, parts, size, from, to);
}

export function sumParts64(source: usize, target: usize, parts: i32, size: i32, from: i32, to: i32): void {
  sumParts<f64>(source, target, parts, size, from, to);
}

/** How many of `count` positions, `step` apart from `first` on, lie before `end`. */
// @ts-ignore: decorator
@inline
function before(end: i32, first: i32, step: i32, count: i32): i32 {
  return min<i32>(max<i32>((end - first + step - 1) / step, 0), count);
}

/**
 * Four results side by side of windows of width 3 at stride 1, which share six elements of each row: twelve products for
 * nine loads. The first window may begin before the images (`first` is 0), and the last end behind them (`last` is 0).
 * The sums run in the order of `depthwise`, whose part this is.
 */
function depthwiseOfThree(
  corner: usize,
  kernel: usize,
  target: usize,
  bias: usize,
  rows: i32,
  pixel: usize,
  line: usize,
  tapStep: usize,
  first: i32,
  last: i32,
  relu: i32,
): void {
  const zero = f32x4.splat(0);
  for (const end = target + pixel; target < end; target += 16) {
    let sum0 = zero;
    if (bias) {
      sum0 = v128.load(bias);
      bias += 16;
    }
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let row = corner;
    let tap = kernel;
    for (let r = rows; r > 0; r--) {
      const w0 = v128.load(tap);
      tap += tapStep;
      const w1 = v128.load(tap);
      tap += tapStep;
      const w2 = v128.load(tap);
      tap += tapStep;
      let at = row;
      if (first) sum0 = multiplyAdd<f32>(v128.load(at), w0, sum0);
      at += pixel;
      let element = v128.load(at);
      sum0 = multiplyAdd<f32>(element, w1, sum0);
      sum1 = multiplyAdd<f32>(element, w0, sum1);
      at += pixel;
      element = v128.load(at);
      sum0 = multiplyAdd<f32>(element, w2, sum0);
      sum1 = multiplyAdd<f32>(element, w1, sum1);
      sum2 = multiplyAdd<f32>(element, w0, sum2);
      at += pixel;
      element = v128.load(at);
      sum1 = multiplyAdd<f32>(element, w2, sum1);
      sum2 = multiplyAdd<f32>(element, w1, sum2);
      sum3 = multiplyAdd<f32>(element, w0, sum3);
      at += pixel;
      element = v128.load(at);
      sum2 = multiplyAdd<f32>(element, w2, sum2);
      sum3 = multiplyAdd<f32>(element, w1, sum3);
      if (last) sum3 = multiplyAdd<f32>(v128.load(at + pixel), w2, sum3);
      row += line;
    }
    if (relu) {
      // What max gives, for -0 and NaN too, in a quarter of its instructions.
      sum0 = f32x4.add(f32x4.pmax(sum0, zero), zero);
      sum1 = f32x4.add(f32x4.pmax(sum1, zero), zero);
      sum2 = f32x4.add(f32x4.pmax(sum2, zero), zero);
      sum3 = f32x4.add(f32x4.pmax(sum3, zero), zero);
    }
    let y = target;
    v128.store(y, sum0);
    y += pixel;
    v128.store(y, sum1);
    y += pixel;
    v128.store(y, sum2);
    v128.store(y + pixel, sum3);
    corner += 16;
    kernel += 16;
  }
}

/**
 * Convolution of each channel by itself, in two dimensions, where channels are whole pairs of vectors: four results side by side,
 * or one at the edges, where part of the window lies outside; the last four may repeat some before. `geometry`: 0 and 1 height and width of the images,
 * 2 and 3 those of the results, 4 and 5 of the window, 6 and 7 strides, 8 and 9 dilation, 10 and 11 how far the first
 * window reaches over the edge, 12 bytes of a pixel, 13 bytes from tap to tap, 14 whether negative results become 0.
 * Pieces are rows of the results.
 */
export function depthwise(x: usize, kernel: usize, y: usize, bias: usize, geometry: usize, from: i32, to: i32): void {
  const width = at(geometry, 1);
  const rows = at(geometry, 2);
  const columns = at(geometry, 3);
  const taps = at(geometry, 5);
  const stride = at(geometry, 7);
  const dilation = at(geometry, 9);
  const pixel = <usize>at(geometry, 12);
  const tapStep = <usize>at(geometry, 13);
  const line = <usize>width * pixel;
  const tapLine = <usize>at(geometry, 8) * line;
  const tapPixel = <usize>dilation * pixel;
  const apart = <usize>stride * pixel;
  const ofThree = taps == 3 && stride == 1 && dilation == 1;
  // The columns from `inside` to `outside` may stand in fours: their windows lie inside, or reach over by one.
  const over = <i32>ofThree;
  const inside = before(-over, -at(geometry, 11), stride, columns);
  const outside = before(width - (taps - 1) * dilation + over, -at(geometry, 11), stride, columns);
  for (let piece = from; piece < to; piece++) {
    const top = piece % rows * at(geometry, 6) - at(geometry, 10);
    const r0 = before(0, top, at(geometry, 8), at(geometry, 4));
    const r1 = before(at(geometry, 0), top, at(geometry, 8), at(geometry, 4));
    const image = x + <usize>(piece / rows * at(geometry, 0)) * line;
    for (let column: i32 = 0; column < columns; ) {
      const whole = column >= inside && column < outside && inside + 4 <= outside;
      if (whole) column = min<i32>(column, outside - 4);
      const left = column * stride - at(geometry, 11);
      const corner = image + <usize>(top + r0 * at(geometry, 8)) * line + <usize>left * pixel;
      const weights = kernel + <usize>(r0 * taps) * tapStep;
      const result = y + <usize>(piece * columns + column) * pixel;
      column += whole ? 4 : 1;
      if (whole && ofThree) {
        const first = <i32>(left >= 0);
        const last = <i32>(left + 5 < width);
        depthwiseOfThree(corner, weights, result, bias, r1 - r0, pixel, tapLine, tapStep, first, last, at(geometry, 14));
        continue;
      }
      const c0 = before(0, left, dilation, taps);
      const c1 = before(width, left, dilation, taps);
      for (let c: usize = 0; c < pixel; c += 32) {
        let sum0 = bias ? v128.load(bias + c) : f32x4.splat(0);
        let high0 = bias ? v128.load(bias + c, 16) : f32x4.splat(0);
        let sum1 = sum0;
        let sum2 = sum0;
        let sum3 = sum0;
        let high1 = high0;
        let high2 = high0;
        let high3 = high0;
        let row = corner + <usize>c0 * tapPixel + c;
        let tap = weights + <usize>c0 * tapStep + c;
        for (let r = r0; r < r1; r++) {
          let weight = tap;
          for (let element = row, end = row + <usize>(c1 - c0) * tapPixel; element != end; element += tapPixel) {
            const w = v128.load(weight);
            const high = v128.load(weight, 16);
            sum0 = multiplyAdd<f32>(v128.load(element), w, sum0);
            high0 = multiplyAdd<f32>(v128.load(element, 16), high, high0);
            if (whole) {
              const second = element + apart;
              sum1 = multiplyAdd<f32>(v128.load(second), w, sum1);
              high1 = multiplyAdd<f32>(v128.load(second, 16), high, high1);
              const third = second + apart;
              sum2 = multiplyAdd<f32>(v128.load(third), w, sum2);
              high2 = multiplyAdd<f32>(v128.load(third, 16), high, high2);
              const fourth = third + apart;
              sum3 = multiplyAdd<f32>(v128.load(fourth), w, sum3);
              high3 = multiplyAdd<f32>(v128.load(fourth, 16), high, high3);
            }
            weight += tapStep;
          }
          row += tapLine;
          tap += <usize>taps * tapStep;
        }
        const target = result + c;
        const floor = f32x4.splat(at(geometry, 14) ? 0 : -Infinity);
        v128.store(target, f32x4.max(sum0, floor));
        v128.store(target, f32x4.max(high0, floor), 16);
        if (whole) {
          v128.store(target + pixel, f32x4.max(sum1, floor));
          v128.store(target + pixel, f32x4.max(high1, floor), 16);
          v128.store(target + 2 * pixel, f32x4.max(sum2, floor));
          v128.store(target + 2 * pixel, f32x4.max(high2, floor), 16);
          v128.store(target + 3 * pixel, f32x4.max(sum3, floor));
          v128.store(target + 3 * pixel, f32x4.max(high3, floor), 16);
        }
      }
    }
  }
}

/**
 * What that passes back to the kernel, summed over the rows of a part: [parts, window, channels]; `geometry` as above,
 * 13 rows of all images. Each row of results is summed by itself first. Pieces are parts.
 */
export function depthwiseKernelGradient(x: usize, dy: usize, sums: usize, parts: i32, geometry: usize, from: i32, to: i32): void {
  const width = at(geometry, 1);
  const rows = at(geometry, 2);
  const columns = at(geometry, 3);
  const taps = at(geometry, 5);
  const stride = at(geometry, 7);
  const pixel = <usize>at(geometry, 12);
  const line = <usize>width * pixel;
  const apart = <usize>stride * pixel;
  const total = at(geometry, 13);
  const whole = <usize>(at(geometry, 4) * taps) * pixel;
  memory.fill(sums + <usize>from * whole, 0, <usize>(to - from) * whole);
  for (let piece = from; piece < to; piece++) {
    const lastRow = <i32>(<i64>(piece + 1) * total / parts);
    for (let o = <i32>(<i64>piece * total / parts); o < lastRow; o++) {
      const top = o % rows * at(geometry, 6) - at(geometry, 10);
      const image = x + <usize>(o / rows * at(geometry, 0)) * line;
      const slopes = dy + <usize>(o * columns) * pixel;
      for (let r: i32 = 0; r < at(geometry, 4); r++) {
        const h = top + r * at(geometry, 8);
        if (h < 0 || h >= at(geometry, 0)) continue;
        for (let t: i32 = 0; t < taps; t++) {
          const left = t * at(geometry, 9) - at(geometry, 11);
          const first = before(0, left, stride, columns);
          const last = before(width, left, stride, columns);
          const elements = image + <usize>h * line + <usize>(left + first * stride) * pixel;
          const target = sums + <usize>piece * whole + <usize>(r * taps + t) * pixel;
          for (let c: usize = 0; c < pixel; c += 16) {
            let element = elements + c;
            let slope = slopes + <usize>first * pixel + c;
            let sum0 = f32x4.splat(0);
            let sum1 = sum0;
            let sum2 = sum0;
            let sum3 = sum0;
            let i = first;
            for (; i + 4 <= last; i += 4) {
              sum0 = multiplyAdd<f32>(v128.load(element), v128.load(slope), sum0);
              sum1 = multiplyAdd<f32>(v128.load(element + apart), v128.load(slope + pixel), sum1);
              sum2 = multiplyAdd<f32>(v128.load(element + 2 * apart), v128.load(slope + 2 * pixel), sum2);
              sum3 = multiplyAdd<f32>(v128.load(element + 3 * apart), v128.load(slope + 3 * pixel), sum3);
              element += 4 * apart;
              slope += 4 * pixel;
            }
            for (; i < last; i++) {
              sum0 = multiplyAdd<f32>(v128.load(element), v128.load(slope), sum0);
              element += apart;
              slope += pixel;
            }
            const sum = f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3));
            v128.store(target + c, f32x4.add(v128.load(target + c), sum));
          }
        }
      }
    }
  }
}
