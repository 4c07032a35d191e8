// Max and average pooling over [outer, depth, height, width, inner], and what they pass back.
// Neighbouring results whose windows have the same width are done together: along `inner`, and along the columns too
// where windows are one column apart. Full vectors first, what is left element by element with the same arithmetic.
//
// `geometry`: inner, then size, window, stride, before and count, each for depth, height, width.

// @ts-ignore: decorator
@inline
function at(geometry: usize, index: i32): i32 {
  return load<i32>(geometry + (<usize>index << 2));
}

/** Where a window begins along an axis, cut at the front edge. */
// @ts-ignore: decorator
@inline
function start(geometry: usize, axis: i32, index: i32): i32 {
  return max<i32>(index * at(geometry, 7 + axis) - at(geometry, 10 + axis), 0);
}

/** Where it ends, cut at the back edge. */
// @ts-ignore: decorator
@inline
function end(geometry: usize, axis: i32, index: i32): i32 {
  const uncut = index * at(geometry, 7 + axis) - at(geometry, 10 + axis) + at(geometry, 4 + axis);
  return min<i32>(uncut, at(geometry, 1 + axis));
}

/** How many columns from this one on have whole windows, or 1 where its own is cut. */
function wholeColumns(geometry: usize, column: i32): i32 {
  const stride = at(geometry, 9);
  const first = column * stride - at(geometry, 12);
  const room = at(geometry, 3) - at(geometry, 6) - first;
  if (first < 0 || room < 0) return 1;
  return min<i32>(room / stride + 1, at(geometry, 15) - column);
}

// The kind of pooling is a type here, so that each is compiled on its own: bool stands for max, f32 for average.

/** y = the sum or the largest of y (unless `first`) and one row of each of `columns` windows, `step` bytes apart. */
function accumulate<Kind>(
  x: usize, y: usize, columns: i32, step: usize, column: usize, width: i32, first: bool,
): void {
  let length = column;
  if (step == length) {
    length *= columns;
    columns = 1;
  }
  const vectors = length & ~15;
  for (; columns > 0; columns--) {
    let offset: usize = 0;
    for (; offset < vectors; offset += 16) {
      let element = x + offset;
      let part = v128.load(element);
      for (let w: i32 = 1; w < width; w++) {
        element += column;
        part = isFloat<Kind>() ? f32x4.add(part, v128.load(element)) : f32x4.max(part, v128.load(element));
      }
      if (!first) {
        part = isFloat<Kind>() ? f32x4.add(v128.load(y + offset), part) : f32x4.max(v128.load(y + offset), part);
      }
      v128.store(y + offset, part);
    }
    for (; offset < length; offset += 4) {
      let element = x + offset;
      let part = load<f32>(element);
      for (let w: i32 = 1; w < width; w++) {
        element += column;
        part = isFloat<Kind>() ? part + load<f32>(element) : max<f32>(part, load<f32>(element));
      }
      if (!first) part = isFloat<Kind>() ? load<f32>(y + offset) + part : max<f32>(load<f32>(y + offset), part);
      store<f32>(y + offset, part);
    }
    x += step;
    y += length;
  }
}

function divide(y: usize, length: usize, count: f32): void {
  const end = y + length;
  const divisor = f32x4.splat(count);
  for (; y + 16 <= end; y += 16) v128.store(y, f32x4.div(v128.load(y), divisor));
  for (; y < end; y += 4) store<f32>(y, load<f32>(y) / count);
}

/** Pieces are rows of the result: outer × count of depth × count of height. */
function pool<Kind>(x: usize, y: usize, geometry: usize, from: i32, to: i32): void {
  const column = <usize>at(geometry, 0) * sizeof<f32>();
  const row = <usize>at(geometry, 3) * column;
  const frame = <usize>at(geometry, 2) * row;
  const whole = <usize>at(geometry, 1) * frame;
  const frames = at(geometry, 13);
  const rows = at(geometry, 14);
  const columns = at(geometry, 15);
  const step = <usize>at(geometry, 9) * column;
  let result = y + <usize>from * <usize>columns * column;
  for (let piece = from; piece < to; piece++) {
    const outer = piece / rows / frames;
    const d0 = start(geometry, 0, piece / rows % frames);
    const depth = end(geometry, 0, piece / rows % frames) - d0;
    const h0 = start(geometry, 1, piece % rows);
    const height = end(geometry, 1, piece % rows) - h0;
    const corner = x + <usize>outer * whole + <usize>d0 * frame + <usize>h0 * row;
    let run: i32 = 0;
    for (let c: i32 = 0; c < columns; c += run) {
      run = wholeColumns(geometry, c);
      const w0 = start(geometry, 2, c);
      const width = end(geometry, 2, c) - w0;
      for (let d: i32 = 0; d < depth; d++) {
        for (let h: i32 = 0; h < height; h++) {
          // A row is summed on its own first: the error then grows with rows plus columns, not with their product.
          const first = corner + <usize>d * frame + <usize>h * row + <usize>w0 * column;
          accumulate<Kind>(first, result, run, step, column, width, (d | h) == 0);
        }
      }
      if (isFloat<Kind>()) divide(result, <usize>run * column, <f32>(depth * height * width));
      result += <usize>run * column;
    }
  }
}

