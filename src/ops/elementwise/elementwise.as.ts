// Runs the programs of formulas (see `program.ts`): every instruction over one block of elements after another, each
// block staying in the first cache until it is done. Operands of other dtypes, and those that broadcast, are first
// laid out in the scratch memory as the block needs them; all others are read where they lie. The last vector of a
// block may reach beyond its last element: memory is handed out in multiples of 64 bytes.
//
// `plan` holds 32-bit integers:
//   0 instructions, 1 slots, 2 inputs, 3 elements of a block, 4 blocks of a piece, 5 elements, 6 kind of the output,
//   7 rank, 8 address of the output, 9 of the scratch memory, 10 bytes of it for each piece, 11 numbers;
//   then the sizes of the axes; for each input its kind, how it is laid out, its address and its strides;
//   for each instruction its code, three operands and its target.
// `numbers` holds the parameters and numbers as float64.
// Slots are inputs, numbers, registers, and the output last.
//
// Other kernels run programs on what they have just written (`openProgram`, `runProgram`); theirs are shorter:
//   0 instructions, 1 inputs, 2 numbers, 3 registers, 4 bytes of scratch memory; the instructions; the numbers.
import { lanes } from "../../devices/wasm/simd.as";
import { erf4, erfc4, exp4, expm14, log1p4, log4, power4, sigmoid4, sin4, tanh4 } from "../../devices/wasm/math.as";

// Kinds of elements.
const FLOAT32 = 0;
const FLOAT64 = 1;
const INT32 = 2;
const UINT8 = 3;
const BOOL = 4;

// Ways to lay out an input.
const DIRECT = 0;
const CONSTANT = 1;
const REPEATING = 2;

