/**
 * A recording of one step: which ops ran on what, in order, which variables took which values, what was drawn and
 * what was looked at. What it is not: it computes nothing; `program.ts` makes something of it that runs again.
 *
 * Tensors are told apart by the memory they see, their place, which the recording numbers as places come up. Two
 * recordings of the same step are the same, number for number; where they differ, something outside has changed, and
 * the step cannot be repeated from a recording.
 */
import type { Device } from "../../core/device.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { Draw, Observer } from "../../core/observer.ts";
import type { OpRecord } from "../../core/op.ts";
import type { Storage } from "../../core/storage.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";

type Operands = Readonly<Record<string, Tensor | undefined>>;

/** What memory held before the step began, or what made it. */
export type Origin =
  /** One of the tensors that the step was given. */
  | { readonly kind: "given"; readonly byteLength: number }
  /** The value of a variable before the step. */
  | { readonly kind: "variable"; readonly variable: Variable }
  /** Numbers from outside, the same in every step. */
  | { readonly kind: "constant"; readonly tensor: Tensor }
  /** The step made it. */
  | { readonly kind: "made"; readonly byteLength: number };

/** An op that ran, or a look at values. */
export type Step =
  | {
      readonly kind: "op";
      readonly record: OpRecord;
      readonly inputs: Operands;
      readonly outputs: Readonly<Record<string, Tensor>>;
      readonly attributes: unknown;
    }
  | { readonly kind: "look"; readonly tensor: Tensor; readonly check: (values: TypedArray) => void };

/** Attributes with the words of a draw among them have that draw under this name. */
interface Drawing {
  readonly seed?: unknown;
}

export class Recording implements Observer {
  readonly device: Device;
  readonly steps: Step[] = [];
  readonly draws: { readonly draw: Draw; readonly again: () => Draw }[] = [];
  /** The variables that count the draws. */
  readonly drawers: Variable[] = [];
  readonly origins: Origin[] = [];
  /** The values that variables had at the end. */
  readonly assignments = new Map<Variable, Tensor>();
  /** The steps from … to that another party goes through again by itself, with numbers of its own. */
  retold: readonly [from: number, to: number] = [0, 0];
  /** The places of what variables take in these. */
  readonly retoldValues: number[] = [];
  #isRetelling = false;
  /** Why the step cannot be repeated, if it cannot. */
  refusal: string | undefined;
  readonly #places = new Map<Storage, number>();

  constructor(device: Device, given: readonly Tensor[]) {
    this.device = device;
    for (const tensor of given) {
      if (this.#places.has(tensor.storage)) this.refuse("a tensor was given twice");
      this.#number(tensor.storage, { kind: "given", byteLength: tensor.storage.byteLength });
    }
  }

  refuse(why: string): void {
    this.refusal ??= why;
  }

  /** The number of the place that a tensor sees. */
  placeOf(tensor: Tensor): number {
    return this.#places.get(tensor.storage) as number;
  }

  /** The steps that run in `fn` are those that are retold. */
  retell(fn: () => void): void {
    const from = this.steps.length;
    this.#isRetelling = true;
    fn();
    this.#isRetelling = false;
    this.retold = [from, this.steps.length];
  }

  #number(storage: Storage, origin: Origin): void {
    this.#places.set(storage, this.origins.push(origin) - 1);
  }

  #know(tensor: Tensor): void {
    if (this.#places.has(tensor.storage)) return;
    // Held, so that nothing else comes to lie there.
    this.#number(tensor.storage, { kind: "constant", tensor: tensor.hold() });
  }

  ran(record: OpRecord, inputs: Operands, outputs: Readonly<Record<string, Tensor>>, attributes: unknown): void {
    for (const name in inputs) if (inputs[name]) this.#know(inputs[name]);
    for (const name in outputs) {
      const { device, storage } = outputs[name] as Tensor;
      if (device !== this.device) {
        this.refuse(`${record.name} ran on device "${device.name}"`);
        return;
      }
      this.#number(storage, { kind: "made", byteLength: storage.byteLength });
    }
    this.steps.push({ kind: "op", record, inputs, outputs, attributes });
  }

  used(variable: Variable, value: Tensor): void {
    if (value.device !== this.device) return;
    const place = this.#places.get(value.storage);
    if (place === undefined) {
      this.#number(value.storage, { kind: "variable", variable });
      return;
    }
    const origin = this.origins[place] as Origin;
    if (origin.kind !== "made" && !(origin.kind === "variable" && origin.variable === variable)) {
      this.refuse(`"${variable.path}" shares its memory`);
    }
  }