/** dx + dy / count, spread over one row of each of `columns` windows. */
function spread(dx: usize, dy: usize, columns: i32, step: usize, column: usize, width: i32, count: f32): void {
  let length = column;
  if (step == length) {
    length *= columns;
    columns = 1;
  }
  const vectors = length & ~15;
  for (; columns > 0; columns--) {
    let offset: usize = 0;
    for (; offset < vectors; offset += 16) {
      const share = f32x4.div(v128.load(dy + offset), f32x4.splat(count));
      let element = dx + offset;
      for (let w: i32 = 0; w < width; w++) {
        v128.store(element, f32x4.add(v128.load(element), share));
        element += column;
      }
    }
    for (; offset < length; offset += 4) {
      const share = load<f32>(dy + offset) / count;
      let element = dx + offset;
      for (let w: i32 = 0; w < width; w++) {
        store<f32>(element, load<f32>(element) + share);
        element += column;
      }
    }
    dx += step;
    dy += length;
  }
}

/**
 * dx + dy where x is y, the largest of its window: the first such element of each of `columns` windows. The largest is
 * NaN exactly where some element is: the first such one is meant then. `target` leads from an element of x to that of dx.
 */
function scatter(
  x: usize, y: usize, dy: usize, target: usize, columns: i32, step: usize, column: usize,
  frame: usize, row: usize, depth: i32, height: i32, width: i32,
): void {
  let length = column;
  if (step == length) {
    length *= columns;
    columns = 1;
  }
  const vectors = length & ~15;
  for (; columns > 0; columns--) {
    let offset: usize = 0;
    for (; offset < vectors; offset += 16) {
      const best = v128.load(y + offset);
      const gradient = v128.load(dy + offset);
      let open = i32x4.splat(-1);
      for (let d: i32 = 0; d < depth; d++) {
        for (let h: i32 = 0; h < height; h++) {
          let element = x + offset + <usize>d * frame + <usize>h * row;
          for (let w: i32 = 0; w < width; w++) {
            const value = v128.load(element);
            const hit = v128.and(v128.or(f32x4.eq(value, best), f32x4.ne(value, value)), open);
            open = v128.andnot(open, hit);
            v128.store(element + target, f32x4.add(v128.load(element + target), v128.and(gradient, hit)));
            element += column;
          }
        }
      }
    }
    for (; offset < length; offset += 4) {
      const best = load<f32>(y + offset);
      let open = true;
      for (let d: i32 = 0; d < depth && open; d++) {
        for (let h: i32 = 0; h < height && open; h++) {
          let element = x + offset + <usize>d * frame + <usize>h * row;
          for (let w: i32 = 0; w < width; w++) {
            const value = load<f32>(element);
            if (value == best || value != value) {
              store<f32>(element + target, load<f32>(element + target) + load<f32>(dy + offset));
              open = false;
              break;
            }
            element += column;
          }
        }
      }
    }
    x += step;
    y += length;
    dy += length;
  }
}

/** Pieces are the outer positions: windows of one may overlap, so each is summed by one thread. */
function poolGradient<Kind>(x: usize, y: usize, dy: usize, dx: usize, geometry: usize, from: i32, to: i32): void {
  const column = <usize>at(geometry, 0) * sizeof<f32>();
  const row = <usize>at(geometry, 3) * column;
  const frame = <usize>at(geometry, 2) * row;
  const whole = <usize>at(geometry, 1) * frame;
  const frames = at(geometry, 13);
  const rows = at(geometry, 14);
  const columns = at(geometry, 15);
  const step = <usize>at(geometry, 9) * column;
  memory.fill(dx + <usize>from * whole, 0, <usize>(to - from) * whole);
  // dx has the shape of x, and y that of dy.
  const target = dx - x;
  const result = y - dy;
  let gradient = dy + <usize>from * <usize>(frames * rows * columns) * column;
  for (let outer = from; outer < to; outer++) {
    for (let f: i32 = 0; f < frames; f++) {
      const d0 = start(geometry, 0, f);
      const depth = end(geometry, 0, f) - d0;
      for (let r: i32 = 0; r < rows; r++) {
        const h0 = start(geometry, 1, r);
        const height = end(geometry, 1, r) - h0;
        const corner = x + <usize>outer * whole + <usize>d0 * frame + <usize>h0 * row;
        let run: i32 = 0;
        for (let c: i32 = 0; c < columns; c += run) {
          run = wholeColumns(geometry, c);
          const w0 = start(geometry, 2, c);
          const width = end(geometry, 2, c) - w0;
          const first = corner + <usize>w0 * column;
          if (isFloat<Kind>()) {
            for (let d: i32 = 0; d < depth; d++) {
              for (let h: i32 = 0; h < height; h++) {
                const into = first + target + <usize>d * frame + <usize>h * row;
                spread(into, gradient, run, step, column, width, <f32>(depth * height * width));
              }
            }
          } else {
            scatter(first, gradient + result, gradient, target, run, step, column, frame, row, depth, height, width);
          }
          gradient += <usize>run * column;
        }
      }
    }
  }
}

export function maxPool(x: usize, y: usize, geometry: usize, from: i32, to: i32): void {
  pool<bool>(x, y, geometry, from, to);
}

export function averagePool(x: usize, y: usize, geometry: usize, from: i32, to: i32): void {
  pool<f32>(x, y, geometry, from, to);
}

export function maxPoolGradient(x: usize, y: usize, dy: usize, dx: usize, geometry: usize, from: i32, to: i32): void {
  poolGradient<bool>(x, y, dy, dx, geometry, from, to);
}

export function averagePoolGradient(dy: usize, dx: usize, geometry: usize, from: i32, to: i32): void {
  poolGradient<f32>(dx, dy, dy, dx, geometry, from, to);
}
