/**
 * What a model computes, written down op by op: it runs once on a device that has no values and notes every op it is
 * asked for. Views are not noted; an operand that is read with another shape than it was made with says it all. What
 * hangs on weights alone is computed where they are, and comes as a constant.
 */
import { type Device, onDevice } from "../../core/device.ts";
import type { DType, TypedArray } from "../../core/dtype.ts";
import { VarveError } from "../../core/errors.ts";
import type { OpRecord } from "../../core/op.ts";
import { inScope } from "../../core/scope.ts";
import type { Shape } from "../../core/shape.ts";
import type { Storage } from "../../core/storage.ts";
import { Tensor } from "../../core/tensor.ts";
import { runningLayers } from "../../layers/layer.ts";

/** A tensor of a trace; what shares memory shares the number. */
export interface Operand {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One op. */
export interface Step {
  readonly record: OpRecord;
  /** The names of the layers that it stands in, outermost first, without the model's own. */
  readonly path: readonly string[];
  readonly inputs: Readonly<Record<string, Operand>>;
  readonly outputs: Readonly<Record<string, Operand>>;
  readonly attributes: unknown;
}

/** What does not change with the inputs. */
export interface Constant {
  readonly data: TypedArray;
  readonly dtype: DType;
  /** The memory that it was read from; none where it was made on the way. */
  readonly storage: Storage | undefined;
}

export interface Trace {
  readonly steps: readonly Step[];
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly constants: ReadonlyMap<number, Constant>;
}

/** Whether an op is written down as itself, and not in the smaller ops that it is made of. */
export type IsWhole = (record: OpRecord, attributes: unknown) => boolean;

function noValues(): never {
  throw new VarveError(
    "it looks at the values of its input to decide what to compute, which no graph can hold; say it in ops, like ops.where",
  );
}

/**
 * Runs `run` on inputs of these shapes. `read` gets the elements of weights; it is asked again in every trace.
 */
export function traceOf(
  run: (inputs: readonly Tensor[]) => readonly Tensor[],
  inputs: readonly { readonly shape: Shape; readonly dtype: DType }[],
  isWhole: IsWhole,
  read: (tensor: Tensor) => TypedArray,
): Trace {
  const ids = new Map<unknown, number>();
  const steps: Step[] = [];
  const constants = new Map<number, Constant>();
  const written = new Map<unknown, TypedArray>();
  const keyOf = (tensor: Tensor) => (tensor.device === device ? tensor.handle : tensor.storage);

  const operandOf = (tensor: Tensor): Operand => {
    const key = keyOf(tensor);
    const known = ids.get(key);
    const id = known ?? ids.size;
    if (known === undefined) {
      ids.set(key, id);
      const own = written.get(key);
      if (own) constants.set(id, { data: own, dtype: tensor.dtype, storage: undefined });
      else if (tensor.device !== device) {
        constants.set(id, { data: read(tensor), dtype: tensor.dtype, storage: tensor.storage });
      }
    }
    return { id, shape: tensor.shape, dtype: tensor.dtype };
  };
  const operandsOf = (tensors: Readonly<Record<string, unknown>>): Record<string, Operand> =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) =>
        tensor instanceof Tensor ? [[name, operandOf(tensor)] as const] : [],
      ),
    );

  const device: Device = {
    name: "trace",
    synchronous: false,
    concrete: false,
    allocate: () => ({}),
    free: () => {},
    write: (handle, values) => {
      written.set(handle, values.slice() as TypedArray);
    },
    copy: noValues,
    readSync: noValues,
    read: noValues,
    execute(record, given, made, attributes) {
      if (!isWhole(record, attributes)) {
        if (!record.decompose) return false;
        const parts = onDevice(device, () =>
          (record.decompose as NonNullable<typeof record.decompose>)(given as Record<string, Tensor>, attributes),
        );
        for (const [name, part] of Object.entries(parts)) {
          ids.set(keyOf(made[name] as Tensor), operandOf(part).id);
        }
        return true;
      }
      const operands = operandsOf(given);
      steps.push({
        record,
        path: runningLayers().slice(1),
        inputs: operands,
        outputs: operandsOf(made),
        attributes,
      });
      return true;
    },
    describe: () => ({ name: "trace" }),
  };

  return onDevice(device, () =>
    inScope(() => {
      const tensors = inputs.map(({ shape, dtype }) => Tensor.allocate(device, shape, dtype));
      const entered = tensors.map(operandOf);
      const outputs = run(tensors).map(operandOf);
      return { steps, inputs: entered, outputs, constants };
    }, false),
  );
}
