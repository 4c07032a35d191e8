/**
 * A recorded step that runs again: its memory is planned, its kernel calls are worked out once, and running it is going
 * through a list. Variables are written in place; what the step is given is read where it lies.
 *
 * Nothing of the step's own code runs, but for two things: what it drew is drawn anew, and the part that is retold (the
 * optimizer's, whose numbers follow the count of steps) is gone through without computing, to learn the attributes of
 * its ops. Where that does something else than when it was recorded, or a look at values finds bad ones, `run` says so
 * before anything has changed, and the step is to be done without the program.
 */
import type { Device } from "../../core/device.ts";
import type { DType, TypedArray } from "../../core/dtype.ts";
import { type Draw, type Observer, observed } from "../../core/observer.ts";
import type { Workspace } from "../../core/op.ts";
import type { Shape } from "../../core/shape.ts";
import { Storage } from "../../core/storage.ts";
import { Tensor } from "../../core/tensor.ts";
import { transaction, type Variable } from "../../core/variable.ts";
import { computeByReference } from "../op.ts";
import type { Arena, Tenant } from "./arena.ts";
import { fuse } from "./fuse.ts";
import { type Lifetime, plan } from "./plan.ts";
import type { Recording } from "./recording.ts";
import { fitsInPlace, sharedPlaces, type Use, usesOf } from "./sharing.ts";
import { type LookStep, Operand, type OpStep, operandsOf, type ProgramStep, StepWorkspace, stepsOf } from "./steps.ts";

/** A variable that is read or written. */
interface Binding {
  readonly variable: Variable;
  readonly place: number;
  /** Its new value, if it takes one. */
  readonly next: Operand | undefined;
  /** Whether that is not written where the variable lies and has to be copied there at the end. */
  readonly copied: boolean;
}

/** What is given and no larger than this is copied, so that nothing has to be worked out anew where it lies. */
const mostCopied = 1 << 16;

/** Something else happened than when the step was recorded. */
class Deviation extends Error {}

export class Program implements Tenant {
  /** What a run needs beside variables and what it is given. */
  readonly bytes: number;
  /** The most of that which is in use at once. */
  readonly neededBytes: number;
  readonly #device: Device;
  readonly #steps: readonly ProgramStep[];
  readonly #bindings: readonly Binding[];
  /** The places of what is given, and those of them that are copied to where they always lie. */
  readonly #given: readonly number[];
  readonly #copied: ReadonlySet<number>;
  readonly #draws: readonly (() => Draw)[];
  readonly #drawing: readonly OpStep[];
  readonly #retold: readonly OpStep[];
  /** What the retold part sees: tensors that stand for the operands it gets and makes. */
  readonly #retoldInputs: readonly Tensor[];
  readonly #retoldOutputs: readonly Readonly<Record<string, Tensor>>[];
  readonly #standsFor = new Map<Storage, Operand>();
  readonly #looks: readonly LookStep[];
  readonly #results: readonly Operand[];
  /** Of each place: the address, and who is to know when it changes. */
  readonly #addresses: number[];
  readonly #operandsAt: readonly Operand[][];
  readonly #stepsAt: readonly OpStep[][];
  readonly #arena: Arena;
  /** Where in the arena what the step makes lies, and the scratch memory of its ops. */
  readonly #made: readonly { readonly place: number; readonly offset: number }[];
  readonly #scratch: readonly { readonly step: OpStep; readonly offset: number }[];
  readonly #tables: Storage;
  /** What it was made of. */
  readonly recording: Recording;

  /**
   * @param results What is read when a run is over.
   * @param retoldInputs What the retold part gets from the others: the gradients.
   * @param arena Where its memory is to be; other programs may lie there, but none may run meanwhile.
   */
  constructor(recording: Recording, results: readonly Tensor[], retoldInputs: readonly Tensor[], arena: Arena) {
    this.#arena = arena;
    const { device, origins } = recording;
    this.recording = recording;
    this.#device = device;
    const operand = (tensor: Tensor) => new Operand(tensor, recording.placeOf(tensor));
    this.#results = results.map(operand);
    const read = new Set(
      [...this.#results, ...[...recording.assignments.values()].map(operand)].map((each) => each.place),
    );
    const steps = fuse(stepsOf(recording), read);
    this.#steps = steps;
    this.#given = origins.flatMap((origin, place) => (origin.kind === "given" ? [place] : []));

    // Who shares memory with whom, and who writes a variable in place.
    const uses = usesOf(steps, origins.length);
    const inPlace = new Map<number, number>();
    this.#bindings = origins.flatMap((origin, place): Binding[] => {
      if (origin.kind !== "variable") return [];
      const value = recording.assignments.get(origin.variable);
      if (!value) return [{ variable: origin.variable, place, next: undefined, copied: false }];
      const next = operand(value);
      const fits = !inPlace.has(next.place) && fitsInPlace(next, place, steps, uses, origins);
      if (fits) inPlace.set(next.place, place);
      return [{ variable: origin.variable, place, next, copied: !fits && next.place !== place }];
    });
    const homes = sharedPlaces(steps, uses, origins, read, inPlace);

