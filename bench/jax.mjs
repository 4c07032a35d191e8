// jax-js 0.1 on its wasm backend, compiled with its jit. Its arrays are consumed by the operations that use them, so
// whatever is used again is passed as `.ref`.
import { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy as np } from "@jax-js/jax";

export async function start() {
  await init("wasm");
  defaultDevice("wasm");
}

function groupNormalization(x, gamma, beta, groups, epsilon = 1e-3) {
  const [batch, height, width, channels] = x.shape;
  const grouped = x.reshape([batch, height * width, groups, channels / groups]);
  const normalized = nn.standardize(grouped, [1, 3], { epsilon }).reshape([batch, height, width, channels]);
  return normalized.mul(gamma).add(beta);
}

export function normalization(values, shape, groups) {
  const x = np.array(values, { shape });
  const channels = shape.at(-1);
  const gamma = np.ones([channels]);
  const beta = np.zeros([channels]);
  const forward = jit((x, gamma, beta) => groupNormalization(x, gamma, beta, groups));
  const gradient = jit(grad((x, gamma, beta) => groupNormalization(x, gamma, beta, groups).sum()));
  const call = (fn) => async () => {
    const y = fn(x.ref, gamma.ref, beta.ref);
    await blockUntilReady(y);
    y.dispose?.();
  };
  return { forward: call(forward), gradient: call(gradient) };
}

export function product(values, size) {
  const a = np.array(values, { shape: [size, size] });
  const multiply = jit((a, b) => np.matmul(a, b));
  return async () => {
    const y = multiply(a.ref, a.ref);
    await blockUntilReady(y);
    y.dispose?.();
  };
}
