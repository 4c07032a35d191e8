/**
 * The steps of a program: what a recording has, with addresses in place of tensors, and the workspace of a step.
 */
import type { Device } from "../../core/device.ts";
import { bytesOf, type DType, type TypedArray } from "../../core/dtype.ts";
import type { OpRecord, Pointer, Spec, Workspace } from "../../core/op.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { alignedBytes } from "./plan.ts";
import type { Recording } from "./recording.ts";

/** An operand of an op. Where its place moves, its address does. */
export class Operand implements Pointer {
  at = 0;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly size: number;
  /** The number of the memory that it sees, as the recording counts. */
  readonly place: number;

  constructor({ shape, dtype }: Spec, place: number) {
    this.shape = shape;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.place = place;
  }

  /** As devices call it. */
  get handle(): number {
    return this.at;
  }

  get byteLength(): number {
    return this.size * bytesOf(this.dtype);
  }
}

export type Operands = Readonly<Record<string, Operand | undefined>>;

export interface OpStep {
  readonly kind: "op";
  readonly record: OpRecord;
  readonly inputs: Operands;
  readonly outputs: Readonly<Record<string, Operand>>;
  attributes: unknown;
  readonly draw: number | undefined;
  /** Whether its attributes are learned anew each time. */
  readonly retold: boolean;
  /** Where its lists of numbers lie, and its scratch memory. */
  tables: number;
  scratch: number;
  /** Undefined where it has to be worked out anew. */
  run: (() => void) | undefined;
}

export interface LookStep {
  readonly kind: "look";
  readonly operand: Operand;
  readonly check: (values: TypedArray) => void;
}

export type ProgramStep = OpStep | LookStep;

/** The steps of a recording. */
export function stepsOf(recording: Recording): ProgramStep[] {
  const operand = (tensor: Tensor) => new Operand(tensor, recording.placeOf(tensor));
  const operands = (tensors: Readonly<Record<string, Tensor | undefined>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor && operand(tensor)]));
  const [from, to] = recording.retold;
  return recording.steps.map((step, index): ProgramStep => {
    if (step.kind === "look") return { kind: "look", operand: operand(step.tensor), check: step.check };
    const { record, attributes } = step;
    return {
      kind: "op",
      record,
      inputs: operands(step.inputs),
      outputs: operands(step.outputs) as Record<string, Operand>,
      attributes,
      draw: recording.drawOf(attributes),
      retold: index >= from && index < to,
      tables: 0,
      scratch: 0,
      run: undefined,
    };
  });
}

export function present(operands: Operands): Operand[] {
  return Object.values(operands).filter((each) => each !== undefined);
}

export function operandsOf(step: ProgramStep): Operand[] {
  return step.kind === "look" ? [step.operand] : [...present(step.inputs), ...present(step.outputs)];
}

/** What a step wants beside its operands, handed out one after another from where it has its memory. */
export class StepWorkspace implements Workspace {
  scratchBytes = 0;
  tableBytes = 0;
  readonly #step: OpStep;
  readonly #device: Device | undefined;

  /** Without a device nothing is written, only counted. */
  constructor(step: OpStep, device: Device | undefined) {
    this.#step = step;
    this.#device = device;
  }

  temporary(byteLength: number): number {
    const at = this.#step.scratch + this.scratchBytes;
    this.scratchBytes += alignedBytes(byteLength);
    return at;
  }

  int32(values: readonly number[]): number {
    const at = this.#step.tables + this.tableBytes;
    this.tableBytes += alignedBytes(4 * values.length);
    this.#device?.write(at, Int32Array.from(values));
    return at;
  }
}
