// Max and average pooling over [outer, depth, height, width, inner], and what they pass back.
// Vectors run along `inner`; what is left of it, and all of it under channels_first, runs element by element with the
// same arithmetic, so an element's result does not depend on where it lies.
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

// The kind of pooling is a type here, so that each is compiled on its own: bool stands for max, f32 for average.

/** The result of one window for four neighbours. */
// @ts-ignore: decorator
@inline
function vectorOf<Kind>(x: usize, depth: i32, height: i32, width: i32, frame: usize, row: usize, column: usize): v128 {
  let total: v128 = isFloat<Kind>() ? f32x4.splat(0) : v128.load(x);
  for (let d: i32 = 0; d < depth; d++) {
    for (let h: i32 = 0; h < height; h++) {
      let from = x + <usize>d * frame + <usize>h * row;
      // A row is summed on its own first: the error then grows with rows plus columns, not with their product.
      let part: v128 = isFloat<Kind>() ? f32x4.splat(0) : total;
      for (let w: i32 = 0; w < width; w++) {
        const value = v128.load(from);
        part = isFloat<Kind>() ? f32x4.add(part, value) : f32x4.max(part, value);
        from += column;
      }
      total = isFloat<Kind>() ? f32x4.add(total, part) : part;
    }
  }
  return isFloat<Kind>() ? f32x4.div(total, f32x4.splat(<f32>(depth * height * width))) : total;
}

/** As `vectorOf`, for one element. */
// @ts-ignore: decorator
@inline
function elementOf<Kind>(x: usize, depth: i32, height: i32, width: i32, frame: usize, row: usize, column: usize): f32 {
  let total: f32 = isFloat<Kind>() ? 0 : load<f32>(x);
  for (let d: i32 = 0; d < depth; d++) {
    for (let h: i32 = 0; h < height; h++) {
      let from = x + <usize>d * frame + <usize>h * row;
      let part: f32 = isFloat<Kind>() ? 0 : total;
      for (let w: i32 = 0; w < width; w++) {
        const value = load<f32>(from);
        part = isFloat<Kind>() ? part + value : max<f32>(part, value);
        from += column;
      }
      total = isFloat<Kind>() ? total + part : part;
    }
  }
  return isFloat<Kind>() ? total / <f32>(depth * height * width) : total;
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
  const vectors = column & ~15;
  let result = y + <usize>from * <usize>columns * column;
  for (let piece = from; piece < to; piece++) {
    const outer = piece / rows / frames;
    const d0 = start(geometry, 0, piece / rows % frames);
    const depth = end(geometry, 0, piece / rows % frames) - d0;
    const h0 = start(geometry, 1, piece % rows);
    const height = end(geometry, 1, piece % rows) - h0;
    const corner = x + <usize>outer * whole + <usize>d0 * frame + <usize>h0 * row;
    for (let c: i32 = 0; c < columns; c++) {
      const w0 = start(geometry, 2, c);
      const width = end(geometry, 2, c) - w0;
      const first = corner + <usize>w0 * column;
      let offset: usize = 0;
      for (; offset < vectors; offset += 16) {
        v128.store(result + offset, vectorOf<Kind>(first + offset, depth, height, width, frame, row, column));
      }
      for (; offset < column; offset += sizeof<f32>()) {
        store<f32>(result + offset, elementOf<Kind>(first + offset, depth, height, width, frame, row, column));
      }
      result += column;
    }
  }
}

/** Pieces are the outer positions: windows of one may overlap, so each is summed by one thread. */
function poolGradient<Kind>(x: usize, dy: usize, dx: usize, geometry: usize, from: i32, to: i32): void {
  const column = <usize>at(geometry, 0) * sizeof<f32>();
  const row = <usize>at(geometry, 3) * column;
  const frame = <usize>at(geometry, 2) * row;
  const whole = <usize>at(geometry, 1) * frame;
  const frames = at(geometry, 13);
  const rows = at(geometry, 14);
  const columns = at(geometry, 15);
  const vectors = column & ~15;
  // dx is addressed from x: both have the same shape.
  const target = dx - x;
  memory.fill(dx + <usize>from * whole, 0, <usize>(to - from) * whole);
  let gradient = dy + <usize>from * <usize>(frames * rows * columns) * column;
  for (let outer = from; outer < to; outer++) {
    for (let f: i32 = 0; f < frames; f++) {
      const d0 = start(geometry, 0, f);
      const depth = end(geometry, 0, f) - d0;
      for (let r: i32 = 0; r < rows; r++) {
        const h0 = start(geometry, 1, r);
        const height = end(geometry, 1, r) - h0;
        const corner = x + <usize>outer * whole + <usize>d0 * frame + <usize>h0 * row;
        for (let c: i32 = 0; c < columns; c++) {
          const w0 = start(geometry, 2, c);
          const width = end(geometry, 2, c) - w0;
          const first = corner + <usize>w0 * column;
          let offset: usize = 0;
          for (; offset < vectors; offset += 16) {
            const start = first + offset;
            let share = v128.load(gradient + offset);
            let best = share;
            let open = i32x4.splat(-1);
            if (isFloat<Kind>()) share = f32x4.div(share, f32x4.splat(<f32>(depth * height * width)));
            else best = vectorOf<Kind>(start, depth, height, width, frame, row, column);
            for (let d: i32 = 0; d < depth; d++) {
              for (let h: i32 = 0; h < height; h++) {
                let element = start + <usize>d * frame + <usize>h * row;
                for (let w: i32 = 0; w < width; w++) {
                  const sum = v128.load(element + target);
                  if (isFloat<Kind>()) v128.store(element + target, f32x4.add(sum, share));
                  else {
                    const value = v128.load(element);
                    // The largest is NaN exactly where some value is: the first such one is meant then.
                    const hit = v128.and(v128.or(f32x4.eq(value, best), f32x4.ne(value, value)), open);
                    open = v128.andnot(open, hit);
                    v128.store(element + target, f32x4.add(sum, v128.and(share, hit)));
                  }
                  element += column;
                }
              }
            }
          }
          for (; offset < column; offset += sizeof<f32>()) {
            const start = first + offset;
            let share = load<f32>(gradient + offset);
            let best = share;
            let open = true;
            if (isFloat<Kind>()) share /= <f32>(depth * height * width);
            else best = elementOf<Kind>(start, depth, height, width, frame, row, column);
            for (let d: i32 = 0; d < depth; d++) {
              for (let h: i32 = 0; h < height; h++) {
                let element = start + <usize>d * frame + <usize>h * row;
                for (let w: i32 = 0; w < width; w++) {
                  if (isFloat<Kind>()) store<f32>(element + target, load<f32>(element + target) + share);
                  else {
                    const value = load<f32>(element);
                    if (open && (value == best || value != value)) {
                      open = false;
                      store<f32>(element + target, load<f32>(element + target) + share);
                    }
                  }
                  element += column;
                }
              }
            }
          }
          gradient += column;
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

export function maxPoolGradient(x: usize, dy: usize, dx: usize, geometry: usize, from: i32, to: i32): void {
  poolGradient<bool>(x, dy, dx, geometry, from, to);
}

export function averagePoolGradient(x: usize, dy: usize, dx: usize, geometry: usize, from: i32, to: i32): void {
  poolGradient<f32>(x, dy, dx, geometry, from, to);
}

