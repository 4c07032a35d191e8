/** The models of the zoo: files that real Keras wrote, with what they predict and how their training goes on. */
import { readdirSync, readFileSync } from "node:fs";
import { Lambda, type Layer, layers, Model, ops, type Tensor, tensor } from "varve";
import { leaves, type Structure } from "../../src/core/tree.ts";

interface Facts {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly values: readonly number[];
}

type Arrays = Readonly<Record<string, Facts>>;

/** What `zoo.py` recorded of a model. */
export interface Recorded {
  readonly inputs: Arrays;
  readonly predictions: Arrays;
  /** Where training is not random: targets, the losses of the next steps, and predictions after them. */
  readonly targets?: Arrays;
  readonly losses?: readonly number[];
  readonly after?: Arrays;
}

const folder = new URL("zoo/", import.meta.url);

/** The names of all files. */
export const zoo = readdirSync(folder)
  .filter((file) => file.endsWith(".keras"))
  .map((file) => file.slice(0, -".keras".length));

export function fileOf(name: string): Uint8Array {
  return readFileSync(new URL(`${name}.keras`, folder));
}

export function recordOf(name: string): Recorded {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
}

/** The model of the zoo that is of a class of its own. */
class Twin extends Model {
  static override readonly className = "Twin";
  readonly units: number;
  readonly left: Layer;
  readonly right: Layer;

  constructor({ units, ...options }: { units: number; name?: string }) {
    super(options);
    this.units = units;
    this.left = layers.dense({ units });
    this.right = layers.dense({ units, activation: "tanh" });
  }

  override call(x: Structure<Tensor>): Tensor {
    return ops.add(this.left.apply(x as Tensor), this.right.apply(x as Tensor));
  }

  override getConfig() {
    return { ...super.getConfig(), units: this.units };
  }

  static override fromConfig({ name, units }: { name: string; units: number }) {
    return new Twin({ name, units }) as never;
  }
}

const doubled = (x: Tensor) => ops.add(ops.multiply(x, 2), 1);
Lambda.register("doubled", doubled);

/** What the files of the zoo need that they cannot hold. */
export const objects = { customObjects: { Twin }, lambdas: { doubled } };

/** Arrays as models take them: by name, in a list, or one alone. */
export function given(arrays: Arrays): never {
  const entries = Object.entries(arrays).map(([key, { values, shape, dtype }]) => [
    key,
    tensor(dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values), shape, dtype),
  ]);
  if (entries.some(([key]) => !/^\d+$/.test(key as string))) return Object.fromEntries(entries) as never;
  return (entries.length === 1 ? entries[0]?.[1] : entries.map(([, value]) => value)) as never;
}

/** The largest difference between what a model predicts and what was recorded, as a part of the largest value. */
export async function differenceOf(model: Model, inputs: Arrays, recorded: Arrays): Promise<number> {
  const predicted = await model.predict<never>(given(inputs), { verbose: 0 });
  const names = Object.keys(recorded);
  const byName = !names.every((name) => /^\d+$/.test(name));
  const found = byName ? names.map((name) => (predicted as Record<string, Tensor>)[name]) : leaves(predicted);
  if (found.length !== names.length) throw new Error(`${found.length} outputs, not ${names.length}`);
  let worst = 0;
  for (const [index, name] of names.entries()) {
    const { shape, values } = recorded[name] as Facts;
    const output = found[index] as Tensor;
    if (output.shape.join() !== shape.join()) throw new Error(`output ${name} has shape ${output.shape}, not ${shape}`);
    const data = await output.data();
    const scale = Math.max(1, ...values.map(Math.abs));
    values.forEach((value, place) => {
      const difference = Math.abs((data[place] as number) - value) / scale;
      worst = difference <= worst ? worst : difference;
    });
  }
  return worst;
}
