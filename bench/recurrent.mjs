// LSTM and GRU beside TensorFlow.js's layers: batch 32, 64 steps, 128 units, the last output.
// TensorFlow.js's GRU resets before the product, since it has no other.
import * as varve from "varve";
import { sideBySide } from "./measure.mjs";
import { tf } from "./tfjs.mjs";

const { layers, ops, tensor, tidy, valueAndGrad } = varve;
const [batch, steps, units] = [32, 64, 128];

/**
 * @param {(count: number) => Float32Array} random
 * @param {number} features how wide the input is
 * @returns times of a forward pass and of all gradients of the weights, by layer
 */
export async function recurrentTimes(random, features = units) {
  const values = random(batch * steps * features);
  const x = tensor(values, [batch, steps, features]);
  const tfX = tf.tensor(values, [batch, steps, features]);
  const times = [];
  for (const name of ["lstm", "gru"]) {
    const layer = layers[name]({ units });
    layer.build(x.shape);
    const step = valueAndGrad(() => ops.sum(ops.square(layer.apply(x, { training: true }))), layer.trainableWeights);
    const tfLayer = tf.layers[name]({ units });
    tf.dispose(tfLayer.apply(tfX));
    const variables = tfLayer.trainableWeights.map((weight) => weight.val);
    const tfLoss = () => tf.sum(tf.square(tfLayer.apply(tfX, { training: true })));
    const forward = await sideBySide({
      varve: () => layer.apply(x).dispose(),
      tfjs: () => tf.tidy(() => void tfLayer.apply(tfX).dataSync()),
    });
    const training = await sideBySide({
      varve: () => tidy(() => void step()),
      tfjs: () => tf.tidy(() => void Object.values(tf.variableGrads(tfLoss, variables).grads)[0].dataSync()),
    });
    times.push({ name: name.toUpperCase(), forward, training });
  }
  return times;
}
