// From import to the first prediction in a new Node process; run by itself it is that process.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const programs = {
  async Varve() {
    const { layers, sequential, tensor } = await import("varve");
    const model = sequential([
      layers.dense({ units: 8, activation: "relu", inputShape: [2] }),
      layers.groupNormalization({ groups: 2 }),
      layers.dense({ units: 1 }),
    ]);
    const y = await model.predict(tensor([[0, 1]]));
    return y.data();
  },
  // Without a normalization, which it has not.
  async tfjs() {
    const { tf, useBackend } = await import("./tfjs.mjs");
    await useBackend("wasm");
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 8, activation: "relu", inputShape: [2] }), tf.layers.dense({ units: 1 })],
    });
    return model.predict(tf.tensor([[0, 1]])).data();
  },
};

const self = fileURLToPath(import.meta.url);

if (process.argv[1] === self) {
  const start = performance.now();
  await programs[process.argv[2]]();
  console.log(performance.now() - start);
  process.exit(0);
}

/** Candidates for `sideBySide`: the time that the process itself takes, without Node's own start. */
export const coldCandidates = Object.fromEntries(
  Object.keys(programs).map((name) => [
    name === "Varve" ? "Varve ×2" : name,
    {
      run(calls, stretches) {
        const once = () => Number(execFileSync(process.execPath, [self, name]));
        return Array.from({ length: stretches }, () => {
          let total = 0;
          for (let call = 0; call < calls; call++) total += once();
          return total;
        });
      },
    },
  ]),
);