// @ts-ignore: decorator
@inline
function at(list: usize, index: i32): i32 {
  return load<i32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function address(list: usize, index: i32): usize {
  return <usize>load<u32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function all<T>(value: f64): v128 {
  return v128.splat<T>(<T>value);
}

// @ts-ignore: decorator
@inline
function truth<T>(mask: v128): v128 {
  return v128.and(mask, all<T>(1));
}

// @ts-ignore: decorator
@inline
function isTrue<T>(a: v128): v128 {
  return v128.ne<T>(a, all<T>(0));
}

/** One instruction on one vector. `code` is known where this is written out, so only its case remains. */
// @ts-ignore: decorator
@inline
function apply<T>(code: i32, a: v128, b: v128, c: v128): v128 {
  if (code == 0) return a;
  if (code == 1) return v128.add<T>(a, b);
  if (code == 2) return v128.sub<T>(a, b);
  if (code == 3) return v128.mul<T>(a, b);
  if (code == 4) return v128.div<T>(a, b);
  if (code == 5) return v128.neg<T>(a);
  if (code == 6) return truth<T>(v128.eq<T>(a, b));
  if (code == 7) return truth<T>(v128.ne<T>(a, b));
  if (code == 8) return truth<T>(v128.lt<T>(a, b));
  if (code == 9) return truth<T>(v128.le<T>(a, b));
  if (code == 10) return truth<T>(v128.and(isTrue<T>(a), isTrue<T>(b)));
  if (code == 11) return truth<T>(v128.or(isTrue<T>(a), isTrue<T>(b)));
  if (code == 12) return v128.bitselect(b, c, isTrue<T>(a));
  if (code == 13) return v128.max<T>(a, b);
  if (code == 14) return v128.min<T>(a, b);
  if (code == 15) return v128.abs<T>(a);
  if (code == 16) return v128.floor<T>(a);
  if (code == 17) return v128.ceil<T>(a);
  if (code == 18) return v128.trunc<T>(a);
  if (code == 19) return v128.nearest<T>(a);
  if (code == 20) {
    const one = v128.or(all<T>(1), v128.and(a, all<T>(-0.0)));
    return v128.bitselect(one, a, v128.gt<T>(v128.abs<T>(a), all<T>(0)));
  }
  if (code == 21) return v128.sqrt<T>(a);
  if (code == 22) return exp4(a);
  if (code == 23) return expm14(a);
  if (code == 24) return log4(a);
  if (code == 25) return log1p4(a);
  if (code == 26) return power4(a, b);
  if (code == 27) return tanh4(a);
  if (code == 28) return sigmoid4(a);
  if (code == 29) return erf4(a);
  if (code == 30) return sin4(a, 0);
  if (code == 31) return sin4(a, 1);
  // what only this kernel knows: max(a, 0), with a NaN and −0 as `max` has them, in a quarter of its instructions
  if (code == 33) return v128.add<T>(v128.pmax<T>(a, all<T>(0)), all<T>(0));
  return erfc4(a);
}

// @ts-ignore: decorator
@inline
function unary<T>(code: i32, y: usize, end: usize, a: usize, stepA: usize): void {
  for (; y < end; y += 16, a += stepA) {
    const x = v128.load(a);
    v128.store(y, apply<T>(code, x, x, x));
  }
}

// @ts-ignore: decorator
@inline
function binary<T>(code: i32, y: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; y < end; y += 16, a += stepA, b += stepB) {
    const x = v128.load(a);
    v128.store(y, apply<T>(code, x, v128.load(b), x));
  }
}

/** One instruction on one block. `slots` holds addresses and steps. */
function instruct<T>(plan: usize, slots: usize, bytes: usize): void {
  const slotA = slots + (address(plan, 1) << 3);
  const slotB = slots + (address(plan, 2) << 3);
  const slotC = slots + (address(plan, 3) << 3);
  let y = address(slots + (address(plan, 4) << 3), 0);
  const end = y + bytes;
  let a = address(slotA, 0);
  let b = address(slotB, 0);
  const stepA = address(slotA, 1);
  const stepB = address(slotB, 1);
  switch (at(plan, 0)) {
    case 0: return unary<T>(0, y, end, a, stepA);
    case 1: return binary<T>(1, y, end, a, stepA, b, stepB);
    case 2: return binary<T>(2, y, end, a, stepA, b, stepB);
    case 3: return binary<T>(3, y, end, a, stepA, b, stepB);
    case 4: return binary<T>(4, y, end, a, stepA, b, stepB);
    case 5: return unary<T>(5, y, end, a, stepA);
    case 6: return binary<T>(6, y, end, a, stepA, b, stepB);
    case 7: return binary<T>(7, y, end, a, stepA, b, stepB);
    case 8: return binary<T>(8, y, end, a, stepA, b, stepB);
    case 9: return binary<T>(9, y, end, a, stepA, b, stepB);
    case 10: return binary<T>(10, y, end, a, stepA, b, stepB);
    case 11: return binary<T>(11, y, end, a, stepA, b, stepB);
    case 12: {
      let c = address(slotC, 0);
      const stepC = address(slotC, 1);
      for (; y < end; y += 16, a += stepA, b += stepB, c += stepC) {
        v128.store(y, apply<T>(12, v128.load(a), v128.load(b), v128.load(c)));
      }
      return;
    }
    case 13: {
      if (stepB == 0 && load<i64>(b) == 0) return unary<T>(33, y, end, a, stepA);
      return binary<T>(13, y, end, a, stepA, b, stepB);
    }
    case 14: return binary<T>(14, y, end, a, stepA, b, stepB);
    case 15: return unary<T>(15, y, end, a, stepA);
    case 16: return unary<T>(16, y, end, a, stepA);
    case 17: return unary<T>(17, y, end, a, stepA);
    case 18: return unary<T>(18, y, end, a, stepA);
    case 19: return unary<T>(19, y, end, a, stepA);
    case 20: return unary<T>(20, y, end, a, stepA);
    case 21: return unary<T>(21, y, end, a, stepA);
  }
  if (sizeof<T>() == 8) return;
  switch (at(plan, 0)) {
    case 22: return unary<T>(22, y, end, a, stepA);
    case 23: return unary<T>(23, y, end, a, stepA);
    case 24: return unary<T>(24, y, end, a, stepA);
    case 25: return unary<T>(25, y, end, a, stepA);
    case 26: return binary<T>(26, y, end, a, stepA, b, stepB);
    case 27: return unary<T>(27, y, end, a, stepA);
    case 28: return unary<T>(28, y, end, a, stepA);
    case 29: return unary<T>(29, y, end, a, stepA);
    case 30: return unary<T>(30, y, end, a, stepA);
    case 31: return unary<T>(31, y, end, a, stepA);
    case 32: return unary<T>(32, y, end, a, stepA);
  }
}

/** Lays out `count` elements of an input from `start` on, as the type that is computed in. */
function lay<T, S>(y: usize, source: usize, strides: usize, sizes: usize, rank: i32, counters: usize, start: i32, count: i32): void {
  let offset: i32 = 0;
  for (let axis = rank - 1, rest = start; axis >= 0; axis--) {
    const size = at(sizes, axis);
    const index = rest % size;
    rest /= size;
    store<i32>(counters + (<usize>axis << 2), index);
    offset += index * at(strides, axis);
  }
  const last = rank - 1;
  const length = at(sizes, last);
  const stride = at(strides, last);
  const step = <usize>stride * sizeof<S>();
  let counter = at(counters, last);
  while (count > 0) {
    const run = min(length - counter, count);
    const end = y + <usize>run * sizeof<T>();
    let x = source + <usize>offset * sizeof<S>();
    if (stride == 0) {
      const value = <T>load<S>(x);
      for (; y + 16 <= end; y += 16) v128.store(y, v128.splat<T>(value));
      for (; y < end; y += sizeof<T>()) store<T>(y, value);
    } else {
      if (stride == 1) {
        if (sizeof<S>() == sizeof<T>() && isFloat<S>()) {
          for (; y + 16 <= end; y += 16, x += 16) v128.store(y, v128.load(x));
        } else if (sizeof<S>() == 1 && sizeof<T>() == 4) {
          for (; y + 32 <= end; y += 32, x += 8) {
            const values = v128.load8x8_u(x);
            v128.store(y, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(values)));
            v128.store(y, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(values)), 16);
          }
        } else if (isInteger<S>() && sizeof<S>() == 4 && sizeof<T>() == 8) {
          for (; y + 16 <= end; y += 16, x += 8) v128.store(y, f64x2.convert_low_i32x4_s(v128.load64_zero(x)));
        } else if (isInteger<S>() && sizeof<S>() == 4) {
          for (; y + 16 <= end; y += 16, x += 16) v128.store(y, f32x4.convert_i32x4_s(v128.load(x)));
        }
      }
      for (; y < end; y += sizeof<T>(), x += step) store<T>(y, <T>load<S>(x));
    }
    count -= run;
    offset += run * stride;
    counter += run;
    if (counter < length) break;
    offset -= length * stride;
    counter = 0;
    for (let axis = last - 1; axis >= 0; axis--) {
      offset += at(strides, axis);
      const next = at(counters, axis) + 1;
      if (next < at(sizes, axis)) {
        store<i32>(counters + (<usize>axis << 2), next);
        break;
      }
      offset -= next * at(strides, axis);
      store<i32>(counters + (<usize>axis << 2), 0);
    }
  }
}

