// One time step of a recurrent layer in float32: what follows the products, forwards and backwards. Pieces are rows of
// the batch. The recurrent product of the step comes from the product kernel (`ops/matmul/product.as.ts`); steps
// follow each other as calls.
import { sigmoid4, tanh4 } from "../../devices/wasm/math.as";
import { part, storePart } from "../../devices/wasm/simd.as";

const SIMPLE = 0;
const LSTM = 1;

// Nearly all vectors are whole; only the last of a row may not be.

// @ts-ignore: decorator
@inline
function read(x: usize, count: i32): v128 {
  return count == 4 ? v128.load(x) : part(x, count, f32x4.splat(0));
}

// @ts-ignore: decorator
@inline
function write(y: usize, value: v128, count: i32): void {
  if (count == 4) v128.store(y, value);
  else storePart(y, value, count);
}

// @ts-ignore: decorator
@inline
function one(): v128 {
  return f32x4.splat(1);
}

/** y (1 − y): the derivative of the logistic function where it is y. */
// @ts-ignore: decorator
@inline
function slopeOfSigmoid(y: v128): v128 {
  return f32x4.mul(y, f32x4.sub(one(), y));
}

/** 1 − y²: the derivative of tanh where it is y. */
// @ts-ignore: decorator
@inline
function slopeOfTanh(y: v128): v128 {
  return f32x4.sub(one(), f32x4.mul(y, y));
}

/**
 * The state of `units` after a step: from `x` (the projected input) and `product` (of the state before) where `mask`
 * is 1, as it was where it is 0 or `x` is missing; `gates` may be missing, too. Steps are bytes from row to row; those of `product` lie close.
 */
export function recurrenceStep32(
  kind: i32,
  units: i32,
  x: usize,
  xStep: usize,
  product: usize,
  hBefore: usize,
  cBefore: usize,
  beforeStep: usize,
  mask: usize,
  maskStep: usize,
  h: usize,
  c: usize,
  afterStep: usize,
  gates: usize,
  gatesStep: usize,
  from: i32,
  to: i32,
): void {
  const width = <usize>units * 4;
  const parts: usize = kind == SIMPLE ? 1 : kind == LSTM ? 4 : 3;
  for (let row = <usize>from; row < <usize>to; row++) {
    const kept = x == 0 || (mask != 0 && load<u8>(mask + row * maskStep) == 0);
    const before = row * beforeStep;
    const after = row * afterStep;
    const given = x + row * xStep;
    const fed = product + row * parts * width;
    const saved = gates + row * gatesStep;
    for (let i: i32 = 0; i < units; i += 4) {
      const count = min(4, units - i);
      const at = <usize>i * 4;
      const h0 = read(hBefore + before + at, count);
      if (kept) {
        write(h + after + at, h0, count);
        if (kind == LSTM) write(c + after + at, read(cBefore + before + at, count), count);
        if (x != 0 && gates != 0 && kind != SIMPLE) {
          for (let gate: usize = 0; gate < 4; gate++) write(saved + gate * width + at, f32x4.splat(0), count);
        }
        continue;
      }
      const sum0 = f32x4.add(read(given + at, count), read(fed + at, count));
      if (kind == SIMPLE) {
        write(h + after + at, tanh4(sum0), count);
        continue;
      }
      const sum1 = f32x4.add(read(given + width + at, count), read(fed + width + at, count));
      const x2 = read(given + 2 * width + at, count);
      const fed2 = read(fed + 2 * width + at, count);
      const gate0 = sigmoid4(sum0);
      const gate1 = sigmoid4(sum1);
      let gate2: v128;
      let gate3: v128;
      let y: v128;
      if (kind == LSTM) {
        gate2 = tanh4(f32x4.add(x2, fed2));
        gate3 = sigmoid4(f32x4.add(read(given + 3 * width + at, count), read(fed + 3 * width + at, count)));
        const c1 = f32x4.add(f32x4.mul(gate1, read(cBefore + before + at, count)), f32x4.mul(gate0, gate2));
        write(c + after + at, c1, count);
        y = f32x4.mul(gate3, tanh4(c1));
      } else {
        gate2 = tanh4(f32x4.add(x2, f32x4.mul(gate1, fed2)));
        gate3 = fed2;
        y = f32x4.add(f32x4.mul(gate0, h0), f32x4.mul(f32x4.sub(one(), gate0), gate2));
      }
      write(h + after + at, y, count);
      if (gates == 0) continue;
      write(saved + at, gate0, count);
      write(saved + width + at, gate1, count);
      write(saved + 2 * width + at, gate2, count);
      write(saved + 3 * width + at, gate3, count);
    }
  }
}

