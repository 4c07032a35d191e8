// Slices picked by index, and slices added up by index. Indices are int32; what lies outside the axis picks zeros and is
// added nowhere; with `wrap`, negative ones count from the back.

// @ts-ignore: decorator
@inline
function indexAt(indices: usize, position: i32, size: i32, wrap: i32): i32 {
  const index = load<i32>(indices + (<usize>position << 2));
  return wrap != 0 && index < 0 ? index + size : index;
}

/**
 * x is [outer, size, bytes], y [outer, count, bytes], indices [count]: a piece is one slice of y.
 * `step` is 0 where every outer position has the same indices, else how many indices lie between two of them.
 */
export function gatherSlices(
  x: usize,
  indices: usize,
  y: usize,
  size: i32,
  count: i32,
  bytes: i32,
  step: i32,
  wrap: i32,
  from: i32,
  to: i32,
): void {
  let outer = from / count;
  let place = from % count;
  for (let piece = from; piece < to; piece++) {
    const index = indexAt(indices, outer * step + place, size, wrap);
    const line = outer;
    if (++place == count) {
      place = 0;
      outer++;
    }
    const target = y + <usize>piece * bytes;
    if (<u32>index >= <u32>size) {
      memory.fill(target, 0, bytes);
      continue;
    }
    const source = x + (<usize>line * size + index) * bytes;
    if (bytes == 4) store<u32>(target, load<u32>(source));
    else if (bytes == 8) store<u64>(target, load<u64>(source));
    else memory.copy(target, source, bytes);
  }
}

/**
 * Sorts positions by the index they hold, keeping their order: afterwards the positions of index i are
 * order[starts[i]] … order[starts[i + 1] − 1]. `starts` has size + 1 places. One piece.
 */
export function groupByIndex(
  indices: usize,
  count: i32,
  size: i32,
  wrap: i32,
  starts: usize,
  order: usize,
  from: i32,
  to: i32,
): void {
  memory.fill(starts, 0, <usize>(size + 1) << 2);
  for (let position: i32 = 0; position < count; position++) {
    const index = indexAt(indices, position, size, wrap);
    if (<u32>index >= <u32>size) continue;
    const at = starts + (<usize>(index + 1) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  for (let index: i32 = 1; index <= size; index++) {
    const at = starts + (<usize>index << 2);
    store<i32>(at, load<i32>(at) + load<i32>(at - 4));
  }
  // Each start moves to the end of its group while that is filled, which is where the next group starts.
  for (let position: i32 = 0; position < count; position++) {
    const index = indexAt(indices, position, size, wrap);
    if (<u32>index >= <u32>size) continue;
    const at = starts + (<usize>index << 2);
    const place = load<i32>(at);
    store<i32>(order + (<usize>place << 2), position);
    store<i32>(at, place + 1);
  }
  memory.copy(starts + 4, starts, <usize>size << 2);
  store<i32>(starts, 0);
}

/** The sum of one column over a group of slices, in float64 and in order. */
// @ts-ignore: decorator
@inline
function sumOf<T>(x: usize, order: usize, begin: i32, end: i32, bytes: usize): f64 {
  let sum: f64 = 0;
  for (let place = begin; place < end; place++) {
    sum += <f64>load<T>(x + <usize>load<i32>(order + (<usize>place << 2)) * bytes);
  }
  return sum;
}

function addSlices<T>(
  x: usize,
  y: usize,
  starts: usize,
  order: usize,
  size: i32,
  count: i32,
  inner: i32,
  from: i32,
  to: i32,
): void {
  const bytes = <usize>inner * sizeof<T>();
  for (let piece = from; piece < to; piece++) {
    const source = x + <usize>(piece / size) * count * bytes;
    const target = y + <usize>piece * bytes;
    const start = starts + (<usize>(piece % size) << 2);
    const begin = load<i32>(start);
    const end = load<i32>(start + 4);
    if (begin == end) {
      memory.fill(target, 0, bytes);
      continue;
    }
    let column: usize = 0;
    if (sizeof<T>() == 4) {
      for (; column + 16 <= bytes; column += 16) {
        let low = f64x2.splat(0);
        let high = f64x2.splat(0);
        for (let place = begin; place < end; place++) {
          const slice = <usize>load<i32>(order + (<usize>place << 2));
          const value = v128.load(source + slice * bytes + column);
          low = f64x2.add(low, f64x2.promote_low_f32x4(value));
          high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(value, value, 1, 0)));
        }
        const sums = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
        v128.store(target + column, sums);
      }
    }
    for (; column < bytes; column += sizeof<T>()) {
      store<T>(target + column, <T>sumOf<T>(source + column, order, begin, end, bytes));
    }
  }
}

/** y [outer, size, inner] from x [outer, count, inner], grouped by `groupByIndex`: a piece is one slice of y. */
export function addSlices32(
  x: usize,
  y: usize,
  starts: usize,
  order: usize,
  size: i32,
  count: i32,
  inner: i32,
  from: i32,
  to: i32,
): void {
  addSlices<f32>(x, y, starts, order, size, count, inner, from, to);
}

export function addSlices64(
  x: usize,
  y: usize,
  starts: usize,
  order: usize,
  size: i32,
  count: i32,
  inner: i32,
  from: i32,
  to: i32,
): void {
  addSlices<f64>(x, y, starts, order, size, count, inner, from, to);
}