function layOut<T>(kind: i32, y: usize, source: usize, strides: usize, sizes: usize, rank: i32, counters: usize, start: i32, count: i32): void {
  if (kind == FLOAT32) lay<T, f32>(y, source, strides, sizes, rank, counters, start, count);
  else if (kind == FLOAT64) lay<T, f64>(y, source, strides, sizes, rank, counters, start, count);
  else if (kind == INT32) lay<T, i32>(y, source, strides, sizes, rank, counters, start, count);
  else lay<T, u8>(y, source, strides, sizes, rank, counters, start, count);
}

/** As JavaScript converts: modulo 2^32, and 0 for what is not finite. */
// @ts-ignore: decorator
@inline
function toInt<T>(value: T): i32 {
  return value - value == 0 ? <i32>(<i64>value) : 0;
}

// @ts-ignore: decorator
@inline
function convertTo<T, U>(x: usize, y: usize, count: i32): void {
  let i: usize = 0;
  if (isBoolean<U>() && sizeof<T>() == 4) {
    for (; i + 16 <= <usize>count; i += 16) {
      const source = x + (i << 2);
      const first = i16x8.narrow_i32x4_s(isTrue<T>(v128.load(source)), isTrue<T>(v128.load(source, 16)));
      const second = i16x8.narrow_i32x4_s(isTrue<T>(v128.load(source, 32)), isTrue<T>(v128.load(source, 48)));
      v128.store(y + i, v128.and(i8x16.narrow_i16x8_s(first, second), i8x16.splat(1)));
    }
  } else if (isFloat<U>() && sizeof<U>() == 4 && sizeof<T>() == 8) {
    for (; i + 4 <= <usize>count; i += 4) {
      const low = f32x4.demote_f64x2_zero(v128.load(x + (i << 3)));
      const high = f32x4.demote_f64x2_zero(v128.load(x + (i << 3), 16));
      v128.store(y + (i << 2), i64x2.shuffle(low, high, 0, 2));
    }
  }
  for (; i < <usize>count; i++) {
    const value = load<T>(x + i * sizeof<T>());
    if (isFloat<U>()) store<U>(y + i * sizeof<U>(), <U>value);
    else if (isBoolean<U>()) store<u8>(y + i, <u8>(value != 0));
    else store<U>(y + i * sizeof<U>(), <U>toInt<T>(value));
  }
}