    // Where everything lies.
    const comesAlong = (place: number) => {
      const origin = origins[place];
      return origin?.kind === "given" && origin.byteLength <= mostCopied;
    };
    this.#copied = new Set(this.#given.filter(comesAlong));
    const unused: Lifetime = { bytes: 0, from: -1, to: -1 };
    const lifetimes = origins.map(() => unused);
    origins.forEach((origin, place) => {
      const home = homes[place] as number;
      if (origin.kind === "given" && this.#copied.has(place)) {
        const to = read.has(place) ? steps.length : Math.max(0, (uses[place] as Use).to);
        lifetimes[place] = { bytes: origin.byteLength, from: 0, to };
      }
      if (origin.kind !== "made" || origins[home]?.kind !== "made") return;
      const { from, to } = uses[place] as Use;
      if (to < 0) return;
      const end = read.has(place) ? steps.length : to;
      const before = lifetimes[home] as Lifetime;
      lifetimes[home] =
        before === unused
          ? { bytes: origin.byteLength, from, to: end }
          : { bytes: origin.byteLength, from: Math.min(before.from, from), to: Math.max(before.to, end) };
    });
    let tableBytes = 0;
    steps.forEach((step, index) => {
      if (step.kind === "look") return;
      const wants = new StepWorkspace(step, undefined);
      lowered(device, step, wants);
      step.tables = tableBytes;
      tableBytes += wants.tableBytes;
      step.scratch = lifetimes.push({ bytes: wants.scratchBytes, from: index, to: index }) - 1;
    });
    const { offsets, bytes, neededBytes } = plan(lifetimes);
    this.bytes = bytes;
    this.neededBytes = neededBytes;
    const ops = steps.filter((step) => step.kind === "op");
    const isOwn = (kind: string, place: number) => kind === "made" || this.#copied.has(place);
    this.#made = origins.flatMap(({ kind }, place) =>
      isOwn(kind, place) ? [{ place, offset: offsets[place] as number }] : [],
    );
    this.#scratch = ops.map((step) => ({ step, offset: offsets[step.scratch] as number }));

    // Who is to know of an address.
    this.#operandsAt = origins.map(() => []);
    this.#stepsAt = origins.map(() => []);
    const sees = (each: Operand, step?: OpStep) => {
      const home = homes[each.place] as number;
      this.#operandsAt[home]?.push(each);
      if (step) this.#stepsAt[home]?.push(step);
    };
    for (const step of steps) {
      if (step.kind === "look") sees(step.operand);
      else for (const each of operandsOf(step)) sees(each, step);
    }
    for (const each of this.#results) sees(each);
    for (const { next } of this.#bindings) if (next) sees(next);
    this.#addresses = origins.map(() => 0);
    origins.forEach((origin, place) => {
      if (origin.kind === "constant") this.#placeMoved(place, origin.tensor.storage.handle as number);
    });

    // What is gone through again.
    this.#draws = recording.draws.map(({ again }) => again);
    this.#drawing = ops.filter(({ draw }) => draw !== undefined);
    this.#retold = ops.filter(({ retold }) => retold);
    this.#looks = steps.filter((step) => step.kind === "look");
    const standIn = (each: Operand) => {
      const storage = new Storage(device, 0, each.at);
      this.#standsFor.set(storage, each);
      return new Tensor(storage, each.shape, each.dtype).hold();
    };
    this.#retoldInputs = retoldInputs.map((each) => standIn(operand(each)));
    this.#retoldOutputs = this.#retold.map(({ outputs }) =>
      Object.fromEntries(Object.entries(outputs).map(([name, each]) => [name, standIn(each)])),
    );
    this.#tables = new Storage(device, tableBytes);
    for (const step of ops) step.tables += this.#tables.handle as number;
    arena.add(this, device);
  }

  /** The memory that is planned begins there from now on. @internal */
  moved(to: number): void {
    for (const { place, offset } of this.#made) this.#placeMoved(place, to + offset);
    for (const { step, offset } of this.#scratch) {
      step.scratch = to + offset;
      step.run = undefined;
    }
  }

  /** A place has that address from now on. */
  #placeMoved(place: number, address: number): void {
    if (this.#addresses[place] === address) return;
    this.#addresses[place] = address;
    for (const operand of this.#operandsAt[place] as Operand[]) operand.at = address;
    for (const step of this.#stepsAt[place] as OpStep[]) step.run = undefined;
  }

  /**
   * Runs the step.
   *
   * @param given What the recording was given, with other values.
   * @param retell Goes through the retold part, with stand-ins for what that gets.
   * @returns False where it cannot be done by the program; nothing has changed then.
   */
  run(given: readonly Tensor[], retell: (inputs: readonly Tensor[]) => void): boolean {
    if (given.some(({ device }) => device !== this.#device)) return false;
    this.#given.forEach((place, index) => {
      const { handle, byteLength } = (given[index] as Tensor).storage;
      if (this.#copied.has(place)) this.#device.copy(handle, this.#addresses[place], byteLength);
      else this.#placeMoved(place, handle as number);
    });
    for (const { variable, place, next } of this.#bindings) {
      this.#placeMoved(place, variable.place(next !== undefined).storage.handle as number);
    }
    const later: [Variable, Tensor][] = [];
    try {
      // Bad values that were given are found before anything is drawn.
      for (const look of this.#looks) if (this.#given.includes(look.operand.place)) this.#look(look);
      this.#retell(retell, later);
      const draw = () => {
        const draws = this.#draws.map((again) => again());
        for (const step of this.#drawing) {
          step.attributes = { ...(step.attributes as object), seed: draws[step.draw as number] };
          step.run = undefined;
        }
        this.#go();
      };
      // A look at values that the step made may still refuse them.
      transaction(this.#looks.length > 0 ? this.recording.drawers : [], draw);
      for (const { next, place, copied } of this.#bindings) {
        if (next && copied) this.#device.copy(next.at, this.#addresses[place], next.byteLength);
      }
      for (const [variable, value] of later) variable.assign(value);
      for (const { variable, next } of this.#bindings) if (next) variable.renew();
      return true;
    } catch (error) {
      if (error instanceof Deviation) return false;
      throw error;
    } finally {
      for (const [, value] of later) value.release();
    }
  }

  #go(): void {
    for (const step of this.#steps) {
      if (step.kind === "look") {
        if (!this.#given.includes(step.operand.place)) this.#look(step);
      } else {
        step.run ??= lowered(this.#device, step, new StepWorkspace(step, this.#device));
        step.run();
      }
    }
  }

  #look({ operand, check }: LookStep): void {
    try {
      check(this.#device.readSync(operand.at, operand.dtype, operand.size));
    } catch (error) {
      throw new Deviation("values were refused", { cause: error });
    }
  }

  #retell(retell: (inputs: readonly Tensor[]) => void, later: [Variable, Tensor][]): void {
    if (this.#retold.length === 0 && this.#retoldInputs.length === 0) return;
    const attributes: unknown[] = [];
    const guide: Observer = {
      replace: (record, inputs, given) => {
        if (record.view) return undefined;
        const index = attributes.length;
        if (this.#retold[index]?.record !== record) {
          if (record.reference) return computeByReference(record, this.#device, inputs, given);
          throw new Deviation(`${record.name} was not expected`);
        }
        attributes.push(given);
        return this.#retoldOutputs[index];
      },
      assigned: (variable, value) => {
        if (value.device !== this.#device) later.push([variable, value.hold()]);
        else {
          const expected = this.#bindings.find((each) => each.variable === variable)?.next?.place;
          if (expected === undefined || this.#standsFor.get(value.storage)?.place !== expected) {
            throw new Deviation(`"${variable.path}" was not expected to change so`);
          }
        }
        return true;
      },
      read: ({ device }) => {
        if (device === this.#device) throw new Deviation("values were read");
      },
    };
    observed(guide, () => retell(this.#retoldInputs));
    if (attributes.length !== this.#retold.length) throw new Deviation("ops were missing");
    this.#retold.forEach((step, index) => {
      step.attributes = attributes[index];
      step.run = undefined;
    });
  }

  /** Copies of the results of the last run. */
  results(): { readonly data: TypedArray; readonly shape: Shape; readonly dtype: DType }[] {
    return this.#results.map(({ at, shape, dtype, size }) => ({
      data: this.#device.readSync(at, dtype, size),
      shape,
      dtype,
    }));
  }

  /** Gives the memory back. */
  dispose(): void {
    if (this.#tables.disposed) return;
    this.#arena.delete(this);
    this.#tables.release();
    this.recording.dispose();
    for (const tensor of [...this.#retoldInputs, ...this.#retoldOutputs.flatMap((each) => Object.values(each))]) {
      tensor.release();
    }
  }
}

function lowered(device: Device, { record, inputs, outputs, attributes }: OpStep, workspace: Workspace): () => void {
  const run = device.prepare?.(record, inputs, outputs, attributes, workspace);
  if (!run) throw new Error(`${record.name} ran once, but not again`);
  return run;
}