/**
 * The way back through a step. The gradient of the state after it is the sum of `dh`, `product` (what the next step's
 * product passed back) and `carriedH`; that of c the sum of `dc` and `carriedC`. What does not go through the product
 * is carried on, in place. The gradients of the projected input and of the product go to `dx` and `dproduct` (the same
 * but in a GRU, so elsewhere it is missing). Without `dx` everything is carried on. Addresses that are 0 mean zeros.
 */
export function recurrenceBack32(
  kind: i32,
  units: i32,
  dh: usize,
  dc: usize,
  product: usize,
  carriedH: usize,
  carriedC: usize,
  isLast: i32,
  mask: usize,
  maskStep: usize,
  h: usize,
  c: usize,
  stateStep: usize,
  gates: usize,
  gatesStep: usize,
  dx: usize,
  dproduct: usize,
  dxStep: usize,
  from: i32,
  to: i32,
): void {
  const width = <usize>units * 4;
  const parts: usize = kind == SIMPLE ? 1 : kind == LSTM ? 4 : 3;
  const zero = f32x4.splat(0);
  for (let row = <usize>from; row < <usize>to; row++) {
    const kept = dx == 0 || (mask != 0 && load<u8>(mask + row * maskStep) == 0);
    const state = row * stateStep;
    const close = row * width;
    const saved = gates + row * gatesStep;
    const target = dx + row * dxStep;
    const other = dproduct + row * dxStep;
    for (let i: i32 = 0; i < units; i += 4) {
      const count = min(4, units - i);
      const at = <usize>i * 4;
      let dy = dh == 0 ? zero : read(dh + state + at, count);
      let dcell = dc == 0 || kind != LSTM ? zero : read(dc + state + at, count);
      if (!isLast) {
        dy = f32x4.add(dy, f32x4.add(read(product + close + at, count), read(carriedH + close + at, count)));
        if (kind == LSTM) dcell = f32x4.add(dcell, read(carriedC + close + at, count));
      }
      if (kept) {
        write(carriedH + close + at, dy, count);
        if (kind == LSTM) write(carriedC + close + at, dcell, count);
        if (dx != 0) {
          for (let gate: usize = 0; gate < parts; gate++) {
            write(target + gate * width + at, zero, count);
            if (dproduct != 0) write(other + gate * width + at, zero, count);
          }
        }
        continue;
      }
      if (kind == SIMPLE) {
        write(target + at, f32x4.mul(dy, slopeOfTanh(read(h + state + width + at, count))), count);
        write(carriedH + close + at, zero, count);
        continue;
      }
      const gate0 = read(saved + at, count);
      const gate1 = read(saved + width + at, count);
      const gate2 = read(saved + 2 * width + at, count);
      const gate3 = read(saved + 3 * width + at, count);
      let d0: v128;
      let d1: v128;
      let d2: v128;
      if (kind == LSTM) {
        const squashed = tanh4(read(c + state + width + at, count));
        dcell = f32x4.add(dcell, f32x4.mul(f32x4.mul(dy, gate3), slopeOfTanh(squashed)));
        d0 = f32x4.mul(f32x4.mul(dcell, gate2), slopeOfSigmoid(gate0));
        d1 = f32x4.mul(f32x4.mul(dcell, read(c + state + at, count)), slopeOfSigmoid(gate1));
        d2 = f32x4.mul(f32x4.mul(dcell, gate0), slopeOfTanh(gate2));
        write(target + 3 * width + at, f32x4.mul(f32x4.mul(dy, squashed), slopeOfSigmoid(gate3)), count);
        write(carriedC + close + at, f32x4.mul(dcell, gate1), count);
        write(carriedH + close + at, zero, count);
      } else {
        const h0 = read(h + state + at, count);
        d0 = f32x4.mul(f32x4.mul(dy, f32x4.sub(h0, gate2)), slopeOfSigmoid(gate0));
        d2 = f32x4.mul(f32x4.mul(dy, f32x4.sub(one(), gate0)), slopeOfTanh(gate2));
        d1 = f32x4.mul(f32x4.mul(d2, gate3), slopeOfSigmoid(gate1));
        write(carriedH + close + at, f32x4.mul(dy, gate0), count);
        write(other + at, d0, count);
        write(other + width + at, d1, count);
        write(other + 2 * width + at, f32x4.mul(d2, gate1), count);
      }
      write(target + at, d0, count);
      write(target + width + at, d1, count);
      write(target + 2 * width + at, d2, count);
    }
  }
}
