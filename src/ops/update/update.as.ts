// The optimizers' updates for float32, one pass over memory each. Addresses: the variable, its gradient and its slots,
// then where their new values go; a slot that is not kept has address 0. `from` and `to` count blocks of 4096
// elements. The last vector may reach beyond the last element: memory is handed out in multiples of 64 bytes.
import { multiplyAdd } from "../../devices/wasm/simd.as";

// @ts-ignore: decorator
@inline
function load(at: usize): v128 {
  return v128.load(at);
}

// @ts-ignore: decorator
@inline
function all(value: f32): v128 {
  return f32x4.splat(value);
}

// @ts-ignore: decorator
@inline
function endOf(size: usize, to: i32): usize {
  return min(<usize>to * 4096, size) * 4;
}

// @ts-ignore: decorator
@inline
function startOf(from: i32): usize {
  return <usize>from * 4096 * 4;
}

/** a + rate · (b − a) */
// @ts-ignore: decorator
@inline
function towards(a: v128, b: v128, rate: f32): v128 {
  return multiplyAdd<f32>(f32x4.sub(b, a), all(rate), a);
}

export function updateSgd(x: usize, g: usize, m: usize, newX: usize, newM: usize, size: usize,
  keep: f32, learningRate: f32, momentum: f32, nesterov: i32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const kept = f32x4.mul(load(x + i), all(keep));
    let step = f32x4.mul(load(g + i), all(-learningRate));
    if (m) {
      const velocity = multiplyAdd<f32>(load(m + i), all(momentum), step);
      v128.store(newM + i, velocity);
      step = nesterov ? multiplyAdd<f32>(velocity, all(momentum), step) : velocity;
    }
    v128.store(newX + i, f32x4.add(kept, step));
  }
}

// Adam, with `vHat` AMSGrad.
export function updateAdam(x: usize, g: usize, m: usize, v: usize, vHat: usize,
  newX: usize, newM: usize, newV: usize, newVHat: usize, size: usize,
  keep: f32, alpha: f32, rate1: f32, rate2: f32, epsilon: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const mean = towards(load(m + i), gradient, rate1);
    let square = towards(load(v + i), f32x4.mul(gradient, gradient), rate2);
    v128.store(newM + i, mean);
    v128.store(newV + i, square);
    if (vHat) {
      square = f32x4.max(load(vHat + i), square);
      v128.store(newVHat + i, square);
    }
    const step = f32x4.div(f32x4.mul(mean, all(alpha)), f32x4.add(f32x4.sqrt(square), all(epsilon)));
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), step));
  }
}

export function updateAdamax(x: usize, g: usize, m: usize, u: usize, newX: usize, newM: usize, newU: usize,
  size: usize, keep: f32, alpha: f32, rate1: f32, beta2: f32, epsilon: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const mean = towards(load(m + i), gradient, rate1);
    const norm = f32x4.max(f32x4.mul(load(u + i), all(beta2)), f32x4.abs(gradient));
    v128.store(newM + i, mean);
    v128.store(newU + i, norm);
    const step = f32x4.div(f32x4.mul(mean, all(alpha)), f32x4.add(norm, all(epsilon)));
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), step));
  }
}

export function updateNadam(x: usize, g: usize, m: usize, v: usize, newX: usize, newM: usize, newV: usize,
  size: usize, keep: f32, ofMean: f32, ofGradient: f32, rate1: f32, rate2: f32, correction: f32, epsilon: f32,
  from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const mean = towards(load(m + i), gradient, rate1);
    const square = towards(load(v + i), f32x4.mul(gradient, gradient), rate2);
    v128.store(newM + i, mean);
    v128.store(newV + i, square);
    const direction = multiplyAdd<f32>(gradient, all(ofGradient), f32x4.mul(mean, all(ofMean)));
    const scale = f32x4.add(f32x4.sqrt(f32x4.mul(square, all(correction))), all(epsilon));
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), f32x4.div(direction, scale)));
  }
}

