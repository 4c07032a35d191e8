// TensorFlow.js 4.22, on its wasm backend and, where that throws, on its cpu backend.
// It has no group normalization, so that is composed of its ops as its users do.

import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { calling, withoutTraces } from "./measure.mjs";

const require = createRequire(import.meta.url);

export async function useBackend(name) {
  if (tf.getBackend() === name) return;
  if (name === "wasm") {
    setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm")) + sep);
    setThreadsCount(1);
  }
  await withoutTraces(() => tf.setBackend(name));
}

/** Normalization of a view of x over some of its axes, the parameters shaped to that view. */
export function normalize(x, gamma, beta, over, { rms = false } = {}) {
  const { mean, variance } = rms
    ? { mean: tf.scalar(0), variance: tf.mean(tf.square(x), over, true) }
    : tf.moments(x, over, true);
  const normalized = tf.div(rms ? x : tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3)));
  const scaled = tf.mul(normalized, gamma);
  return beta ? tf.add(scaled, beta) : scaled;
}

function groupNormalization(x, gamma, beta, groups) {
  const [batch, height, width, channels] = x.shape;
  const view = [batch, height * width, groups, channels / groups];
  const parameter = (each) => tf.reshape(each, [groups, channels / groups]);
  return tf.reshape(normalize(tf.reshape(x, view), parameter(gamma), parameter(beta), [1, 3]), x.shape);
}

/** A candidate that runs forward, or the gradients at all tensors, and waits for the numbers. */
export function candidate(forward, tensors, gradient) {
  if (!gradient) return onBackend("wasm", () => forward(...tensors).dataSync());
  const step = tf.grads((...args) => tf.sum(forward(...args)));
  return onBackend("wasm", () => step(tensors).map((each) => each.dataSync()));
}

/** A candidate that runs on one of the backends, in a tidy. */
export function onBackend(name, fn) {
  return calling(
    () => tf.tidy(() => void fn()),
    () => useBackend(name),
  );
}

/**
 * Keras's MultiHeadAttention of x with itself in TensorFlow.js ops: x is [batch, steps, size], `kernels` are those of
 * query, key, value and output, [size, size] each, `biases` [size].
 */
export function multiHeadAttention(x, kernels, biases, heads) {
  const [batch, steps, size] = x.shape;
  const flat = tf.reshape(x, [batch * steps, size]);
  const project = (input, index) => tf.add(tf.matMul(input, kernels[index]), biases[index]);
  const [q, k, v] = [0, 1, 2].map((index) =>
    tf.transpose(tf.reshape(project(flat, index), [batch, steps, heads, size / heads]), [0, 2, 1, 3]),
  );
  const weights = tf.softmax(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size / heads)));
  const y = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
  return tf.reshape(project(tf.reshape(y, [batch * steps, size]), 3), x.shape);
}

/** One training step of the digits network on 28×28×1: loss and gradients of all weights, then a gradient step. */
export function networkStep(images, labels, batch, random) {
  const weight = (shape, scale) =>
    tf.variable(
      tf.tensor(
        random(
          shape.reduce((a, b) => a * b, 1),
          scale,
        ),
        shape,
      ),
    );
  const k1 = weight([3, 3, 1, 16], 0.2);
  const k2 = weight([3, 3, 16, 16], 0.1);
  const dense = weight([24 * 24 * 16, 10], 0.02);
  const gammas = [tf.variable(tf.ones([16])), tf.variable(tf.ones([16]))];
  const betas = [tf.variable(tf.zeros([16])), tf.variable(tf.zeros([16]))];
  const x = tf.tensor(images, [batch, 28, 28, 1]);
  const y = tf.oneHot(tf.tensor1d(labels, "int32"), 10);
  const optimizer = tf.train.adam(1e-3);
  return onBackend("cpu", () => {
    const loss = optimizer.minimize(() => {
      let h = tf.relu(groupNormalization(tf.conv2d(x, k1, 1, "valid"), gammas[0], betas[0], 4));
      h = tf.relu(groupNormalization(tf.conv2d(h, k2, 1, "valid"), gammas[1], betas[1], 4));
      return tf.losses.softmaxCrossEntropy(y, tf.matMul(tf.reshape(h, [batch, -1]), dense));
    }, true);
    return loss.dataSync()[0];
  });
}

export { tf };
