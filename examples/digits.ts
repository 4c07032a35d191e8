/**
 * Trains a small convolutional network with group normalization on real handwritten digits, and shows how well it
 * reads digits it has never seen. Run it with `npm run digits`.
 */
import { input, layers, model, ops, optimizers, setRandomSeed, type Tensor } from "varve";
import { loadDigits } from "./digits-data.ts";

setRandomSeed(1);
const { train, test } = loadDigits(1);

const image = input({ shape: [8, 8, 1], name: "image" });
let x = layers.conv2d(image, { filters: 16, kernelSize: 3 });
x = layers.groupNormalization(x, { groups: 4 });
x = layers.reLU(x);
x = layers.conv2d(x, { filters: 16, kernelSize: 3 });
x = layers.groupNormalization(x, { groups: 4 });
x = layers.reLU(x);
x = layers.flatten(x);
const digit = layers.dense(x, { units: 10, activation: "softmax" });
const reader = model({ inputs: image, outputs: digit, name: "digits" });

reader.summary();
reader.compile({
  optimizer: optimizers.adam({ learningRate: 3e-3 }),
  loss: "sparse_categorical_crossentropy",
  metrics: ["accuracy"],
});
await reader.fit(train.images, train.labels, { epochs: 12, batchSize: 32 });

const probabilities = (await reader.predict(test.images)) as Tensor;
const predicted = ops.argmax(probabilities, -1).dataSync();
const actual = test.labels.dataSync();

const counts = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
let right = 0;
actual.forEach((label, index) => {
  const guess = predicted[index] as number;
  const row = counts[label] as number[];
  row[guess] = (row[guess] as number) + 1;
  if (guess === label) right++;
});

const cell = (text: string | number) => String(text).padStart(4);
console.log("\nconfusion matrix of the held-out digits (rows: what it is, columns: what was read)");
console.log(`     ${counts.map((_, guess) => cell(guess)).join("")}`);
counts.forEach((row, label) => {
  console.log(`${cell(label)} ${row.map((count) => cell(count === 0 ? "·" : count)).join("")}`);
});
console.log(`\ntest accuracy: ${(right / actual.length).toFixed(4)} (${right} of ${actual.length})`);
