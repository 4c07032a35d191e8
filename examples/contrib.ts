/**
 * A small network for handwritten digits, written as one writes for TensorFlow 1: variables by name in variable scopes,
 * group normalization as tf.contrib.layers has it, defaults by argScope, and a training loop over the collection of
 * trainable variables. Run it with `npm run contrib`.
 */
import { ops, optimizers, random, type SymbolicTensor, setRandomSeed, type Tensor, tidy, valueAndGrad } from "varve";
import {
  AUTO_REUSE,
  argScope,
  GraphKeys,
  getCollection,
  getVariable,
  groupNorm,
  placeholder,
  variableScope,
} from "varve/contrib";
import { loadDigits } from "./digits-data.ts";

function convolution(x: Tensor, filters: number, scope: string): Tensor {
  return variableScope(scope, () => {
    const weights = getVariable("weights", { shape: [3, 3, x.shape.at(-1) as number, filters] });
    return groupNorm(ops.conv(x, weights), { activationFn: "relu" });
  });
}

function fullyConnected(x: Tensor, units: number, scope: string): Tensor {
  return variableScope(scope, () => {
    const weights = getVariable("weights", { shape: [x.shape.at(-1) as number, units] });
    return ops.add(ops.matmul(x, weights), getVariable("biases", { shape: [units], initializer: "zeros" }));
  });
}

/** On a placeholder it builds a graph, on tensors it computes; the variables are made the first time. */
function network(images: SymbolicTensor): SymbolicTensor;
function network(images: Tensor): Tensor;
function network(images: SymbolicTensor | Tensor): SymbolicTensor | Tensor {
  const layers = () => {
    const first = convolution(images as Tensor, 16, "conv1");
    const second = convolution(first, 16, "conv2");
    return fullyConnected(ops.reshape(second, [-1, 4 * 4 * 16]), 10, "logits");
  };
  const normalized = () => argScope([groupNorm], { groups: 4, epsilon: 1e-5 }, layers);
  return variableScope("digits", normalized, { reuse: AUTO_REUSE });
}

setRandomSeed(1);
const { train, test } = loadDigits(1);
const batchSize = 32;
const epochs = 8;

const logits = network(placeholder("float32", [null, 8, 8, 1], "images"));
const variables = getCollection(GraphKeys.TRAINABLE_VARIABLES);
console.log(`logits ${JSON.stringify(logits.shape)} from these variables:`);
for (const { path, shape } of variables) console.log(`  ${path.padEnd(30)} ${JSON.stringify(shape)}`);

/** The mean of −log p(label). */
const crossEntropy = (images: Tensor, labels: Tensor): Tensor => {
  const logP = ops.multiply(ops.logSoftmax(network(images)), ops.oneHot(labels, 10));
  return ops.negative(ops.mean(ops.sum(logP, -1)));
};
const step = valueAndGrad(crossEntropy, variables);
const adam = optimizers.adam({ learningRate: 3e-3 });

const count = train.labels.size;
for (let epoch = 1; epoch <= epochs; epoch++) {
  let total = 0;
  let batches = 0;
  const order = tidy(() => random.shuffle(ops.arange(count)));
  for (let from = 0; from + batchSize <= count; from += batchSize) {
    total += tidy(() => {
      const chosen = ops.slice(order, [from], [batchSize]);
      const { value, gradients } = step(ops.take(train.images, chosen, 0), ops.take(train.labels, chosen, 0));
      adam.apply(gradients, variables);
      return value.dataSync()[0] as number;
    });
    batches++;
  }
  order.dispose();
  console.log(`epoch ${epoch}/${epochs}  loss ${(total / batches).toFixed(4)}`);
}

const accuracy = tidy(() => {
  const right = ops.equal(ops.argmax(network(test.images), -1), test.labels);
  return ops.mean(ops.cast(right, "float32")).dataSync()[0] as number;
});
console.log(`test accuracy: ${accuracy.toFixed(4)}`);
