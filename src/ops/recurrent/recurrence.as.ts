// Recurrent layers in float32, from the first step to the last and back.
// Pieces are rows of the batch, which do not meet; each goes through all its steps, so that its state and its gates
// stay near. Four rows at a time lie side by side, element by element, and meet the recurrent matrix in panels of two
// vectors: so little is read for each product that arithmetic is the limit.
import { sigmoid4, tanh4 } from "../../devices/wasm/math.as";
import { part, storePart } from "../../devices/wasm/simd.as";
import { blocksOf, interleave, multiplyTile } from "../matmul/tile.as";

const SIMPLE = 0;
const LSTM = 1;

// @ts-ignore: decorator
@inline
function read(x: usize, count: i32): v128 {
  return part(x, count, f32x4.splat(0));
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

/** The parts of what is fed to a step: one for each gate. */
// @ts-ignore: decorator
@inline
function partsOf(kind: i32): usize {
  return kind == SIMPLE ? 1 : kind == LSTM ? 4 : 3;
}

/** Bytes of `count` elements of four rows side by side. */
// @ts-ignore: decorator
@inline
function sideBytes(count: i32): usize {
  return <usize>count << 4;
}

/** Elements 0 to `count` of up to four rows side by side; a row that is missing is the last one again. */
function sideBySide(source: usize, step: usize, rows: i32, count: i32, target: usize): void {
  const row1 = rows > 1 ? step : 0;
  const row2 = rows > 2 ? 2 * step : row1;
  const row3 = rows > 3 ? 3 * step : row2;
  interleave<f32>(source, source + row1, source + row2, source + row3, 4, <usize>count << 2, target, 16);
}

/** c = bias + a · b for groups of four rows side by side. Rows of c are whole panels; `zeros` serve where there is no bias. */
function multiply(
  a: usize,
  run: i32,
  groups: i32,
  b: usize,
  bStep: usize,
  panelStep: usize,
  panels: i32,
  bias: usize,
  zeros: usize,
  c: usize,
): void {
  const slices = blocksOf<i32>(run);
  const slice = (run + slices - 1) / slices;
  const cStep = <usize>panels << 5;
  const side = sideBytes(run);
  for (let p: i32 = 0; p < panels; p++) {
    const column = <usize>p << 5;
    for (let g: i32 = 0; g < groups; g++) {
      const target = c + (<usize>g << 2) * cStep + column;
      for (let s: i32 = 0; s < slices; s++) {
        const x = a + <usize>g * side + (<usize>(s * slice) << 4);
        const y = b + <usize>p * panelStep + <usize>(s * slice) * bStep;
        const start = s > 0 ? 0 : bias ? bias + column : zeros;
        const products = min(run - s * slice, slice);
        multiplyTile<f32>(x, 16, products, y, bStep, target, target + cStep, target + 2 * cStep, target + 3 * cStep, start, 4, 8, false, 0);
      }
    }
  }
}

/**
 * One row's state after a step: from `x` (the projected input) and `product` (of the state before), or as it was where
 * it is `kept`. The state before and after lie side by side. `gates` may be missing.
 */
function take(kind: i32, units: i32, kept: bool, x: usize, product: usize, h: usize, c: usize, gates: usize): void {
  const width = <usize>units * 4;
  for (let i: i32 = 0; i < units; i += 4) {
    const count = min(4, units - i);
    const at = <usize>i * 4;
    const h0 = read(h + at, count);
    if (kept) {
      storePart(h + width + at, h0, count);
      if (kind == LSTM) storePart(c + width + at, read(c + at, count), count);
      if (gates != 0 && kind != SIMPLE) {
        for (let gate: usize = 0; gate < 4; gate++) storePart(gates + gate * width + at, f32x4.splat(0), count);
      }
      continue;
    }
    const sum0 = f32x4.add(read(x + at, count), read(product + at, count));
    if (kind == SIMPLE) {
      storePart(h + width + at, tanh4(sum0), count);
      continue;
    }
    const sum1 = f32x4.add(read(x + width + at, count), read(product + width + at, count));
    const x2 = read(x + 2 * width + at, count);
    const fed2 = read(product + 2 * width + at, count);
    const gate0 = sigmoid4(sum0);
    const gate1 = sigmoid4(sum1);
    let gate2: v128;
    let gate3: v128;
    let y: v128;
    if (kind == LSTM) {
      gate2 = tanh4(f32x4.add(x2, fed2));
      gate3 = sigmoid4(f32x4.add(read(x + 3 * width + at, count), read(product + 3 * width + at, count)));
      const c1 = f32x4.add(f32x4.mul(gate1, read(c + at, count)), f32x4.mul(gate0, gate2));
      storePart(c + width + at, c1, count);
      y = f32x4.mul(gate3, tanh4(c1));
    } else {
      gate2 = tanh4(f32x4.add(x2, f32x4.mul(gate1, fed2)));
      gate3 = fed2;
      y = f32x4.add(f32x4.mul(gate0, h0), f32x4.mul(f32x4.sub(one(), gate0), gate2));
    }
    storePart(h + width + at, y, count);
    if (gates == 0) continue;
    storePart(gates + at, gate0, count);
    storePart(gates + width + at, gate1, count);
    storePart(gates + 2 * width + at, gate2, count);
    storePart(gates + 3 * width + at, gate3, count);
  }
}

/**
 * The states of all steps, h and c [batch, steps + 1, units], from the input x [batch, steps, features] and the states
 * before, h0 and c0 [batch, units]. `kernel…` are the panels of what the input is multiplied with, `recurrent…` those of
 * the states' matrix. The biases, `mask` (a byte for each step of each row) and `gates` may be missing. A piece is
 * `rowsOfPiece` rows, whole groups of four, and has `scratchBytes` of `scratch`, which begins with a panel's row of zeros.
 */
export function recurrence32(
  kind: i32,
  batch: i32,
  steps: i32,
  features: i32,
  units: i32,
  x: usize,
  kernel: usize,
  kernelStep: usize,
  kernelPanel: usize,
  bias: usize,
  recurrent: usize,
  recurrentStep: usize,
  recurrentPanel: usize,
  recurrentBias: usize,
  h0: usize,
  c0: usize,
  mask: usize,
  h: usize,
  c: usize,
  gates: usize,
  rowsOfPiece: i32,
  scratch: usize,
  scratchBytes: usize,
  from: i32,
  to: i32,
): void {
  const width = <usize>units * 4;
  const xWidth = <usize>features * 4;
  const panels = (<i32>partsOf(kind) * units + 7) >> 3;
  const fedWidth = <usize>panels << 5;
  const stateStep = <usize>(steps + 1) * width;
  const sideOfInput = sideBytes(features);
  const sideOfState = sideBytes(units);
  const zeros = scratch + <usize>from * scratchBytes;
  const side = zeros + 32;
  memory.fill(zeros, 0, 32);
  for (let piece = from; piece < to; piece++) {
    const first = piece * rowsOfPiece;
    const rows = min(batch - first, rowsOfPiece);
    const groups = (rows + 3) >> 2;
    const given = side + <usize>groups * max(sideOfInput, sideOfState);
    const product = given + (<usize>groups << 2) * fedWidth;
    for (let row = <usize>first; row < <usize>(first + rows); row++) {
      memory.copy(h + row * stateStep, h0 + row * width, width);
      if (kind == LSTM) memory.copy(c + row * stateStep, c0 + row * width, width);
    }
    for (let step: i32 = 0; step < steps; step++) {
      const before = <usize>step * width;
      for (let g: i32 = 0; g < groups; g++) {
        const source = x + (<usize>(first + (g << 2)) * <usize>steps + <usize>step) * xWidth;
        sideBySide(source, <usize>steps * xWidth, min(4, rows - (g << 2)), features, side + <usize>g * sideOfInput);
      }
      multiply(side, features, groups, kernel, kernelStep, kernelPanel, panels, bias, zeros, given);
      for (let g: i32 = 0; g < groups; g++) {
        const source = h + <usize>(first + (g << 2)) * stateStep + before;
        sideBySide(source, stateStep, min(4, rows - (g << 2)), units, side + <usize>g * sideOfState);
      }
      multiply(side, units, groups, recurrent, recurrentStep, recurrentPanel, panels, recurrentBias, zeros, product);
      for (let r: i32 = 0; r < rows; r++) {
        const row = <usize>(first + r);
        const at = row * <usize>steps + <usize>step;
        const fed = <usize>r * fedWidth;
        take(
          kind,
          units,
          mask != 0 && load<u8>(mask + at) == 0,
          given + fed,
          product + fed,
          h + row * stateStep + before,
          c + row * stateStep + before,
          gates ? gates + at * 4 * width : 0,
        );
      }
    }
  }
}

/**
 * One row's way back through a step. The gradient of the state after it is the sum of `dh`, `product` (what the next step's
 * product passed back) and `carriedH`; that of c the sum of `dc` and `carriedC`. What does not go through the product
 * is carried on, in place. The gradients of the projected input and of the product go to `dx` and `dproduct` (the same
 * but in a GRU, so elsewhere it is missing). Without `dx` everything is carried on. Addresses that are 0 mean zeros.
 */
function giveBack(
  kind: i32,
  units: i32,
  kept: bool,
  isLast: bool,
  dh: usize,
  dc: usize,
  product: usize,
  carriedH: usize,
  carriedC: usize,
  h: usize,
  c: usize,
  gates: usize,
  dx: usize,
  dproduct: usize,
): void {
  const width = <usize>units * 4;
  const zero = f32x4.splat(0);
  for (let i: i32 = 0; i < units; i += 4) {
    const count = min(4, units - i);
    const at = <usize>i * 4;
    let dy = dh == 0 ? zero : read(dh + at, count);
    let dcell = dc == 0 || kind != LSTM ? zero : read(dc + at, count);
    if (!isLast) {
      dy = f32x4.add(dy, f32x4.add(read(product + at, count), read(carriedH + at, count)));
      if (kind == LSTM) dcell = f32x4.add(dcell, read(carriedC + at, count));
    }
    if (kept) {
      storePart(carriedH + at, dy, count);
      if (kind == LSTM) storePart(carriedC + at, dcell, count);
      if (dx != 0) {
        for (let gate: usize = 0; gate < partsOf(kind); gate++) {
          storePart(dx + gate * width + at, zero, count);
          if (dproduct != 0) storePart(dproduct + gate * width + at, zero, count);
        }
      }
      continue;
    }
    if (kind == SIMPLE) {
      storePart(dx + at, f32x4.mul(dy, slopeOfTanh(read(h + width + at, count))), count);
      storePart(carriedH + at, zero, count);
      continue;
    }
    const gate0 = read(gates + at, count);
    const gate1 = read(gates + width + at, count);
    const gate2 = read(gates + 2 * width + at, count);
    const gate3 = read(gates + 3 * width + at, count);
    let d0: v128;
    let d1: v128;
    let d2: v128;
    if (kind == LSTM) {
      const squashed = tanh4(read(c + width + at, count));
      dcell = f32x4.add(dcell, f32x4.mul(f32x4.mul(dy, gate3), slopeOfTanh(squashed)));
      d0 = f32x4.mul(f32x4.mul(dcell, gate2), slopeOfSigmoid(gate0));
      d1 = f32x4.mul(f32x4.mul(dcell, read(c + at, count)), slopeOfSigmoid(gate1));
      d2 = f32x4.mul(f32x4.mul(dcell, gate0), slopeOfTanh(gate2));
      storePart(dx + 3 * width + at, f32x4.mul(f32x4.mul(dy, squashed), slopeOfSigmoid(gate3)), count);
      storePart(carriedC + at, f32x4.mul(dcell, gate1), count);
      storePart(carriedH + at, zero, count);
    } else {
      const h0 = read(h + at, count);
      d0 = f32x4.mul(f32x4.mul(dy, f32x4.sub(h0, gate2)), slopeOfSigmoid(gate0));
      d2 = f32x4.mul(f32x4.mul(dy, f32x4.sub(one(), gate0)), slopeOfTanh(gate2));
      d1 = f32x4.mul(f32x4.mul(d2, gate3), slopeOfSigmoid(gate1));
      storePart(carriedH + at, f32x4.mul(dy, gate0), count);
      storePart(dproduct + at, d0, count);
      storePart(dproduct + width + at, d1, count);
      storePart(dproduct + 2 * width + at, f32x4.mul(d2, gate1), count);
    }
    storePart(dx + at, d0, count);
    storePart(dx + width + at, d1, count);
    storePart(dx + 2 * width + at, d2, count);
  }
}

/**
 * The gradients of the projected input (and, of a GRU, of the recurrent product: `dproduct`), and of the states before
 * the first step. `panels` are those of the recurrent matrix transposed; the rest is as above.
 */
export function recurrenceGradient32(
  kind: i32,
  batch: i32,
  steps: i32,
  units: i32,
  dh: usize,
  dc: usize,
  panels: usize,
  bStep: usize,
  panelStep: usize,
  mask: usize,
  h: usize,
  c: usize,
  gates: usize,
  dx: usize,
  dproduct: usize,
  dh0: usize,
  dc0: usize,
  rowsOfPiece: i32,
  scratch: usize,
  scratchBytes: usize,
  from: i32,
  to: i32,
): void {
  const width = <usize>units * 4;
  const columns = <i32>partsOf(kind) * units;
  const xWidth = <usize>columns * 4;
  const panelCount = (units + 7) >> 3;
  const stateStep = <usize>(steps + 1) * width;
  const passed = dproduct ? dproduct : dx;
  const zeros = scratch + <usize>from * scratchBytes;
  const side = zeros + 32;
  memory.fill(zeros, 0, 32);
  for (let piece = from; piece < to; piece++) {
    const first = piece * rowsOfPiece;
    const rows = min(batch - first, rowsOfPiece);
    const groups = (rows + 3) >> 2;
    const product = side + <usize>groups * sideBytes(columns);
    // Step −1 is what comes before the first.
    for (let step = steps - 1; step >= -1; step--) {
      for (let r: i32 = 0; r < rows; r++) {
        const row = <usize>(first + r);
        const at = row * <usize>steps + <usize>step;
        const before = row * stateStep + <usize>step * width;
        giveBack(
          kind,
          units,
          step < 0 || (mask != 0 && load<u8>(mask + at) == 0),
          step == steps - 1,
          dh ? dh + before + width : 0,
          dc ? dc + before + width : 0,
          product + (<usize>r * <usize>panelCount << 5),
          dh0 + row * width,
          dc0 + row * width,
          h + before,
          c + before,
          gates + at * 4 * width,
          step < 0 ? 0 : dx + at * xWidth,
          step < 0 || !dproduct ? 0 : dproduct + at * xWidth,
        );
      }
      if (step < 0) break;
      for (let g: i32 = 0; g < groups; g++) {
        const source = passed + (<usize>(first + (g << 2)) * <usize>steps + <usize>step) * xWidth;
        const target = side + <usize>g * sideBytes(columns);
        sideBySide(source, <usize>steps * xWidth, min(4, rows - (g << 2)), columns, target);
      }
      multiply(side, columns, groups, panels, bStep, panelStep, panelCount, 0, zeros, product);
    }
  }
}
