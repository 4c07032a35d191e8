// jax-js 0.1 on its wasm backend, compiled with its jit. Its arrays are consumed by the operations that use them, so
// whatever is used again is passed as `.ref`.
import { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy as np } from "@jax-js/jax";

await init("wasm");
defaultDevice("wasm");

const call =
  (fn, ...args) =>
  async () => {
    const y = fn(...args.map((arg) => arg.ref));
    await blockUntilReady(y);
    y.dispose?.();
  };

/** Normalization of a view of x over some of its axes; the gradient is that at x alone. */
export function normalization(values, { view, over, parameters }, gradient) {
  const x = np.array(values, { shape: view });
  const gamma = np.ones(parameters);
  const beta = np.zeros(parameters);
  const forward = (x, gamma, beta) => nn.standardize(x, over, { epsilon: 1e-3 }).mul(gamma).add(beta);
  return call(jit(gradient ? grad((...args) => forward(...args).sum()) : forward), x, gamma, beta);
}

export function product(values, size) {
  const a = np.array(values, { shape: [size, size] });
  return call(
    jit((a, b) => np.matmul(a, b)),
    a,
    a,
  );
}
