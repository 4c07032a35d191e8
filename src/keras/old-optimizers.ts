/**
 * The state of optimizers as Keras 1, Keras 2 and tf.keras wrote it, brought to where optimizers here have it. Three
 * generations differ: up to Keras 2.3 arrays have no telling names and stand group after group; those of tf.keras up to
 * 2.10 (later `optimizers.legacy`) are called `Adam/dense/kernel/m`, those from 2.11 on `Adam/m/dense/kernel`.
 * What is not here: the order of Keras 3, which is that of optimizers here (`state.ts`).
 */
import { isFloat } from "../core/dtype.ts";
import type { Variable } from "../core/variable.ts";
import type { Model } from "../models/model.ts";
import { Nadam } from "../optimizers/nadam.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { type Assignment, type Kept, misfit } from "./state.ts";
import { type StoredArray, valuesOf } from "./stored-array.ts";

/** What optimizers keep for a variable: by our letters, in the order of Keras 2, the names of tf.keras. */
const slotNames: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  SGD: { m: ["m", "momentum"] },
  Adam: { m: ["m"], v: ["v"], vHat: ["vhat"] },
  AdamW: { m: ["m"], v: ["v"], vHat: ["vhat"] },
  Adamax: { m: ["m"], u: ["u", "v"] },
  Nadam: { m: ["m"], v: ["v"] },
  RMSprop: { v: ["velocity", "rms"], m: ["momentum"], a: ["average_gradient", "mg"] },
  Adagrad: { a: ["accumulator"] },
  Adadelta: { a: ["accumulated_grad", "accum_grad"], d: ["accumulated_delta_var", "accum_var"] },
  Ftrl: { a: ["accumulator"], l: ["linear"] },
  Lion: { m: ["m"] },
};

/** The moving averages of the variables, among the letters of what is kept. */
const averaged = "average";

/** A number that no file has, as if it had. */
const constant = (value: number): StoredArray => ({
  shape: [],
  dtype: "float64",
  bytes: 8,
  pieces: () => [Float64Array.of(value)],
});

/** Nadam's u₁…uₜ, which tf.keras does not keep. */
function productOf(beta1: number, t: number): number {
  let product = 1;
  for (let step = 1; step <= t; step++) product *= beta1 * (1 - 0.5 * 0.96 ** step);
  return product;
}

/** The variables of an optimizer here, by letter, in the order of what trains; those without one are left out. */
function variablesByLetter(optimizer: Optimizer, trained: readonly Variable[]): Map<string, Variable[]> {
  const found = new Map<string, Variable[]>();
  const first = optimizer.schedule ? 1 : 2;
  if (optimizer.useEma) found.set(averaged, optimizer.variables.slice(first, first + trained.length));
  for (const variable of trained) {
    for (const [letter, slot] of Object.entries(optimizer.slotsOf(variable))) {
      if (isFloat(slot.dtype)) found.set(letter, [...(found.get(letter) ?? []), slot]);
    }
  }
  return found;
}

/** How a file arranges its arrays: only numbered; by name, with the slot before the variable or after it; in groups. */
type Arrangement = "numbered" | "slot first" | "slot last" | "groups";

const plain = ({ name = "" }: Kept) => name.replace(/:\d+$/, "");

function arrangementOf(kept: readonly Kept[], letters: ReadonlyMap<string, string>): Arrangement {
  if (kept.every(({ name }) => name === undefined)) return "numbered";
  if (kept.some((each) => plain(each) === "iteration")) return "slot first";
  const isNamed = kept.some((each) => letters.has(plain(each).split("/").at(-1) as string));
  return isNamed || kept.length === 1 ? "slot last" : "groups";
}

/**
 * Where the state of an older file goes, or a text that says why it starts anew. The optimizer is built for it.
 *
 * @param kept All arrays that the file has for the optimizer, in its order.
 */
export function olderState(kept: readonly Kept[], model: Model): Assignment[] | string {
  const optimizer = model.optimizer as Optimizer;
  const { className } = optimizer.constructor as typeof Optimizer;
  const names = slotNames[className];
  if (!names) return `older versions kept something else for ${className}`;
  const trained = model.trainableWeights;
  optimizer.build(trained);
  const letters = new Map(
    Object.entries({ ...names, [averaged]: [averaged] }).flatMap(([letter, each]) =>
      each.map((name): [string, string] => [name, letter]),
    ),
  );
  const arrangement = arrangementOf(kept, letters);
  const counted = kept.find(({ array }) => array.shape.length === 0)?.array;
  const t = counted ? (valuesOf(counted)[0] as number) : 0;
  const assignments: Assignment[] = counted ? [{ variable: optimizer.variables[0] as Variable, array: counted }] : [];
  if (optimizer instanceof Nadam) {
    if (!["numbered", "slot first"].includes(arrangement)) return "up to tf.keras 2.10 its momentum grew more slowly";
    const product = optimizer.variables.at(-1) as Variable;
    assignments.push({ variable: product, array: constant(productOf(optimizer.beta1, t)) });
  }
  const wanted = variablesByLetter(optimizer, trained);
  const arrays = kept.filter(({ array }) => array !== counted);
  // Saved before its first step, an optimizer had made nothing yet.
  if (arrays.length === 0 && t === 0) return assignments;
  const isKept = new Set([...wanted.values()].flat());
  const inOrder = optimizer.variables.filter((variable) => isKept.has(variable));
  for (const [index, [letter, variables]] of [...wanted].entries()) {
    const found =
      arrangement === "numbered"
        ? variables.map((variable) => arrays[inOrder.indexOf(variable)])
        : arrangement === "groups"
          ? arrays.slice(index * trained.length, (index + 1) * trained.length)
          : arrays.filter((each) => letterIn(plain(each), arrangement, letters) === letter);
    if (found.length !== variables.length || found.includes(undefined)) {
      return `the file has it for ${found.length} variables, ${variables.length} train now`;
    }
    variables.forEach((variable, place) => {
      assignments.push({ variable, array: (found[place] as Kept).array });
    });
  }
  const problem = assignments.map(misfit).find((each) => each !== undefined);
  return problem ?? assignments;
}

/** The letter of an array with such a name. */
function letterIn(name: string, arrangement: Arrangement, letters: ReadonlyMap<string, string>): string | undefined {
  const parts = name.split("/");
  if (arrangement === "slot last") return letters.get(parts.at(-1) as string);
  return letters.get(parts.find((part) => letters.has(part)) ?? "");
}
