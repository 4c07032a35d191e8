/**
 * Runs op records: checks the operands by the record's shape rule, finds the device, computes, and records for the
 * backward pass. `op()` makes a callable of a record, `publicOp()` a function of `ops.*` from a function made of them.
 */
import { type Device, onDevice } from "../core/device.ts";
import type { TypedArray } from "../core/dtype.ts";
import { VarveError } from "../core/errors.ts";
import { uniqueName } from "../core/names.ts";
import { currentObserver } from "../core/observer.ts";
import type { Inputs, Op, OpRecord, Spec } from "../core/op.ts";
import { currentScope, inScope } from "../core/scope.ts";
import { callSymbolically, isSymbolic, type SymbolicTensor } from "../core/symbolic.ts";
import { type NestedArray, type TapeNode, Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { currentDevice } from "../devices/current.ts";

/** Whatever an op takes for a tensor: numbers and arrays become tensors on the device of the other operands. */
export type TensorLike = Tensor | Variable | NestedArray | TypedArray;

type Operands = Readonly<Record<string, Tensor | undefined>>;

let nodes = 0;

/** Numbers the nodes of the tape as they are made. @internal */
export function nextOrder(): number {
  return nodes++;
}

function deviceOf(record: OpRecord, inputs: Operands): Device {
  let device: Device | undefined;
  for (const name in inputs) {
    const input = inputs[name];
    if (input === undefined) continue;
    input.check();
    if (device === undefined || !input.device.concrete) device = input.device;
    else if (device !== input.device && device.concrete) {
      throw new VarveError(
        `${record.name}: its operands are on different devices, "${device.name}" and "${input.device.name}"; copy one over: tensor(await x.data(), x.shape)`,
      );
    }
  }
  return device ?? currentDevice();
}

/** The outputs as the record's meaning gives them; never one of the inputs itself. @internal */
export function computeByReference(
  record: OpRecord,
  device: Device,
  inputs: Operands,
  attributes: unknown,
): Record<string, Tensor> {
  if (!record.reference) throw new VarveError(`${record.name}: device "${device.name}" has no kernel for it`);
  const given = new Set(Object.values(inputs));
  return onDevice(device, () =>
    inScope(() => {
      const results = (record.reference as NonNullable<OpRecord["reference"]>)(inputs, attributes);
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, given.has(result) ? result.alias() : result]),
      );
    }, false),
  );
}

/** The outputs as the device gives them. */
function compute(record: OpRecord, inputs: Operands, attributes: unknown): Readonly<Record<string, Tensor>> {
  const device = deviceOf(record, inputs);
  const specs = record.shape(inputs, attributes);
  const outputs: Record<string, Tensor> = {};
  if (record.view) return { y: (inputs.x as Tensor).alias((specs.y as Spec).shape) };
  for (const name in specs) {
    const { shape, dtype } = specs[name] as Spec;
    outputs[name] = Tensor.allocate(device, shape, dtype);
  }
  if (device.execute(record, inputs, outputs, attributes)) {
    currentObserver()?.ran?.(record, inputs, outputs, attributes);
    return outputs;
  }
  for (const name in outputs) (outputs[name] as Tensor).release();
  return computeByReference(record, device, inputs, attributes);
}

/** Runs a record on tensors. @internal */
function dispatch(record: OpRecord, inputs: Operands, attributes: unknown): Readonly<Record<string, Tensor>> {
  const observer = currentObserver();
  const outputs = observer?.replace?.(record, inputs, attributes) ?? compute(record, inputs, attributes);
  if (currentScope()?.recording && record.gradient !== "none") {
    for (const name in inputs) {
      if (inputs[name]?.node === undefined) continue;
      const node: TapeNode = { record, inputs, outputs, attributes, order: nextOrder() };
      for (const output in outputs) (outputs[output] as Tensor).node = node;
      break;
    }
  }
  return outputs;
}

/** An op as other ops call it: tensors by name, then attributes; tensors by name come back. */
export type OpFunction<I extends Inputs, O extends string, A> = ((
  inputs: I,
  attributes: A,
) => { readonly [K in O]: Tensor }) & { readonly record: Op<I, O, A> };

/**
 * Makes a callable of an op's record.
 *
 * @example see `ops/normalize/normalize.ts`
 */
/* @__NO_SIDE_EFFECTS__ */
export function op<I extends Inputs, O extends string, A = undefined>(record: Op<I, O, A>): OpFunction<I, O, A> {
  const erased = record as unknown as OpRecord;
  const run = (inputs: I, attributes: A) => dispatch(erased, inputs as Operands, attributes);
  return Object.assign(run, { record }) as unknown as OpFunction<I, O, A>;
}

type SymbolicParameter<P> = TensorLike extends P
  ? P | SymbolicTensor
  : P extends readonly TensorLike[]
    ? readonly (TensorLike | SymbolicTensor)[]
    : P;

type SymbolicParameters<P extends readonly unknown[]> = { [K in keyof P]: SymbolicParameter<P[K]> };

type SymbolicResult<R> = R extends Tensor
  ? SymbolicTensor
  : R extends readonly unknown[]
    ? { [K in keyof R]: SymbolicResult<R[K]> }
    : R;

/** A function of `ops.*`: on tensors it computes; on symbolic tensors it becomes a node of their graph. */
export type PublicOp<P extends readonly unknown[], R> = {
  (...args: P): R;
  (...args: SymbolicParameters<P>): SymbolicResult<R>;
};

/**
 * Makes a function of `ops.*`: what it makes on the way is freed, and it takes symbolic tensors too.
 * `fn` itself turns its operands into tensors (`toTensor`).
 */
/* @__NO_SIDE_EFFECTS__ */
export function publicOp<P extends readonly unknown[], R>(name: string, fn: (...args: P) => R): PublicOp<P, R> {
  const run = (...args: P): unknown => {
    if (args.some(isSymbolic)) {
      return callSymbolically({ name: uniqueName(name), op: name }, args, (concrete) =>
        fn(...(concrete as unknown as P)),
      );
    }
    return inScope(() => fn(...args));
  };
  Object.defineProperty(run, "name", { value: name });
  return run as PublicOp<P, R>;
}
