// How cost grows with the work: nanoseconds an element from a thousand to a hundred million elements, beside a plain
// copy of as many.
import * as varve from "varve";
import * as vega from "vega";
import { compile } from "vega-lite";
import { sideBySide } from "./measure.mjs";

const { layers, ops, tidy } = varve;
const channels = 64;
const inner = 256;

const works = {
  "group normalization": (elements) => {
    const positions = Math.min(3136, elements / channels);
    const x = ops.ones([elements / channels / positions, positions, channels]);
    const layer = layers.groupNormalization({ groups: 32 });
    layer.build(x.shape);
    return { call: () => layer.apply(x).dispose(), held: [x, layer] };
  },
  ReLU: (elements) => {
    const x = ops.ones([elements]);
    return { call: () => ops.relu(x).dispose(), held: [x] };
  },
  [`matrix product, ${inner} wide`]: (elements) => {
    const a = ops.ones([elements / inner, inner]);
    const b = ops.ones([inner, inner]);
    return { call: () => ops.matmul(a, b).dispose(), held: [a, b] };
  },
  copy: (elements) => {
    const [from, to] = [new Float32Array(elements).fill(1), new Float32Array(elements)];
    return { call: () => to.set(from), held: [] };
  },
};

/** Elements in each step: whole images of 56 × 56 × 64 from the third on. */
const sizes = [1024, 8192, 3136 * 64, 5 * 3136 * 64, 50 * 3136 * 64, 500 * 3136 * 64];

/** @returns {Promise<{ work: string, elements: number, nanoseconds: number }[]>} for an element each */
export async function measureSizes(say, seconds) {
  const points = [];
  for (const elements of sizes) {
    say(`cost as work grows: ${elements.toLocaleString("en")} elements`);
    const made = Object.entries(works).map(([work, make]) => [work, make(elements)]);
    const candidates = Object.fromEntries(made.map(([work, { call }]) => [work, () => tidy(() => void call())]));
    const times = await sideBySide(candidates, { seconds });
    for (const [work, { median }] of Object.entries(times))
      points.push({ work, elements, nanoseconds: (median * 1e6) / elements });
    for (const [, { held }] of made) for (const each of held) each.dispose?.();
  }
  return points;
}

/** How cost grows between the first size from which the machine is busy and the last: the exponent, 1 where linear. */
export function growth(points, work, from = 3136 * 64) {
  const own = points.filter((point) => point.work === work && point.elements >= from);
  const [first, last] = [own[0], own.at(-1)];
  return 1 + Math.log(last.nanoseconds / first.nanoseconds) / Math.log(last.elements / first.elements);
}

export async function chartOf(points, title) {
  const chart = {
    title,
    width: 560,
    height: 300,
    background: "white",
    data: { values: points },
    mark: { type: "line", point: true },
    encoding: {
      x: {
        field: "elements",
        type: "quantitative",
        scale: { type: "log", domain: [1e3, 1e8], nice: false },
        title: "elements",
        axis: { format: "~s", values: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8] },
      },
      y: {
        field: "nanoseconds",
        type: "quantitative",
        scale: { type: "log", nice: false, padding: 10 },
        title: "nanoseconds an element",
      },
      color: { field: "work", type: "nominal", sort: Object.keys(works), title: null, legend: { labelLimit: 250 } },
      strokeDash: { condition: { test: "datum.work === 'copy'", value: [5, 4] }, value: [1, 0] },
    },
  };
  return new vega.View(vega.parse(compile(chart).spec)).toSVG();
}