/** Stores computed elements as the output's type. */
function convert<T>(kind: i32, x: usize, y: usize, count: i32): void {
  if (kind == FLOAT32) convertTo<T, f32>(x, y, count);
  else if (kind == FLOAT64) convertTo<T, f64>(x, y, count);
  else if (kind == INT32) convertTo<T, i32>(x, y, count);
  else if (kind == UINT8) convertTo<T, u8>(x, y, count);
  else convertTo<T, bool>(x, y, count);
}

function execute<T>(plan: usize, numbers: usize, from: i32, to: i32): void {
  const instructions = at(plan, 0);
  const slotCount = at(plan, 1);
  const inputCount = at(plan, 2);
  const block = at(plan, 3);
  const size = at(plan, 5);
  const outputKind = at(plan, 6);
  const rank = at(plan, 7);
  const output = address(plan, 8);
  const numberCount = at(plan, 11);
  const sizes = plan + 48;
  const inputs = sizes + (<usize>rank << 2);
  const inputBytes: usize = (3 + <usize>rank) << 2;
  const program = inputs + <usize>inputCount * inputBytes;
  const isSame = outputKind == (sizeof<T>() == 4 ? FLOAT32 : FLOAT64);

  // scratch memory: the table of slots, the counters of an input's axes, then the slots that are kept there
  const slots = address(plan, 9) + <usize>from * address(plan, 10);
  const counters = slots + ((<usize>slotCount << 3) + 15 & ~15);
  let free = counters + ((<usize>rank << 2) + 15 & ~15);
  for (let slot = 0; slot < slotCount; slot++) {
    const entry = slots + (<usize>slot << 3);
    const isNumber = slot >= inputCount && slot < inputCount + numberCount;
    const input = inputs + <usize>slot * inputBytes;
    const isConstant = isNumber || (slot < inputCount && at(input, 1) == CONSTANT);
    store<u32>(entry, <u32>free);
    store<u32>(entry + 4, isConstant ? 0 : 16);
    if (isNumber) v128.store(free, v128.splat<T>(<T>load<f64>(numbers + (<usize>(slot - inputCount) << 3))));
    if (slot < inputCount && (at(input, 1) == CONSTANT || at(input, 1) == REPEATING)) {
      const count = isConstant ? <i32>lanes<T>() : min(block, size);
      layOut<T>(at(input, 0), free, address(input, 2), input + 12, sizes, rank, counters, 0, count);
    }
    free += isConstant ? 16 : <usize>block * sizeof<T>();
  }

  const first = from * at(plan, 4) * block;
  const last = min(<i64>to * at(plan, 4) * block, <i64>size) as i32;
  for (let start = first; start < last; start += block) {
    const count = min(block, size - start);
    const offset = <usize>start * sizeof<T>();
    for (let index = 0; index < inputCount; index++) {
      const input = inputs + <usize>index * inputBytes;
      const entry = slots + (<usize>index << 3);
      const way = at(input, 1);
      if (way == DIRECT) store<u32>(entry, <u32>(address(input, 2) + offset));
      else if (way > REPEATING) {
        layOut<T>(at(input, 0), address(entry, 0), address(input, 2), input + 12, sizes, rank, counters, start, count);
      }
    }
    const result = slots + (<usize>(slotCount - 1) << 3);
    if (isSame) store<u32>(result, <u32>(output + offset));
    for (let index = 0; index < instructions; index++) {
      instruct<T>(program + <usize>index * 20, slots, <usize>count * sizeof<T>());
    }
    if (!isSame) {
      const bytes: usize = outputKind == FLOAT64 ? 8 : outputKind > INT32 ? 1 : 4;
      convert<T>(outputKind, address(result, 0), output + <usize>start * bytes, count);
    }
  }
}

