/**
 * A recording of a step that is only gone through: its code runs, nothing is computed, and nothing changes. What that
 * tells is whether the step is still the one that was recorded before. What it is not: it says nothing of values.
 */
import { bytesOf } from "../../core/dtype.ts";
import type { Observer } from "../../core/observer.ts";
import type { OpRecord, Spec } from "../../core/op.ts";
import { sizeOf } from "../../core/shape.ts";
import { Storage } from "../../core/storage.ts";
import { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { computeByReference } from "../op.ts";
import { Recording } from "./recording.ts";

type Operands = Readonly<Record<string, Tensor | undefined>>;

/** The part that another party goes through by itself does something else this time, which says nothing of the rest. */
export class Undecided extends Error {}

export class DryRecording extends Recording implements Observer {
  readonly dry = true;
  readonly #like: Recording;
  #retelling = false;
  /** What variables held before. */
  readonly #before = new Map<Variable, Tensor>();

  /** To be compared with another, which says what ops are computed by smaller ones. */
  constructor(like: Recording, given: readonly Tensor[]) {
    super(like.device, given);
    this.#like = like;
  }

  replace(record: OpRecord, inputs: Operands, attributes: unknown): Readonly<Record<string, Tensor>> | undefined {
    if (record.view) return undefined;
    const expected = this.#like.steps[this.steps.length];
    if (expected?.kind !== "op" || expected.record !== record) {
      if (record.reference) return computeByReference(record, this.device, inputs, attributes);
      throw this.#unexpected(`${record.name} was not expected`);
    }
    const specs = record.shape(inputs as Readonly<Record<string, Spec | undefined>>, attributes);
    const outputs = Object.fromEntries(
      Object.entries(specs).map(([name, { shape, dtype }]) => [name, this.#standIn(shape, dtype)]),
    );
    this.ran(record, inputs, outputs, attributes);
    return outputs;
  }

  override retell(fn: () => void): void {
    if (this.steps.length !== this.#like.retold[0]) throw new Error("ops were missing");
    this.#retelling = true;
    super.retell(fn);
    const [mine, others] = [this, this.#like].map(({ retold, retoldValues }) => String([retold, retoldValues]));
    if (mine !== others) throw this.#unexpected("ops were missing");
    this.#retelling = false;
  }

  #unexpected(what: string): Error {
    return this.#retelling ? new Undecided(what) : new Error(what);
  }

  /** A tensor without memory. */
  #standIn(shape: Spec["shape"], dtype: Spec["dtype"]): Tensor {
    return new Tensor(new Storage(this.device, sizeOf(shape) * bytesOf(dtype), 0), shape, dtype);
  }

  override assigned(variable: Variable, value: Tensor): boolean {
    if (!this.#before.has(variable)) this.#before.set(variable, variable.snapshot());
    return super.assigned(variable, value);
  }

  /** Puts back what the variables held. Nobody may be watching. */
  takeBack(): void {
    for (const [variable, value] of this.#before) {
      variable.assign(value);
      value.release();
    }
    this.#before.clear();
  }
}
