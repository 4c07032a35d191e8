// The survey: all families of ops and layers (works.mjs), forward and forward + gradient, in one table with the slowest
// beside the others first. It finds what nobody looked at; what has figures to reach is in cases.mjs.
import * as varve from "varve";
import { copyOf, random, useThreads } from "./cases.mjs";
import { calling, milliseconds, sideBySide, table, times } from "./measure.mjs";
import * as tfjs from "./tfjs.mjs";
import { works } from "./works.mjs";

const { ops, tensor, tidy, valueAndGrad, Variable } = varve;
const { tf } = tfjs;

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);
const isReal = ({ below, where, real }) => real || (below === undefined && where === undefined);
const typeOf = (input) => (isReal(input) ? "float32" : input.where === undefined ? "int32" : "bool");

/** The numbers of an input, as real ones. */
function valuesOf({ shape, from = -1, to = 1, below, where, more = 0 }) {
  const values = random(sizeOf(shape)).map((each) => (each + 1) / 2);
  if (where !== undefined) return values.map((each) => Number(each < where));
  if (below !== undefined) return values.map((each) => Math.min(below - 1, Math.floor(each * below)) + more);
  return values.map((each) => from + each * (to - from));
}

function varveCall({ inputs, varve: call, gradient, reads }, tensors, withGradient) {
  if (!withGradient) {
    return () => {
      if (reads) return call(tensors);
      tidy(() => void call(tensors));
    };
  }
  // Layers have their weights from the first call on.
  tidy(() => void call(tensors));
  const names = Object.keys(inputs).filter((name) =>
    Array.isArray(gradient) ? gradient.includes(name) : isReal(inputs[name]),
  );
  const variables = Object.fromEntries(names.map((name) => [name, new Variable(tensors[name])]));
  const step = valueAndGrad(
    () => ops.sum(call({ ...tensors, ...variables })),
    [...Object.values(variables), ...(call.weights?.() ?? [])],
  );
  return () => tidy(() => void step());
}

/** TensorFlow.js on its wasm backend or, where that throws, on its cpu backend; both work at once, not when asked. */
function tfjsCandidate({ inputs, tfjs: call, gradient, endless, reads }, values, withGradient) {
  if (!call || (withGradient && endless)) return undefined;
  let backend = "wasm";
  let run;
  const start = () => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [name, tf.tensor(values[name], input.shape, typeOf(input))]),
    );
    if (reads) return () => call(tensors);
    if (!withGradient) return () => tf.tidy(() => void call(tensors));
    const names = Object.keys(inputs).filter((name) =>
      Array.isArray(gradient) ? gradient.includes(name) : isReal(inputs[name]),
    );
    const step = tf.grads((...given) =>
      tf.sum(call({ ...tensors, ...Object.fromEntries(names.map((name, index) => [name, given[index]])) })),
    );
    return () => tf.tidy(() => void step(names.map((name) => tensors[name])));
  };
  return {
    ...calling(
      () => run(),
      async () => {
        await tfjs.useBackend(backend);
        if (run) return;
        try {
          run = start();
          await run();
        } catch {
          backend = "cpu";
          await tfjs.useBackend(backend);
          run = start();
        }
      },
    ),
    get backend() {
      return backend;
    },
  };
}

function candidatesOf(work, values, tensors, python, withGradient) {
  const call = varveCall(work, tensors, withGradient);
  const candidates = {
    "Varve ×1": calling(call, () => useThreads(1)),
    "Varve ×2": calling(call, () => useThreads(2)),
    tfjs: tfjsCandidate(work, values, withGradient),
  };
  const largest = Math.max(0, ...Object.values(values).map(({ length }) => length));
  if (largest > 1024) candidates.copy = copyOf(largest);
  if (work.torch && python.candidate) {
    const { inputs, torch: forward, setup, gradient, inference } = work;
    candidates.PyTorch = python.candidate("torch", "expression", 2, {
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [name, { ...input, type: typeOf(input) }]),
      ),
      setup,
      forward,
      inference: inference ?? true,
      gradient: !withGradient
        ? null
        : Array.isArray(gradient)
          ? gradient
          : Object.keys(inputs).filter((name) => isReal(inputs[name])),
    });
  }
  return candidates;
}

/** Measures the works whose names have one of these parts, each for so many seconds, and prints the table. */
export async function survey(say, python, { only, seconds }) {
  const rows = [];
  for (const work of works) {
    for (const withGradient of work.gradient ? [false, true] : [false]) {
      const name = `${work.name}${withGradient ? " + gradient" : ""}`;
      if (only.length > 0 && !only.some((part) => name.toLowerCase().includes(part.toLowerCase()))) continue;
      const values = Object.fromEntries(Object.entries(work.inputs).map(([key, input]) => [key, valuesOf(input)]));
      const tensors = Object.fromEntries(
        Object.entries(work.inputs).map(([key, input]) => [key, tensor(values[key], input.shape, typeOf(input))]),
      );
      await useThreads(2);
      const candidates = candidatesOf(work, values, tensors, python, withGradient);
      const results = await sideBySide(candidates, { seconds, turn: 8 });
      // Of so few rounds the fastest says more than the middle one.
      for (const each of Object.values(results)) each.median = each.best;
      for (const [candidate, { error }] of Object.entries(results))
        if (error) say(`    ${name}: ${candidate} throws: ${error.split("\n")[0]}`);
      const own = results["Varve ×2"]?.median;
      const of = (other) => results[other]?.median / own;
      rows.push({
        work: name,
        "Varve ×1": milliseconds(results["Varve ×1"]),
        "Varve ×2": milliseconds(results["Varve ×2"]),
        threads: times(results["Varve ×1"]?.median / own),
        copies: times(own / results.copy?.median),
        PyTorch: times(of("PyTorch")),
        tfjs: `${times(of("tfjs"))}${candidates.tfjs?.backend === "cpu" ? " cpu" : ""}`,
        order: Math.min(...["PyTorch", "tfjs"].map(of).filter(Number.isFinite)),
      });
      say(`${name}: ${rows.at(-1)["Varve ×2"]}, PyTorch ${rows.at(-1).PyTorch}, tfjs ${rows.at(-1).tfjs}`);
      for (const each of Object.values(tensors)) each.dispose();
      python.forget?.();
    }
  }
  rows.sort((a, b) => a.order - b.order);
  console.log(`\n${table(rows.map(({ order, ...row }) => row))}\n`);
}
