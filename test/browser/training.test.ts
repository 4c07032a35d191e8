/**
 * Training in a page: it works without anything of Node's, and the page stays responsive meanwhile.
 */
import { layers, sequential } from "varve";
import { expect, test } from "vitest";

test("a model trains in a page that stays responsive", async () => {
  const net = sequential([
    layers.dense({ units: 16, activation: "tanh", inputShape: [8] }),
    layers.groupNormalization({ groups: 4 }),
    layers.dense({ units: 1 }),
  ]);
  net.compile({ optimizer: "adam", loss: "mse" });
  const x = Array.from({ length: 256 }, (_, row) =>
    Array.from({ length: 8 }, (_, column) => Math.sin(row * 9 + column)),
  );
  const y = x.map(([first, second]) => (first as number) - (second as number));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { history } = await net.fit(x, y, { epochs: 15, batchSize: 8, verbose: 0 });
  clearInterval(timer);
  expect(history.loss?.at(-1)).toBeLessThan((history.loss?.[0] as number) / 2);
  // The page has a turn every 16 ms; without, it would have none at all before the end.
  expect(turns).toBeGreaterThan(3);
  const predicted = await net.predict(x);
  expect(predicted.shape).toEqual([256, 1]);
  predicted.dispose();
  net.dispose();
});
