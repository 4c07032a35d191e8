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
