/**
 * A small network for handwritten digits, written and trained as one writes it for NeuPy: layers joined to a network, an
 * algorithm over it. Run it with `npm run neupy`.
 */
import { writeFileSync } from "node:fs";
import { ops, setRandomSeed } from "varve";
import { algorithms, Convolution, GroupNorm, Input, join, Relu, Reshape, Softmax } from "varve/neupy";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { loadDigits } from "./digits-data.ts";

setRandomSeed(1);
const { train, test } = loadDigits(1);
const oneHot = (labels: typeof train.labels) => ops.oneHot(labels, 10);

const network = join(
  Input([8, 8, 1]),
  Convolution([3, 3, 16]).pipe(GroupNorm(4)).pipe(Relu()),
  Convolution([3, 3, 16]).pipe(GroupNorm(4)).pipe(Relu()),
  Reshape(),
  Softmax(10),
);
console.log(`${network}, ${network.nParameters} parameters`);
for (const layer of network.layers) console.log(`  ${layer}`);

const optimizer = algorithms.Adam(network, {
  loss: "categorical_crossentropy",
  step: 3e-3,
  batchSize: 32,
  shuffleData: true,
  verbose: true,
});
await optimizer.train(train.images, oneHot(train.labels), test.images, oneHot(test.labels), { epochs: 12 });

const probabilities = await optimizer.predict(test.images);
const right = ops.equal(ops.argmax(probabilities, -1), test.labels);
const accuracy = ops.mean(ops.cast(right, "float32")).dataSync()[0] as number;
console.log(`test accuracy: ${accuracy.toFixed(4)}`);

console.log(`the network in Graphviz's language:\n${network.show()}`);
const chart = compile(optimizer.plotErrors() as unknown as TopLevelSpec).spec;
writeFileSync(new URL("../docs/neupy-errors.svg", import.meta.url), await new vega.View(vega.parse(chart)).toSVG());
console.log("the errors are drawn in docs/neupy-errors.svg");