export function updateRmsprop(x: usize, g: usize, v: usize, m: usize, a: usize,
  newX: usize, newV: usize, newM: usize, newA: usize, size: usize,
  keep: f32, learningRate: f32, rate: f32, momentum: f32, epsilon: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    let square = towards(load(v + i), f32x4.mul(gradient, gradient), rate);
    v128.store(newV + i, square);
    if (a) {
      const mean = towards(load(a + i), gradient, rate);
      v128.store(newA + i, mean);
      square = f32x4.sub(square, f32x4.mul(mean, mean));
    }
    let step = f32x4.div(f32x4.mul(gradient, all(learningRate)), f32x4.sqrt(f32x4.add(square, all(epsilon))));
    if (m) {
      step = multiplyAdd<f32>(load(m + i), all(momentum), step);
      v128.store(newM + i, step);
    }
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), step));
  }
}

export function updateAdagrad(x: usize, g: usize, a: usize, newX: usize, newA: usize, size: usize,
  keep: f32, learningRate: f32, epsilon: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const sum = multiplyAdd<f32>(gradient, gradient, load(a + i));
    v128.store(newA + i, sum);
    const step = f32x4.div(f32x4.mul(gradient, all(learningRate)), f32x4.sqrt(f32x4.add(sum, all(epsilon))));
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), step));
  }
}

export function updateAdadelta(x: usize, g: usize, a: usize, d: usize, newX: usize, newA: usize, newD: usize,
  size: usize, keep: f32, learningRate: f32, rate: f32, epsilon: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const square = towards(load(a + i), f32x4.mul(gradient, gradient), rate);
    const before = load(d + i);
    const ratio = f32x4.div(
      f32x4.mul(f32x4.sqrt(f32x4.add(before, all(epsilon))), gradient),
      f32x4.sqrt(f32x4.add(square, all(epsilon))));
    v128.store(newA + i, square);
    v128.store(newD + i, towards(before, f32x4.mul(ratio, ratio), rate));
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), f32x4.mul(ratio, all(learningRate))));
  }
}

export function updateLion(x: usize, g: usize, m: usize, newX: usize, newM: usize, size: usize,
  keep: f32, learningRate: f32, rate1: f32, rate2: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const before = load(m + i);
    const direction = towards(before, gradient, rate1);
    v128.store(newM + i, towards(before, gradient, rate2));
    // The learning rate with the direction's sign; a direction of 0 or NaN stays what it is.
    const signed = v128.or(v128.and(direction, i32x4.splat(0x80000000)), all(learningRate));
    const step = v128.bitselect(signed, direction, f32x4.gt(f32x4.abs(direction), all(0)));
    v128.store(newX + i, f32x4.sub(f32x4.mul(load(x + i), all(keep)), step));
  }
}

// With √ for the power, which is the default (learning_rate_power −1/2).
export function updateFtrl(x: usize, g: usize, a: usize, l: usize, newX: usize, newA: usize, newL: usize,
  size: usize, keep: f32, inverseRate: f32, l1: f32, l2: f32, shrinkage: f32, from: i32, to: i32): void {
  const end = endOf(size, to);
  for (let i = startOf(from); i < end; i += 16) {
    const gradient = load(g + i);
    const kept = f32x4.mul(load(x + i), all(keep));
    const before = load(a + i);
    const sum = multiplyAdd<f32>(gradient, gradient, before);
    const root = f32x4.sqrt(sum);
    const shrunk = multiplyAdd<f32>(kept, all(shrinkage), gradient);
    const sigma = f32x4.mul(f32x4.sub(root, f32x4.sqrt(before)), all(inverseRate));
    const linear = f32x4.add(load(l + i), f32x4.sub(shrunk, f32x4.mul(sigma, kept)));
    const quadratic = multiplyAdd<f32>(root, all(inverseRate), all(l2));
    const clipped = f32x4.max(f32x4.min(linear, all(l1)), all(-l1));
    v128.store(newA + i, sum);
    v128.store(newL + i, linear);
    v128.store(newX + i, f32x4.div(f32x4.sub(clipped, linear), quadratic));
  }
}