  assigned(variable: Variable, value: Tensor): boolean {
    if (value.device !== this.device) return false;
    this.used(variable, variable.place(false));
    const place = this.#places.get(value.storage);
    if (place === undefined) this.refuse(`"${variable.path}" takes numbers from outside`);
    else if (this.#isRetelling) this.retoldValues.push(place);
    this.assignments.set(variable, value);
    return false;
  }

  inspected(tensor: Tensor, check: (values: TypedArray) => void): void {
    if (tensor.device !== this.device) return;
    this.#know(tensor);
    this.steps.push({ kind: "look", tensor, check });
  }

  read(tensor: Tensor): void {
    if (tensor.device === this.device) this.refuse("it reads values");
  }

  drew(draw: Draw, again: () => Draw, counter: Variable | undefined): void {
    this.draws.push({ draw, again });
    if (counter) this.drawers.push(counter);
  }

  /** Which draw attributes are made with. */
  drawOf(attributes: unknown): number | undefined {
    const seed = (attributes as Drawing | undefined)?.seed;
    const index = seed === undefined ? -1 : this.draws.findIndex(({ draw }) => draw === seed);
    return index < 0 ? undefined : index;
  }

  /** What tells the two apart, if anything does. */
  difference(other: Recording): string | undefined {
    if (this.steps.length !== other.steps.length) return "its steps are not always as many";
    if (this.draws.length !== other.draws.length) return "it does not always draw as often";
    if (String(this.retold) !== String(other.retold)) return "its steps are not always the same";
    for (let index = 0; index < this.steps.length; index++) {
      const [a, b] = [this.steps[index] as Step, other.steps[index] as Step];
      if (a.kind === "look" || b.kind === "look") {
        if (a.kind !== "look" || b.kind !== "look" || !this.#sameTensor(a.tensor, other, b.tensor)) {
          return "it does not always look at the same values";
        }
        continue;
      }
      if (a.record !== b.record) return `${a.record.name} takes turns with ${b.record.name}`;
      for (const side of ["inputs", "outputs"] as const) {
        const names = Object.keys(a[side]);
        if (String(names) !== String(Object.keys(b[side]))) return `the operands of ${a.record.name} change`;
        for (const name of names) {
          if (!this.#sameTensor(a[side][name], other, b[side][name])) return `${name} of ${a.record.name} changes`;
        }
      }
      const isRetold = index >= this.retold[0] && index < this.retold[1];
      const [draw, otherDraw] = [this.drawOf(a.attributes), other.drawOf(b.attributes)];
      const [mine, others] = [a.attributes, b.attributes].map((attributes) =>
        draw === undefined ? attributes : { ...(attributes as object), seed: undefined },
      );
      if (draw !== otherDraw || (!isRetold && !same(mine, others))) return `the attributes of ${a.record.name} change`;
    }
    for (let place = 0; place < this.origins.length; place++) {
      const [a, b] = [this.origins[place] as Origin, other.origins[place] as Origin];
      if (a.kind !== b.kind) return "what it starts from changes";
      if (a.kind === "variable" && a.variable !== (b as typeof a).variable) return "its variables change";
      if (a.kind === "constant" && !sameNumbers(a.tensor, (b as typeof a).tensor)) return "numbers from outside change";
    }
    const [mine, others] = [[...this.assignments], [...other.assignments]];
    const differs = mine.some(([variable, value], index) => {
      const [otherVariable, otherValue] = others[index] ?? [];
      return variable !== otherVariable || !this.#sameTensor(value, other, otherValue);
    });
    return differs || mine.length !== others.length ? "it does not always change the same variables" : undefined;
  }

  #sameTensor(a: Tensor | undefined, other: Recording, b: Tensor | undefined): boolean {
    if (!a || !b) return a === b;
    return this.placeOf(a) === other.placeOf(b) && a.dtype === b.dtype && same(a.shape, b.shape);
  }

  /** Lets go of the numbers from outside. */
  dispose(): void {
    for (const origin of this.origins) if (origin.kind === "constant") origin.tensor.release();
  }
}

function sameNumbers(a: Tensor, b: Tensor): boolean {
  const numbersOf = ({ device, storage }: Tensor) => device.readSync(storage.handle, "uint8", storage.byteLength);
  return a.storage === b.storage || same(numbersOf(a), numbersOf(b));
}

/** Whether two values are made of the same numbers and texts. Functions are only the same as themselves. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a)) {
    const [left, right] = [a as Uint8Array, b as Uint8Array];
    return left.length === right.length && left.every((value, index) => Object.is(value, right[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => key in b && same((a as never)[key], (b as never)[key]));
}
