/**
 * What a device is: memory, and a way to run ops in it. What it is not: it knows no layers, no gradients, no shapes
 * rules. Devices stand in `src/devices/`; which one is current is theirs to say (`devices/current.ts`).
 */
import type { DType, TypedArray } from "./dtype.ts";
import type { OpRecord, Pointer, Workspace } from "./op.ts";
import type { Shape } from "./shape.ts";

/**
 * The compiled kernels and their parameters, filled in by the generated declarations of the wasm build,
 * so that a call with a wrong name or a wrong number of arguments does not compile.
 */
// biome-ignore lint/suspicious/noEmptyInterface: declaration merging fills it
export interface Kernels {}

/** An operand of an op as a device sees it. */
export interface Operand {
  readonly handle: unknown;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly size: number;
}

/** Where computations happen. */
export interface Device {
  readonly name: string;
  /** Whether `readSync` works: true where the memory belongs to the processor. */
  readonly synchronous: boolean;
  /**
   * Whether tensors here have values at all; false for the symbolic device, which knows shapes only, and for those that
   * write down what is computed. Among operands of an op one without values decides where it runs.
   */
  readonly concrete: boolean;
  /** Gets uninitialized memory; throws OutOfMemoryError. */
  allocate(byteLength: number): unknown;
  free(handle: unknown, byteLength: number): void;
  /** Puts values into memory that holds elements of their kind, from element `at` (default 0) on. */
  write(handle: unknown, values: TypedArray, at?: number): void;
  /** Copies memory within the device. */
  copy(from: unknown, to: unknown, byteLength: number): void;
  /** A copy of `length` elements. */
  readSync(handle: unknown, dtype: DType, length: number): TypedArray;
  /** The same, from element `at` (default 0) on. */
  read(handle: unknown, dtype: DType, length: number, at?: number): Promise<TypedArray>;
  /** Runs the op if this device has it; false says that it has not and the op's `reference` shall serve. */
  execute(
    record: OpRecord,
    inputs: Readonly<Record<string, Operand | undefined>>,
    outputs: Readonly<Record<string, Operand>>,
    attributes: unknown,
  ): boolean;
  /**
   * Works out once what `execute` would do with these operands, for running it often: undefined where the device has not
   * the op. A device without `prepare` works everything out each time.
   */
  prepare?(
    record: OpRecord,
    inputs: Readonly<Record<string, (Operand & Pointer) | undefined>>,
    outputs: Readonly<Record<string, Operand & Pointer>>,
    attributes: unknown,
    workspace: Workspace,
  ): (() => void) | undefined;
  /** What `info()` says of this device. */
  describe(): Readonly<Record<string, unknown>>;
}

let current: Device | undefined;
let concrete: Device | undefined;

/** The device chosen for new tensors, if one was. `devices/current.ts` knows the default. @internal */
export function chosenDevice(): Device | undefined {
  return current;
}

/**
 * The device that values go to which outlive a symbolic call: the innermost chosen one that holds values. @internal
 */
export function chosenConcreteDevice(): Device | undefined {
  return concrete;
}

/** @internal */
export function chooseDevice(device: Device): void {
  current = device;
  if (device.concrete) concrete = device;
}

/** Runs `fn` with `device` as the one that new tensors go to. */
export function onDevice<R>(device: Device, fn: () => R): R {
  if (current === device) return fn();
  const previous = { current, concrete };
  chooseDevice(device);
  try {
    return fn();
  } finally {
    ({ current, concrete } = previous);
  }
}