/** Bytes of a program's registers when another kernel runs it. */
const TILE: usize = 2048;

// @ts-ignore: decorator
@inline
function setSlot(slots: usize, index: i32, address: usize, step: i32): void {
  store<u32>(slots + (<usize>index << 3), <u32>address);
  store<u32>(slots + (<usize>index << 3), step, 4);
}

/** Lays out the numbers and registers of a program that another kernel runs, in the scratch memory that it asks for. */
export function openProgram<T>(program: usize, slots: usize): void {
  const inputs = at(program, 1), numbers = at(program, 2), registers = at(program, 3);
  const values = program + 20 + <usize>at(program, 0) * 20;
  let free = slots + ((<usize>(inputs + numbers + registers + 1) << 3) + 15 & ~15);
  for (let number = 0; number < numbers; number++, free += 16) {
    v128.store(free, v128.splat<T>(<T>load<f64>(values + (<usize>number << 3))));
    setSlot(slots, inputs + number, free, 0);
  }
  for (let register = 0; register < registers; register++, free += TILE) setSlot(slots, inputs + numbers + register, free, 16);
}

function runWhole<T>(program: usize, slots: usize, a: usize, b: usize, y: usize, bytes: usize): void {
  const inputs = at(program, 1);
  setSlot(slots, 0, a, 16);
  if (inputs > 1) setSlot(slots, 1, b, 16);
  setSlot(slots, inputs + at(program, 2) + at(program, 3), y, 16);
  for (let index = 0; index < at(program, 0); index++) instruct<T>(program + 20 + <usize>index * 20, slots, bytes);
}

/** y of `a`, and of `b` where the program has two inputs: `bytes` of each. y may be `a` or `b`. */
export function runProgram<T>(program: usize, slots: usize, a: usize, b: usize, y: usize, bytes: usize): void {
  const whole = bytes & ~15, rest = bytes - whole;
  for (let from: usize = 0; from < whole; from += TILE) {
    runWhole<T>(program, slots, a + from, b + from, y + from, min(TILE, whole - from));
  }
  if (rest == 0) return;
  // What lies behind belongs to others, so the last elements go through vectors of their own.
  const spare = slots + <usize>at(program, 4) - 48;
  memory.copy(spare, a + whole, rest);
  if (at(program, 1) > 1) memory.copy(spare + 16, b + whole, rest);
  runWhole<T>(program, slots, spare, spare + 16, spare + 32, 16);
  memory.copy(y + whole, spare + 32, rest);
}

export function elementwise32(plan: usize, numbers: usize, from: i32, to: i32): void {
  execute<f32>(plan, numbers, from, to);
}

export function elementwise64(plan: usize, numbers: usize, from: i32, to: i32): void {
  execute<f64>(plan, numbers, from, to);
}
